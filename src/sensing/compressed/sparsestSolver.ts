/**
 * The sparsest x with A x = y for many y, from fewer equations than unknowns: matching pursuit first, which is the quickest and
 * solves most; what it leaves, by l1 minimization, then by reweighted l1 (Candès, Wakin and Boyd 2008,
 * doi:10.1007/s00041-008-9045-x). Each candidate support is fitted by least squares and judged by the residuals of all equations, so
 * that the approximate solvers need only find the support, and stop as soon as they have.
 */
import { basisPursuit } from './basisPursuit.ts'
import { fitSupport } from './fitSupport.ts'
import { matchingPursuit } from './matchingPursuit.ts'

export interface Sparsest {
  readonly x: Float64Array // [n]
  readonly isExplained: boolean // every equation holds to its accuracy, by clearly fewer entries than equations
}

/** `candidates`: the only columns that may be nonzero; null for all. Accuracy: what each equation need only hold to. */
type Solve<Answer> = (y: Float64Array, accuracy: Float64Array, candidates: readonly number[] | null) => Answer

export interface SparsestSolver {
  /** By matching pursuit; `picks`: the columns that it took, in order. */
  readonly quick: Solve<Sparsest & { readonly picks: readonly number[] }>
  /** By l1 minimization, for what the quick way leaves. */
  readonly thorough: Solve<Sparsest>
  /** One after the other. */
  readonly solve: Solve<Sparsest>
}

/** Iterations between looks at the support, and looks of the first, unweighted round. */
const LOOK = 20
const FIRST_LOOKS = 8
/** Reweighted rounds and looks of each. */
const ROUNDS = 3
const LOOKS = 4
/** Entries below this share of the largest weigh alike in reweighting. */
const SMALL = 0.1
/** Supports are at most this share of the equations: what is denser is not told by them. */
const MAX_SHARE = 0.6
/** After so many rows, l1 is given up where it solves less than this share of them: the others will be too dense as well. */
const TRIED = 16
const WORTHWHILE = 0.1

/** A solver for A [q × n]. Its parts are made when the first y needs them. It learns from one y to the next whether l1 pays. */
export function sparsestSolver(A: Float64Array, q: number, n: number): SparsestSolver {
  const pursue = matchingPursuit(A, q, n)
  let pursuit: ReturnType<typeof basisPursuit> | undefined
  const weights = new Float64Array(n)
  let tried = 0
  let solved = 0
  const largest = Math.min(q - 1, Math.ceil(MAX_SHARE * q))

  const solver: SparsestSolver = {
    quick(y, accuracy, candidates) {
      // with few candidates there is nothing to choose
      const isChosen = candidates !== null && candidates.length <= q / 2
      const norm = 0.5 * Math.hypot(...accuracy)
      const picks = isChosen ? candidates : pursue(y, norm, largest, candidates).support
      const x = fitSupport(A, y, n, picks, accuracy)
      return { x: x ?? new Float64Array(n), isExplained: x !== null, picks }
    },
    thorough(y, accuracy, candidates) {
      if (candidates !== null && candidates.length <= q / 2) return { x: new Float64Array(n), isExplained: false }
      const pays = tried < TRIED || solved >= WORTHWHILE * tried
      if (pays) pursuit ??= basisPursuit(A, q, n)
      if (pays && pursuit !== undefined && pursuit !== null) {
        tried++
        weights.fill(candidates === null ? 1 : Number.POSITIVE_INFINITY)
        if (candidates !== null) for (const j of candidates) weights[j] = 1
        pursuit.begin(y)
        for (let round = 0; round <= ROUNDS; round++) {
          let z: Float64Array = weights
          for (let look = 0; look < (round === 0 ? FIRST_LOOKS : LOOKS); look++) {
            z = pursuit.run(weights, LOOK)
            const isLast = look === (round === 0 ? FIRST_LOOKS : LOOKS) - 1
            const support = largestEntries(z, largest)
            // too many entries: not there yet
            if (support.length === largest && !isLast) continue
            const x = fitSupport(A, y, n, support, accuracy)
            if (x === null) continue
            solved++
            return { x, isExplained: true }
          }
          reweigh(weights, z)
        }
      }
      // any superset is explained by as many equations
      const x = candidates !== null && candidates.length <= q ? fitSupport(A, y, n, candidates, accuracy) : null
      return { x: x ?? new Float64Array(n), isExplained: x !== null }
    },
    solve(y, accuracy, candidates) {
      const quick = solver.quick(y, accuracy, candidates)
      return quick.isExplained ? quick : solver.thorough(y, accuracy, candidates)
    },
  }
  return solver
}

/** w_j = 1 / (|x_j| / (SMALL · largest) + 1), Infinity where it was. */
function reweigh(weights: Float64Array, x: Float64Array): void {
  let largest = 0
  for (let j = 0; j < x.length; j++) largest = Math.max(largest, Math.abs(x[j]!))
  for (let j = 0; j < x.length; j++)
    if (weights[j]! < Number.POSITIVE_INFINITY) weights[j] = 1 / (Math.abs(x[j]!) / (SMALL * largest || 1) + 1)
}

/** Places of the nonzeros of z, the largest ones where there are more than `count`. */
function largestEntries(z: Float64Array, count: number): number[] {
  const places: number[] = []
  for (let j = 0; j < z.length; j++) if (z[j] !== 0) places.push(j)
  if (places.length <= count) return places
  return places.sort((a, b) => Math.abs(z[b]!) - Math.abs(z[a]!) || a - b).slice(0, count)
}
