/** The panel that linearizes where the robot is and shows what came of it. */
import { drawEigenvalues, fillEigenvalues } from './eigenvaluePlot.ts'
import { formatNumber } from '../experiment/format.ts'
import { jacobianCsv } from '../experiment/jacobianCsv.ts'
import { element, save } from './elements.ts'
import { drawMatrix } from './matrixMap.ts'
import type { Eigenvalue, Sensed } from './protocol.ts'

export interface LinearizePanel {
  readonly sensed: Sensed | null
  readonly follows: boolean
  begin(): void
  progress(done: number, total: number): void
  show(sensed: Sensed): void
  idle(): void
  closedLoop(values: readonly Eigenvalue[]): void
  clear(): void
  redraw(): void
}

const TRAIL = 12
const FEW = 12 // states
const SHORT = 200 // letters of a certificate that is shown as a whole

export function linearizePanel(): LinearizePanel {
  let sensed: Sensed | null = null
  let closed: readonly Eigenvalue[] = []
  let trail: (readonly Eigenvalue[])[] = []
  const follow = element<HTMLInputElement>('follow')
  const byColor = element<HTMLInputElement>('byColor')
  const logarithmic = element<HTMLInputElement>('logarithmic')

  const redraw = () => {
    if (!sensed) return
    const { lin, columnColors } = sensed
    const columns = [...lin.states, ...lin.controls]
    drawMatrix(
      element<HTMLCanvasElement>('matrix'),
      {
        values: lin.A.map((row, i) => [...row, ...(lin.B[i] ?? [])]),
        rows: lin.states,
        columns,
        divider: lin.states.length,
        logarithmic: logarithmic.checked,
        classes: byColor.checked ? columnColors : null,
      },
      (entry) => {
        element('entry').textContent = entry
      },
    )
    const zoomed = element<HTMLInputElement>('zoom').checked
    drawEigenvalues(element<HTMLCanvasElement>('eigenvalues'), { open: sensed.eigenvalues, closed, trail, zoomed })
    fillEigenvalues(element<HTMLTableElement>('eigenvalueTable'), sensed.eigenvalues, closed)
  }
  for (const box of [byColor, logarithmic, element('zoom')]) box.addEventListener('change', redraw)
  element('exportJson').addEventListener('click', () => {
    if (sensed) save(`${sensed.lin.scene}-linearization.json`, `${JSON.stringify(sensed.lin, null, 2)}\n`)
  })
  element('exportCsv').addEventListener('click', () => {
    if (!sensed) return
    const { lin } = sensed
    const named = (names: readonly string[]) => names.map((name) => ({ name }))
    const J = lin.A.map((row, i) => [...row, ...(lin.B[i] ?? [])])
    save(`${lin.scene}-jacobian.csv`, jacobianCsv(J, named(lin.states), named([...lin.states, ...lin.controls])))
  })
  const busy = (is: boolean) => {
    element('sensing').hidden = !is
    element<HTMLButtonElement>('linearize').disabled = is
  }

  return {
    get sensed() {
      return sensed
    },
    get follows() {
      return follow.checked
    },
    begin() {
      element<HTMLProgressElement>('progress').value = 0
      if (!follow.checked || sensed === null) busy(true)
    },
    progress(done, total) {
      element('sensing').hidden = false
      element<HTMLProgressElement>('progress').value = total > 0 ? done / total : 0
    },
    show(found) {
      busy(false)
      if (sensed) trail = [...trail, sensed.eigenvalues].slice(-TRAIL)
      sensed = found
      const { calls, denseCalls, certified, certificate } = found
      element('result').hidden = false
      element('calls').textContent =
        calls <= denseCalls ? `${calls} of ${denseCalls} calls` : `${calls} calls, ${denseCalls} by columns`
      element('saving').textContent = savingText(found)
      element('callsBar').style.width = `${Math.min(100, (100 * calls) / denseCalls)}%`
      const [verdict, rest] = parted(certificate)
      element('certificate').textContent = verdict
      element('certificateMore').hidden = rest === ''
      element('certificateRest').textContent = rest
      element('certificate').className = certified ? '' : 'bad'
      element('errorOfAB').textContent =
        found.error === null
          ? ''
          : `Difference from undisturbed steps: ${formatNumber(found.error)} of the size of A and B.`
      element('errorOfAB').className = (found.error ?? 0) > 0.1 ? 'bad' : ''
      const unstable = found.eigenvalues.filter(({ re, im }) => Math.hypot(re, im) > 1 + 1e-9)
      const names = [...new Set(unstable.map(({ coordinate }) => coordinate).filter((name) => name !== ''))]
      element('unstable').textContent =
        unstable.length === 0
          ? 'No eigenvalue outside of the unit circle.'
          : `${unstable.length} outside of the unit circle${names.length > 0 ? `: ${names.join(', ')}` : ''}.`
      element('unstable').className = unstable.length === 0 ? '' : 'bad'
      redraw()
    },
    idle: () => busy(false),
    closedLoop(values) {
      closed = values
      redraw()
    },
    clear() {
      sensed = null
      closed = []
      trail = []
      element('result').hidden = true
      busy(false)
    },
    redraw,
  }
}

/** The verdict, and where it is long, what stands behind it: names of rows, by the dozen where robots are many. */
function parted(certificate: string): readonly [string, string] {
  if (certificate.length <= SHORT) return [certificate, '']
  const [verdict] = /^[^;]*?(?=; rows|\. [A-Z]|\.$)/.exec(certificate) ?? [certificate]
  const rest = certificate.slice(verdict.length).replace(/^[;.] ?/, '')
  return [`${verdict}.`, `${rest.charAt(0).toUpperCase()}${rest.slice(1)}`]
}

/** What the calls were for, and what they are to be held against. */
function savingText({ calls, denseCalls, callsSentence, error, lin }: Sensed): string {
  const spent = callsSentence.replace(/^\d+ simulator steps?: /, '')
  const columns = `${spent}; column by column, unchecked: ${denseCalls}.`
  const isSmall = calls >= denseCalls && error === null && lin.states.length <= FEW
  return isSmall ? `${columns} Robots of many parts save the most: try the spheres.` : columns
}
