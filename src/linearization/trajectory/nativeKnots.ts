/** A and B along a trajectory from the engine's own derivatives, some of them checked against its steps. */
import { BlackboxError } from '../../blackbox/blackboxError.ts'
import type { Engine } from '../../engine/engine.ts'
import { callsPerDirection } from '../../sensing/stencil.ts'
import { defaultTolerance } from '../../sensing/steps.ts'
import type { Dynamics } from './dynamics.ts'
import { knotChecks } from './knotChecks.ts'
import { knotDifferences } from './knotDifferences.ts'
import type { SmoothOptions } from './smoothKnots.ts'
import { spreadKnots } from './spreadKnots.ts'

export function nativeKnots(
  engine: Engine,
  { motions, scheme, step, checks, seed, ...options }: SmoothOptions,
): Dynamics['linearizeInto'] {
  const { nx, ndx, nu, dx } = engine.layout
  const n = ndx + nu
  const tolerance = options.tolerance ?? defaultTolerance(scheme, step)
  const perDirection = callsPerDirection(scheme)
  const differences = knotDifferences(engine, motions, scheme, step)
  const held = knotChecks(engine, differences, { scheme, step, tolerance, seed })
  const Ak = new Float64Array(ndx * ndx)
  const Bk = new Float64Array(ndx * nu)
  let pass = 0
  let dense = 0
  let spent = 0

  return async (A, B, knots, signal) => {
    const { N, X, U } = knots
    for (let k = 0; k < N; k++) {
      engine.derivatives!(X.subarray(k * nx, (k + 1) * nx), U.subarray(k * nu, (k + 1) * nu), Ak, Bk)
      A.set(Ak, k * ndx * ndx)
      B.set(Bk, k * ndx * nu)
      for (const [J, columns] of [
        [Ak, ndx],
        [Bk, nu],
      ] as const) {
        const bad = J.findIndex((value) => !Number.isFinite(value))
        if (bad < 0) continue
        const output = Math.floor(bad / columns)
        const purpose = `the engine's own derivatives at knot ${k}`
        throw new BlackboxError({ evaluation: k, purpose, output, outputName: dx[output]!.name, value: J[bad]! })
      }
    }
    const denseCalls = N * n * perDirection
    dense += denseCalls
    const some = spreadKnots(N, Math.floor((checks * dense - spent) / perDirection), pass++)
    const taken = await held.take(knots, some, signal)
    spent += taken.calls
    const residuals = Array.from(some, (_, c) => taken.residual(A, B, c))
    return {
      calls: taken.calls,
      callsFor: { directions: 0, heldOut: taken.calls, repair: 0 },
      denseCalls,
      measured: N,
      interpolated: 0,
      checked: some.length,
      certified: residuals.filter((residual) => residual <= tolerance).length,
      worstResidual: residuals.reduce((worst, one) => Math.max(worst, one), 0),
      isRandom: false,
      notes: [],
    }
  }
}
