/** The last states and controls of a run, in a ring. */
import { csvLine } from '../experiment/csv.ts'
import { element, save } from './elements.ts'
import type { Opened } from './protocol.ts'

export interface Moment {
  readonly time: number // s
  readonly x: Float64Array
  readonly dx: Float64Array
  readonly u: Float64Array
  readonly estimate: Float64Array | null // of dx, where LQG made one
}

export interface History {
  readonly length: number
  push(moment: Moment): void
  at(k: number): Moment | undefined // 0: the oldest
  clear(): void
}

const SIZE = 2000

export function history(): History {
  let moments: Moment[] = []
  let first = 0
  return {
    get length() {
      return moments.length
    },
    push({ time, x, dx, u, estimate }) {
      const moment = { time, x, dx, u, estimate }
      if (moments.length < SIZE) moments.push(moment)
      else {
        moments[first] = moment
        first = (first + 1) % SIZE
      }
    },
    at: (k) => moments[(first + k) % Math.max(1, moments.length)],
    clear() {
      moments = []
      first = 0
    },
  }
}

/** Saves what is known of the run. */
export function exportButton(past: History, opened: () => Opened | null): void {
  element('exportRun').addEventListener('click', () => {
    const robot = opened()
    if (robot) save(`${robot.figure.name}-run.csv`, historyCsv(past, robot))
  })
}

/** Time, states from home and controls as CSV, with units, numbers in full. */
function historyCsv(past: History, { states, controls }: Opened): string {
  const heads = [{ name: 'time', unit: 's' }, ...states, ...controls].map(({ name, unit }) =>
    unit === '' ? name : `${name} [${unit}]`,
  )
  const rows = Array.from({ length: past.length }, (_, k) => {
    const { time, dx, u } = past.at(k)!
    return csvLine([time, ...dx, ...u])
  })
  return `${[csvLine(heads), ...rows].join('\n')}\n`
}
