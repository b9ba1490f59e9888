/** The choice of a controller and a form of its options, made for the robot that is open. */
import type { ControllerSettings } from '../experiment/controllerSettings.ts'
import { parseControllerSettings } from '../experiment/parseControllerSettings.ts'
import { element } from './elements.ts'
import type { Opened } from './protocol.ts'

export interface ControllerForm {
  readonly settings: ControllerSettings
  open(opened: Opened): void
  set(settings: ControllerSettings): void
}

/** As the page names them: integral action is an option of lqr. */
type Choice = ControllerSettings['controller'] | 'lqi'

/** What is undefined is not filled in. */
type Filled = { readonly [Option in keyof ControllerSettings]?: ControllerSettings[Option] | undefined }

export const OFF: ControllerSettings = { controller: 'none' }
export const LQR: ControllerSettings = { controller: 'lqr' }

export function controllerForm(changed: () => void, showEstimate: (shown: boolean) => void): ControllerForm {
  const select = element<HTMLSelectElement>('controller')
  const place = element('controllerOptions')
  let robot: Opened | null = null
  let read: () => Filled = () => ({})

  const labelled = <E extends HTMLElement>(text: string, control: E): E => {
    const label = document.createElement('label')
    label.className = 'choice'
    label.append(text, control)
    place.append(label)
    return control
  }
  const listen = <E extends HTMLElement>(control: E): E => {
    control.addEventListener('change', changed)
    return control
  }
  /** What is not filled in is left to the library. */
  const number = (text: string, value: number | undefined, placeholder = '') => {
    const input = listen(labelled(text, document.createElement('input')))
    Object.assign(input, { type: 'number', min: '0', step: 'any', placeholder, value: value ?? '' })
    return () => (input.value === '' ? undefined : Number(input.value))
  }
  /** Names that a link brought and the robot has not are kept until another choice is made, so that the library can say so. */
  const someOf = (text: string, names: readonly string[], values: readonly string[]) => {
    const details = document.createElement('details')
    const summary = document.createElement('summary')
    details.append(summary)
    let strange = values.filter((name) => !names.includes(name))
    const chosen = () => [...names.filter((_, k) => boxes[k]!.checked), ...strange]
    const say = () => {
      const all = chosen()
      summary.textContent = `${text}: ${all.length <= 2 ? all.join(', ') : `${all.length} of ${names.length}`}`
    }
    const boxes = names.map((name) => {
      const label = document.createElement('label')
      const box = document.createElement('input')
      Object.assign(box, { type: 'checkbox', checked: values.includes(name) })
      label.className = 'line'
      label.append(box, name)
      details.append(label)
      box.addEventListener('change', () => {
        strange = []
        say()
      })
      return listen(box)
    })
    say()
    place.append(details)
    return chosen
  }
  const check = (text: string, hear: (on: boolean) => void) => {
    const [label, box] = [document.createElement('label'), document.createElement('input')]
    Object.assign(box, { type: 'checkbox', checked: true })
    label.className = 'line'
    label.append(box, text)
    place.append(label)
    box.addEventListener('change', () => hear(box.checked))
    hear(true)
  }

  /** The inputs of a choice, as `settings` has them; replaces those that were there. */
  const build = (choice: Choice, settings: Partial<ControllerSettings> = {}) => {
    place.replaceChildren()
    read = () => ({})
    showEstimate(false)
    if (!robot) return
    const names = robot.states.map(({ name }) => name)
    const { positions } = robot
    const plain = (value: ControllerSettings['qf' | 'measurementNoise']) =>
      typeof value === 'number' ? value : undefined
    const ofKind = (value: ControllerSettings['processNoise'], kind: string, usual: number) =>
      typeof value === 'object' ? (value[kind] ?? 0) : (value ?? usual)
    const planned = (horizon: number, iterations: number) => {
      const [seconds, most] = [
        number(choice === 'mpc' ? 'Looks ahead, s' : 'Plans for, s', settings.horizon ?? horizon),
        number('Iterations of a plan', settings.iterations ?? iterations),
      ]
      const last = number('Weight of the last state', plain(settings.qf), 'cost to go')
      return () => ({ horizon: seconds(), iterations: most(), qf: last() ?? byName(settings.qf) })
    }
    if (choice === 'lqi') {
      const held = someOf('No error at rest', names.slice(0, positions), settings.integral ?? names.slice(0, 1))
      const weight = number('Weight of the integral', plain(settings.qz ?? 1), 'by name')
      read = () => ({ integral: held(), qz: weight() ?? byName(settings.qz) })
    } else if (choice === 'lqg') {
      const outputs = someOf('Measured', names, settings.outputs ?? names.slice(0, positions))
      const sigma = number('Noise of measurements, σ', plain(settings.measurementNoise ?? 1e-3), 'by name')
      const place = number('Process noise, positions', ofKind(settings.processNoise, 'positions', 1e-4))
      const rate = number('Process noise, velocities', ofKind(settings.processNoise, 'velocities', 1e-2))
      check('ghost: the estimate', showEstimate)
      read = () => ({
        outputs: outputs(),
        measurementNoise: sigma() ?? byName(settings.measurementNoise),
        processNoise: {
          ...byName(settings.processNoise),
          positions: place() ?? 0,
          velocities: rate() ?? 0,
          activations: ofKind(settings.processNoise, 'activations', 1e-2),
        },
      })
    } else if (choice === 'mpc') {
      const plan = planned(1, 1)
      const every = number('Steps from plan to plan', settings.every ?? 2)
      read = () => ({ ...plan(), every: every() })
    } else if (choice === 'ilqr') read = planned(2, 200)
  }
  select.addEventListener('change', () => {
    build(select.value as Choice)
    changed()
  })

  return {
    get settings() {
      const controller = select.value === 'lqi' ? 'lqr' : (select.value as ControllerSettings['controller'])
      const given = Object.entries(read()).filter(([, value]) => value !== undefined)
      return { controller, ...Object.fromEntries(given) }
    },
    open(opened) {
      robot = opened
      select.disabled = opened.controls.length === 0
      build(select.value as Choice)
    },
    set(settings) {
      const choice = settings.integral ? 'lqi' : settings.controller
      select.value = select.disabled ? 'none' : choice
      build(select.value as Choice, settings)
    },
  }
}

/** What can't be meant, as the library says it; '' where nothing is wrong. */
export function settingsFault(settings: ControllerSettings): string {
  try {
    parseControllerSettings(settings)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

/** Values by name have no field; they stay as a link brought them. */
function byName<T>(values: number | T | undefined): T | undefined {
  return typeof values === 'object' ? values : undefined
}
