/** Estimates of a run as CSV (RFC 4180): time, estimated deviations, their errors, innovations; one row per step. */
import type { Estimation } from '../experiment/recordEstimates.ts'
import type { Trajectory } from '../experiment/simulate.ts'
import { csvLine } from '../experiment/csv.ts'

/** Header cells are `estimate of name [unit]`; deviations are from the point, x ⊖ xBar. Numbers are written in full. */
export function estimateCsv(
  { times, steps }: Trajectory,
  { estimates, errors, innovations, coordinates, outputs }: Estimation,
): string {
  const cell = (what: string) => (of: { name: string; unit: string }) =>
    `${what} of ${of.name}${of.unit === '' ? '' : ` [${of.unit}]`}`
  const header = [
    'time [s]',
    ...coordinates.map(cell('estimate')),
    ...coordinates.map(cell('error')),
    ...outputs.map(cell('innovation')),
  ]
  const lines = [csvLine(header)]
  const row = (values: Float64Array, k: number, size: number) => values.subarray(k * size, (k + 1) * size)
  const [ndx, ny] = [coordinates.length, outputs.length]
  for (let k = 0; k < steps; k++)
    lines.push(
      csvLine([
        Number(times[k]!.toPrecision(12)),
        ...row(estimates, k, ndx),
        ...row(errors, k, ndx),
        ...row(innovations, k, ny),
      ]),
    )
  return `${lines.join('\r\n')}\r\n`
}
