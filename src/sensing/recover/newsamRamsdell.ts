import { Matrix, QrDecomposition } from 'ml-matrix'
import { transposePattern } from '../../linalg/pattern.ts'
import { colorColumns } from '../colorColumns.ts'
import { chooseMultiples } from '../chooseMultiples.ts'
import type { Plan } from '../plan.ts'
import type { Answers, Recovery } from './recovery.ts'
import { scatterInto } from './scatterInto.ts'

/** Errors of differences may grow by this factor at most: they then stay within a tenth of the certificate's default tolerance. */
const MAX_CONDITION = 1000

/**
 * As many directions as the densest row has entries, however many colors the columns need: the idea of Newsam and Ramsdell 1983,
 * doi:10.1137/0604041, to solve a small system for each row. Columns of one color move by the same multiples, so that there are
 * as many vectors of multiples as colors. Differs from the paper in these vectors: instead of powers of nodes, whose systems are
 * ill-conditioned, the colors with most entries have a direction of their own and only the others move in all of them, by random
 * multiples: the best of several draws. The condition of every row's system is known before a call is spent; design throws
 * RangeError when the worst is above MAX_CONDITION. Where the coloring has no more colors than the densest row, this is coloring.
 */
export const newsamRamsdell: Recovery = {
  method: 'newsam-ramsdell',

  design({ inputs: n, sparsity, symmetric }) {
    if (sparsity === null) throw new RangeError("sensing: method 'newsam-ramsdell' needs a sparsity pattern")
    const isEmpty = (j: number) => sparsity.colPtr[j] === sparsity.colPtr[j + 1]
    const coloring = colorColumns(sparsity)
    const colors = Array.from(coloring.colors, (color, j) => (isEmpty(j) ? -1 : color))
    const isZero = colors.every((color) => color < 0)
    const numColors = isZero ? 0 : coloring.numColors
    const directions = isZero ? 0 : coloring.lowerBound
    const { multiples, unitOf, condition, row } = chooseMultiples(sparsity, colors, numColors, directions)
    if (!(condition <= MAX_CONDITION))
      throw new RangeError(
        `sensing: ${directions} directions identify row ${row} with condition number ${condition.toPrecision(3)} only, ` +
          `above ${MAX_CONDITION}; use method 'colored' with ${numColors} directions`,
      )
    const D = new Array<number>(directions * n).fill(0)
    for (let t = 0; t < directions; t++)
      for (let j = 0; j < n; j++) if (colors[j]! >= 0) D[t * n + j] = multiples[t * numColors + colors[j]!]!
    const saved =
      directions === numColors ? ', no fewer than coloring takes' : `, condition number ${condition.toPrecision(3)}`
    return {
      directions,
      D,
      decoder: {
        method: 'newsam-ramsdell',
        numColors,
        colors,
        unitOf: Array.from(unitOf),
        condition,
        colPtr: Array.from(sparsity.colPtr),
        rowIdx: Array.from(sparsity.rowIdx),
      },
      notes: [
        `${directions} directions for rows of up to ${directions} entries in ${numColors} colors${saved}`,
        ...(symmetric === null ? [] : ['symmetry is not used by this method']),
      ],
    }
  },

  decodeInto(J, plan, answers) {
    const decoder = decoderOf(plan)
    const values = new Float64Array(decoder.rowIdx.length)
    rowwiseValuesInto(values, plan, answers)
    scatterInto(J, decoder, values)
    return null
  },

  valuesInto: rowwiseValuesInto,
}

/**
 * Solves each row by least squares. Entries that have a direction of their own make its equation exact, whatever the others are;
 * so the others are solved from the remaining equations first.
 */
function rowwiseValuesInto(values: Float64Array, plan: Plan, { Y, spanInto }: Answers): void {
  const { inputs: n, outputs: m, directions: k } = plan
  const { colors, unitOf, colPtr, rowIdx } = decoderOf(plan)
  const spans = new Float64Array(k * n)
  for (let t = 0; t < k; t++) spanInto(spans.subarray(t * n, (t + 1) * n), t)

  // Entries row by row, with their places in the pattern.
  const pattern = { rows: m, cols: n, colPtr: Int32Array.from(colPtr), rowIdx: Int32Array.from(rowIdx) }
  const byRow = transposePattern(pattern)
  const placeOf = new Int32Array(rowIdx.length)
  const next = byRow.colPtr.slice()
  for (let place = 0; place < rowIdx.length; place++) placeOf[next[rowIdx[place]!]!++] = place

  const isOwned = new Uint8Array(k)
  for (let i = 0; i < m; i++) {
    const dense: number[] = [] // positions in byRow of entries that several directions move
    isOwned.fill(0)
    for (let l = byRow.colPtr[i]!; l < byRow.colPtr[i + 1]!; l++) {
      const unit = unitOf[colors[byRow.rowIdx[l]!]!]!
      if (unit < 0) dense.push(l)
      else isOwned[unit] = 1
    }
    if (dense.length > 0) {
      const free = Array.from({ length: k }, (_, t) => t).filter((t) => isOwned[t] === 0)
      const sizes = dense.map((l) => Math.max(...free.map((t) => Math.abs(spans[t * n + byRow.rowIdx[l]!]!))))
      const A = new Matrix(free.map((t) => dense.map((l, d) => spans[t * n + byRow.rowIdx[l]!]! / sizes[d]!)))
      const x = new QrDecomposition(A).solve(Matrix.columnVector(free.map((t) => Y[t * m + i]!)))
      dense.forEach((l, d) => {
        values[placeOf[l]!] = x.get(d, 0) / sizes[d]!
      })
    }
    for (let l = byRow.colPtr[i]!; l < byRow.colPtr[i + 1]!; l++) {
      const j = byRow.rowIdx[l]!
      const t = unitOf[colors[j]!]!
      if (t < 0) continue
      let rest = Y[t * m + i]!
      for (const other of dense) rest -= values[placeOf[other]!]! * spans[t * n + byRow.rowIdx[other]!]!
      values[placeOf[l]!] = rest / spans[t * n + j]!
    }
  }
}

function decoderOf({ decoder }: Plan) {
  if (decoder.method !== 'newsam-ramsdell')
    throw new RangeError(`recover: a ${decoder.method} decoder in a newsam-ramsdell plan`)
  return decoder
}
