/** The panel of the model: what it is made of, and the engine that runs it. */
import { element, fillTable } from './elements.ts'
import type { EngineName, Opening } from './openRobot.ts'
import type { Opened } from './protocol.ts'

export interface ModelPanel {
  show(opened: Opened): void
  /** The engine that runs; MJCF knows only one. */
  runs(opening: Opening | null): void
}

type Keyframe = Opened['keyframes'][number]

export function modelPanel(changeEngine: (name: EngineName) => void, startAt: (frame: Keyframe) => void): ModelPanel {
  const select = element<HTMLSelectElement>('engine')
  select.addEventListener('change', () => changeEngine(select.value as EngineName))
  const frames = element<HTMLSelectElement>('keyframe')
  let known: readonly Keyframe[] = []
  frames.addEventListener('change', () => startAt(known[frames.selectedIndex]!))
  return {
    show({ figure, keyframes, home }) {
      known = [{ name: 'home', x: home.x, u: home.u }, ...keyframes.filter(({ name }) => name !== 'home')]
      frames.replaceChildren(...known.map(({ name }) => new Option(name)))
      element('description').textContent = figure.description
      const collides = figure.bodies.some(({ shapes }) => shapes.some(({ collide }) => collide))
      element('collisionText').textContent = collides ? '' : 'the robot has none'
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
