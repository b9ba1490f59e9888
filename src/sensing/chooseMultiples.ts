import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { type Pattern, transposePattern } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'

export interface Multiples {
  readonly multiples: Float64Array // [k × C], how far direction t moves color c; entries within ±1
  readonly unitOf: Int32Array // [C], the direction of a color that has one of its own, else −1
  readonly condition: number // ‖M‖·‖M⁺‖ in the ∞-norm for the worst row system M; Infinity when one is singular
  readonly row: number // the worst row; −1 without rows
}

const DRAWS = 24
/** Draws end when judging rows has cost about so many multiplications. */
const MAX_WORK = 2e8

/**
 * Multiples with which k directions tell the entries of each row apart, where columns have C ≥ k colors and rows at most k
 * entries. The k colors with most entries get a direction each, the others move in all: by random signs, by normal numbers, or
 * by the Cauchy matrix of Chebyshev nodes, whose systems are never singular; the candidate with the smallest worst condition.
 */
export function chooseMultiples(pattern: Pattern, colors: readonly number[], C: number, k: number): Multiples {
  const entries = new Float64Array(C)
  for (let j = 0; j < pattern.cols; j++)
    if (colors[j]! >= 0) entries[colors[j]!]! += pattern.colPtr[j + 1]! - pattern.colPtr[j]!
  const unitOf = new Int32Array(C).fill(-1)
  const byEntries = Array.from({ length: C }, (_, c) => c).sort((a, b) => entries[b]! - entries[a]! || a - b)
  byEntries.slice(0, k).forEach((c, t) => {
    unitOf[c] = t
  })
  const others = byEntries.slice(k)
  const systems = distinctSystems(pattern, colors, unitOf)

  let best: Multiples | null = null
  let work = 0
  for (let draw = 0; draw < DRAWS && (best === null || work < MAX_WORK); draw++) {
    const multiples = new Float64Array(k * C)
    for (let c = 0; c < C; c++) if (unitOf[c]! >= 0) multiples[unitOf[c]! * C + c] = 1
    others.forEach((c, d) => {
      const vector = draw === 0 ? cauchy(k, d, others.length) : drawn(k, draw, d)
      for (let t = 0; t < k; t++) multiples[t * C + c] = vector[t]!
    })
    let condition = 1
    let row = -1
    for (const system of systems) {
      const found = conditionOf(multiples, C, k, system)
      work += 20 * k * system.dense.length ** 2
      if (found > condition || row < 0) {
        condition = Math.max(condition, found)
        row = system.row
      }
      if (best !== null && condition >= best.condition) break
    }
    if (best === null || condition < best.condition) best = { multiples, unitOf, condition, row }
    if (systems.length === 0) break
  }
  return best!
}

/** Signs in every other draw, normal numbers in the rest; the largest of magnitude 1. */
function drawn(k: number, draw: number, d: number): Float64Array {
  const source = random(draw, d)
  if (draw % 2 === 1) return Float64Array.from({ length: k }, () => source.rademacher())
  const vector = Float64Array.from({ length: k }, () => source.normal())
  const largest = vector.reduce((size, value) => Math.max(size, Math.abs(value)), 0)
  return vector.map((value) => value / largest)
}

/** 1 / (x_t − y_d) with all nodes interlaced on a Chebyshev grid: every square submatrix is regular. Largest entry 1. */
function cauchy(k: number, d: number, count: number): Float64Array {
  const node = (position: number) => Math.cos((Math.PI * (position + 0.5)) / (k + count))
  // The others' nodes are spread evenly among all.
  const placeOf = (e: number) => Math.floor(((e + 0.5) * (k + count)) / count)
  const reserved = new Set(Array.from({ length: count }, (_, e) => placeOf(e)))
  const free = Array.from({ length: k + count }, (_, position) => position).filter(
    (position) => !reserved.has(position),
  )
  const vector = Float64Array.from(free, (position) => 1 / (node(position) - node(placeOf(d))))
  const largest = vector.reduce((size, value) => Math.max(size, Math.abs(value)), 0)
  return vector.map((value) => value / largest)
}

/** A row's equations: the colors of its entries. */
interface System {
  readonly row: number
  readonly units: readonly number[] // directions of colors that have one
  readonly dense: readonly number[] // the other colors
}

/** Systems that hold a color without a direction of its own, each set of colors once; those with most such colors first. */
function distinctSystems(pattern: Pattern, colors: readonly number[], unitOf: Int32Array): System[] {
  const byRow = transposePattern(pattern)
  const systems = new Map<string, System>()
  for (let i = 0; i < pattern.rows; i++) {
    const held = Array.from(byRow.rowIdx.subarray(byRow.colPtr[i]!, byRow.colPtr[i + 1]!), (j) => colors[j]!)
    const dense = held.filter((c) => unitOf[c]! < 0).sort((a, b) => a - b)
    if (dense.length === 0) continue
    const units = held.filter((c) => unitOf[c]! >= 0).map((c) => unitOf[c]!)
    const key = `${dense.join()} ${units.sort((a, b) => a - b).join()}`
    if (!systems.has(key)) systems.set(key, { row: i, units, dense })
  }
  return [...systems.values()].sort((a, b) => b.dense.length - a.dense.length || b.units.length - a.units.length)
}

/**
 * ‖M‖·‖M⁺‖ in the ∞-norm. With M = [E W], E unit vectors, least squares solve the dense unknowns from the rows F that E does not
 * touch: x_dense = W_F⁺ y_F, and then x_unit = y_unit − W_unit x_dense.
 */
function conditionOf(multiples: Float64Array, C: number, k: number, { units, dense }: System): number {
  const isOwned = new Uint8Array(k)
  for (const t of units) isOwned[t] = 1
  const free = Array.from({ length: k }, (_, t) => t).filter((t) => isOwned[t] === 0)
  const W = new Matrix(free.map((t) => dense.map((c) => multiples[t * C + c]!)))
  const svd = new SingularValueDecomposition(W, { autoTranspose: true })
  const { diagonal } = svd
  if (!(Math.min(...diagonal) > 1e-12 * Math.max(...diagonal))) return Number.POSITIVE_INFINITY
  const inverse = svd.inverse()
  let norm = 0
  let inverseNorm = 0
  for (let d = 0; d < dense.length; d++) inverseNorm = Math.max(inverseNorm, rowSum(inverse.getRow(d)))
  for (let t = 0; t < k; t++) {
    const row = dense.map((c) => multiples[t * C + c]!)
    norm = Math.max(norm, isOwned[t]! + rowSum(row))
    if (isOwned[t] === 0) continue
    const passed = free.map((_, f) => row.reduce((sum, value, d) => sum + value * inverse.get(d, f), 0))
    inverseNorm = Math.max(inverseNorm, 1 + rowSum(passed))
  }
  return norm * inverseNorm
}

function rowSum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0)
}
