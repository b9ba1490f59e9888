/** Differences along directions at many knots at once, and the Jacobians that plans read from them. */
import type { Engine } from '../../engine/engine.ts'
import { expandTies } from '../../linalg/ties.ts'
import { type Scheme, stencilOf } from '../../sensing/stencil.ts'
import { motionScale } from '../motionScale.ts'
import type { Knots } from './dynamics.ts'
import type { KnotMotions } from './knotMotions.ts'
import type { Planned } from './knotPlans.ts'

export interface KnotDifferences {
  /**
   * Differences Y of the stencil along D [count × n], direction t at knot owners[t], moved by step · scale · D, and the sums S of their
   * values beside f(x_k, u_k): [count × ndx]. Each takes one call forward and two central.
   */
  along(
    knots: Knots,
    owners: Int32Array,
    D: Float64Array,
    options: { readonly signal?: AbortSignal | undefined; readonly allowsMissing?: boolean },
  ): Promise<{ readonly Y: Float64Array; readonly S: Float64Array }>
  /** Measures `some` knots with their plans; writes A and B there; the calls that it took. */
  measureInto(
    A: Float64Array,
    B: Float64Array,
    knots: Knots,
    some: readonly number[],
    planned: readonly Planned[], // by knot
    signal: AbortSignal | undefined,
  ): Promise<number>
  /** Typical magnitudes of the inputs at a knot; overwritten by the next call. */
  scaleAt(knots: Knots, k: number): Float64Array // [ndx + nu]
  /** [A_k B_k], row-major; overwritten by the next call. */
  jacobianAt(A: Float64Array, B: Float64Array, k: number): Float64Array // [ndx × (ndx + nu)]
}

export function knotDifferences(engine: Engine, motions: KnotMotions, scheme: Scheme, step: number): KnotDifferences {
  const { nx, ndx, nu } = engine.layout
  const n = ndx + nu
  const { offsets, weights, reach } = stencilOf(scheme)
  const sides = offsets.length
  const { inputScaleInto } = motionScale(engine.layout)
  const scale = new Float64Array(n)
  const J = new Float64Array(ndx * n)

  const scaleAt = ({ X, U }: Knots, k: number): Float64Array => {
    inputScaleInto(scale, X.subarray(k * nx, (k + 1) * nx), U.subarray(k * nu, (k + 1) * nu))
    return scale
  }
  const along: KnotDifferences['along'] = async (knots, owners, D, options) => {
    const count = owners.length
    const Z = new Float64Array(count * sides * n)
    const owner = new Int32Array(count * sides)
    let last = -1
    for (let t = 0; t < count; t++) {
      if (owners[t] !== last) scaleAt(knots, owners[t]!)
      last = owners[t]!
      for (let s = 0; s < sides; s++) {
        const p = t * sides + s
        owner[p] = owners[t]!
        for (let j = 0; j < n; j++) {
          const d = D[t * n + j]!
          if (d !== 0) Z[p * n + j] = offsets[s]! * step * scale[j]! * d
        }
      }
    }
    const values = await motions.evaluate(knots, Z, owner, count * sides, options)
    // the base is f(x_k, u_k) ⊖ f(x_k, u_k) = 0
    const Y = new Float64Array(count * ndx)
    const S = new Float64Array(count * ndx)
    for (let t = 0; t < count; t++)
      for (let i = 0; i < ndx; i++)
        for (let s = 0; s < sides; s++) {
          const value = values[(t * sides + s) * ndx + i]!
          Y[t * ndx + i]! += weights[s]! * value
          S[t * ndx + i]! += value
        }
    return { Y, S }
  }

  return {
    along,
    scaleAt,
    async measureInto(A, B, knots, some, planned, signal) {
      let count = 0
      for (const k of some) count += planned[k]!.plan.directions
      const owners = new Int32Array(count)
      const D = new Float64Array(count * n)
      let t = 0
      for (const k of some) {
        const { plan } = planned[k]!
        D.set(plan.D, t * n)
        owners.fill(k, t, t + plan.directions)
        t += plan.directions
      }
      const { Y } = await along(knots, owners, D, { signal })
      t = 0
      for (const k of some) {
        const { plan, ties } = planned[k]!
        const { colors, colPtr, rowIdx, D: directions } = plan
        scaleAt(knots, k)
        J.fill(0)
        for (let j = 0; j < n; j++) {
          const color = colors[j]!
          if (color < 0) continue
          const span = reach * step * scale[j]! * directions[color * n + j]!
          for (let e = colPtr[j]!; e < colPtr[j + 1]!; e++)
            J[rowIdx[e]! * n + j] = Y[(t + color) * ndx + rowIdx[e]!]! / span
        }
        t += plan.directions
        if (ties !== null) expandTies(J, ties)
        for (let i = 0; i < ndx; i++) {
          for (let j = 0; j < ndx; j++) A[(k * ndx + i) * ndx + j] = J[i * n + j]!
          for (let a = 0; a < nu; a++) B[(k * ndx + i) * nu + a] = J[i * n + ndx + a]!
        }
      }
      return count * sides
    },
    jacobianAt(A, B, k) {
      for (let i = 0; i < ndx; i++) {
        for (let j = 0; j < ndx; j++) J[i * n + j] = A[(k * ndx + i) * ndx + j]!
        for (let a = 0; a < nu; a++) J[i * n + ndx + a] = B[(k * ndx + i) * nu + a]!
      }
      return J
    },
  }
}
