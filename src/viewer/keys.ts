/** Keys of the page; a control that has the focus keeps those that it knows itself. Ctrl means nothing more while it holds a body. */
export function listenToKeys(
  isPulling: () => boolean,
  always: Readonly<Record<string, () => void>>,
  unlessTaken: Readonly<Record<string, () => void>>,
  withControl: Readonly<Record<string, () => void>>,
): void {
  window.addEventListener('keydown', (event) => {
    const { target, key: pressed, ctrlKey, altKey, metaKey } = event
    if (altKey || metaKey) return
    const key = pressed.length === 1 ? pressed.toLowerCase() : pressed
    const act =
      ctrlKey && !isPulling()
        ? withControl[key]
        : (always[key] ?? (isTaken(target, key) ? undefined : unlessTaken[key]))
    if (!act) return
    event.preventDefault()
    act()
  })
}

function isTaken(target: EventTarget | null, key: string): boolean {
  if (target instanceof HTMLSelectElement) return true
  if (target instanceof HTMLInputElement) {
    if (target.type === 'number') return key !== 'Escape'
    return target.type === 'range' ? key.startsWith('Arrow') : key === ' '
  }
  if (target instanceof HTMLButtonElement) return key === ' '
  return (
    target instanceof HTMLElement && (target.tagName === 'SUMMARY' ? key === ' ' : target.closest('dialog') !== null)
  )
}
