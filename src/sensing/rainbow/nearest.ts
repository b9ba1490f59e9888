/**
 * Fewer equations than unknowns: the most probable solution near a guess, and how far off it may be. Unknowns are taken for independent
 * and normal about the guess, each with a room of its own times a common factor that the equations tell: regression with a Gaussian
 * prior (Rasmussen and Williams 2006, Gaussian Processes for Machine Learning, §2.1). Without noise it meets all equations, and is
 * the solution nearest to the guess; as many independent equations as unknowns determine it, whatever the guess.
 */

export interface Nearest {
  readonly x: Float64Array // [width]
  /** Logarithm of the probability density of the equations, up to a constant: the larger, the better the rooms fit. */
  readonly evidence: number
  /** Variance of the error of c · x, c [width]. */
  variance(c: ArrayLike<number>): number
}

const ROUNDS = 6
const RIDGE = 1e-13 // of the mean diagonal, at least

export function nearest(
  A: Float64Array, // [q × width]
  width: number,
  y: Float64Array, // [q]; NaN: left out
  guess: Float64Array, // [width]
  room: Float64Array, // [width], > 0, relative to each other
  deviation: number, // of the errors of y
): Nearest {
  const kept = Array.from(y.keys()).filter((e) => !Number.isNaN(y[e]!))
  const k = kept.length
  const rest = Float64Array.from(kept, (e) => {
    let sum = y[e]!
    for (let l = 0; l < width; l++) sum -= A[e * width + l]! * guess[l]!
    return sum
  })
  const G = new Float64Array(k * k)
  let diagonal = 0
  for (let a = 0; a < k; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0
      for (let l = 0; l < width; l++) sum += A[kept[a]! * width + l]! * A[kept[b]! * width + l]! * room[l]! * room[l]!
      G[a * k + b] = sum
      if (a === b) diagonal += sum / k
    }

  // The common factor and the share of noise beside it, in turn.
  let square = 0
  for (const value of rest) square += value * value
  let factor = diagonal > 0 && k > 0 ? square / k / diagonal : 0 // τ²
  let L = new Float64Array(k * k)
  let weights = new Float64Array(k) // (G + λ I)⁻¹ rest
  for (let round = 0; round < ROUNDS; round++) {
    const ridge = Math.max(RIDGE * diagonal, factor > 0 ? deviation ** 2 / factor : 0)
    L = cholesky(G, k, ridge)
    weights = solved(L, k, rest)
    let fit = 0
    for (let a = 0; a < k; a++) fit += rest[a]! * weights[a]!
    const next = k === 0 ? 0 : Math.max(0, fit / k)
    if (Math.abs(next - factor) <= 1e-3 * next) break
    factor = next
  }
  let evidence = factor > 0 ? -0.5 * k * Math.log(factor) : Number.POSITIVE_INFINITY
  for (let a = 0; a < k; a++) evidence -= Math.log(L[a * k + a]!)
  const x = guess.slice()
  for (let l = 0; l < width; l++)
    for (let a = 0; a < k; a++) x[l]! += room[l]! * room[l]! * A[kept[a]! * width + l]! * weights[a]!

  return {
    x,
    evidence,
    variance(c) {
      let before = 0
      for (let l = 0; l < width; l++) before += (c[l]! * room[l]!) ** 2
      const along = Float64Array.from(kept, (e) => {
        let sum = 0
        for (let l = 0; l < width; l++) sum += A[e * width + l]! * room[l]! * room[l]! * c[l]!
        return sum
      })
      forward(L, k, along)
      let told = 0
      for (const value of along) told += value * value
      return factor * Math.max(0, before - told)
    },
  }
}

/** Lower L of (G + ridge I) = L Lᵀ, G given by its lower part. */
function cholesky(G: Float64Array, k: number, ridge: number): Float64Array<ArrayBuffer> {
  const L = new Float64Array(k * k)
  for (let a = 0; a < k; a++)
    for (let b = 0; b <= a; b++) {
      let sum = G[a * k + b]! + (a === b ? ridge : 0)
      for (let c = 0; c < b; c++) sum -= L[a * k + c]! * L[b * k + c]!
      L[a * k + b] = a === b ? Math.sqrt(Math.max(sum, ridge, Number.MIN_VALUE)) : sum / L[b * k + b]!
    }
  return L
}

/** Solves L z = v in place. */
function forward(L: Float64Array, k: number, v: Float64Array): void {
  for (let a = 0; a < k; a++) {
    for (let c = 0; c < a; c++) v[a]! -= L[a * k + c]! * v[c]!
    v[a]! /= L[a * k + a]!
  }
}

/** (L Lᵀ)⁻¹ v. */
function solved(L: Float64Array, k: number, v: Float64Array): Float64Array<ArrayBuffer> {
  const z = Float64Array.from(v)
  forward(L, k, z)
  for (let a = k - 1; a >= 0; a--) {
    for (let c = a + 1; c < k; c++) z[a]! -= L[c * k + a]! * z[c]!
    z[a]! /= L[a * k + a]!
  }
  return z
}
