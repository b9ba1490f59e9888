/** What is known of the errors of a Jacobian's entries, from what is known of those of the parameters that were solved for. */
import { Matrix } from 'ml-matrix'
import type { Ties } from '../linalg/ties.ts'
import type { Statistics } from './recover/recovery.ts'

/** The statistics of all of J where some columns and rows follow from others; errors of different rows count as independent. */
export function throughTies(statistics: Statistics, ties: Ties | null): Statistics {
  if (ties === null || ties.tiedColumns.length + ties.tiedRows.length === 0) return statistics
  const rowOf = new Map(ties.tiedRows.map((tied) => [tied.row, tied]))
  const moved = new Float64Array(ties.cols)
  const undetermined = new Set(statistics.undeterminedRows)
  for (const { row, from } of ties.tiedRows)
    if (from.some(({ index }) => undetermined.has(index))) undetermined.add(row)
  return {
    ...statistics,
    undeterminedRows: [...undetermined].sort((a, b) => a - b),
    variance(i, span) {
      for (let j = 0; j < ties.cols; j++) moved[j] = span[j]!
      // the last tied column may lean on those before it
      for (let c = ties.tiedColumns.length - 1; c >= 0; c--) {
        const { column, from } = ties.tiedColumns[c]!
        for (const { index, value } of from) moved[index]! += value * moved[column]!
        moved[column] = 0
      }
      const tied = rowOf.get(i)
      if (tied === undefined) return statistics.variance(i, moved)
      let sum = 0
      for (const { index, value } of tied.from) sum += value * value * statistics.variance(index, moved)
      return sum
    },
  }
}

/** Standard deviation of the error of each entry, [m × n], outputs per input; null where nothing tells it. */
export function standardErrors(statistics: Statistics, m: number, n: number): Matrix | null {
  const errors = Matrix.zeros(m, n)
  const unit = new Float64Array(n)
  let isTold = false
  for (let j = 0; j < n; j++) {
    unit[j] = 1
    for (let i = 0; i < m; i++) {
      const error = Math.sqrt(statistics.variance(i, unit))
      errors.set(i, j, error)
      if (!Number.isNaN(error)) isTold = true
    }
    unit[j] = 0
  }
  return isTold ? errors : null
}
