/** The panel of the controller: which one, a weight for each coordinate, the gain as a map. */
import { formatNumber } from '../experiment/format.ts'
import type { ControllerSettings } from '../experiment/controllerSettings.ts'
import type { Weights } from '../scene/scene.ts'
import { controllerForm, LQR, OFF } from './controllerForm.ts'
import { element, fillTable } from './elements.ts'
import { drawEigenvalues } from './eigenvaluePlot.ts'
import { drawMatrix } from './matrixMap.ts'
import { drawKicks, kicksSentence } from './kickMap.ts'
import type { ProbedKick } from './probeKicks.ts'
import type { Designed, Eigenvalue, Opened } from './protocol.ts'

/** What a controller is designed by. */
export interface Choice {
  readonly settings: ControllerSettings
  readonly Q: readonly number[] // [ndx]
  readonly R: readonly number[] // [nu]
}

export interface ControlPanel {
  readonly isOn: boolean
  readonly designed: Designed | null
  readonly choice: Choice
  /** With the weights of its task, or of a choice. */
  open(opened: Opened, choice?: Choice): void
  switchTo(settings: ControllerSettings): void
  show(designed: Designed | null, message?: string): void
  /** What kicks did to the robot; null: nothing known. */
  probed(kicks: readonly ProbedKick[] | null): void
  redraw(): void
}

const TRAIL = 12 // designs
const BY_HAND = 10 // of controls without a range
const [LOW, HIGH] = [-4, 4] // of log10; the lowest is 0

export function controlPanel(hear: {
  readonly changed: () => void
  readonly byHand: (u: readonly number[]) => void
  readonly showEstimate: (shown: boolean) => void
}): ControlPanel {
  const { changed, byHand } = hear
  const form = controllerForm(changed, hear.showEstimate)
  const place = element('weights')
  let robot: Opened | null = null
  let sliders: { readonly Q: HTMLInputElement[]; readonly R: HTMLInputElement[] } = { Q: [], R: [] }
  let designed: Designed | null = null
  let trail: (readonly Eigenvalue[])[] = []
  let kicks: readonly ProbedKick[] | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  element('zoomClosed').addEventListener('change', () => drawPoles())

  const slider = (name: string, unit: string, kind: 'Q' | 'R') => {
    const { row, input, output } = sliderRow(name, `${kind} of ${name}`, [LOW, HIGH, 0.05])
    row.title = `${kind}: weight of ${name}${unit === '' ? '' : `, 1/(${unit})²`}`
    const say = () => {
      output.textContent = String(Number(weightOf(input).toPrecision(2)))
    }
    input.addEventListener('input', () => {
      say()
      clearTimeout(timer)
      timer = setTimeout(changed, 150)
    })
    input.addEventListener('set', say)
    place.append(row)
    return input
  }
  const heading = (text: string) => {
    const h = document.createElement('h3')
    h.textContent = text
    place.append(h)
  }
  const drawPoles = () => {
    element('poles').hidden = !designed
    if (!designed) return
    const { open, closed } = designed
    drawEigenvalues(element<HTMLCanvasElement>('closedLoop'), {
      open,
      closed,
      trail,
      zoomed: element<HTMLInputElement>('zoomClosed').checked,
    })
    const radius = closed.reduce((most, { re, im }) => Math.max(most, Math.hypot(re, im)), 0)
    const after = robot && radius > 0 && radius < 1 ? -robot.dt / Math.log(radius) : null
    element('slowest').textContent = after === null ? '' : `The slowest mode falls to 1/e in ${formatNumber(after)} s.`
  }
  const showKicks = () => {
    element('kicks').hidden = !designed?.gain
    element('kickMap').hidden = kicks === null
    element('probed').textContent = kicks && robot ? kicksSentence(kicks, robot.figure.bodies.at(-1)!.name) : ''
    if (kicks) drawKicks(element<HTMLCanvasElement>('kickMap'), kicks)
  }
  const hands = () => {
    const inputs = (robot?.controls ?? []).map(({ name, unit, range: [low, high] }, k) => {
      const [min, max] = [Number.isFinite(low) ? low : -BY_HAND, Number.isFinite(high) ? high : BY_HAND]
      const label = unit === '' ? name : `${name}, ${unit}`
      const { row, input, output } = sliderRow(label, `${name} by hand`, [min, max, (max - min) / 200])
      input.value = String(robot!.home.u[k])
      output.textContent = formatNumber(Number(input.value))
      input.addEventListener('input', () => {
        output.textContent = formatNumber(Number(input.value))
        byHand(inputs.map(({ value }) => Number(value)))
      })
      element('hands').append(row)
      return input
    })
  }
  const redraw = () => {
    const gain = designed?.gain
    drawPoles()
    showKicks()
    const canvas = element<HTMLCanvasElement>('gain')
    element('gains').hidden = !gain
    if (!gain || !robot) return
    const options = {
      values: gain.K,
      rows: robot.controls.map(({ name }) => name),
      columns: robot.states.map(({ name }) => name),
      logarithmic: true,
    }
    fillTable(
      element<HTMLTableElement>('gainTable'),
      ['', ...options.columns],
      gain.K.map((row, i) => [options.rows[i]!, ...row.map(String)]),
    )
    drawMatrix(canvas, options, (entry) => {
      element('gainEntry').textContent = entry
    })
  }

  const weights = () => ({ Q: sliders.Q.map(weightOf), R: sliders.R.map(weightOf) })
  const setWeights = (kinds: { readonly Q: readonly number[]; readonly R: readonly number[] }) => {
    for (const kind of ['Q', 'R'] as const)
      sliders[kind].forEach((input, k) => {
        const value = kinds[kind][k]!
        input.dataset.exact = String(value)
        input.value = String(value > 0 ? Math.log10(value) : LOW)
        input.dataset.at = input.value
        input.dispatchEvent(new Event('set'))
      })
  }

  return {
    get isOn() {
      return form.settings.controller !== 'none'
    },
    get designed() {
      return designed
    },
    get choice() {
      return { settings: form.settings, ...weights() }
    },
    open(opened, choice) {
      robot = opened
      designed = null
      trail = []
      place.replaceChildren()
      element('hands').replaceChildren()
      hands()
      heading('Q, of states')
      const Q = opened.states.map(({ name, unit }) => slider(name, unit, 'Q'))
      heading('R, of controls')
      const R = opened.controls.map(({ name, unit }) => slider(name, unit, 'R'))
      sliders = { Q, R }
      const { task } = opened.figure
      const own = { Q: weightList(task?.Q ?? 1, opened.states), R: weightList(task?.R ?? 1, opened.controls) }
      const fits = choice?.Q.length === Q.length && choice.R.length === R.length
      setWeights(fits ? choice : own)
      form.open(opened)
      form.set(choice?.settings ?? (task === null ? OFF : LQR))
      this.show(null, opened.controls.length === 0 ? 'Nothing to control: the robot has no actuators.' : '')
    },
    switchTo: form.set,
    show(found, message = found?.message ?? '') {
      if (designed && found) trail = [...trail, designed.closed].slice(-TRAIL)
      designed = found
      kicks = null
      const place = element('design')
      place.textContent = message
      place.className = found && (found.gain === null || !found.certified) ? 'bad' : ''
      redraw()
    },
    probed(found) {
      kicks = found
      showKicks()
    },
    redraw,
  }
}

function sliderRow(label: string, name: string, [min, max, step]: readonly [number, number, number]) {
  const [row, text, input, output] = [
    document.createElement('label'),
    document.createElement('span'),
    document.createElement('input'),
    document.createElement('output'),
  ]
  row.className = 'weight'
  text.textContent = label
  Object.assign(input, { type: 'range', min: String(min), max: String(max), step: String(step) })
  input.setAttribute('aria-label', name)
  row.append(text, input, output)
  return { row, input, output }
}

/** The weight of a slider: exactly what was set, until it is moved. */
function weightOf(input: HTMLInputElement): number {
  if (input.dataset.at === input.value) return Number(input.dataset.exact)
  const power = Number(input.value)
  return power <= LOW ? 0 : 10 ** power
}

function weightList(weights: Weights, coordinates: readonly { readonly name: string }[]): number[] {
  if (typeof weights === 'number') return coordinates.map(() => weights)
  if (Array.isArray(weights)) return coordinates.map((_, k) => Number(weights[k] ?? 0))
  const byName = weights as Readonly<Record<string, number>>
  return coordinates.map(({ name }) => byName[name] ?? 0)
}
