/**
 * One physics step by Rapier of bodies that a TreeState has placed and moved. They start with the velocity J v − h J̇ v + h M⁻¹F: without
 * the second term the Coriolis and centripetal terms would be lost, because Rapier imposes G v⁺ = 0 at the configuration of the
 * velocities.
 *
 * Rapier keeps contacts and impulses from step to step. Where nothing can touch, a world without colliders has nothing to
 * remember, and is used again; else each step has a world of its own, restored from the snapshot.
 */
import type { Collider, RigidBody, TempContactManifold } from '@dimforge/rapier3d-compat'
import type { Scene } from '../../scene/scene.ts'
import type { Loaded } from '../actuation.ts'
import { addContact, type Contacts } from '../contacts.ts'
import type { TreeState } from '../kinematics.ts'
import { pairNumber } from '../nearSwitches.ts'
import { quatDifferenceInto, rotate, rotateByInverse } from '../rotation.ts'
import type { TreeModel } from '../treeModel.ts'
import { spinBefore } from './gyroscope.ts'
import type { Rapier } from './loadRapier.ts'
import { type OpenWorld, openWorld, planWorld } from './rapierWorld.ts'

const OPEN = { hinge: 7, slider: 1e9 } // rad, more than a turn: no limit; m
const BEYOND = 0.5 // rad or m: how far beyond its limit Rapier sees a joint that stands at it

export interface Physics {
  /** Velocities after the last step, [6n] (linear, of the centres of mass, and angular; world axes). */
  readonly V: Float64Array
  /** What they would be without joints and contacts, [6n]. */
  readonly unbound: Float64Array
  /** What contacts move bodies by beside h V, over h, [6n]: out of each other, or to where they close their gap. */
  readonly push: Float64Array
  /** Where the contacts of the steps to come are written, with their forces along the normal; null: nowhere. */
  found: Contacts | null
  /** Pairs of bodies (`pairNumber`; n is the environment) that pressed on each other in the last step. */
  readonly touching: Set<number>
  /**
   * Steps. `loads` [n] act on the bodies; `limits[i]` −1, 1, 0: the joint above body i, at `q`, stands at its lower, its upper, or at no
   * limit.
   */
  run(loads: readonly Loaded[], q: Float64Array, limits: Int8Array, canTouch: boolean): void
  dispose(): void
}

export function createPhysics(
  rapier: Rapier,
  scene: Scene,
  model: TreeModel,
  state: TreeState,
  h: number, // s
  iterations: number,
): Physics {
  const n = model.numBodies
  const limited = scene.joints.flatMap(({ limits }, i) => (limits ? [i] : []))
  const touches = scene.contact.enabled && scene.bodies.some(({ shapes }) => shapes.some(({ collide }) => collide))
  const plan = (contact: 'none' | 'frictionless' | 'frictional') =>
    planWorld(rapier, scene, model, { h, iterations, contact })
  const bare = openWorld(rapier, plan('none'))
  const frictional = touches ? plan('frictional') : null
  const frictionless = touches ? plan('frictionless') : null
  const V = new Float64Array(6 * n)
  const unbound = new Float64Array(6 * n)
  const push = new Float64Array(6 * n)
  const spin = new Float64Array(3) // of a body before the step, in its inertial frame
  const touching = new Set<number>()
  const before = new Float64Array(4)
  const after = new Float64Array(4)
  const turned = new Float64Array(3)

  /** Puts the bodies where the state has them; fills `unbound`. */
  function load({ bodies }: OpenWorld, loads: readonly Loaded[]): void {
    const { position, quat, velocity, bias } = state
    const { gravity } = scene
    for (let i = 0; i < n; i++) {
      const body = bodies[i]!
      const { force, torque } = loads[i]!
      const [k, m] = [6 * i, model.mass[i]!]
      unbound[k] = velocity[k]! + h * (force.x / m + gravity[0] - bias[k]!)
      unbound[k + 1] = velocity[k + 1]! + h * (force.y / m + gravity[1] - bias[k + 1]!)
      unbound[k + 2] = velocity[k + 2]! + h * (force.z / m + gravity[2] - bias[k + 2]!)
      const [w, x, y, z] = quat.subarray(4 * i, 4 * i + 4)
      const turn = [w!, x!, y!, z!] as const
      const own = rotateByInverse(turn, [torque.x, torque.y, torque.z])
      const gained = rotate(turn, [
        (h * own[0]) / model.inertia[3 * i]!,
        (h * own[1]) / model.inertia[3 * i + 1]!,
        (h * own[2]) / model.inertia[3 * i + 2]!,
      ])
      for (let c = 0; c < 3; c++) unbound[k + 3 + c] = velocity[k + 3 + c]! - h * bias[k + 3 + c]! + gained[c]!
      spin.set(rotateByInverse(turn, [unbound[k + 3]!, unbound[k + 4]!, unbound[k + 5]!]))
      spinBefore(spin, model.inertia, 3 * i, h)
      const [wx, wy, wz] = rotate(turn, [spin[0]!, spin[1]!, spin[2]!])
      body.setTranslation({ x: position[3 * i]!, y: position[3 * i + 1]!, z: position[3 * i + 2]! }, true)
      body.setRotation({ w: w!, x: x!, y: y!, z: z! }, true)
      body.setLinvel({ x: unbound[k]!, y: unbound[k + 1]!, z: unbound[k + 2]! }, true)
      body.setAngvel({ x: wx, y: wy, z: wz }, true)
    }
  }

  /**
   * Rapier's own limit rows, switched on and off: which limits a joint stands at is told in double precision. Without stabilization,
   * a row only asks on which side the joint is.
   */
  function setLimits(open: OpenWorld, q: Float64Array, limits: Int8Array): void {
    for (let k = 0; k < limited.length; k++) {
      const i = limited[k]!
      const far = model.type[i] === 'hinge' ? OPEN.hinge : OPEN.slider
      const wall = q[model.qIndex[i]!]! - limits[i]! * BEYOND
      if (limits[i] === 0) open.unitJoint(i).setLimits(-far, far)
      else open.unitJoint(i).setLimits(wall, wall)
    }
  }

  function readInto(out: Float64Array, { bodies }: OpenWorld): void {
    for (let i = 0; i < n; i++) {
      const v = bodies[i]!.linvel()
      const w = bodies[i]!.angvel()
      const k = 6 * i
      out[k] = v.x
      out[k + 1] = v.y
      out[k + 2] = v.z
      out[k + 3] = w.x
      out[k + 4] = w.y
      out[k + 5] = w.z
    }
  }

  /** Fills `touching`; true where any two bodies pressed on each other. */
  function findTouching({ world, bodies }: OpenWorld): void {
    const places = new Map(bodies.map(({ handle }, i) => [handle, i]))
    const placeOf = (body: RigidBody | null): number => (body === null ? n : (places.get(body.handle) ?? n))
    bodies.forEach((body, i) => {
      for (let k = 0; k < body.numColliders(); k++) {
        const collider = body.collider(k)
        world.contactPairsWith(collider, (other) => {
          const j = placeOf(other.parent())
          world.contactPair(collider, other, (manifold, isFlipped) => {
            for (let c = 0; c < manifold.numContacts(); c++)
              if (manifold.contactImpulse(c) > 0) touching.add(pairNumber(i, j, n))
            // A pair of bodies is met from both.
            if (physics.found && j > i) tell(physics.found, collider, [i, j], manifold, isFlipped)
          })
        })
      }
    })
  }

  /** Contacts of bodies i and j in the middle between both, `collider` being of i; j = n is the environment. */
  function tell(
    out: Contacts,
    collider: Collider,
    [i, j]: readonly [number, number],
    manifold: TempContactManifold,
    isFlipped: boolean,
  ): void {
    const { x: nx, y: ny, z: nz } = manifold.normal() // from the first shape to the second
    const away = isFlipped ? [nx, ny, nz] : [-nx, -ny, -nz] // towards i
    const [p, r] = [collider.translationWrtParent()!, collider.rotationWrtParent()!]
    const [w, x, y, z] = state.quat.subarray(4 * i, 4 * i + 4)
    for (let c = 0; c < manifold.numContacts(); c++) {
      const local = isFlipped ? manifold.localContactPoint2(c) : manifold.localContactPoint1(c)
      if (!local) continue
      const inBody = rotate([r.w, r.x, r.y, r.z], [local.x, local.y, local.z])
      const at = rotate([w!, x!, y!, z!], [inBody[0] + p.x, inBody[1] + p.y, inBody[2] + p.z])
      const half = manifold.contactDist(c) / 2
      const middle = at.map((value, k) => value + state.position[3 * i + k]! - half * away[k]!)
      const force = away.map((value) => (value * manifold.contactImpulse(c)) / h)
      addContact(out, [j === n ? -1 : j, i], middle, away, force)
    }
  }

  /** Adds to `push` how far the bodies of touching trees went, over h, beyond the velocity they have now. */
  function readPush({ bodies }: OpenWorld): void {
    readInto(push, { bodies } as OpenWorld)
    const pressed = new Set<number>()
    for (const pair of touching)
      for (const i of [pair % (n + 1), Math.floor(pair / (n + 1))]) if (i < n) pressed.add(model.root[i]!)
    for (let i = 0; i < n; i++) {
      const k = 6 * i
      if (!pressed.has(model.root[i]!)) {
        push.fill(0, k, k + 6)
        continue
      }
      const at = bodies[i]!.translation()
      const q = bodies[i]!.rotation()
      const placed = state.position
      push[k] = (at.x - Math.fround(placed[3 * i]!)) / h - push[k]!
      push[k + 1] = (at.y - Math.fround(placed[3 * i + 1]!)) / h - push[k + 1]!
      push[k + 2] = (at.z - Math.fround(placed[3 * i + 2]!)) / h - push[k + 2]!
      for (let c = 0; c < 4; c++) before[c] = Math.fround(state.quat[4 * i + c]!)
      unitInto(before)
      after.set([q.w, q.x, q.y, q.z])
      unitInto(after)
      quatDifferenceInto(turned, 0, after, 0, before, 0)
      const world = rotate([before[0]!, before[1]!, before[2]!, before[3]!], [turned[0]!, turned[1]!, turned[2]!])
      for (let c = 0; c < 3; c++) push[k + 3 + c] = world[c]! / h - push[k + 3 + c]!
    }
  }

  const physics: Physics = {
    V,
    found: null,
    unbound,
    push,
    touching,
    run(loads, q, limits, canTouch) {
      touching.clear()
      if (physics.found) physics.found.count = 0
      push.fill(0)
      if (!canTouch || frictional === null || frictionless === null) {
        load(bare, loads)
        setLimits(bare, q, limits)
        bare.world.step()
        readInto(V, bare)
        return
      }
      const open = openWorld(rapier, frictional)
      try {
        load(open, loads)
        setLimits(open, q, limits)
        open.world.step()
        readInto(V, open)
        findTouching(open)
      } finally {
        open.free()
      }
      if (touching.size === 0) return
      // Rapier moves bodies before it knows of friction: what contacts push them by is told from a world without it
      const slippery = openWorld(rapier, frictionless)
      try {
        load(slippery, loads)
        setLimits(slippery, q, limits)
        slippery.world.step()
        readPush(slippery)
      } finally {
        slippery.free()
      }
    },
    dispose: () => bare.free(),
  }
  return physics
}

function unitInto(q: Float64Array): void {
  const scale = 1 / Math.hypot(q[0]!, q[1]!, q[2]!, q[3]!)
  for (let c = 0; c < 4; c++) q[c]! *= scale
}
