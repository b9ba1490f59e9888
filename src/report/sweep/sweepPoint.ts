/** What charts need of a row, and shares of successes over groups of rows. */
import type { Plain, SweepRow } from '../../experiment/sweep/job.ts'
import type { OutlinedAxis } from '../../experiment/sweep/outline.ts'
import { wilson } from '../../experiment/wilson.ts'

export interface SweepPoint {
  readonly index: number
  readonly study: string | null
  readonly parameters: Readonly<Record<string, Plain>>
  readonly result: SweepRow['result']
  readonly success: boolean
  readonly reason: string | null
  readonly settling: number | null // s
  readonly method: string | null
  readonly calls: number | null
  readonly error: number | null // relative, of A
}

export function toPoint({ index, study, parameters, result, success, reason, metrics }: SweepRow): SweepPoint {
  const number = (name: string): number | null => (typeof metrics[name] === 'number' ? metrics[name] : null)
  return {
    index,
    study,
    parameters,
    result,
    success,
    reason,
    settling: number('settling time (s)'),
    method: typeof metrics.method === 'string' ? metrics.method : null,
    calls: number('calls'),
    error: number('relative error of A'),
  }
}

export interface Share {
  readonly successes: number
  readonly runs: number
  readonly rate: number
  readonly low: number // 95 % interval
  readonly high: number
  readonly settling: number | null // s, median of those that settled
}

export function shareOf(points: readonly SweepPoint[]): Share {
  const successes = points.filter(({ success }) => success).length
  const [low, high] = wilson(successes, points.length)
  const times = points.flatMap(({ settling }) => (settling === null ? [] : [settling]))
  return {
    successes,
    runs: points.length,
    rate: points.length === 0 ? 0 : successes / points.length,
    low,
    high,
    settling: median(times),
  }
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Points by the value of a key, in the order in which values first occur. */
export function grouped<K>(points: readonly SweepPoint[], keyOf: (point: SweepPoint) => K): Map<K, SweepPoint[]> {
  const groups = new Map<K, SweepPoint[]>()
  for (const point of points) {
    const key = keyOf(point)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [point])
    else group.push(point)
  }
  return groups
}

/** Points in at most `bins` groups of equal size along a number, each with its middle. */
export function binned(points: readonly SweepPoint[], { name }: OutlinedAxis, bins: number): [number, SweepPoint[]][] {
  const sorted = points.toSorted((a, b) => numberAt(a, name) - numberAt(b, name))
  const count = Math.max(1, Math.min(bins, Math.floor(sorted.length / 5)))
  return Array.from({ length: count }, (_, k): [number, SweepPoint[]] => {
    const group = sorted.slice(Math.floor((k * sorted.length) / count), Math.floor(((k + 1) * sorted.length) / count))
    return [median(group.map((point) => numberAt(point, name))) ?? 0, group]
  })
}

export function numberAt({ parameters }: SweepPoint, name: string): number {
  const value = parameters[name]
  return typeof value === 'number' ? value : Number.NaN
}
