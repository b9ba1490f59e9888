/** A and B along a trajectory from differences without noise: measured at all knots, or interpolated where a check allows. */
import type { Engine } from '../../engine/engine.ts'
import { callsPerDirection, type Scheme } from '../../sensing/stencil.ts'
import { checkStep, defaultTolerance } from '../../sensing/steps.ts'
import type { DerivativeReport, Dynamics } from './dynamics.ts'
import { interpolateInto } from './interpolateInto.ts'
import { knotChecks } from './knotChecks.ts'
import { knotDifferences } from './knotDifferences.ts'
import type { KnotMotions } from './knotMotions.ts'
import type { KnotPlans, Planned } from './knotPlans.ts'
import { spreadKnots } from './spreadKnots.ts'

export interface SmoothOptions {
  readonly motions: KnotMotions
  readonly plans: KnotPlans
  readonly scheme: Scheme
  readonly step: number
  readonly tolerance: number | undefined
  readonly checks: number // share of dense differences' calls
  readonly seed: number
  readonly interpolate: { readonly spacing: number; readonly tolerance?: number | undefined } | undefined
}

/** Of what a step changes; derivatives need not be better than the model that they make. */
const INTERPOLATED = 0.01
/** No more calls than so many times those of dense differences, over all passes. */
const MOST = 1.05

export function smoothKnots(engine: Engine, options: SmoothOptions): Dynamics['linearizeInto'] {
  const { motions, plans, scheme, step, checks, seed, interpolate } = options
  const { ndx, nu } = engine.layout
  const n = ndx + nu
  const tolerance = options.tolerance ?? defaultTolerance(scheme, step)
  checkStep('sensedDynamics', scheme, step, tolerance)
  const perDirection = callsPerDirection(scheme)
  const differences = knotDifferences(engine, motions, scheme, step)
  const held = knotChecks(engine, differences, { scheme, step, tolerance, seed })
  const middles = knotChecks(engine, differences, { scheme, step, tolerance: INTERPOLATED, seed: seed + 1 }, true)
  const all = { dense: 0, calls: 0, heldOut: 0 } // of all passes
  let pass = 0

  return async (A, B, knots, signal) => {
    const { N } = knots
    const planned = plans.of(knots).slice()
    const callsFor = { directions: 0, heldOut: 0, repair: 0 }
    const notes: string[] = []
    const denseCalls = N * n * perDirection
    all.dense += denseCalls
    const measure = async (some: readonly number[], purpose: 'directions' | 'repair') => {
      const taken = await differences.measureInto(A, B, knots, some, planned, signal)
      callsFor[purpose] += taken
      all.calls += taken
    }

    let measured = N
    if (interpolate === undefined || interpolate.spacing === 1) await measure(range(N), 'directions')
    else
      measured = await interpolateInto(
        A,
        B,
        N,
        { ndx, nu, spacing: interpolate.spacing },
        {
          measure: (some) => measure(some, 'directions'),
          async agree(some) {
            const taken = await middles.take(knots, some, signal)
            callsFor.heldOut += taken.calls
            all.calls += taken.calls
            const most = interpolate.tolerance ?? INTERPOLATED
            return Array.from(some, (_, c) => taken.changeResidual(A, B, c) <= most)
          },
        },
      )

    const room = Math.floor(Math.min(checks * all.dense - all.heldOut, MOST * all.dense - all.calls) / perDirection)
    const some = interpolate === undefined ? spreadKnots(N, room, pass++) : new Int32Array(0)
    const taken = await held.take(knots, some, signal)
    callsFor.heldOut += taken.calls
    all.calls += taken.calls
    all.heldOut += taken.calls
    const residuals = Array.from(some, (_, c) => taken.residual(A, B, c))
    const failed = residuals.flatMap((residual, c) => (residual <= tolerance ? [] : [c]))

    // what was taken for known is measured, as far as calls allow: where that helps, around the knot, too
    const wrong: number[] = []
    for (const c of failed) {
      const k = some[c]!
      const dense = n * perDirection
      if (planned[k]!.plan.isDense || all.calls + dense > MOST * all.dense) continue
      planned[k] = plans.dense
      await measure([k], 'repair')
      residuals[c] = taken.residual(A, B, c)
      if (residuals[c]! <= tolerance) wrong.push(c)
    }
    if (wrong.length > 0) {
      const around = neighbours(N, some, wrong, planned)
      const affordable = Math.max(0, Math.floor((MOST * all.dense - all.calls) / (n * perDirection)))
      for (const k of around.slice(0, affordable)) planned[k] = plans.dense
      await measure(around.slice(0, affordable), 'repair')
      plans.distrust()
      notes.push(`what the engine says of structure does not hold at knot ${some[wrong[0]!]}: measured without it`)
    }
    notes.push(...motions.troubles())
    const certified = residuals.filter((residual) => residual <= tolerance).length
    return {
      calls: callsFor.directions + callsFor.heldOut + callsFor.repair,
      callsFor,
      denseCalls,
      measured,
      interpolated: N - measured,
      checked: some.length,
      certified,
      worstResidual: residuals.reduce((worst, one) => Math.max(worst, one), 0),
      isRandom: false,
      notes,
    } satisfies DerivativeReport
  }
}

/** Knots between a failed check and the checks beside it that are not measured densely yet, nearest first. */
function neighbours(N: number, checked: Int32Array, wrong: readonly number[], planned: readonly Planned[]): number[] {
  const found = new Map<number, number>()
  for (const c of wrong) {
    const from = c === 0 ? 0 : checked[c - 1]! + 1
    const to = c + 1 < checked.length ? checked[c + 1]! : N
    for (let k = from; k < to; k++)
      if (!planned[k]!.plan.isDense) found.set(k, Math.min(found.get(k) ?? N, Math.abs(k - checked[c]!)))
  }
  return [...found].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([k]) => k)
}

function range(N: number): number[] {
  return Array.from({ length: N }, (_, k) => k)
}
