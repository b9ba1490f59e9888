/** A trajectory as CSV (RFC 4180): time, states, controls, one row per time; the last row has no controls. */
import type { Trajectory } from '../experiment/simulate.ts'
import { csvLine } from '../experiment/csv.ts'

/** Header cells are `name [unit]`; numbers are written in full, so that reading them back gives the same bits. */
export function trajectoryCsv({ layout, times, X, U, steps }: Trajectory): string {
  const { nx, nu } = layout
  const header = [{ name: 'time', unit: 's' }, ...layout.x, ...layout.u].map(({ name, unit }) =>
    unit === '' ? name : `${name} [${unit}]`,
  )
  const lines = [csvLine(header)]
  for (let k = 0; k <= steps; k++) {
    const cells: (string | number)[] = [Number(times[k]!.toPrecision(12))]
    for (let i = 0; i < nx; i++) cells.push(X[k * nx + i]!)
    for (let i = 0; i < nu; i++) cells.push(k < steps ? U[k * nu + i]! : '')
    lines.push(csvLine(cells))
  }
  return `${lines.join('\r\n')}\r\n`
}
