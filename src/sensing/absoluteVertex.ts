/**
 * Least absolute deviations exactly, min_x Σ_t |(A x)_t − y_t| for A [k × n] of full column rank: some best x fits n equations
 * without residual. From a guess at these, descent from vertex to vertex: one fitted equation is let go, and the line search along
 * the edge is a weighted median that passes over many vertices at once (Barrodale and Roberts 1973, doi:10.1137/0710069; Bloomfield
 * and Steiger 1980, doi:10.1137/0901019). The tableau T = A A_B⁻¹ [k × n] expresses all equations in the fitted ones, B.
 *
 * Where more than n residuals vanish, as they do where errors are gross but few, a vertex has many descriptions, and descent might
 * go round among them. Where the guess at the multipliers of vanishing residuals does not prove the vertex as it is, right-hand sides
 * are therefore perturbed, a little, and less in each round. The signs found are a dual solution whatever the right-hand side is, so
 * that the answer is proven for the unperturbed one.
 */
import { arrayRoom } from '../linalg/arrayRoom.ts'
import { addAt, dotAt } from '../linalg/flat.ts'
import { type LuFactors, luInPlace } from '../linalg/lu.ts'
import { packedProducts } from '../linalg/packedProducts.ts'
import { random } from '../linalg/random.ts'
import type { AbsoluteGuess } from './absoluteGuess.ts'
import { exchangeTableau } from './exchangeTableau.ts'

const PERTURBATIONS = [1e-8, 1e-11, 1e-14, 0] // of the largest right-hand side
const SLACK = 1e-9 // multipliers may exceed 1 by this much
const GOOD_PIVOT = 1e-2 // of the equation's norm, when fitted equations are chosen
const FAIR_PIVOT = 1e-6
const LEAST_PIVOT = 1e-11
const ZERO = 1e-11 // of the largest right-hand side, for residuals that vanish
const RELATIVE_GAP = 1e-10
const REFINEMENTS = 4
const DRIFTED = 1e-10 // relative error of a tableau that is not used further
const REFINED = 1e-8 // of a solution, the last correction: the one after would be as small beside it
const ROUNDING = 1e-13 // of all terms that a sum of residuals is made of

/** A vertex and its proof. Valid until the next call. */
export interface AbsoluteVertex {
  readonly isOptimal: boolean
  readonly x: Float64Array // [n]
  readonly objective: number
  readonly gap: number // objective less the bound that nu proves
  readonly nu: Float64Array // [k], |nu| ≤ 1 and Aᵀnu = 0 where optimal: Σ|A x − y| ≥ −yᵀnu for every x
  readonly fitted: Int32Array // [n], B
  readonly isUnique: boolean // proven: no other x is as good
  readonly pivots: number
}

export interface AbsoluteVertexSolver {
  /**
   * Equations are tried for B in the given order, the first `numGood` before the others. `multipliers`, within ±1, are a guess at nu
   * for equations that hold and are not in B: good ones prove the vertex at once.
   */
  solve(y: Float64Array, guess: AbsoluteGuess, maxPivots: number): AbsoluteVertex
  /** As of the tableau. */
  release(): void
}

/** Q [k × n] spans the range of A [k × n], its columns orthonormal; both row-major. */
export function absoluteVertexSolver(A: Float64Array, Q: Float64Array, k: number, n: number): AbsoluteVertexSolver {
  const tableau = exchangeTableau(k, n)
  const { T, B, placeOf, others } = tableau
  const m = k - n // equations not fitted
  const products = packedProducts(A, k, n, 1)
  const { long, short } = products
  const room = arrayRoom(9 * k + 9 * n + 8)
  const row = room.floats(n) // of the tableau
  const column = room.floats(k)
  const target = room.floats(k) // y, perturbed
  const r = room.floats(k) // residuals T·target_B − target
  const s = room.floats(k) // their signs; 0 for fitted equations
  const g = room.floats(n) // Tᵀs
  const ahead = room.ints(k) // equations whose residuals vanish along it
  const steps = room.floats(k) // how far
  const fittedTarget = room.floats(n) // target_B
  const x = room.floats(n)
  const lambda = room.floats(n)
  let actual: Float64Array = new Float64Array(0) // y, as it is
  const lack = room.floats(n)
  const scratch = room.floats(n)
  const nu = room.floats(k)
  let drift = 0 // of the tableau, relative, as far as the last vertex shows it
  const isGood = room.ints(k)
  const open = room.ints(n) // places of B whose equations are not good
  const reordered = room.ints(k)
  const source = random(1)
  const noise = room.floats(k)
  for (let t = 0; t < k; t++) noise[t] = 0.5 + source.uniform()

  /** T and B from nothing, equations in the given order, those that hardly depend on others first. */
  function factor(order: Int32Array): void {
    tableau.set(Q, new Int32Array(n).fill(-1))
    let taken = 0
    for (const least of [GOOD_PIVOT, LEAST_PIVOT, 0])
      for (let o = 0; o < k && taken < n; o++) {
        const e = order[o]!
        if (placeOf[e]! >= 0) continue
        tableau.rowInto(row, e)
        let best = -1
        let square = 0
        for (let i = 0; i < n; i++) {
          square += Q[e * n + i]! ** 2
          if (B[i]! < 0 && (best < 0 || Math.abs(row[i]!) > Math.abs(row[best]!))) best = i
        }
        if (!(Math.abs(row[best]!) > least * Math.sqrt(square))) continue
        tableau.columnInto(column, best)
        tableau.exchange(e, best, row, column)
        taken++
      }
    tableau.settle()
  }

  /** Residuals, signs and g at the vertex B. */
  function evaluate(): void {
    tableau.settle()
    g.fill(0)
    for (let i = 0; i < n; i++) fittedTarget[i] = target[B[i]!]!
    r.fill(0)
    s.fill(0)
    for (let o = 0; o < m; o++) {
      const t = others[o]!
      r[t] = dotAt(T, t * n, fittedTarget, 0, n) - target[t]!
      s[t] = r[t]! < 0 ? -1 : 1
      addAt(g, s[t]!, T, t * n, n)
    }
  }

  /** Goes down the steepest edge to the lowest point of it; false where there is none. */
  function descend(): boolean {
    let i = -1
    for (let j = 0; j < n; j++) if (Math.abs(g[j]!) > 1 + SLACK && (i < 0 || Math.abs(g[j]!) > Math.abs(g[i]!))) i = j
    if (i < 0) return false
    // Along the edge the residual of B[i] grows in direction `sense`, the others by sense·column[t] per unit.
    const sense = g[i]! > 0 ? -1 : 1
    tableau.columnInto(column, i)
    let largest = 0
    for (let o = 0; o < m; o++) {
      const rate = Math.abs(column[others[o]!]!)
      if (rate > largest) largest = rate
    }
    let numAhead = 0 // equations whose residual vanishes along the edge
    for (let o = 0; o < m; o++) {
      const t = others[o]!
      const rate = sense * column[t]!
      if (!(rate * s[t]! < -LEAST_PIVOT * largest)) continue
      steps[numAhead] = Math.max(0, -r[t]! / rate)
      ahead[numAhead++] = t
    }
    let slope = 1 - Math.abs(g[i]!)
    let numPassed = 0 // they are moved to the front
    let length = 0
    while (slope < 0 && numPassed < numAhead) {
      let next = numPassed
      for (let a = next + 1; a < numAhead; a++)
        if (steps[a]! < steps[next]! || (steps[a] === steps[next] && ahead[a]! < ahead[next]!)) next = a
      const t = ahead[next]!
      length = steps[next]!
      ahead[next] = ahead[numPassed]!
      steps[next] = steps[numPassed]!
      ahead[numPassed++] = t
      slope += 2 * Math.abs(column[t]!)
    }
    if (numPassed === 0) return false
    const entering = ahead[numPassed - 1]!
    const leaving = B[i]!
    for (let a = 0; a < numPassed - 1; a++) {
      const t = ahead[a]!
      s[t] = -s[t]!
      tableau.rowInto(row, t)
      addAt(g, 2 * s[t]!, row, 0, n)
    }
    for (let o = 0; o < m; o++) r[others[o]!]! += sense * length * column[others[o]!]!
    tableau.rowInto(row, entering)
    addAt(g, -s[entering]!, row, 0, n)
    g[i]! += sense
    r[leaving] = sense * length
    s[leaving] = sense
    r[entering] = 0
    s[entering] = 0
    // g is linear in the rows of T, so that it follows them
    const share = g[i]! / row[i]!
    addAt(g, -share, row, 0, n)
    g[i] = share
    tableau.exchange(entering, i, row, column)
    return true
  }

  /** v becomes A_B⁻¹ v, nearly: A_B⁻¹ = A_F⁻¹ T_F, F being the first equations fitted. */
  function nearlySolve(v: Float64Array): void {
    for (let i = 0; i < n; i++) {
      const e = firstB[i]!
      scratch[i] = placeOf[e]! >= 0 ? v[placeOf[e]!]! : dotAt(T, e * n, v, 0, n)
    }
    v.set(scratch)
    firstFactors?.solveInPlace(v)
  }

  /** v becomes A_B⁻ᵀ v, nearly. */
  function nearlySolveTransposed(v: Float64Array): void {
    firstFactors?.solveTransposedInPlace(v)
    scratch.set(v)
    v.fill(0)
    for (let i = 0; i < n; i++) {
      const e = firstB[i]!
      if (placeOf[e]! >= 0) v[placeOf[e]!]! += scratch[i]!
      else addAt(v, scratch[i]!, T, e * n, n)
    }
  }

  /**
   * Corrects the solution of equations that involve A_B, of which `lackInto` tells what is missing, by what nearly solves for it: that
   * makes up for a tableau that has drifted. False where it does not help.
   */
  function refine(out: Float64Array, lackInto: () => void, nearlySolve: (v: Float64Array) => void): boolean {
    for (let round = 0; round < REFINEMENTS; round++) {
      lackInto()
      nearlySolve(lack)
      let size = 0
      let change = 0
      for (let i = 0; i < n; i++) {
        size = Math.max(size, Math.abs(out[i]!))
        change = Math.max(change, Math.abs(lack[i]!))
        out[i]! += lack[i]!
      }
      if (!(change <= REFINED * size)) continue
      if (size > 0) drift = Math.max(drift, change / size)
      return true
    }
    drift = Number.POSITIVE_INFINITY
    return false
  }

  /** Of A_B; null where it is singular. */
  function fittedFactors(): LuFactors | null {
    const M = new Float64Array(n * n)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) M[i * n + j] = A[B[i]! * n + j]!
    return luInPlace(M, n)
  }

  /** `long` becomes A x. */
  function multiplyByX(): void {
    short.set(x)
    products.multiply(1)
  }

  /** y_B − A_B x */
  function lackOfX(): void {
    multiplyByX()
    for (let i = 0; i < n; i++) lack[i] = actual[B[i]!]! - long[B[i]!]!
  }

  /** −Aᵀν, ν being s and, where equations are fitted, λ. */
  function lackOfLambda(): void {
    long.set(s) // zero where equations are fitted
    for (let i = 0; i < n; i++) long[B[i]!] = lambda[i]!
    products.multiplyTransposed(1)
    for (let i = 0; i < n; i++) lack[i] = -short[i]!
  }

  /** x fits the equations in B; false where they do not determine it. */
  function solveForX(): boolean {
    for (let i = 0; i < n; i++) x[i] = actual[B[i]!]!
    nearlySolve(x)
    if (refine(x, lackOfX, nearlySolve)) return true
    const factors = fittedFactors()
    for (let i = 0; i < n; i++) x[i] = actual[B[i]!]!
    factors?.solveInPlace(x)
    return factors !== null
  }

  /** λ balances the signs, Aᵀν = 0; false where no λ does. */
  function solveForLambda(): boolean {
    for (let i = 0; i < n; i++) lambda[i] = -g[i]!
    if (refine(lambda, lackOfLambda, nearlySolveTransposed)) return true
    const factors = fittedFactors()
    lambda.fill(0)
    lackOfLambda()
    lambda.set(lack)
    factors?.solveTransposedInPlace(lambda)
    return factors !== null
  }

  /** Solves for the vertex B anew, from A and the right-hand side itself, and says how good it is. */
  function prove(y: Float64Array, pivots: number): AbsoluteVertex {
    tableau.settle()
    drift = 0
    actual = y
    if (!solveForX()) x.fill(0)
    let objective = 0
    let terms = 0
    multiplyByX()
    for (let t = 0; t < k; t++) {
      objective += Math.abs(long[t]! - y[t]!)
      terms += Math.abs(y[t]!)
    }
    for (let j = 0; j < n; j++) terms += sizes[j]! * Math.abs(x[j]!)
    if (!solveForLambda()) lambda.fill(Number.POSITIVE_INFINITY)
    let worst = 0
    for (let i = 0; i < n; i++) {
      if (Math.abs(lambda[i]!) < Number.EPSILON) lambda[i] = 0 // rounding
      worst = Math.max(worst, Math.abs(lambda[i]!))
    }
    let bound = 0
    const isBounded = Number.isFinite(worst)
    for (let t = 0; t < k; t++) {
      const multiplier = placeOf[t]! < 0 ? s[t]! : lambda[placeOf[t]!]!
      nu[t] = isBounded ? multiplier / Math.max(1, worst) : 0
      bound -= y[t]! * nu[t]!
    }
    const gap = objective - bound
    const isOptimal = worst <= 1 + SLACK && gap <= RELATIVE_GAP * objective + ROUNDING * terms
    return { isOptimal, x, objective, gap, nu, fitted: B, isUnique: isOptimal && worst < 1 - SLACK, pivots }
  }

  // A first tableau that all right-hand sides share: going from it to theirs takes fewer pivots than from nothing.
  factor(Int32Array.from({ length: k }, (_, t) => t))
  const firstT = T.slice()
  const firstB = B.slice()
  const firstFactors = fittedFactors()
  const sizes = room.floats(n) // Σ_t |A_tj|
  for (let t = 0; t < k; t++) for (let j = 0; j < n; j++) sizes[j]! += Math.abs(A[t * n + j]!)

  /** T and B from the shared ones: what is not good is replaced by what is, in the given order. */
  function exchange(order: Int32Array, numGood: number): void {
    tableau.set(firstT, firstB)
    isGood.fill(0)
    for (let o = 0; o < numGood; o++) isGood[order[o]!] = 1
    let numOpen = 0
    for (let i = 0; i < n; i++) if (isGood[B[i]!] === 0) open[numOpen++] = i
    for (const least of [GOOD_PIVOT, FAIR_PIVOT])
      for (let o = 0; o < numGood && numOpen > 0; o++) {
        const e = order[o]!
        if (placeOf[e]! >= 0) continue
        tableau.rowInto(row, e)
        let best = 0
        let size = 0
        for (let a = 0; a < numOpen; a++) {
          const other = Math.abs(row[open[a]!]!)
          if (other <= size) continue
          size = other
          best = a
        }
        if (!(size > least * Math.sqrt(dotAt(row, 0, row, 0, n)))) continue
        const i = open[best]!
        open[best] = open[--numOpen]!
        tableau.columnInto(column, i)
        tableau.exchange(e, i, row, column)
      }
  }

  /** Takes multipliers for signs where equations hold; true where they prove the vertex, up to rounding. */
  function guessSigns(multipliers: Float64Array, largest: number): boolean {
    g.fill(0)
    for (let o = 0; o < m; o++) {
      const t = others[o]!
      if (Math.abs(r[t]!) <= ZERO * largest) s[t] = multipliers[t]!
      addAt(g, s[t]!, T, t * n, n)
    }
    for (let i = 0; i < n; i++) if (!(Math.abs(g[i]!) <= 1)) return false
    return true
  }

  return {
    release() {
      tableau.release()
      products.release()
    },
    solve(y, { order, numGood, multipliers }, maxPivots) {
      let largest = 0
      for (let t = 0; t < k; t++) largest = Math.max(largest, Math.abs(y[t]!))
      exchange(order, numGood)
      if (numGood > n) {
        target.set(y)
        evaluate()
        if (guessSigns(multipliers, largest)) {
          const vertex = prove(y, 0)
          if (vertex.isOptimal) return vertex
        }
      }
      let pivots = 0
      for (const size of numGood > n ? PERTURBATIONS : PERTURBATIONS.slice(1)) {
        for (let t = 0; t < k; t++) {
          // Residuals that vanish get the sign of their multiplier.
          const towards = placeOf[t]! >= 0 ? 0 : multipliers[t]! < 0 ? 1 : -1
          target[t] = y[t]! + size * (largest || 1) * towards * noise[t]!
        }
        evaluate()
        while (pivots < maxPivots && descend()) pivots++
        const vertex = prove(y, pivots)
        if (vertex.isOptimal || size === 0) return vertex
        // The next perturbation is another problem close by: on from the same vertex, its tableau anew where it has drifted.
        if (drift <= DRIFTED) continue
        let front = 0
        for (let i = 0; i < n; i++) reordered[front++] = B[i]!
        for (let t = 0; t < k; t++) if (placeOf[order[t]!]! < 0) reordered[front++] = order[t]!
        factor(reordered)
      }
      throw new Error('unreachable: the last perturbation is zero')
    },
  }
}
