/**
 * Solver settings of Rapier that JavaScript has no setter for, written into a world's snapshot:
 * - no stabilization of joints (natural frequency 0 in the place of 10⁶ rad/s): bodies are placed where their joints hold exactly, and
 *   what single precision leaves of a violation would come back as a velocity of violation/dt;
 * - as many iterations after the bias of contacts is taken away as before: with Rapier's one, a box at rest is left with a spin.
 * Where they stand is found by values that are known to be there; a Rapier that keeps them otherwise is refused.
 */
import type { World } from '@dimforge/rapier3d-compat'

const MARK = 0x5eed5 // iterations, for the time of one snapshot
const JOINT_SOFTNESS = [1e6, 1] as const // natural frequency and damping ratio of every new joint
const STABILIZATION = 1n // iterations after the bias is taken away

/** The world's snapshot, with `iterations` before and after the bias. Throws Error where a setting is not where it is known to be. */
export function tuneSnapshot(world: World, iterations: number, version: string): Uint8Array {
  world.numInternalPgsIterations = MARK
  const bytes = world.takeSnapshot()
  world.numInternalPgsIterations = iterations
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

  const refuse = (what: string, found: number) =>
    new Error(`rapier engine: ${what} found ${found} times in a snapshot of Rapier ${version}: it knows those of 0.21`)
  const marks = placesOf(bytes, (at) => view.getBigUint64(at, true) === BigInt(MARK))
  const at = marks[0] ?? 0
  if (marks.length !== 1 || view.getBigUint64(at + 8, true) !== STABILIZATION)
    throw refuse('the number of iterations', marks.length)
  view.setBigUint64(at, BigInt(iterations), true)
  view.setBigUint64(at + 8, BigInt(iterations), true)

  const [frequency, ratio] = JOINT_SOFTNESS
  const joints = placesOf(
    bytes,
    (k) => view.getFloat32(k, true) === frequency && view.getFloat32(k + 4, true) === ratio,
  )
  const numJoints = world.impulseJoints.len()
  if (joints.length !== numJoints) throw refuse(`the softness of ${numJoints} joints`, joints.length)
  for (const k of joints) view.setFloat32(k, 0, true)
  return bytes
}

function placesOf(bytes: Uint8Array, isThere: (at: number) => boolean): number[] {
  const places: number[] = []
  for (let k = 0; k + 16 <= bytes.length; k++) if (isThere(k)) places.push(k)
  return places
}
