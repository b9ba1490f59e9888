/**
 * Which modes of A can't be influenced by B, or carry no cost: the Popov–Belevitch–Hautus rank test at every eigenvalue that
 * matters. (A, B) is stabilizable iff [A − λI, B] has full row rank for all eigenvalues |λ| ≥ 1; (A, Q) is detectable iff
 * [A − λI; Q] has full column rank for them.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { maxAbs } from '../linalg/dense.ts'
import { eigenvalues } from '../linalg/eigenvalues.ts'

/** A mode z⁺ = λz, with the coordinates that take part in it. */
export interface Mode {
  readonly eigenvalue: { readonly re: number; readonly im: number }
  readonly magnitude: number // |λ|
  /** Largest first; weights are relative to the largest, those below 0.1 are left out. */
  readonly coordinates: readonly { readonly name: string; readonly weight: number }[]
}

const NEGLIGIBLE = 1e-8 // singular values, relative to the larger of ‖A‖ and |λ|
const SAME_EIGENVALUE = 1e-6 // relative distance of eigenvalues that are one multiple eigenvalue split by rounding

/** Modes with |λ| ≥ `atLeast` whose left eigenvector is orthogonal to B [n × m]: no control moves them. */
export function uncontrolledModes(A: Matrix, B: Matrix, names: readonly string[], atLeast: number): Mode[] {
  return blindModes(A.transpose(), B.transpose(), names, (magnitude) => magnitude >= atLeast)
}

/** Modes with low ≤ |λ| ≤ high whose right eigenvector v has Cv = 0, C [p × n] (a cost Q has the same as its square root). */
export function unseenModes(
  A: Matrix,
  C: Matrix,
  names: readonly string[],
  low: number,
  high = Number.POSITIVE_INFINITY,
): Mode[] {
  return blindModes(A, C, names, (magnitude) => magnitude >= low && magnitude <= high)
}

/** Null vectors of [A − λI; C], per distinct eigenvalue λ that counts (of a conjugate pair the one with Im > 0). */
function blindModes(A: Matrix, C: Matrix, names: readonly string[], counts: (magnitude: number) => boolean): Mode[] {
  const n = A.rows
  const { re, im } = eigenvalues(A)
  const scaleA = Math.max(maxAbs(A), Number.MIN_VALUE)
  const scaleC = maxAbs(C)
  const C1 = scaleC === 0 ? C : Matrix.mul(C, scaleA / scaleC)
  const modes: Mode[] = []
  const seen: [number, number][] = []
  for (let k = 0; k < n; k++) {
    const [a, b] = [re[k]!, im[k]!]
    const magnitude = Math.hypot(a, b)
    if (b < 0 || !counts(magnitude)) continue
    if (seen.some(([x, y]) => Math.hypot(a - x, b - y) <= SAME_EIGENVALUE * Math.max(magnitude, scaleA))) continue
    seen.push([a, b])
    for (const weights of nullVectors(A, C1, a, b, NEGLIGIBLE * Math.max(scaleA, magnitude)))
      modes.push({ eigenvalue: { re: a, im: b }, magnitude, coordinates: named(weights, names) })
  }
  return modes
}

/** Entry magnitudes of the null vectors of [A − (a + ib)I; C]; a complex one is counted once. */
function nullVectors(A: Matrix, C: Matrix, a: number, b: number, threshold: number): Float64Array[] {
  const n = A.rows
  const p = C.rows
  const blocks = b === 0 ? 1 : 2
  // A complex system as a real one of twice the size: [[Re, −Im], [Im, Re]].
  const M = Matrix.zeros(blocks * (n + p), blocks * n)
  for (let block = 0; block < blocks; block++) {
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) M.set(block * (n + p) + i, block * n + j, A.get(i, j) - (i === j ? a : 0))
      for (let i = 0; i < p; i++) M.set(block * (n + p) + n + i, block * n + j, C.get(i, j))
      if (blocks === 2) M.set(block * (n + p) + j, (1 - block) * n + j, block === 0 ? b : -b)
    }
  }
  const svd = new SingularValueDecomposition(M, { autoTranspose: true, computeLeftSingularVectors: false })
  const V = svd.rightSingularVectors
  const vectors: Float64Array[] = []
  const small = svd.diagonal.flatMap((sigma, k) => (sigma <= threshold ? [k] : []))
  for (let k = 0; k < small.length; k += blocks)
    vectors.push(
      Float64Array.from({ length: n }, (_, i) =>
        blocks === 1 ? Math.abs(V.get(i, small[k]!)) : Math.hypot(V.get(i, small[k]!), V.get(n + i, small[k]!)),
      ),
    )
  return vectors
}

function named(weights: Float64Array, names: readonly string[]): Mode['coordinates'] {
  const largest = weights.reduce((max, w) => Math.max(max, w), 0)
  return Array.from(weights, (weight, i) => ({ name: names[i] ?? `x[${i}]`, weight: weight / largest }))
    .filter(({ weight }) => weight >= 0.1)
    .sort((a, b) => b.weight - a.weight)
}

/** 'λ = 1.05 (|λ| = 1.05): pole.angle, pole.velocity' */
export function describeMode({ eigenvalue: { re, im }, magnitude, coordinates }: Mode): string {
  const lambda = im === 0 ? re.toPrecision(6) : `${re.toPrecision(6)} ± ${Math.abs(im).toPrecision(6)}i`
  const where = coordinates.slice(0, 4).map(({ name }) => name)
  return `λ = ${lambda} (|λ| = ${magnitude.toPrecision(6)}): ${where.join(', ')}`
}
