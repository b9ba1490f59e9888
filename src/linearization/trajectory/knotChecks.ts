/** Held-out directions at some knots of a trajectory: do A and B predict differences that they were not made from? */
import type { Engine } from '../../engine/engine.ts'
import { random } from '../../linalg/random.ts'
import { misfitOf, roundingFloor, rowResiduals } from '../../sensing/certificate.ts'
import { heldOutDirections } from '../../sensing/heldOutDirections.ts'
import { callsPerDirection, type Scheme } from '../../sensing/stencil.ts'
import { motionScale } from '../motionScale.ts'
import type { Knots } from './dynamics.ts'
import type { KnotDifferences } from './knotDifferences.ts'

export interface KnotChecks {
  /** Takes one difference at each of the knots; directions move states and controls in turn. */
  take(knots: Knots, some: Int32Array, signal: AbortSignal | undefined): Promise<TakenChecks>
}

export interface TakenChecks {
  readonly calls: number
  /** The largest residual of a row (certificate.ts) of A and B at the knot some[c]. */
  residual(A: Float64Array, B: Float64Array, c: number): number
  /** The same beside what a step changes, that is beside [A − I, B]. */
  changeResidual(A: Float64Array, B: Float64Array, c: number): number
}

const STREAM = 11 // of the seed, and up

/** `together`: every direction moves all inputs. */
export function knotChecks(
  engine: Engine,
  differences: KnotDifferences,
  options: { readonly scheme: Scheme; readonly step: number; readonly tolerance: number; readonly seed: number },
  together = false,
): KnotChecks {
  const { nx, ndx, nu } = engine.layout
  const n = ndx + nu
  const { scheme, step, tolerance, seed } = options
  const groups = together
    ? []
    : [Array.from({ length: ndx }, (_, j) => j), Array.from({ length: nu }, (_, a) => ndx + a)]
  const { tangentScaleInto } = motionScale(engine.layout)
  const outputScale = new Float64Array(ndx)
  const at = new Float64Array(n)
  const steps = Float64Array.of(step)
  let pass = 0

  return {
    async take(knots, some, signal) {
      const source = random(seed, STREAM + pass++)
      const D = Float64Array.from(heldOutDirections(source, n, some.length, groups, false))
      const { Y } = await differences.along(knots, some, D, { signal })
      const misfitsAt = (A: Float64Array, B: Float64Array, c: number) => {
        const k = some[c]!
        tangentScaleInto(outputScale, knots.F.subarray(k * nx, (k + 1) * nx))
        const J = differences.jacobianAt(A, B, k)
        const scale = differences.scaleAt(knots, k)
        const direction = D.subarray(c * n, (c + 1) * n)
        const answer = Y.subarray(c * ndx, (c + 1) * ndx)
        return { J, scale, direction, answer, heldOut: { at, scale, scheme, D: direction, steps, Y: answer } }
      }
      return {
        calls: some.length * callsPerDirection(scheme),
        residual(A, B, c) {
          const { J, heldOut } = misfitsAt(A, B, c)
          return rowResiduals(misfitOf(J, ndx, heldOut), roundingFloor(outputScale), tolerance).reduce(
            (worst, one) => Math.max(worst, one),
            0,
          )
        },
        changeResidual(A, B, c) {
          const { J, heldOut } = misfitsAt(A, B, c)
          const { misfit } = misfitOf(J, ndx, heldOut)
          for (let i = 0; i < ndx; i++) J[i * n + i]! -= 1
          const change = misfitOf(J, ndx, { ...heldOut, Y: new Float64Array(ndx) })
          const floor = roundingFloor(outputScale)
          let worst = 0
          for (let i = 0; i < ndx; i++)
            worst = Math.max(worst, Math.abs(misfit[i]!) / (change.size[i]! + floor[i]! / tolerance))
          return worst
        },
      }
    },
  }
}
