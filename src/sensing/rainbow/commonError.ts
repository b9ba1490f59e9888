/**
 * Forward differences all lean on one f(z̄), whose error is in every difference of a row. Equations with errors of variance 1, of which
 * `share` is common to those of a row, are made to have independent errors of variance 1: means are divided by what the mean of a
 * row's errors varies by, and departures from them by √(1 − share). (Generalized least squares, Aitken 1936.)
 */

/** V [q × width], in place; equations of one row stand together, `rows` [q] naming it; null: all are of one row. */
export function decorrelate(V: Float64Array, q: number, width: number, rows: Int32Array | null, share: number): void {
  if (share === 0) return
  for (let from = 0; from < q; ) {
    let to = from + 1
    while (to < q && (rows === null || rows[to] === rows[from])) to++
    const count = to - from
    const alone = 1 / Math.sqrt(1 - share)
    const together = 1 / Math.sqrt(1 - share + share * count)
    for (let l = 0; l < width; l++) {
      let mean = 0
      for (let e = from; e < to; e++) mean += V[e * width + l]! / count
      for (let e = from; e < to; e++) V[e * width + l] = alone * (V[e * width + l]! - mean) + together * mean
    }
    from = to
  }
}
