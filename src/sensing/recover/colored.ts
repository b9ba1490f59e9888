import { countNonzeros } from '../../linalg/pattern.ts'
import { colorColumns } from '../colorColumns.ts'
import type { Recovery } from './recovery.ts'

/**
 * Column coloring: all columns of one color are perturbed together, and as no two of them share a row, each difference is one
 * entry times its step (Curtis, Powell and Reid 1974, doi:10.1093/imamat/13.1.117). Needs a sparsity pattern that holds every
 * nonzero; columns without entries are not perturbed.
 */
export const colored: Recovery = {
  method: 'colored',

  design({ inputs: n, sparsity }) {
    if (sparsity === null) throw new RangeError("sensing: method 'colored' needs a sparsity pattern")
    const coloring = colorColumns(sparsity)
    const isEmpty = (j: number) => sparsity.colPtr[j] === sparsity.colPtr[j + 1]
    const colors = Array.from(coloring.colors, (color, j) => (isEmpty(j) ? -1 : color))
    const numColors = countNonzeros(sparsity) === 0 ? 0 : coloring.numColors
    const D = new Array<number>(numColors * n).fill(0)
    for (let j = 0; j < n; j++) if (colors[j]! >= 0) D[colors[j]! * n + j] = 1
    const fewest = coloring.optimal ? ', provably the fewest' : ''
    return {
      directions: numColors,
      D,
      decoder: {
        method: 'colored',
        numColors,
        colors,
        colPtr: Array.from(sparsity.colPtr),
        rowIdx: Array.from(sparsity.rowIdx),
      },
      notes: [`${numColors} colors for ${n} inputs (${coloring.order} order${fewest})`],
    }
  },

  decodeInto(J, plan, { Y, spanInto }) {
    const { inputs: n, outputs: m, decoder } = plan
    if (decoder.method !== 'colored') throw new RangeError(`recover: a ${decoder.method} decoder in a colored plan`)
    const { colors, colPtr, rowIdx, numColors } = decoder
    const span = new Float64Array(n)
    const spanOf = new Float64Array(n)
    for (let c = 0; c < numColors; c++) {
      spanInto(span, c)
      for (let j = 0; j < n; j++) if (colors[j] === c) spanOf[j] = span[j]!
    }
    J.fill(0)
    for (let j = 0; j < n; j++)
      for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) {
        const i = rowIdx[k]!
        J[i * n + j] = Y[colors[j]! * m + i]! / spanOf[j]!
      }
  },
}
