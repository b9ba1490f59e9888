/** Keys of the page; while something is typed or a control has the focus, its own keys go to it. */
export function listenToKeys(
  always: Readonly<Record<string, () => void>>,
  outsideOfControls: Readonly<Record<string, () => void>>,
  withControl: Readonly<Record<string, () => void>>,
): void {
  window.addEventListener('keydown', (event) => {
    const { target, key, ctrlKey, altKey, metaKey } = event
    if (altKey || metaKey) return
    const isControl = target instanceof HTMLElement && /^(INPUT|SELECT|BUTTON|TEXTAREA|A|SUMMARY)$/.test(target.tagName)
    const act = ctrlKey ? withControl[key] : (always[key] ?? (isControl ? undefined : outsideOfControls[key]))
    if (!act) return
    event.preventDefault()
    act()
  })
}
