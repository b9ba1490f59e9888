/** How far bodies and joints may get within one control period, from their speeds and the forces on them. */
import type { Scene } from '../scene/scene.ts'
import type { Loaded } from './actuation.ts'
import { JOINT_ROW, jointRate, jointRowInto } from './jointRow.ts'
import type { TreeState } from './kinematics.ts'
import type { TreeModel } from './treeModel.ts'

const PERIODS = 2 // of motion, where one would do: room for what is perturbed
const MARGIN = 1e-3 // m or rad, at least: difference steps are smaller

export interface Reaching extends Loaded {
  readonly boundingRadius: number // m, of its shapes about the centre of mass
}

export interface Reach {
  readonly body: Float64Array // [n] m, of any point of the body
  readonly joint: Float64Array // [n] rad or m, of hinges and sliders
}

/**
 * For bodies that move with velocity [6n], under gravity and the forces that stand in `bodies` (controls among them); bias [6n],
 * if given, are the accelerations at zero joint accelerations. What a tree's bodies would gain without their joints has some
 * kinetic energy; the joints' reaction is a projection in that norm and adds none (Gauss's principle), so that no body of the
 * tree gains more than √(2E/m) or turns faster by more than √(2E/I). Contacts may pass motion on beyond that.
 */
export function reachWithin(
  scene: Scene,
  model: TreeModel,
  state: TreeState,
  bodies: readonly Reaching[],
  velocity: Float64Array,
  bias?: Float64Array,
): Reach {
  const { numBodies: n, mass, inertia } = model
  const { dt, gravity } = scene
  const energy = new Float64Array(n) // by tree: Σ m|a|² + α·Iα, times dt²
  for (let i = 0; i < n; i++) {
    const { force, torque } = bodies[i]!
    const m = mass[i]!
    const moments = inertia.subarray(3 * i, 3 * i + 3)
    const [lx, ly, lz, ax, ay, az] = bias?.subarray(6 * i, 6 * i + 6) ?? [0, 0, 0, 0, 0, 0]
    const along = Math.hypot(
      force.x / m + gravity[0] - lx!,
      force.y / m + gravity[1] - ly!,
      force.z / m + gravity[2] - lz!,
    )
    const about =
      Math.hypot(torque.x, torque.y, torque.z) / Math.sqrt(Math.min(...moments)) +
      Math.hypot(ax!, ay!, az!) * Math.sqrt(Math.max(...moments))
    energy[model.root[i]!]! += dt * dt * (m * along * along + about * about)
  }
  const gained = Float64Array.from({ length: n }, (_, i) => Math.sqrt(energy[model.root[i]!]! / mass[i]!))
  const spun = Float64Array.from({ length: n }, (_, i) =>
    Math.sqrt(energy[model.root[i]!]! / Math.min(...inertia.subarray(3 * i, 3 * i + 3))),
  )
  const row = new Float64Array(JOINT_ROW)
  return {
    body: Float64Array.from({ length: n }, (_, i) => {
      const [vx, vy, vz, wx, wy, wz] = velocity.subarray(6 * i, 6 * i + 6)
      const turning = (Math.hypot(wx!, wy!, wz!) + spun[i]!) * bodies[i]!.boundingRadius
      return MARGIN + PERIODS * dt * (Math.hypot(vx!, vy!, vz!) + gained[i]! + turning)
    }),
    joint: Float64Array.from({ length: n }, (_, i) => {
      const type = model.type[i]!
      if (type !== 'hinge' && type !== 'slider') return 0
      const p = model.parent[i]!
      jointRowInto(row, 0, model, state, i)
      const rate = Math.abs(jointRate(row, 0, velocity, i, p))
      const parts = [gained[i]!, p < 0 ? 0 : gained[p]!, spun[i]!, p < 0 ? 0 : spun[p]!] as const
      const arms = [0, 6, 3, 9].map((k) => Math.hypot(row[k]!, row[k + 1]!, row[k + 2]!))
      return MARGIN + PERIODS * dt * (rate + parts.reduce((sum, part, k) => sum + part * arms[k]!, 0))
    }),
  }
}
