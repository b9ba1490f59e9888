/**
 * Rows whose differences are all exactly zero though they may hold entries: constant outputs, or values too coarsely rounded for the
 * step, as in single precision. A much coarser step tells.
 */
import { BlackboxError } from '../blackbox/blackboxError.ts'
import type { Measurements, Plan } from './plan.ts'
import type { Session } from './session.ts'
import { callsPerDirection } from './stencil.ts'

const COARSE = 1e-3 // of the inputs' typical magnitudes

/**
 * Rows without any difference that move along the first held-out direction with a coarse step. Calls: one direction
 * where any is silent, counted as detection. */
export async function silentRows(session: Session, plan: Plan, measurements: Measurements): Promise<number[]> {
  const { inputs: n, outputs: m, heldOut, heldOutSteps } = plan
  const { Y, heldOutY, outputScale } = measurements
  const { scheme } = session
  if (heldOutSteps.length === 0 || n === 0 || !(heldOutSteps[0]! < COARSE)) return []
  const isOpen = new Uint8Array(m).fill(1)
  // zero is what an output that nothing moves most often is
  for (let i = 0; i < m; i++) if (!(outputScale[i]! > 0)) isOpen[i] = 0
  for (const values of [Y, heldOutY]) for (let e = 0; e < values.length; e++) if (values[e] !== 0) isOpen[e % m] = 0
  const silent = Array.from(isOpen.keys()).filter((i) => isOpen[i] === 1)
  if (silent.length === 0 || session.remaining() < callsPerDirection(scheme)) return []
  session.expect(callsPerDirection(scheme))
  try {
    const probed = await session.differences('detection', heldOut.slice(0, n), [COARSE], 1, 'probing')
    return silent.filter((i) => Math.abs(probed[i]!) > 0)
  } catch (error) {
    if (error instanceof BlackboxError) return [] // a coarse step may leave the domain
    throw error
  }
}
