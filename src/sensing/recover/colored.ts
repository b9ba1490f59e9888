import { countNonzeros } from '../../linalg/pattern.ts'
import { plainArray } from '../../linalg/plainArray.ts'
import { chooseColoring } from '../chooseColoring.ts'
import type { Plan } from '../plan.ts'
import type { Answers, Recovery } from './recovery.ts'
import { scatterInto } from './scatterInto.ts'

/**
 * Coloring: all columns of one color are perturbed together. No two of them share a row, so that each difference is one entry
 * times its step (Curtis, Powell and Reid 1974, doi:10.1093/imamat/13.1.117); in symmetric blocks two may, where mirror images
 * tell their entries apart, directly or by substitution (Coleman and Moré 1984, doi:10.1007/BF02612334). Needs a sparsity pattern
 * that holds every nonzero; columns without entries are not perturbed.
 */
export const colored: Recovery = {
  method: 'colored',

  design({ inputs: n, sparsity, symmetric, reading }) {
    if (sparsity === null) throw new RangeError("sensing: method 'colored' needs a sparsity pattern")
    const coloring = chooseColoring(sparsity, symmetric, reading)
    const isEmpty = (j: number) => sparsity.colPtr[j] === sparsity.colPtr[j + 1]
    const colors = Array.from(coloring.colors, (color, j) => (isEmpty(j) ? -1 : color))
    const numColors = countNonzeros(sparsity) === 0 ? 0 : coloring.numColors
    const D = plainArray(new Uint8Array(numColors * n))
    for (let j = 0; j < n; j++) if (colors[j]! >= 0) D[colors[j]! * n + j] = 1
    return {
      directions: numColors,
      D,
      decoder: {
        method: 'colored',
        numColors,
        colors,
        colPtr: plainArray(sparsity.colPtr),
        rowIdx: plainArray(sparsity.rowIdx),
        elimination: coloring.elimination,
      },
      notes: [`${numColors} colors for ${n} inputs (${coloring.note})`],
    }
  },

  decodeInto(J, plan, answers) {
    const decoder = decoderOf(plan)
    const values = new Float64Array(decoder.rowIdx.length)
    coloredValuesInto(values, plan, answers)
    scatterInto(J, decoder, values)
    return null
  },

  valuesInto: coloredValuesInto,
}

function coloredValuesInto(values: Float64Array, plan: Plan, { Y, spanInto }: Answers): void {
  const { inputs: n, outputs: m } = plan
  const { colors, colPtr, rowIdx, numColors, elimination } = decoderOf(plan)
  const span = new Float64Array(n)
  const spanOf = new Float64Array(n)
  for (let c = 0; c < numColors; c++) {
    spanInto(span, c)
    for (let j = 0; j < n; j++) if (colors[j] === c) spanOf[j] = span[j]!
  }
  if (elimination === null) {
    for (let j = 0; j < n; j++)
      for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) values[k] = Y[colors[j]! * m + rowIdx[k]!]! / spanOf[j]!
    return
  }

  const columnOf = new Int32Array(rowIdx.length)
  for (let j = 0; j < n; j++) columnOf.fill(j, colPtr[j]!, colPtr[j + 1]!)
  const rest = Float64Array.from(Y) // differences less the entries found so far
  const settle = (k: number, value: number) => {
    const j = columnOf[k]!
    values[k] = value
    rest[colors[j]! * m + rowIdx[k]!]! -= value * spanOf[j]!
  }
  for (const k of elimination.order) {
    const j = columnOf[k]!
    const value = rest[colors[j]! * m + rowIdx[k]!]! / spanOf[j]!
    settle(k, value)
    if (elimination.twin[k]! >= 0) settle(elimination.twin[k]!, value)
  }
}

function decoderOf({ decoder }: Plan) {
  if (decoder.method !== 'colored') throw new RangeError(`recover: a ${decoder.method} decoder in a colored plan`)
  return decoder
}
