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
  readonly radii?: readonly [number, number, number] // m, of its shapes about its principal axes; default: boundingRadius
}

export interface Reach {
  readonly body: Float64Array // [n] m, of any point of the body
  readonly joint: Float64Array // [n] rad or m, of hinges and sliders
}

/**
 * For bodies that move with velocity [6n], under gravity and the forces that stand in `bodies` (controls among them). What a tree's
 * bodies gain has some kinetic energy E; reactions of contacts are a projection in that norm and add none (Gauss's principle), so that
 * no body of the tree gains more than √(2E/m), or turns about a principal axis faster by more than √(2E/I). `gain` [n] is 2E by tree
 * (energyGained.ts); where it is missing, that of the bodies without their joints, whose reactions project too. Contacts may pass motion on
 * beyond that.
 */
export function reachWithin(
  scene: Scene,
  model: TreeModel,
  state: TreeState,
  bodies: readonly Reaching[],
  velocity: Float64Array,
  gain?: Float64Array,
): Reach {
  const { numBodies: n, mass, inertia } = model
  const { dt } = scene
  const energy = gain ?? looseEnergy(scene, model, bodies)
  const gained = Float64Array.from({ length: n }, (_, i) => Math.sqrt(energy[model.root[i]!]! / mass[i]!))
  /** Speed that turns of body i about its principal axes add to a row of numbers, one for each axis. */
  const spun = (i: number, x: number, y: number, z: number): number =>
    Math.sqrt(
      energy[model.root[i]!]! *
        (x ** 2 / inertia[3 * i]! + y ** 2 / inertia[3 * i + 1]! + z ** 2 / inertia[3 * i + 2]!),
    )
  /** The same for a row (x, y, z) in the world. */
  const spunAlong = (i: number, x: number, y: number, z: number): number => {
    const { rotation: R } = state
    const k = 9 * i
    const along = (c: number) => R[k + c]! * x + R[k + 3 + c]! * y + R[k + 6 + c]! * z
    return spun(i, along(0), along(1), along(2))
  }
  const row = new Float64Array(JOINT_ROW)
  return {
    body: Float64Array.from({ length: n }, (_, i) => {
      const [vx, vy, vz, wx, wy, wz] = velocity.subarray(6 * i, 6 * i + 6)
      const turning =
        Math.hypot(wx!, wy!, wz!) * bodies[i]!.boundingRadius +
        spun(i, ...(bodies[i]!.radii ?? alike(bodies[i]!.boundingRadius)))
      return MARGIN + PERIODS * dt * (Math.hypot(vx!, vy!, vz!) + gained[i]! + turning)
    }),
    joint: Float64Array.from({ length: n }, (_, i) => {
      const type = model.type[i]!
      if (type !== 'hinge' && type !== 'slider') return 0
      const p = model.parent[i]!
      jointRowInto(row, 0, model, state, i)
      const rate = Math.abs(jointRate(row, 0, velocity, i, p))
      const added = (body: number, k: number): number =>
        body < 0
          ? 0
          : gained[body]! * Math.hypot(row[k]!, row[k + 1]!, row[k + 2]!) +
            spunAlong(body, row[k + 3]!, row[k + 4]!, row[k + 5]!)
      return MARGIN + PERIODS * dt * (rate + added(i, 0) + added(p, 6))
    }),
  }
}

function alike(radius: number): [number, number, number] {
  return [radius, radius, radius]
}

/** Twice the energy that bodies without joints gain within a period, by tree: Σ m|a|² + α·Iα, times dt². */
function looseEnergy({ dt, gravity }: Scene, { mass, inertia, root }: TreeModel, bodies: readonly Loaded[]) {
  const energy = new Float64Array(root.length)
  for (let i = 0; i < root.length; i++) {
    const { force, torque } = bodies[i]!
    const m = mass[i]!
    const along = Math.hypot(force.x / m + gravity[0], force.y / m + gravity[1], force.z / m + gravity[2])
    const about = Math.hypot(torque.x, torque.y, torque.z) / Math.sqrt(Math.min(...inertia.subarray(3 * i, 3 * i + 3)))
    energy[root[i]!]! += dt * dt * (m * along * along + about * about)
  }
  return energy
}
