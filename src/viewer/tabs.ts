/** The tabs of the panel, by mouse and by arrow keys. */
import { element } from './elements.ts'

const NAMES = ['linearize', 'control', 'plots', 'model'] as const
export type TabName = (typeof NAMES)[number]

/** The way to choose a tab; `chosen` hears of each choice. */
export function tabs(chosen: (name: TabName) => void): (name: TabName) => void {
  const choose = (wanted: TabName) => {
    for (const name of NAMES) {
      const tab = element(`tab-${name}`)
      tab.setAttribute('aria-selected', String(name === wanted))
      tab.tabIndex = name === wanted ? 0 : -1
      element(`${name}Panel`).hidden = name !== wanted
    }
    chosen(wanted)
  }
  for (const [k, name] of NAMES.entries()) {
    element(`tab-${name}`).addEventListener('click', () => choose(name))
    element(`tab-${name}`).addEventListener('keydown', (event) => {
      const move = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
      if (move === 0) return
      event.stopPropagation()
      const next = NAMES[(k + move + NAMES.length) % NAMES.length]!
      choose(next)
      element(`tab-${next}`).focus()
    })
  }
  return choose
}
