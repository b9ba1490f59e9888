/**
 * Gains over several points of operation, interpolated linearly between neighbours by one scheduling variable σ:
 *
 *     K(σ) = (1 − α)K_i + αK_{i+1},   uBar(σ) likewise,   xBar(σ) = xBar_i ⊕ α(xBar_{i+1} ⊖ xBar_i),   α = (σ − σ_i)/(σ_{i+1} − σ_i).
 *
 * Beyond the ends the end's values hold. Whether points are near enough is checked: the gain of the middle has to stabilize both
 * neighbours. That is a check of frozen σ; it proves nothing of fast changes. Source: W. J. Rugh, J. S. Shamma, "Research on gain
 * scheduling", Automatica 36(10), 2000.
 */
import { Matrix } from 'ml-matrix'
import { type MatrixLike, maxAbs, toSizedMatrix } from '../linalg/dense.ts'
import { eigenvalues } from '../linalg/eigenvalues.ts'
import { linearSystem } from './linearArguments.ts'

export interface SchedulePoint {
  readonly at: number // σ
  readonly lin: {
    readonly A: Matrix // [ndx × ndx]
    readonly B: Matrix // [ndx × nu]
    readonly xBar: Float64Array // [nx]
    readonly uBar: Float64Array // [nu]
  }
  readonly K: MatrixLike // [nu × ndx]
}

/** x ⊕ dx and x1 ⊖ x0, as of an engine. */
export interface StateSpace {
  integrate(x: Float64Array, dx: Float64Array, xOut: Float64Array): void
  difference(x1: Float64Array, x0: Float64Array, dxOut: Float64Array): void
}

export interface ScheduleInterval {
  readonly from: number // σ
  readonly to: number // σ
  readonly change: number // of K: largest entry of K_{i+1} − K_i, relative to the largest of both
  readonly radius: number // spectral radius of both neighbours' models with the gain of the middle, the larger
  readonly stabilizes: boolean // that gain both; modes that the neighbour's own gain leaves where they are may stay there
}

export interface GainSchedule {
  readonly result: 'solved' | 'coarse' // 'coarse': the middle of some interval does not stabilize both neighbours
  readonly message: string // one sentence for people; names the interval
  readonly intervals: readonly ScheduleInterval[]
  readonly range: readonly [number, number] // of σ
  /** Writes K [nu · ndx, row-major], xBar [nx] and uBar [nu] at σ. Allocates nothing. */
  at(sigma: number, out: { K: Float64Array; xBar: Float64Array; uBar: Float64Array }): void
}

const MARGINAL = 1 + 1e-7 // spectral radius of what no cost asks to be stable
const ADRIFT = 1 - 1e-6 // modes beyond it count as left where they are

/**
 * Points in any order, at least two, of one size. Misuse throws: sizes, values of σ that are equal or not finite, entries of K that are not
 * finite.
 */
export function gainSchedule(points: readonly SchedulePoint[], space: StateSpace): GainSchedule {
  const caller = 'gainSchedule'
  if (points.length < 2) throw new RangeError(`${caller}: needs at least two points, got ${points.length}`)
  const nodes = points
    .map(({ at, lin, K }) => {
      if (!Number.isFinite(at)) throw new RangeError(`${caller}: at must be a finite number, got ${at}`)
      const { A, B } = linearSystem(`${caller}, at ${at}`, lin)
      const size = { rows: B.columns, columns: A.rows, symbols: 'nu × ndx' }
      const gain = toSizedMatrix(K, `${caller}, at ${at}`, 'K', size)
      const modes = magnitudes(Matrix.sub(A, B.mmul(gain)))
      return { at, A, B, K: gain, modes, xBar: lin.xBar, uBar: lin.uBar }
    })
    .sort((a, b) => a.at - b.at)
  const [first] = nodes
  const [ndx, nu, nx] = [first!.A.rows, first!.B.columns, first!.xBar.length]
  for (const [i, node] of nodes.entries()) {
    if (node.A.rows !== ndx || node.B.columns !== nu || node.xBar.length !== nx || node.uBar.length !== nu)
      throw new RangeError(`${caller}: the point at ${node.at} has other sizes than that at ${first!.at}`)
    if (i > 0 && node.at === nodes[i - 1]!.at) throw new RangeError(`${caller}: two points at ${node.at}`)
  }

  const intervals = nodes.slice(1).map((right, i): ScheduleInterval => {
    const left = nodes[i]!
    const middle = Matrix.add(left.K, right.K).mul(0.5)
    const size = Math.max(maxAbs(left.K), maxAbs(right.K))
    const modes = [left, right].map(({ A, B }) => magnitudes(Matrix.sub(A, B.mmul(middle))))
    const radius = Math.max(...modes.map(([first = 0]) => first))
    const adrift = (magnitudes: readonly number[]) => magnitudes.filter((one) => one > ADRIFT).length
    return {
      from: left.at,
      to: right.at,
      change: size === 0 ? 0 : maxAbs(Matrix.sub(right.K, left.K)) / size,
      radius,
      stabilizes: radius <= MARGINAL && [left, right].every((own, k) => adrift(modes[k]!) <= adrift(own.modes)),
    }
  })
  const worse = (one: ScheduleInterval, other: ScheduleInterval) =>
    one.stabilizes === other.stabilizes ? one.radius > other.radius : other.stabilizes
  const worst = intervals.reduce((most, one) => (worse(one, most) ? one : most))
  const result = worst.stabilizes ? 'solved' : 'coarse'

  const apart = nodes.slice(1).map((right, i) => {
    const dx = new Float64Array(ndx)
    space.difference(right.xBar, nodes[i]!.xBar, dx)
    return dx
  })
  const part = new Float64Array(ndx)
  const gains = nodes.map(({ K }) => Float64Array.from(K.to1DArray()))
  return {
    result,
    message:
      result === 'solved'
        ? `solved: ${nodes.length} points; the gain of the middle between ${worst.from} and ${worst.to} leaves the largest spectral radius, ${worst.radius.toPrecision(6)}`
        : `too coarse: the gain of the middle between ${worst.from} and ${worst.to} does not stabilize both (spectral radius ${worst.radius.toPrecision(6)})`,
    intervals,
    range: [first!.at, nodes.at(-1)!.at],
    at(sigma, out) {
      let i = 0
      while (i < nodes.length - 2 && sigma >= nodes[i + 1]!.at) i++
      const [left, right] = [nodes[i]!, nodes[i + 1]!]
      const alpha = Math.min(Math.max((sigma - left.at) / (right.at - left.at), 0), 1)
      for (let k = 0; k < out.K.length; k++) out.K[k] = (1 - alpha) * gains[i]![k]! + alpha * gains[i + 1]![k]!
      for (let k = 0; k < nu; k++) out.uBar[k] = (1 - alpha) * left.uBar[k]! + alpha * right.uBar[k]!
      for (let k = 0; k < ndx; k++) part[k] = alpha * apart[i]![k]!
      space.integrate(left.xBar, part, out.xBar)
    },
  }
}

/** Of the eigenvalues, descending. */
function magnitudes(M: Matrix): number[] {
  const { re, im } = eigenvalues(M)
  return Array.from(re, (value, k) => Math.hypot(value, im[k]!))
}
