/**
 * Which pairs of steps hold a gross error? With y± = f(x ⊕ ±p) ⊖ f(x), y⁺ + y⁻ is curvature alone, small and alike at knots near each
 * other: a pair whose sum stands out is not to be believed, and neither is one of which a value is missing.
 */

/** As many times the median of the sums near by. */
const STANDS_OUT = 10
const NEAR = 4 // knots to each side

/** Marks pairs, 1 where one is grossly wrong, [N × count]; `floors` [ndx]: sums (or misfits of another kind) within these are none. */
export function grossPairs(
  sums: Float64Array, // [N × count × ndx]
  { N, count, ndx, floors }: { N: number; count: number; ndx: number; floors: Float64Array },
): Uint8Array {
  const marks = new Uint8Array(N * count)
  const near = new Float64Array((2 * NEAR + 1) * count)
  for (let k = 0; k < N; k++) {
    const from = Math.max(0, Math.min(k - NEAR, N - 1 - 2 * NEAR))
    const to = Math.min(N - 1, from + 2 * NEAR)
    for (let i = 0; i < ndx; i++) {
      let filled = 0
      for (let p = from * count; p < (to + 1) * count; p++) {
        const size = Math.abs(sums[p * ndx + i]!)
        near[filled++] = Number.isNaN(size) ? Number.POSITIVE_INFINITY : size
      }
      const sorted = near.subarray(0, filled).sort()
      const most = Math.max(floors[i]!, STANDS_OUT * sorted[filled >> 1]!)
      for (let p = k * count; p < (k + 1) * count; p++) if (!(Math.abs(sums[p * ndx + i]!) <= most)) marks[p] = 1
    }
  }
  return marks
}
