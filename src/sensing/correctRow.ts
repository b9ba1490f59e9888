/**
 * Finds the entries that a sparsity pattern misses in one row: the sparsest x with A x = y whose support holds the given columns,
 * greedily by orthogonal least squares (Chen, Billings and Luo 1989, doi:10.1080/00207178908953472): orthogonal matching pursuit
 * that compares columns after projecting out what is already in the support.
 */

import { Matrix, QrDecomposition } from 'ml-matrix'

/**
 * x [n] with |A x − y| ≤ accuracy in every equation, zero outside `support` and the columns added to it; null when no support of
 * fewer columns than equations does. Cost O(q · n · |support|).
 */
export function correctRow(
  A: Float64Array, // [q × n], equation e stands at A[e·n …]
  y: Float64Array, // [q]
  n: number,
  support: readonly number[],
  accuracy: Float64Array, // [q]
): Float64Array | null {
  const q = y.length
  const columns = new Float64Array(n * q) // column j at columns[j·q …], less its projection on the support
  const norms = new Float64Array(n)
  for (let j = 0; j < n; j++)
    for (let e = 0; e < q; e++) {
      columns[j * q + e] = A[e * n + j]!
      norms[j]! += A[e * n + j]! ** 2
    }
  const residual = y.slice()
  const isUsed = new Uint8Array(n)
  const chosen: number[] = []
  const unit = new Float64Array(q)

  /** Adds a column to the support, unless it depends on those already there. */
  const add = (j: number) => {
    isUsed[j] = 1
    const square = dot(columns, j * q, columns, j * q, q)
    if (!(square > 1e-16 * norms[j]!)) return
    chosen.push(j)
    for (let e = 0; e < q; e++) unit[e] = columns[j * q + e]! / Math.sqrt(square)
    for (let k = 0; k < n; k++) subtractProjection(columns, k * q, unit, q)
    subtractProjection(residual, 0, unit, q)
  }
  for (const j of support) add(j)

  const isAccurate = () => residual.every((error, e) => Math.abs(error) <= accuracy[e]!)
  while (!isAccurate()) {
    if (chosen.length >= q - 1) return null
    let best = -1
    let bestGain = 0
    for (let j = 0; j < n; j++) {
      if (isUsed[j] === 1) continue
      const square = dot(columns, j * q, columns, j * q, q)
      if (square <= 1e-12 * norms[j]!) continue
      const gain = dot(columns, j * q, residual, 0, q) ** 2 / square
      if (gain > bestGain) {
        bestGain = gain
        best = j
      }
    }
    if (best === -1) return null
    add(best)
  }

  const x = new Float64Array(n)
  if (chosen.length === 0) return x
  const reduced = new Matrix(q, chosen.length)
  for (let e = 0; e < q; e++) for (let k = 0; k < chosen.length; k++) reduced.set(e, k, A[e * n + chosen[k]!]!)
  const solution = new QrDecomposition(reduced).solve(Matrix.columnVector(y))
  for (let k = 0; k < chosen.length; k++) x[chosen[k]!] = solution.get(k, 0)
  return x
}

function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, length: number): number {
  let sum = 0
  for (let e = 0; e < length; e++) sum += a[aStart + e]! * b[bStart + e]!
  return sum
}

function subtractProjection(a: Float64Array, start: number, unit: Float64Array, length: number): void {
  const factor = dot(a, start, unit, 0, length)
  for (let e = 0; e < length; e++) a[start + e]! -= factor * unit[e]!
}
