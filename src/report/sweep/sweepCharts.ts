/** Charts of a sweep: success over two parameters as a map, over one as a curve, and errors of linearizations against what they cost. */
import { formatNumber } from '../../experiment/format.ts'
import type { OutlinedAxis } from '../../experiment/sweep/outline.ts'
import type { Drawing } from '../drawing.ts'
import { binned, grouped, median, numberAt, type Share, type SweepPoint, shareOf } from './sweepPoint.ts'

const BINS = 12
const DOTS = 4000 // of a scatter chart at most
const COLORS = ['var(--s0)', 'var(--s1)', 'var(--s2)', 'var(--s3)', 'var(--s4)', 'var(--s5)']

/** The axis as people read it: 'angle (rad)'. */
export function labelOf({ name, unit }: Pick<OutlinedAxis, 'name' | 'unit'>): string {
  return unit === '' ? name : `${name} (${unit})`
}

/** Cells of two grid axes, the share of successes as depth of color. */
export function successMap(drawing: Drawing, points: readonly SweepPoint[], x: OutlinedAxis, y: OutlinedAxis): string {
  const { Plot, render } = drawing
  const [xs, ys] = [edgesOf(points, x), edgesOf(points, y)]
  const cells = [...grouped(points, (point) => `${numberAt(point, x.name)} ${numberAt(point, y.name)}`).values()].map(
    (group) => {
      const [xValue, yValue] = [numberAt(group[0]!, x.name), numberAt(group[0]!, y.name)]
      const share = shareOf(group)
      const [[x1, x2], [y1, y2]] = [xs.get(xValue)!, ys.get(yValue)!]
      return { x1, x2, y1, y2, rate: share.rate, title: `${told(x, xValue)}, ${told(y, yValue)}: ${shareText(share)}` }
    },
  )
  const place = { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2' }
  return render(
    {
      width: 520,
      height: 380,
      marginTop: 32,
      x: scaleOf(
        x,
        cells.flatMap(({ x1, x2 }) => [x1, x2]),
      ),
      y: scaleOf(
        y,
        cells.flatMap(({ y1, y2 }) => [y1, y2]),
      ),
      opacity: { type: 'linear', domain: [0, 1], range: [0, 1] },
      marks: [
        Plot.rect(cells, { ...place, fill: 'var(--warn)', fillOpacity: () => 0.22, inset: 0.25 }),
        Plot.rect(cells, { ...place, fill: 'var(--accent)', fillOpacity: 'rate', inset: 0.25, title: 'title' }),
      ],
    },
    `Share of successes by ${x.name} and ${y.name}`,
  )
}

/** Dots of two drawn axes, by success. */
export function successDots(drawing: Drawing, points: readonly SweepPoint[], x: OutlinedAxis, y: OutlinedAxis): string {
  const { Plot, render } = drawing
  const shown = points.slice(0, DOTS)
  return render(
    {
      width: 520,
      height: 380,
      marginTop: 32,
      x: scaleOf(
        x,
        shown.map((point) => numberAt(point, x.name)),
      ),
      y: scaleOf(
        y,
        shown.map((point) => numberAt(point, y.name)),
      ),
      marks: [
        Plot.dot(shown, {
          x: (point: SweepPoint) => numberAt(point, x.name),
          y: (point: SweepPoint) => numberAt(point, y.name),
          r: 2.5,
          fill: (point: SweepPoint) => (point.success ? 'var(--accent)' : 'var(--warn)'),
          fillOpacity: 0.7,
        }),
      ],
    },
    `Runs by ${x.name} and ${y.name}, those that succeeded apart from the others`,
  )
}

/** Share of successes along one axis, with 95 % intervals; a line for each value of `series`. */
export function successCurve(
  drawing: Drawing,
  points: readonly SweepPoint[],
  x: OutlinedAxis,
  series: OutlinedAxis | null,
): string {
  const { Plot, render } = drawing
  const names =
    series === null ? [''] : [...grouped(points, ({ parameters }) => String(parameters[series.name])).keys()]
  const marks = names.slice(0, COLORS.length).flatMap((name, s) => {
    const own = series === null ? points : points.filter(({ parameters }) => String(parameters[series.name]) === name)
    const shares = alongAxis(own, x)
    const color = COLORS[s]!
    return [
      Plot.areaY(shares, { x: 'x', y1: 'low', y2: 'high', fill: color, fillOpacity: 0.14 }),
      Plot.lineY(shares, { x: 'x', y: 'rate', stroke: color, strokeWidth: 1.75 }),
      Plot.dot(shares, {
        x: 'x',
        y: 'rate',
        r: 2.5,
        fill: color,
        title: (one: Share & { x: number }) => `${told(x, one.x)}: ${shareText(one)}`,
      }),
    ]
  })
  return render(
    {
      width: 420,
      height: 260,
      marginTop: 32,
      x: scaleOf(
        x,
        alongAxis(points, x).map((one) => one.x),
      ),
      y: { domain: [0, 1], label: 'share of successes', grid: true },
      marks,
    },
    `Share of successes by ${x.name}`,
  )
}

/** Median settling time along one axis, of the runs that settled; '' where none did. */
export function settlingCurve(drawing: Drawing, points: readonly SweepPoint[], x: OutlinedAxis): string {
  const { Plot, render } = drawing
  const times = alongAxis(points, x).filter(({ settling }) => settling !== null)
  if (times.length < 2) return ''
  return render(
    {
      width: 420,
      height: 260,
      marginTop: 32,
      x: scaleOf(
        x,
        times.map((one) => one.x),
      ),
      y: { label: 'median settling time (s)', grid: true, zero: true },
      marks: [
        Plot.lineY(times, { x: 'x', y: 'settling', stroke: 'var(--ink)', strokeWidth: 1.75 }),
        Plot.dot(times, { x: 'x', y: 'settling', r: 2.5, fill: 'var(--ink)' }),
      ],
    },
    `Median settling time by ${x.name}`,
  )
}

/** Relative error of A against simulator steps, a color for each method; '' where nothing was compared. */
export function errorChart(drawing: Drawing, points: readonly SweepPoint[]): { svg: string; methods: string[] } | null {
  const { Plot, render } = drawing
  const shown = points.filter(({ error, calls }) => error !== null && error > 0 && calls !== null && calls > 0)
  if (shown.length === 0) return null
  const methods = [...grouped(shown, ({ method }) => method ?? '').keys()].slice(0, COLORS.length)
  const medians = methods.flatMap((method) =>
    [
      ...grouped(
        shown.filter((point) => point.method === method),
        ({ calls }) => calls!,
      ),
    ].map(([calls, group]) => ({
      method,
      calls,
      error: median(group.map(({ error }) => error!))!,
    })),
  )
  const color = (method: string | null) => COLORS[Math.max(0, methods.indexOf(method ?? ''))]!
  const svg = render(
    {
      width: 520,
      height: 340,
      marginTop: 32,
      marginLeft: 64,
      x: {
        type: 'log',
        label: 'simulator steps',
        grid: true,
        ticks: logTicks(...extent(shown.map(({ calls }) => calls!))),
        tickFormat: (value: number) => formatNumber(value),
      },
      y: {
        type: 'log',
        label: 'relative error of A',
        grid: true,
        ticks: 6,
        tickFormat: (value: number) => value.toExponential(0),
      },
      marks: [
        Plot.dot(shown.slice(0, DOTS), {
          x: 'calls',
          y: 'error',
          r: 2,
          fill: (point: SweepPoint) => color(point.method),
          fillOpacity: 0.35,
        }),
        ...methods.map((method) =>
          Plot.line(
            medians.filter((one) => one.method === method).sort((a, b) => a.calls - b.calls),
            { x: 'calls', y: 'error', stroke: color(method), strokeWidth: 1.75 },
          ),
        ),
      ],
    },
    'Relative error of A against simulator steps',
  )
  return { svg, methods }
}

export function keyOf(names: readonly string[]): string[] {
  return names
    .slice(0, COLORS.length)
    .map((name, k) => `<span class="key"><i style="background:${COLORS[k]}"></i>${name}</span>`)
}

export function shareText({ successes, runs, rate, low, high }: Share): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`
  return `${successes} of ${runs}, ${percent(rate)} (${percent(low)} to ${percent(high)})`
}

/** Shares at each value of a grid axis, or in bins of a drawn one. */
function alongAxis(points: readonly SweepPoint[], axis: OutlinedAxis): (Share & { x: number })[] {
  const groups = axis.isDrawn
    ? binned(points, axis, BINS)
    : [...grouped(points, (point) => numberAt(point, axis.name))].sort(([a], [b]) => a - b)
  return groups
    .filter(([x]) => Number.isFinite(x) && !(axis.isLog && x <= 0))
    .map(([x, group]) => ({ x, ...shareOf(group) }))
}

/** `values`: all that are drawn along it. */
function scaleOf(axis: OutlinedAxis, values: readonly number[]) {
  const label = labelOf(axis)
  const tickFormat = (value: number) => formatNumber(value)
  const [low, high] = extent(values)
  if (axis.fromZero) {
    const constant = Math.min(...axis.fromZero.filter((value) => value > 0))
    const within = axis.fromZero.filter((value) => value >= low && value <= high)
    const ticks = apart(within, (value) => Math.log1p(value / constant))
    return { type: 'symlog' as const, constant, label, ticks, tickFormat }
  }
  return axis.isLog && low > 0 && high < Number.POSITIVE_INFINITY
    ? { type: 'log' as const, label, ticks: logTicks(low, high), tickFormat }
    : { label, ticks: 6 }
}

/** Where the cell of each value begins and ends: halfway to its neighbours. */
function edgesOf(points: readonly SweepPoint[], axis: OutlinedAxis): Map<number, [number, number]> {
  const values = [...new Set(points.map((point) => numberAt(point, axis.name)))].sort((a, b) => a - b)
  const [to, from] = axis.isLog ? [Math.log, Math.exp] : [(v: number) => v, (v: number) => v]
  const at = values.map(to)
  const edge = (k: number): number => {
    if (values.length === 1) return from(at[0]! + (k === 0 ? -0.5 : 0.5))
    if (k === 0) return from(at[0]! - (at[1]! - at[0]!) / 2)
    if (k === values.length) return from(at[k - 1]! + (at[k - 1]! - at[k - 2]!) / 2)
    return from((at[k - 1]! + at[k]!) / 2)
  }
  return new Map(values.map((value, k) => [value, [edge(k), edge(k + 1)]]))
}

function told(axis: OutlinedAxis, value: number): string {
  return `${axis.name} ${formatNumber(value)}${axis.unit === '' ? '' : ` ${axis.unit}`}`
}

const TICKS = 6 // whose labels have room beside each other

/** Of values in order those whose labels do not overlap, the first and the last among them. */
function apart(values: readonly number[], place: (value: number) => number): number[] {
  const least = (place(values.at(-1)!) - place(values[0]!)) / TICKS
  const kept: number[] = []
  for (const value of values.toReversed())
    if (kept.length === 0 || place(kept[0]!) - place(value) >= 0.99 * least) kept.unshift(value)
  if (kept.length > 1 && kept[0] !== values[0]) kept[0] = values[0]!
  return kept
}

/** Round values on a logarithmic axis: powers of ten, with 2 and 5 times them, or with 1.5, 3 and 7 too, where there is room. */
export function logTicks(low: number, high: number): number[] {
  const from = Math.floor(Math.log10(low))
  const decades = Array.from({ length: Math.ceil(Math.log10(high)) - from + 1 }, (_, k) => from + k)
  const of = (digits: readonly number[]) =>
    decades
      .flatMap((decade) => digits.map((digit) => Number(`${digit}e${decade}`)))
      .filter((value) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
  const [most, some, few] = [of([1, 1.5, 2, 3, 5, 7]), of([1, 2, 5]), of([1])]
  if (some.length < 3 && most.length >= some.length) return most
  if (some.length <= TICKS) return some
  return few.filter((_, k) => k % Math.ceil(few.length / TICKS) === 0)
}

/** Of as many values as there are. */
function extent(values: readonly number[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)]
  return [low, high]
}
