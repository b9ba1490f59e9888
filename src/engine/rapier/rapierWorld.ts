/**
 * A scene as a world of Rapier, kept as its snapshot: bodies at their inertial frames, impulse joints, colliders. Gravity is none: it
 * is among the velocities that bodies are placed with. Damping is none: it acts on the rates that are read back.
 */
import type { ImpulseJoint, JointData, RigidBody, UnitImpulseJoint, World } from '@dimforge/rapier3d-compat'
import type { Quat, Scene } from '../../scene/scene.ts'
import { multiplyQuats } from '../rotation.ts'
import type { TreeModel } from '../treeModel.ts'
import type { Rapier } from './loadRapier.ts'
import { colliderOf, shapesInInertialFrame } from './shapes.ts'
import { tuneSnapshot } from './tuneSnapshot.ts'

export interface WorldOptions {
  readonly h: number // s, of a step
  readonly iterations: number
  readonly contact: 'none' | 'frictionless' | 'frictional'
}

export interface WorldPlan {
  readonly snapshot: Uint8Array
  readonly bodies: readonly number[] // handles, [n]
  readonly joints: readonly (number | null)[] // handles, [n]; null for free joints
}

/** A world that stands; `free` it once. */
export interface OpenWorld {
  readonly world: World
  readonly bodies: readonly RigidBody[] // [n]
  /** The hinge or slider of body i. */
  unitJoint(i: number): UnitImpulseJoint
  free(): void
}

export function planWorld(rapier: Rapier, scene: Scene, model: TreeModel, options: WorldOptions): WorldPlan {
  const world = new rapier.World({ x: 0, y: 0, z: 0 })
  try {
    world.timestep = options.h
    world.numSolverIterations = 1 // one step is one step: more would be substeps
    world.maxCcdSubsteps = 1
    world.integrationParameters.contact_natural_frequency = scene.engines.rapier.contactFrequency
    const { RigidBodyDesc } = rapier
    const post = world.createRigidBody(RigidBodyDesc.fixed()) // what joints to the world hold on to; it touches nothing
    const bodies = scene.bodies.map((_, i) =>
      world.createRigidBody(
        RigidBodyDesc.dynamic()
          .setCanSleep(false)
          .setAdditionalMassProperties(model.mass[i]!, ORIGIN, vectorAt(model.inertia, i), UPRIGHT),
      ),
    )
    const joints = scene.joints.map(({ type }, i) => {
      if (type === 'free') return null
      const p = model.parent[i]!
      return addJoint(rapier, world, model, i, p < 0 ? post : bodies[p]!, bodies[i]!).handle
    })
    if (options.contact !== 'none') {
      const { restitution } = scene.contact
      const material = (friction: number) => ({
        friction: options.contact === 'frictionless' ? 0 : friction,
        restitution,
      })
      bodies.forEach((body, i) => {
        for (const placed of shapesInInertialFrame(scene, model, i))
          world.createCollider(colliderOf(rapier, placed, material(placed.shape.friction)), body)
      })
      const ground = world.createRigidBody(RigidBodyDesc.fixed())
      for (const shape of scene.environment)
        if (shape.collide)
          world.createCollider(colliderOf(rapier, { ...shape, shape }, material(shape.friction)), ground)
    }
    const snapshot = tuneSnapshot(world, options.iterations, rapier.version())
    return { snapshot, bodies: bodies.map(({ handle }) => handle), joints }
  } finally {
    world.free()
  }
}

export function openWorld(rapier: Rapier, { snapshot, bodies, joints }: WorldPlan): OpenWorld {
  const world = restored(rapier, snapshot)
  return {
    world,
    bodies: bodies.map((handle) => world.getRigidBody(handle)),
    unitJoint: (i) => world.getImpulseJoint(joints[i]!) as UnitImpulseJoint,
    free: () => world.free(),
  }
}

/** World.restoreSnapshot, without the 2 kB of WebAssembly memory that it leaves behind each time. */
function restored({ SerializationPipeline, World }: Rapier, snapshot: Uint8Array): World {
  const pipeline = new SerializationPipeline()
  const parts = pipeline.raw.deserializeAll(snapshot)
  try {
    if (!parts) throw new Error('rapier engine: Rapier does not read its own snapshot')
    return World.fromRaw(parts)
  } finally {
    parts?.free()
    pipeline.free()
  }
}

const ORIGIN = { x: 0, y: 0, z: 0 }
const UPRIGHT = { w: 1, x: 0, y: 0, z: 0 }

function addJoint(
  rapier: Rapier,
  world: World,
  model: TreeModel,
  i: number,
  parent: RigidBody,
  child: RigidBody,
): ImpulseJoint {
  const { JointData } = rapier
  const type = model.type[i]!
  const on = vectorAt(model.parentAnchor, i)
  const at = vectorAt(model.childAnchor, i)
  // the child's inertial frame in the parent's at zero position; Rapier's joints move along and about x
  const zero = multiplyQuats(quatAt(model.rotation, i), quatAt(model.principal, i))
  const turn = type === 'hinge' || type === 'slider' ? alongX(model.axis, i) : ([1, 0, 0, 0] as const)
  const x = { x: 1, y: 0, z: 0 }
  const data: Partial<Record<typeof type, () => JointData>> = {
    hinge: () => JointData.revolute(on, at, x),
    slider: () => JointData.prismatic(on, at, x),
    ball: () => JointData.spherical(on, at),
    fixed: () => JointData.fixed(on, UPRIGHT, at, UPRIGHT),
  }
  const joint = world.createImpulseJoint(data[type]!(), parent, child, true)
  joint.setLocalFrame1(on, named(multiplyQuats(zero, turn)))
  joint.setLocalFrame2(at, named(turn))
  joint.setContactsEnabled(false)
  return joint
}

/** The turn that takes x to a unit vector. */
function alongX(v: Float64Array, i: number): Quat {
  const [x, y, z] = v.subarray(3 * i, 3 * i + 3)
  if (x! < -1 + 1e-12) return [0, 0, 0, 1]
  const scale = 1 / Math.sqrt(2 * (1 + x!))
  return [(1 + x!) * scale, 0, -z! * scale, y! * scale]
}

function vectorAt(v: Float64Array, i: number): { x: number; y: number; z: number } {
  return { x: v[3 * i]!, y: v[3 * i + 1]!, z: v[3 * i + 2]! }
}

function quatAt(q: Float64Array, i: number): Quat {
  return [q[4 * i]!, q[4 * i + 1]!, q[4 * i + 2]!, q[4 * i + 3]!]
}

function named([w, x, y, z]: Quat): { w: number; x: number; y: number; z: number } {
  return { w, x, y, z }
}
