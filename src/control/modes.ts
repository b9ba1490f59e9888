/**
 * Which modes of A can't be influenced by B, or carry no cost: the Popov–Belevitch–Hautus rank test at every eigenvalue that
 * matters. (A, B) is stabilizable iff [A − λI, B] has full row rank for all eigenvalues |λ| ≥ 1; (A, Q) is detectable iff
 * [A − λI; Q] has full column rank for them. Ranks are counted at the accuracy of the entries: a null vector is one that
 * some matrices within that accuracy have (the smallest singular value is the distance to them).
 *
 * Multiple eigenvalues. Errors δ split a k-fold eigenvalue by as much as δ^(1/k), so λ is moved to where the singular value
 * is smallest: in turns, v is the singular vector and λ = vᴴAv. What has been found is divided out (A on the orthogonal
 * complement) and the test repeated, which finds chains: of a free position and velocity first one, then the other.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { maxAbs } from '../linalg/dense.ts'
import { eigenvalues } from '../linalg/eigenvalues.ts'
import { product } from '../linalg/product.ts'
import { orthogonalComplement, reducedColumns } from '../linalg/subspace.ts'
import { participation } from './participation.ts'
import { type Lambda, pencilVectors, roughlySmallest } from './pencil.ts'

/** A mode z⁺ = λz, with the coordinates that take part in it. */
export interface Mode {
  readonly eigenvalue: { readonly re: number; readonly im: number }
  readonly magnitude: number // |λ|
  /**
   * Heaviest first, weights relative to the heaviest, those below 0.1 left out. Of a simple eigenvalue the weights are
   * participation factors |wₖvₖ| (left and right eigenvector; no units, so a position and its rate count alike); else the
   * entries of the vector found. Weights within a fifth of the heaviest stand in the order of the coordinates: positions first.
   */
  readonly coordinates: readonly { readonly name: string; readonly weight: number }[]
}

/** Modes and the real space they span. */
export interface BlindSpace {
  readonly modes: readonly Mode[] // one of each conjugate pair, the one with Im > 0
  readonly basis: Matrix // [n × k], orthonormal columns
  readonly complement: Matrix // [n × (n − k)], orthonormal columns
}

/** Which eigenvalues are asked for, and below which absolute size (in a row of A, a row of C) something counts as nothing. */
export interface BlindTest {
  readonly low: number // |λ| ≥ low
  readonly high?: number // |λ| ≤ high; default ∞
  readonly negligible: { readonly A: number; readonly C: number }
  /** [n × r], orthonormal columns: only the quotient by their orthogonal complement (which A leaves invariant) is tested. */
  readonly within?: Matrix
}

const NEGLIGIBLE = 1e-8 // default, relative to the largest entries of A and of C
const SAME_EIGENVALUE = 1e-6 // relative distance of eigenvalues that are one multiple eigenvalue split by rounding
const ROUNDING = 1e-13 // of |λ|
const MAX_MOVES = 12 // of λ; 1 to 3 are usual

/** Modes with |λ| ≥ `atLeast` whose left eigenvector is orthogonal to B [n × m]: no control moves them. */
export function uncontrolledModes(A: Matrix, B: Matrix, names: readonly string[], atLeast: number): Mode[] {
  const negligible = { A: NEGLIGIBLE * scaleOf(A, atLeast), C: NEGLIGIBLE * maxAbs(B) }
  return [...uncontrolledSpace(A, B, names, { low: atLeast, negligible }).modes]
}

/** Modes with low ≤ |λ| ≤ high whose right eigenvector v has Cv = 0, C [p × n] (a cost Q has the same as its square root). */
export function unseenModes(
  A: Matrix,
  C: Matrix,
  names: readonly string[],
  low: number,
  high = Number.POSITIVE_INFINITY,
): Mode[] {
  const negligible = { A: NEGLIGIBLE * scaleOf(A, low), C: NEGLIGIBLE * maxAbs(C) }
  return [...unseenSpace(A, C, names, { low, high, negligible }).modes]
}

/** Left vectors: the space of x that wᵀx reads, for the combinations wᵀx that no control in B [n × m] moves. */
export function uncontrolledSpace(A: Matrix, B: Matrix, names: readonly string[], test: BlindTest): BlindSpace {
  return unseenSpace(A.transpose(), B.transpose(), names, test)
}

/** Right vectors: the largest space within the modes asked for that A keeps and C [p × n] does not see. */
export function unseenSpace(A: Matrix, C: Matrix, names: readonly string[], test: BlindTest): BlindSpace {
  const n = A.rows
  const { low, high = Number.POSITIVE_INFINITY, negligible } = test
  const threshold = Math.max(negligible.A, 4 * Number.EPSILON * maxAbs(A))
  const C1 = negligible.C > 0 ? Matrix.mul(C, threshold / negligible.C) : C
  // A double eigenvalue may be split as far as this: one on the unit circle, if asked for, is looked for there.
  const spread = Math.min(1e-4, Math.sqrt(threshold))
  const slack = low <= 1 && high >= 1 ? Math.max(SAME_EIGENVALUE, 10 * spread) : 0

  // Singular values that a search for the middle may bring down: about as small as the split is wide.
  const worthwhile = Math.max(threshold, 10 * spread)

  let T = test.within ?? Matrix.eye(n, n)
  let basis = Matrix.zeros(n, 0)
  const modes: Mode[] = []
  let tested: Lambda[] = []
  for (let found = true; found; ) {
    found = false
    const Ar = product(T.transpose(), product(A, T))
    const Cr = product(C1, T)
    const roughly = roughlySmallest(Ar, Cr)
    for (const start of startsOf(Ar, { low, high, slack })) {
      if (tested.some((known) => distance(known, start) <= SAME_EIGENVALUE * Math.max(1, magnitudeOf(start)))) continue
      if (roughly(start) > 2 * worthwhile) {
        tested.push(start)
        continue
      }
      const place = settle(Ar, Cr, start, { threshold, worthwhile })
      if (
        place.vectors.columns === 0 ||
        !(magnitudeOf(place) > low - ROUNDING && magnitudeOf(place) < high + ROUNDING)
      ) {
        tested.push(start)
        continue
      }
      const V = product(T, place.vectors)
      modes.push(...modesOf(A, place, V, names))
      basis = appended(basis, V)
      T = product(T, orthogonalComplement(place.vectors))
      tested = tested.filter((known) => distance(known, place) > Math.max(slack, SAME_EIGENVALUE))
      found = T.columns > 0
      break
    }
  }
  return { modes, basis, complement: T }
}

/** λ where [A − λI; C] is closest to losing rank, with an orthonormal real basis of its null vectors; none: zero columns. */
interface Place extends Lambda {
  readonly vectors: Matrix // [n × k]; for Im λ > 0 the real and imaginary parts of k/2 vectors
}

/** Eigenvalues asked for, those up to `slack` outside moved to |λ| = 1; of a pair that may be a split real one, its middle first. */
function startsOf(A: Matrix, { low, high, slack }: { low: number; high: number; slack: number }): Lambda[] {
  if (A.rows === 0) return []
  const { re, im } = eigenvalues(A)
  const starts: Lambda[] = []
  for (let k = 0; k < re.length; k++) {
    const magnitude = Math.hypot(re[k]!, im[k]!)
    if (im[k]! < 0 || magnitude < low - slack || magnitude > high + slack) continue
    const near = (x: number, y: number): Lambda => {
      const size = Math.hypot(x, y)
      const factor = size < low || size > high ? 1 / size : 1
      return { re: x * factor, im: y * factor }
    }
    if (im[k]! > 0 && im[k]! < slack) starts.push(near(re[k]!, 0))
    starts.push(near(re[k]!, im[k]!))
  }
  return starts
}

/** Moves λ to where the smallest singular value of [A − λI; C] is smallest; every move lowers it. */
function settle(
  A: Matrix,
  C: Matrix,
  start: Lambda,
  { threshold, worthwhile }: { threshold: number; worthwhile: number },
): Place {
  let place: Lambda = start
  let best = Number.POSITIVE_INFINITY
  for (let move = 0; ; move++) {
    const { sigmas, V } = pencilVectors(A, C, place)
    const smallest = sigmas.at(-1)!
    if (smallest <= threshold) {
      const count = sigmas.filter((sigma) => sigma <= threshold).length
      return { ...place, vectors: nullBasis(V, count, A.rows, place.im > 0) }
    }
    if (smallest > worthwhile || smallest > 0.9 * best || move === MAX_MOVES)
      return { ...place, vectors: Matrix.zeros(A.rows, 0) }
    best = smallest
    place = rayleigh(A, V, place.im > 0)
  }
}

/** vᴴAv of the last singular vector, of unit length. */
function rayleigh(A: Matrix, V: Matrix, complex: boolean): Lambda {
  const n = A.rows
  const v = V.getColumnVector(V.columns - 1)
  const x = v.subMatrix(0, n - 1, 0, 0)
  const quotient = (left: Matrix, right: Matrix) => left.transpose().mmul(A).mmul(right).get(0, 0)
  if (!complex) return { re: quotient(x, x), im: 0 }
  const y = v.subMatrix(n, 2 * n - 1, 0, 0)
  return { re: quotient(x, x) + quotient(y, y), im: Math.abs(quotient(x, y) - quotient(y, x)) }
}

/** The last `count` columns of V; of a complex problem their two halves, each vector counted twice in V. */
function nullBasis(V: Matrix, count: number, n: number, complex: boolean): Matrix {
  const last = V.columns
  const small = V.subMatrix(0, V.rows - 1, last - count, last - 1)
  if (!complex) return small
  const halves = Matrix.zeros(n, 2 * count)
  halves.setSubMatrix(small.subMatrix(0, n - 1, 0, count - 1), 0, 0)
  halves.setSubMatrix(small.subMatrix(n, 2 * n - 1, 0, count - 1), 0, count)
  const svd = new SingularValueDecomposition(halves, { autoTranspose: true })
  const rank = 2 * Math.ceil(count / 2)
  return svd.leftSingularVectors.subMatrix(0, n - 1, 0, Math.min(rank, n) - 1)
}

/** V [n × k] in the coordinates of A. Vectors of a real eigenvalue are combined to be as sparse as elimination makes them. */
function modesOf(A: Matrix, { re, im }: Lambda, V: Matrix, names: readonly string[]): Mode[] {
  const n = V.rows
  const magnitude = Math.hypot(re, im)
  const simple = V.columns === (im === 0 ? 1 : 2) ? participation(A, { re, im }) : null
  const mode = (weights: ArrayLike<number>): Mode => ({
    eigenvalue: { re, im },
    magnitude,
    coordinates: named(weights, names),
  })
  if (simple) return [mode(simple)]
  if (im === 0) {
    const sparse = reducedColumns(V)
    return Array.from({ length: V.columns }, (_, k) => mode(sparse.getColumn(k).map(Math.abs)))
  }
  const together = Array.from({ length: n }, (_, i) => Math.hypot(...V.getRow(i)))
  return Array.from({ length: V.columns / 2 }, () => mode(together))
}

function named(weights: ArrayLike<number>, names: readonly string[]): Mode['coordinates'] {
  const largest = Array.from(weights).reduce((max, w) => Math.max(max, w), 0)
  const all = Array.from(weights, (weight, i) => ({ name: names[i] ?? `x[${i}]`, weight: weight / largest }))
  const heavy = all.filter(({ weight }) => weight >= 0.8)
  const light = all.filter(({ weight }) => weight < 0.8 && weight >= 0.1).sort((a, b) => b.weight - a.weight)
  return [...heavy, ...light]
}

function appended(basis: Matrix, V: Matrix): Matrix {
  const out = Matrix.zeros(basis.rows, basis.columns + V.columns)
  if (basis.columns > 0) out.setSubMatrix(basis, 0, 0)
  out.setSubMatrix(V, 0, basis.columns)
  return out
}

function scaleOf(A: Matrix, magnitude: number): number {
  return Math.max(maxAbs(A), magnitude, Number.MIN_VALUE)
}

function magnitudeOf({ re, im }: Lambda): number {
  return Math.hypot(re, im)
}

function distance(a: Lambda, b: Lambda): number {
  return Math.hypot(a.re - b.re, a.im - b.im)
}

/** 'λ = 1.05 (|λ| = 1.05): pole.angle, pole.velocity' */
export function describeMode({ eigenvalue: { re, im }, magnitude, coordinates }: Mode): string {
  const lambda = im === 0 ? re.toPrecision(6) : `${re.toPrecision(6)} ± ${Math.abs(im).toPrecision(6)}i`
  const where = coordinates.slice(0, 4).map(({ name }) => name)
  return `λ = ${lambda} (|λ| = ${magnitude.toPrecision(6)}): ${where.join(', ')}`
}
