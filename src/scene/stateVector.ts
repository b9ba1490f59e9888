/** State and control vectors from a state given by names. */
import { JOINT_COORDINATES } from './layout.ts'
import type { NamedState, Scene } from './scene.ts'

/**
 * The reduced state x [nq + nv] of a named state; joints that it does not name are as in `base` (default: zero, identity).
 * Quaternions are normalized.
 */
export function reducedState(scene: Scene, state: NamedState, base?: Float64Array): Float64Array {
  const positions: number[] = []
  const velocities: number[] = []
  const nq = scene.joints.reduce((sum, joint) => sum + JOINT_COORDINATES[joint.type].positions.length, 0)
  for (const joint of scene.joints) {
    const { positions: q, velocities: v } = JOINT_COORDINATES[joint.type]
    const identity = q.map(([suffix]) => (suffix === 'qw' ? 1 : 0))
    const qStart = positions.length
    const vStart = nq + velocities.length
    const qHere =
      state.positions[joint.name] ?? (base ? Array.from(base.subarray(qStart, qStart + q.length)) : identity)
    const vHere =
      state.velocities[joint.name] ?? (base ? Array.from(base.subarray(vStart, vStart + v.length)) : v.map(() => 0))
    positions.push(...normalized(qHere))
    velocities.push(...vHere)
  }
  return Float64Array.from([...positions, ...velocities])
}

/** The control vector u [nu] of a named state; controls that it does not name are as in `base` (default: zero). */
export function controlVector(scene: Scene, state: NamedState, base?: Float64Array): Float64Array {
  const names = [...scene.actuators, ...scene.thrusters].map(({ name }) => name)
  return Float64Array.from(names, (name, k) => state.controls[name] ?? base?.[k] ?? 0)
}

/** The last four of 4 or 7 entries are a quaternion: scale it to length one. */
function normalized(q: readonly number[]): readonly number[] {
  if (q.length < 4) return q
  const start = q.length - 4
  const norm = Math.hypot(...q.slice(start))
  return q.map((value, k) => (k < start ? value : value / norm))
}
