/** The panel of the model: what it is made of, and the engine that runs it. */
import { element, fillTable } from './elements.ts'
import type { EngineName, Opening } from './openRobot.ts'
import type { Opened } from './protocol.ts'

export interface ModelPanel {
  show(opened: Opened): void
  /** The engine that runs; MJCF knows only one. */
  runs(opening: Opening | null): void
}

export function modelPanel(changeEngine: (name: EngineName) => void): ModelPanel {
  const select = element<HTMLSelectElement>('engine')
  select.addEventListener('change', () => changeEngine(select.value as EngineName))
  return {
    show({ figure }) {
      element('description').textContent = figure.description
      document.title = `${figure.name} – jacsense`
      fillTable(
        element<HTMLTableElement>('bodies'),
        ['name', 'mass, kg'],
        figure.bodies.map(({ name, mass }) => [name, String(Number(mass.toPrecision(4)))]),
      )
      fillTable(
        element<HTMLTableElement>('joints'),
        ['name', 'type', 'parent'],
        figure.joints.map(({ name, type, parent }) => [name, type, figure.bodies[parent]?.name ?? 'world']),
      )
    },
    runs(opening) {
      select.value = opening?.engine ?? 'cannon'
      select.disabled = opening?.texts.kind === 'mjcf'
    },
  }
}
