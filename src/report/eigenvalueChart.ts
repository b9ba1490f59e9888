/** Eigenvalues of a discrete-time system against the unit circle, to scale, and closer where they crowd. */
import type { Eigenvalue } from './content.ts'
import type { Drawing } from './drawing.ts'
import { formatComplex, formatNumber } from '../experiment/format.ts'

interface Dot extends Eigenvalue {
  readonly loop: 'open' | 'closed'
  readonly unstable: boolean
}

const STABLE = 1 + 1e-9

/** Open loop hollow, closed loop filled, unstable ones in the warning color. One or two SVGs. */
export function eigenvalueCharts(
  drawing: Drawing,
  openLoop: readonly Eigenvalue[],
  closedLoop: readonly Eigenvalue[],
): string[] {
  const dots = [...openLoop.map((value) => dot(value, 'open')), ...closedLoop.map((value) => dot(value, 'closed'))]
  const reach = 1.12 * Math.max(1, ...dots.map(({ re, im }) => Math.max(Math.abs(re), Math.abs(im))))
  const box = boundingBox(dots)
  const crowded = dots.length > 0 && box.half < 0.3
  const whole = chart(drawing, dots, { re: 0, im: 0, half: reach }, !crowded, 'Eigenvalues against the unit circle')
  if (!crowded) return [whole]
  return [whole, chart(drawing, dots, box, true, 'Eigenvalues, closer')]
}

function dot(value: Eigenvalue, loop: Dot['loop']): Dot {
  return { ...value, loop, unstable: Math.hypot(value.re, value.im) > STABLE }
}

interface Box {
  readonly re: number
  readonly im: number
  readonly half: number
}

function chart(drawing: Drawing, dots: readonly Dot[], box: Box, labelled: boolean, label: string): string {
  const { Plot } = drawing
  const { re, im, half } = box
  const size = 360
  const margins = { marginTop: 12, marginRight: 12, marginBottom: 36, marginLeft: 52 }
  const span = Math.max(Math.PI / 180, Math.min(Math.PI, 3 * half))
  const centre = half >= 0.9 ? 0 : Math.atan2(im, re)
  // Not clipped by Plot: its clip paths are numbered through the life of the process. A point outside breaks the line.
  const inside = (x: number, y: number) => Math.abs(x - re) <= half && Math.abs(y - im) <= half
  const circle = Array.from({ length: 481 }, (_, k) => {
    const angle = centre + (half >= 0.9 ? Math.PI : span) * (k / 240 - 1)
    const [x, y] = [Math.cos(angle), Math.sin(angle)]
    return inside(x, y) ? [x, y] : [Number.NaN, Number.NaN]
  })
  const titled = (value: Dot) =>
    `${value.loop} loop: ${formatComplex(value.re, value.im)}, |λ| = ${formatNumber(Math.hypot(value.re, value.im), 6)}` +
    (value.coordinate === undefined ? '' : `, mostly ${value.coordinate}`)
  const color = (value: Dot) =>
    value.unstable ? 'var(--warn)' : value.loop === 'closed' ? 'var(--accent)' : 'var(--ink)'
  const named = labelled
    ? dots.filter(({ unstable, im: imaginary, coordinate }) => unstable && imaginary >= 0 && coordinate !== undefined)
    : []
  const side = (value: Dot) => value.re > re + 0.3 * half
  const labelMark = (values: readonly Dot[], textAnchor: 'start' | 'end') =>
    Plot.text(values, {
      x: 're',
      y: 'im',
      text: 'coordinate',
      textAnchor,
      dx: textAnchor === 'start' ? 10 : -6,
      dy: -14,
      fill: 'var(--warn)',
      stroke: 'var(--ground)',
      strokeWidth: 4,
      fontSize: 12,
    })
  return drawing.render(
    {
      width: size + margins.marginLeft + margins.marginRight,
      height: size + margins.marginTop + margins.marginBottom,
      ...margins,
      x: { domain: [re - half, re + half], ticks: 5, label: null, tickFormat: (v: number) => formatNumber(v, 4) },
      y: {
        domain: [im - half, im + half],
        ticks: 5,
        label: null,
        tickFormat: (v: number) => `${formatNumber(v, 4)}${v === 0 ? '' : 'i'}`,
      },
      marks: [
        Plot.ruleX(
          [0].filter((v) => Math.abs(v - re) < half),
          { stroke: 'var(--rule)' },
        ),
        Plot.ruleY(
          [0].filter((v) => Math.abs(v - im) < half),
          { stroke: 'var(--rule)' },
        ),
        Plot.line(circle, { x: '0', y: '1', stroke: 'var(--muted)', strokeDasharray: '4 4' }),
        Plot.dot(dots, {
          filter: (value: Dot) => value.loop === 'open',
          x: 're',
          y: 'im',
          r: 5.5,
          stroke: color,
          strokeWidth: 1.75,
          fill: 'none',
          title: titled,
        }),
        Plot.dot(dots, {
          filter: (value: Dot) => value.loop === 'closed',
          x: 're',
          y: 'im',
          r: 3.5,
          fill: color,
          title: titled,
        }),
        labelMark(
          named.filter((value) => !side(value)),
          'start',
        ),
        labelMark(named.filter(side), 'end'),
      ],
      color: { type: 'identity' },
    },
    label,
  )
}

/** A square around all dots with a quarter of air, at least 1e-3 wide. */
function boundingBox(dots: readonly Dot[]): Box {
  const low = (values: number[]) => Math.min(...values)
  const high = (values: number[]) => Math.max(...values)
  const re = dots.map((value) => value.re)
  const im = dots.map((value) => value.im)
  const width = Math.max(high(re) - low(re), high(im) - low(im))
  return { re: (low(re) + high(re)) / 2, im: (low(im) + high(im)) / 2, half: Math.max(5e-4, 0.65 * width) }
}
