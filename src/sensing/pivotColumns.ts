/**
 * Columns of a wide matrix that make a well-conditioned square one: greedy choice of the column with the largest part outside the
 * span of those chosen (QR with column pivoting, Businger and Golub 1965, doi:10.1007/BF01436084). At most q columns; fewer where
 * the rank is smaller, in which case none are returned that depend on the others.
 */
export function pivotColumns(A: Float64Array, q: number, n: number): number[] {
  const rest = A.slice() // [q × n], less projections on the columns chosen
  const chosen: number[] = []
  const isChosen = new Uint8Array(n)
  let first = 0
  while (chosen.length < q) {
    let best = -1
    let largest = 0
    for (let j = 0; j < n; j++) {
      if (isChosen[j] === 1) continue
      let square = 0
      for (let e = 0; e < q; e++) square += rest[e * n + j]! ** 2
      if (square > largest) {
        largest = square
        best = j
      }
    }
    if (chosen.length === 0) first = largest
    if (best < 0 || largest <= 1e-16 * first) return []
    isChosen[best] = 1
    chosen.push(best)
    for (let j = 0; j < n; j++) {
      if (isChosen[j] === 1 && j !== best) continue
      let along = 0
      for (let e = 0; e < q; e++) along += rest[e * n + best]! * rest[e * n + j]!
      if (j === best) continue
      for (let e = 0; e < q; e++) rest[e * n + j]! -= (along / largest) * rest[e * n + best]!
    }
  }
  return chosen
}
