/** Least absolute deviations as a linear program, solved by HiGHS. */
import imported from 'highs'

// Its types describe the CommonJS build; imported here is the function itself.
const loadHighs = imported as unknown as typeof imported.default
const highs = await loadHighs()

/** min Σ w_t (p_t + q_t) s.t. A x − p + q = y, p ≥ 0, q ≥ 0. Throws unless HiGHS calls its answer optimal. */
export function leastAbsoluteByHighs(
  A: readonly (readonly number[])[], // [k × n]
  y: readonly number[], // [k]
  weights: readonly number[] = y.map(() => 1),
): { x: number[]; objective: number } {
  const k = A.length
  const n = A[0]!.length
  const starts: number[] = [0]
  const indices: number[] = []
  const values: number[] = []
  for (let t = 0; t < k; t++) {
    for (let j = 0; j < n; j++) {
      if (A[t]![j] === 0) continue
      indices.push(j)
      values.push(A[t]![j]!)
    }
    indices.push(n + t, n + k + t)
    values.push(-1, 1)
    starts.push(indices.length)
  }
  const spread = (first: number, then: readonly number[]) => [...new Array<number>(n).fill(first), ...then, ...then]
  return highs.withModel(
    {
      numCols: n + 2 * k,
      numRows: k,
      colCost: spread(0, weights),
      colLower: spread(-highs.infinity, new Array<number>(k).fill(0)),
      colUpper: spread(highs.infinity, new Array<number>(k).fill(highs.infinity)),
      rowLower: y,
      rowUpper: y,
      matrix: { format: 'csr', numRows: k, numCols: n + 2 * k, starts, indices, values },
    },
    (model) => {
      model.options.set('output_flag', false)
      model.run()
      if (model.getModelStatus() !== highs.constants.modelStatus.optimal) throw new Error('HiGHS found no optimum')
      return { x: Array.from(model.getSolution().colValue.subarray(0, n)), objective: model.getObjectiveValue() }
    },
  )
}
