/** States and controls against time, one chart per quantity. */
import type { Estimation } from '../experiment/recordEstimates.ts'
import type { Disturbance, Trajectory } from '../experiment/simulate.ts'
import type { Drawing } from './drawing.ts'
import { escapeHtml, formatNumber } from '../experiment/format.ts'

interface Line {
  readonly name: string
  readonly unit: string
  readonly nominal: number | null
  readonly limits: readonly [number, number] | null
  value(row: number): number
  estimate?(row: number): number
}

const PALETTE = 6 // custom properties --s0 … --s5 in style.ts
const POINTS_PER_CHART = 6000

/**
 * One figure per joint coordinate, or per kind of coordinate and unit where there are many. Positions and velocities as they
 * are; orientations as rotation vectors away from xBar. Kicks are dashed marks, estimates of states dashed lines.
 */
export function timeCharts(drawing: Drawing, trajectory: Trajectory, estimation?: Estimation): string[] {
  const { layout, X, dX, U, steps, xBar, uBar } = trajectory
  const { nx, ndx, nu } = layout
  const indexInX = new Map(layout.x.map(({ name }, index) => [name, index]))
  const states = layout.dx.map(({ name, unit }, j): Line => {
    const i = indexInX.get(name)
    const nominal = i === undefined ? 0 : xBar[i]!
    const estimates = estimation?.estimates
    return {
      name,
      unit,
      nominal,
      limits: null,
      value: (row) => (i === undefined ? dX[row * ndx + j]! : X[row * nx + i]!),
      ...(estimates && steps > 0 && { estimate: (row) => nominal + estimates[Math.min(row, steps - 1) * ndx + j]! }),
    }
  })
  const controls = layout.u.map(
    ({ name, unit, range }, j): Line => ({
      name,
      unit,
      nominal: uBar[j]!,
      limits: range,
      value: (row) => U[Math.min(row, steps - 1) * nu + j]!,
    }),
  )
  const charts: string[] = []
  for (const group of groups(states)) charts.push(figure(drawing, trajectory, group, 'state'))
  if (steps > 0) for (const group of groups(controls)) charts.push(figure(drawing, trajectory, group, 'control'))
  return charts
}

/** A chart each for up to six lines; else by the last part of the name and unit: all angles, all velocities. */
function groups(lines: readonly Line[]): Line[][] {
  if (lines.length <= PALETTE) return lines.map((line) => [line])
  const byKind = new Map<string, Line[]>()
  for (const line of lines) {
    const suffix = line.name.includes('.') ? line.name.slice(line.name.lastIndexOf('.') + 1) : ''
    const kind = `${/^[rvw]?[xyz]$/.test(suffix) ? suffix.replace(/[xyz]$/, 'xyz') : suffix} ${line.unit}`
    byKind.set(kind, [...(byKind.get(kind) ?? []), line])
  }
  return [...byKind.values()]
}

function figure(drawing: Drawing, trajectory: Trajectory, lines: readonly Line[], role: 'state' | 'control'): string {
  const { Plot } = drawing
  const { times, steps, disturbances } = trajectory
  const unit = lines[0]!.unit
  const colorOf = (k: number) => {
    if (lines.length > PALETTE) return 'var(--muted)'
    if (lines.length > 1) return `var(--s${k})`
    return role === 'control' ? 'var(--accent)' : 'var(--ink)'
  }
  const end = Math.max(times[steps]!, trajectory.dt)
  let low = Math.min(...lines.map(({ nominal }) => nominal ?? 0))
  let high = Math.max(...lines.map(({ nominal }) => nominal ?? 0))
  const marks = []
  const series = lines.map((line) => {
    const rows = thinOut(line, steps, Math.max(200, POINTS_PER_CHART / lines.length))
    for (const row of rows) {
      low = Math.min(low, line.value(row), line.estimate?.(row) ?? low)
      high = Math.max(high, line.value(row), line.estimate?.(row) ?? high)
    }
    return rows
  })
  const [bottom, top] = padded(low, high)
  const reached = lines.length === 1 ? (lines[0]!.limits ?? []).filter((limit) => limit >= bottom && limit <= top) : []

  const nominals = [...new Set(lines.map(({ nominal }) => nominal ?? 0))]
  if (nominals.length <= 2) marks.push(Plot.ruleY(nominals, { stroke: 'var(--rule)' }))
  marks.push(
    Plot.ruleY(reached, {
      stroke: 'var(--warn)',
      strokeDasharray: '4 4',
      title: (limit: number) => `limit ${formatNumber(limit)} ${unit}`,
    }),
  )
  marks.push(
    Plot.ruleX(disturbances, {
      x: 'time',
      stroke: 'var(--warn)',
      strokeDasharray: '2 3',
      title: (event: Disturbance) =>
        `${'coordinate' in event ? event.coordinate : event.control} disturbed by ${formatNumber(event.amount)}`,
    }),
  )
  lines.forEach((line, k) => {
    marks.push(
      Plot.line(series[k]!, {
        x: (row: number) => times[row]!,
        y: (row: number) => line.value(row),
        stroke: colorOf(k),
        strokeWidth: lines.length > PALETTE ? 1 : 1.75,
        ...(role === 'control' ? { curve: 'step-after' as const } : {}),
        title: () => `${line.name} (${line.unit})`,
      }),
    )
    if (line.estimate)
      marks.push(
        Plot.line(series[k]!, {
          x: (row: number) => times[row]!,
          y: (row: number) => line.estimate!(row),
          stroke: lines.length > 1 && lines.length <= PALETTE ? colorOf(k) : 'var(--accent)',
          strokeWidth: 1.25,
          strokeDasharray: '5 3',
          title: () => `estimate of ${line.name} (${line.unit})`,
        }),
      )
  })
  const svg = drawing.render(
    {
      width: 400,
      height: 220,
      x: {
        domain: [0, end],
        ticks: 6,
        label: null,
        tickFormat: (t: number) => `${formatNumber(t, 3)}${t === 0 ? ' s' : ''}`,
      },
      y: { domain: [bottom, top], ticks: 5, label: null, grid: true, tickFormat: (v: number) => formatNumber(v, 4) },
      marks,
    },
    `${lines.map(({ name }) => name).join(', ')} in ${unit} against time in s`,
  )
  return `<figure>${caption(lines, unit, colorOf)}${svg}</figure>`
}

function caption(lines: readonly Line[], unit: string, colorOf: (k: number) => string): string {
  const unitPart = unit === '' ? '' : ` <span class="unit">${escapeHtml(unit)}</span>`
  if (lines.length === 1) return `<figcaption><b>${escapeHtml(lines[0]!.name)}</b>${unitPart}</figcaption>`
  if (lines.length > PALETTE) {
    const first = lines[0]!.name
    const last = lines[lines.length - 1]!.name
    return `<figcaption><b>${escapeHtml(first)} … ${escapeHtml(last)}</b>${unitPart} <span class="unit">(${lines.length} lines)</span></figcaption>`
  }
  const keys = lines.map(
    ({ name }, k) => `<span class="key"><i style="background:${colorOf(k)}"></i>${escapeHtml(name)}</span>`,
  )
  return `<figcaption>${keys.join(' ')}${unitPart}</figcaption>`
}

/** Rows to draw: all of them, or the lowest and the highest of each of `budget / 2` stretches, so that no peak is lost. */
function thinOut(line: Line, steps: number, budget: number): number[] {
  if (steps + 1 <= budget) return Array.from({ length: steps + 1 }, (_, row) => row)
  const stretches = Math.floor(budget / 2)
  const rows = new Set<number>([0])
  for (let s = 0; s < stretches; s++) {
    const from = Math.floor((s * (steps + 1)) / stretches)
    const to = Math.floor(((s + 1) * (steps + 1)) / stretches)
    let lowest = from
    let highest = from
    for (let row = from; row < to; row++) {
      if (line.value(row) < line.value(lowest)) lowest = row
      if (line.value(row) > line.value(highest)) highest = row
    }
    rows.add(Math.min(lowest, highest)).add(Math.max(lowest, highest))
  }
  return [...rows.add(steps)]
}

/** The range with 8 % of air; never empty, and never blown up from rounding dust. */
function padded(low: number, high: number): [number, number] {
  const least = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high))
  const span = high - low
  if (span < least) return [low - 1, high + 1]
  return [low - 0.08 * span, high + 0.08 * span]
}
