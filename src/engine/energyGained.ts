/**
 * What a tree's bodies gain within one control period, in the norm of kinetic energy: twice the energy of the motion that gravity,
 * applied forces and the bias accelerations of the joints give them from rest, held by joints and closures, free of contacts.
 */
import type { Scene } from '../scene/scene.ts'
import type { Loaded } from './actuation.ts'
import type { TreeState } from './kinematics.ts'
import { momentumInto } from './rotation.ts'
import type { TreeModel } from './treeModel.ts'
import type { TreeSolver } from './treeSolver.ts'

/** By the first body of each tree, [n]. Forces stand in `bodies`; the tree is factored for the configuration of `state`. */
export function energyGained(
  { gravity, dt }: Scene,
  model: TreeModel,
  state: TreeState,
  bodies: readonly Loaded[],
  tree: TreeSolver,
): Float64Array {
  const { numBodies: n, mass, inertia, root } = model
  const { rotation, bias } = state
  const impulse = new Float64Array(6 * n)
  for (let i = 0; i < n; i++) {
    const { force, torque } = bodies[i]!
    const k = 6 * i
    const m = mass[i]!
    momentumInto(impulse, k + 3, rotation, 9 * i, inertia, 3 * i, bias[k + 3]!, bias[k + 4]!, bias[k + 5]!)
    impulse[k] = dt * (force.x + m * (gravity[0] - bias[k]!))
    impulse[k + 1] = dt * (force.y + m * (gravity[1] - bias[k + 1]!))
    impulse[k + 2] = dt * (force.z + m * (gravity[2] - bias[k + 2]!))
    impulse[k + 3] = dt * (torque.x - impulse[k + 3]!)
    impulse[k + 4] = dt * (torque.y - impulse[k + 4]!)
    impulse[k + 5] = dt * (torque.z - impulse[k + 5]!)
  }
  const V = new Float64Array(6 * n)
  tree.factor(dt)
  tree.solve(V, impulse.slice(), 0, n)
  const energy = new Float64Array(n)
  for (let i = 0; i < n; i++) for (let c = 6 * i; c < 6 * i + 6; c++) energy[root[i]!]! += impulse[c]! * V[c]!
  return energy
}
