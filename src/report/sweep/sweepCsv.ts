/** Rows of a sweep as CSV: parameters and metrics each a column, in the order in which they first occur. */
import { csvLine } from '../../experiment/csv.ts'
import type { Plain, SweepRow } from '../../experiment/sweep/job.ts'

export interface CsvColumns {
  readonly parameters: readonly (readonly [name: string, heading: string])[]
  readonly metrics: readonly string[]
}

const FIRST = ['run', 'study', 'seed']
const OUTCOME = ['result', 'success', 'reason']

/** `units` of parameters by name. */
export function csvColumns(
  parameters: readonly string[],
  metrics: readonly string[],
  units: ReadonlyMap<string, string>,
): CsvColumns {
  const taken = new Set([...FIRST, ...OUTCOME, ...metrics])
  const heading = (name: string): string => {
    const unit = units.get(name) ?? ''
    const plain = unit === '' ? name : `${name} (${unit})`
    return taken.has(plain) ? `${plain} as set` : plain
  }
  return { parameters: parameters.map((name) => [name, heading(name)]), metrics }
}

export function csvHeader({ parameters, metrics }: CsvColumns): string {
  return csvLine([...FIRST, ...parameters.map(([, heading]) => heading), ...OUTCOME, ...metrics])
}

export function csvRow(row: SweepRow, { parameters, metrics }: CsvColumns): string {
  return csvLine([
    row.index,
    row.study ?? '',
    row.seed,
    ...parameters.map(([name]) => cell(row.parameters[name])),
    row.result,
    String(row.success),
    row.reason ?? '',
    ...metrics.map((name) => cell(row.metrics[name])),
  ])
}

function cell(value: Plain | undefined): string | number {
  if (value === undefined || value === null) return ''
  return typeof value === 'boolean' ? String(value) : value
}
