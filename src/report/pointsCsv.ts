/** The points of a plan as CSV: index from 1, what the row is for, and the inputs to set, by name. */
import type { PointTable } from '../experiment/pointTable.ts'
import { csvLine } from '../experiment/csv.ts'

/** Numbers are written in full. Lines end in LF, which scripts of any language split by without leftovers. */
export function pointsCsv({ count, columns, values, purposes }: PointTable): string {
  const n = columns.length
  const lines = [csvLine(['index', 'for', ...columns.map(({ name }) => name)])]
  for (let p = 0; p < count; p++)
    lines.push(csvLine([p + 1, purposes[p]!, ...Array.from(values.subarray(p * n, (p + 1) * n))]))
  return `${lines.join('\n')}\n`
}
