/**
 * How states move when joints do: T = ∂x/∂(joint coordinates) at a state given by joint names. In maximal coordinates its columns span
 * what joints allow, of the places and of the rates of all bodies; what is left violates joints.
 */
import { Matrix } from 'ml-matrix'
import { JOINT_COORDINATES, reducedLayout } from '../scene/layout.ts'
import type { NamedState, Scene } from '../scene/scene.ts'
import { reducedState } from '../scene/stateVector.ts'
import type { Engine } from './engine.ts'
import { manifoldOf } from './manifold.ts'

export interface JointTangent {
  readonly T: Matrix // [ndx × k], k twice the number of joint rates
  readonly names: readonly string[] // [k], of the joints' coordinates: 'pole.angle', 'pole.velocity'
}

const STEP = 1e-5 // of central differences, rad or m and their rates; errors of 1e-10

/**
 * At a state of the scene (default: its home), for an engine in any coordinates that knows states by name. Throws RangeError where the
 * engine does not, and on closures: they tie joints to each other.
 */
export function jointTangent(engine: Engine, scene: Scene, state: NamedState = scene.home): JointTangent {
  if (engine.point === undefined)
    throw new RangeError(`jointTangent: the engine ${engine.name} knows no states by joint names`)
  if (scene.closures.length > 0)
    throw new RangeError(
      'jointTangent: closures tie joints to each other; state the null space of the constraints yourself',
    )
  const layout = reducedLayout(scene)
  const manifold = manifoldOf(layout)
  const at = reducedState(scene, state)
  const x = new Float64Array(layout.nx)
  const dx = new Float64Array(layout.ndx)
  const moved = (i: number, amount: number): Float64Array => {
    dx.fill(0)[i] = amount
    manifold.integrate(at, dx, x)
    return engine.point!(named(scene, layout.nq, x, state)).x
  }
  const { ndx } = engine.layout
  const T = Matrix.zeros(ndx, layout.ndx)
  const apart = new Float64Array(ndx)
  for (let i = 0; i < layout.ndx; i++) {
    engine.difference(moved(i, STEP), moved(i, -STEP), apart)
    for (let row = 0; row < ndx; row++) T.set(row, i, apart[row]! / (2 * STEP))
  }
  return { T, names: layout.dx.map(({ name }) => name) }
}

/** The joint state x [nx], positions first, by names. */
function named(scene: Scene, nq: number, x: Float64Array, { controls }: NamedState): NamedState {
  const positions: Record<string, number[]> = {}
  const velocities: Record<string, number[]> = {}
  let [q, v] = [0, nq]
  for (const { name, type } of scene.joints) {
    const { positions: places, velocities: rates } = JOINT_COORDINATES[type]
    if (rates.length === 0) continue
    positions[name] = Array.from(x.subarray(q, q + places.length))
    velocities[name] = Array.from(x.subarray(v, v + rates.length))
    q += places.length
    v += rates.length
  }
  return { positions, velocities, controls }
}
