/** Finds the sparsity pattern of a Jacobian by probing the blackbox at one point. */

import { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Pattern } from '../linalg/pattern.ts'
import { roundingFloor } from './certificate.ts'
import { detectBySensing } from './detectBySensing.ts'
import type { MeasureOptions } from './measure.ts'
import { patternFromJacobian } from './patternFromJacobian.ts'
import { callsPerDirection, type Scheme, stencilOf } from './stencil.ts'
import { prepareSensing } from './prepareSensing.ts'
import { decode } from './recover.ts'
import { openSession, type Session } from './session.ts'
import { expectedError } from './steps.ts'

export interface DetectOptions extends MeasureOptions {
  /** Holds every nonzero, [m × n]: detection then takes one direction per color instead of one per input. */
  readonly superset?: Pattern | undefined
  readonly scheme?: Scheme | undefined // default 'central'
  readonly step?: number | undefined // relative to the inputs' typical magnitudes
}

/** Entries below this many times the expected error of the differences, relative to the largest of their row, are dirt. */
const ERROR_UNITS = 10

/**
 * The entries of the Jacobian at a point that stand out from rounding and the error of the differences: above
 * ROUNDING_UNITS · ε · |output| / step, and above ten times the relative error to expect of their row (7e-10 central, 3e-7
 * forward at default steps). An entry that happens to vanish at this point is not found: held-out certificates at other points
 * show it. Directions: with a superset one for each color of its coloring, else those of detectBySensing, at most one for each
 * input and two; 1 call each forward (and 1 for the base), 2 central. Throws as `measure`.
 */
export async function detectPattern(blackbox: Blackbox, options: DetectOptions): Promise<Pattern> {
  const { superset, scheme = 'central', step } = options
  const session = openSession('detectPattern', blackbox, { ...options, scheme })
  return detectWithin(session, superset, step)
}

/** `detectPattern` within a session, counted as detection. */
export async function detectWithin(
  session: Session,
  superset: Pattern | undefined,
  step: number | undefined,
): Promise<Pattern> {
  if (superset === undefined) return (await detectBySensing(session, { step })).pattern
  const { scheme, blackbox } = session
  const structure = { inputs: blackbox.inputs, outputs: blackbox.outputs, sparsity: superset }
  const plan = prepareSensing(structure, { method: 'colored', scheme, step, heldOut: 0 })
  const { inputs, outputs, directions, steps } = plan
  session.expect(directions * callsPerDirection(scheme))
  if (directions > 0) await session.ensureBase()
  const Y = await session.differences('detection', plan.D, steps, directions)
  const { at, scale, outputScale } = session
  const measurements = {
    fingerprint: plan.fingerprint,
    inputs,
    outputs,
    scheme,
    at: Array.from(at),
    scale: Array.from(scale),
    outputScale: Array.from(outputScale),
    Y: Array.from(Y),
    heldOutY: [],
    calls: { base: 0, directions: 0, heldOut: 0 },
  }
  const J = Matrix.from1DArray(outputs, inputs, decode(plan, measurements).J)
  if (directions === 0) return patternFromJacobian(J)
  const { reach } = stencilOf(scheme)
  const floor = roundingFloor(outputScale).map((rounding) => rounding / (reach * steps[0]!))
  const relative = ERROR_UNITS * expectedError(scheme, steps[0]!)
  return patternFromJacobian(J, { floor, relative, scale })
}
