/**
 * cannon-es in maximal coordinates: 12 tangent numbers a body, joints as cannon-es constraints, its stock Gauss–Seidel solver.
 * Here the Jacobian is that of what a user's own cannon-es world does, with the settings that make its step a pure function:
 * a fixed number of iterations (tolerance 0), no sleeping, the real step in every SPOOK parameter, and friction bounds as an
 * impulse (μ·m·g·h; cannon-es clamps impulses, and would otherwise brake by μ·m·g a step). As in cannon-es, the friction bound
 * does not follow the normal force (without gravity, where cannon-es has no friction at all, it is that of 9.81 m/s²), restitution
 * only raises the damping of the soft contact, so that it hardly acts at small steps, and gyroscopic torque is left out.
 */
import * as CANNON from 'cannon-es'
import { maximalLayout } from '../../scene/layout.ts'
import type { NamedState, Scene } from '../../scene/scene.ts'
import { controlVector, reducedState } from '../../scene/stateVector.ts'
import { addJointForce, createActuation } from '../actuation.ts'
import type { Engine } from '../engine.ts'
import { islandPattern } from '../islandPattern.ts'
import { createKinematics, createTreeState } from '../kinematics.ts'
import { manifoldOf } from '../manifold.ts'
import { rotationMatrixInto } from '../../scene/rotation.ts'
import { JOINT_ROW, jointRate, jointRowInto } from '../jointRow.ts'
import { closedSwitches, nearSwitches, type Surroundings } from '../nearSwitches.ts'
import { type Reach, reachWithin } from '../reach.ts'
import { multiplyQuatsInto } from '../rotation.ts'
import { findTouch, type Touch } from '../touch.ts'
import { createTreeModel, type TreeModel } from '../treeModel.ts'
import { type AxisJoint, LimitConstraint, PrismaticConstraint, setConstraintStep } from './constraints.ts'
import { maximalTies } from './maximalTies.ts'
import { outlineOf, touchingPairs } from './outline.ts'
import { withRadii } from './withRadii.ts'
import { createCannonWorld } from './world.ts'

export function maximalCannonEngine(scene: Scene): Engine {
  const layout = maximalLayout(scene)
  const manifold = manifoldOf(layout)
  const { substeps, iterations } = scene.engines.cannon
  const h = scene.dt / substeps
  const model = createTreeModel(scene)
  const state = createTreeState(model)
  const { world, bodies, friction } = createCannonWorld(scene, model)
  const n = model.numBodies
  const ground = world.bodies[n]!
  const solver = new CANNON.GSSolver()
  solver.iterations = iterations
  solver.tolerance = 0 // stopping early would make derivatives wrong
  world.solver = solver
  world.broadphase = new CANNON.NaiveBroadphase()
  if (!scene.contact.enabled) for (const body of world.bodies) body.collisionFilterMask = 0
  setFriction(world, friction, h)
  const poseOf = bodyPoses(scene, model)
  addJoints(scene, model, world, bodies, ground, poseOf.zero(), h)
  addClosures(scene, model, world, bodies, ground, h)
  const actuate = createActuation(scene, model, state, bodies)
  const damped = scene.joints.flatMap((joint, i) => (joint.damping > 0 ? [i] : []))
  let disposed = false

  const frame = new Float64Array(9)
  const quat = new Float64Array(4)
  const offset = new Float64Array(3) // centre of mass from the body frame's origin, in the world
  const spin = new Float64Array(3)
  const row = new Float64Array(JOINT_ROW)
  const V = new Float64Array(6 * n)

  /** Writes x [13n] into cannon's bodies, from body frames to inertial frames. */
  function load(x: Float64Array): void {
    // the stock solver adds 0 · λ to static bodies too: NaN of a diverged step would stay for ever
    ground.velocity.setZero()
    ground.angularVelocity.setZero()
    for (let i = 0; i < n; i++) {
      const body = bodies[i]!
      const q = 7 * i
      const v = 7 * n + 6 * i
      const scale = 1 / Math.sqrt(x[q + 3]! ** 2 + x[q + 4]! ** 2 + x[q + 5]! ** 2 + x[q + 6]! ** 2)
      for (let c = 0; c < 4; c++) quat[c] = x[q + 3 + c]! * scale
      rotationMatrixInto(frame, 0, quat, 0)
      turnInto(offset, model.com, 3 * i)
      turnInto(spin, x, v + 3)
      multiplyQuatsInto(quat, 0, quat, 0, model.principal, 4 * i)
      const [cx, cy, cz] = [offset[0]!, offset[1]!, offset[2]!]
      const [wx, wy, wz] = [spin[0]!, spin[1]!, spin[2]!]
      body.position.set(x[q]! + cx, x[q + 1]! + cy, x[q + 2]! + cz)
      body.quaternion.set(quat[1]!, quat[2]!, quat[3]!, quat[0]!)
      body.velocity.set(x[v]! + wy * cz - wz * cy, x[v + 1]! + wz * cx - wx * cz, x[v + 2]! + wx * cy - wy * cx)
      body.angularVelocity.set(wx, wy, wz)
      body.updateInertiaWorld()
    }
  }

  /** out = R v[at…], R the matrix in `frame`. */
  function turnInto(out: Float64Array, v: Float64Array, at: number): void {
    for (let c = 0; c < 3; c++)
      out[c] = frame[3 * c]! * v[at]! + frame[3 * c + 1]! * v[at + 1]! + frame[3 * c + 2]! * v[at + 2]!
  }

  /** Reads x back from cannon's bodies. */
  function read(x: Float64Array): void {
    for (let i = 0; i < n; i++) {
      const { position, quaternion, velocity, angularVelocity: w } = bodies[i]!
      const q = 7 * i
      const v = 7 * n + 6 * i
      // body frame = inertial frame ⊗ principal*
      bodyFrameInto(quat, model, i, quaternion)
      rotationMatrixInto(frame, 0, quat, 0)
      turnInto(offset, model.com, 3 * i)
      const [cx, cy, cz] = [offset[0]!, offset[1]!, offset[2]!]
      x[q] = position.x - cx
      x[q + 1] = position.y - cy
      x[q + 2] = position.z - cz
      for (let c = 0; c < 4; c++) x[q + 3 + c] = quat[c]!
      x[v] = velocity.x - (w.y * cz - w.z * cy)
      x[v + 1] = velocity.y - (w.z * cx - w.x * cz)
      x[v + 2] = velocity.z - (w.x * cy - w.y * cx)
      for (let c = 0; c < 3; c++) x[v + 3 + c] = frame[c]! * w.x + frame[3 + c]! * w.y + frame[6 + c]! * w.z
    }
  }

  /** Clears forces and brings the axes and distances that actuation and damping need up to date with the bodies. */
  function prepare(): void {
    for (let i = 0; i < n; i++) {
      const body = bodies[i]!
      body.force.setZero()
      body.torque.setZero()
      body.aabbNeedsUpdate = true
      wxyzInto(quat, body.quaternion)
      rotationMatrixInto(state.rotation, 9 * i, quat, 0)
      const p = model.parent[i]!
      const above = p < 0 ? ground : bodies[p]!
      const { rotation: R } = state
      const a = 3 * i
      for (let c = 0; c < 3; c++) {
        const r = 9 * i + 3 * c
        state.axis[a + c] = R[r]! * model.axis[a]! + R[r + 1]! * model.axis[a + 1]! + R[r + 2]! * model.axis[a + 2]!
      }
      state.fromParent[a] = body.position.x - above.position.x
      state.fromParent[a + 1] = body.position.y - above.position.y
      state.fromParent[a + 2] = body.position.z - above.position.z
    }
    world.broadphase.dirty = true
  }

  /** Joint damping as explicit torques and forces, equal and opposite. */
  function damp(): void {
    if (damped.length > 0) loadVelocities()
    for (let k = 0; k < damped.length; k++) {
      const i = damped[k]!
      const p = model.parent[i]!
      const on = bodies[i]!
      const against = p < 0 ? null : bodies[p]!
      const d = -model.damping[i]!
      if (model.type[i] === 'ball') {
        const w = on.angularVelocity
        const wx = d * (w.x - (against?.angularVelocity.x ?? 0))
        const wy = d * (w.y - (against?.angularVelocity.y ?? 0))
        const wz = d * (w.z - (against?.angularVelocity.z ?? 0))
        on.torque.set(on.torque.x + wx, on.torque.y + wy, on.torque.z + wz)
        against?.torque.set(against.torque.x - wx, against.torque.y - wy, against.torque.z - wz)
        continue
      }
      jointRowInto(row, 0, model, state, i)
      addJointForce(row, d * jointRate(row, 0, V, i, p), on, against)
    }
  }

  /** V := velocities of cannon's bodies. */
  function loadVelocities(): void {
    for (let i = 0; i < n; i++) {
      const { velocity: v, angularVelocity: w } = bodies[i]!
      V[6 * i] = v.x
      V[6 * i + 1] = v.y
      V[6 * i + 2] = v.z
      V[6 * i + 3] = w.x
      V[6 * i + 4] = w.y
      V[6 * i + 5] = w.z
    }
  }

  /** Places the bodies at x with the forces of u on them; how far they may get, and what they may touch. */
  function loadForced(x: Float64Array, u: Float64Array): { reach: Reach; touch: Touch } {
    check()
    load(x)
    prepare()
    damp()
    actuate(u)
    loadVelocities()
    const reach = reachWithin(scene, model, state, withRadii(bodies), V)
    return { reach, touch: findTouch(scene, () => outlineOf(world), reach) }
  }

  function around(x: Float64Array, u: Float64Array): Surroundings {
    return { scene, model, ...loadForced(x, u), findTouching: () => touchingPairs(world), q: null }
  }

  function check(): void {
    if (disposed) throw new Error(`cannon engine of scene '${scene.name}': used after dispose`)
  }

  return {
    name: 'cannon',
    layout,
    dt: scene.dt,
    home: { x: poseOf.state(scene.home), u: controlVector(scene, scene.home) },
    step(x, u, xNext) {
      check()
      load(x)
      for (let s = 0; s < substeps; s++) {
        prepare()
        damp()
        actuate(u)
        world.step(h)
      }
      read(xNext)
    },
    integrate: manifold.integrate,
    difference: manifold.difference,
    differenceJacobian: manifold.differenceJacobian,
    point(named, base) {
      return { x: poseOf.state(named), u: controlVector(scene, named, base?.u ?? controlVector(scene, scene.home)) }
    },
    structure(x, u) {
      const { touch } = loadForced(x, u)
      const blocks = bodies.map((_, i) => ({ tree: model.root[i]!, first: 6 * i, last: 6 * i + 6 }))
      return islandPattern(scene, touch, blocks, layout)
    },
    nearSwitches: (x, u) => nearSwitches(around(x, u)),
    closedSwitches: (x, u) => closedSwitches(around(x, u)),
    ...(substeps === 1 && { ties: (x, _u, xNext) => maximalTies(model, layout, h, x, xNext) }),
    dispose() {
      disposed = true
    },
  }
}

function wxyzInto(out: Float64Array, { w, x, y, z }: CANNON.Quaternion): void {
  out[0] = w
  out[1] = x
  out[2] = y
  out[3] = z
}

/** out := the body frame of body i whose inertial frame is `turn`. */
function bodyFrameInto(out: Float64Array, { principal }: TreeModel, i: number, turn: CANNON.Quaternion): void {
  const k = 4 * i
  const [pw, px, py, pz] = [principal[k]!, -principal[k + 1]!, -principal[k + 2]!, -principal[k + 3]!]
  const { w, x, y, z } = turn
  out[0] = w * pw - x * px - y * py - z * pz
  out[1] = w * px + x * pw + y * pz - z * py
  out[2] = w * py - x * pz + y * pw + z * px
  out[3] = w * pz + x * py - y * px + z * pw
}

/** Maximal states from joint coordinates, through forward kinematics. */
function bodyPoses(scene: Scene, model: TreeModel) {
  const state = createTreeState(model)
  const { place, move } = createKinematics(model, state)
  const n = model.numBodies

  function poses(reduced: Float64Array): Float64Array {
    place(reduced)
    move(reduced, model.nq)
    const x = new Float64Array(13 * n)
    const quat = new Float64Array(4)
    const R = new Float64Array(9)
    for (let i = 0; i < n; i++) {
      quat[0] = model.principal[4 * i]!
      for (let c = 1; c < 4; c++) quat[c] = -model.principal[4 * i + c]!
      multiplyQuatsInto(quat, 0, state.quat, 4 * i, quat, 0)
      rotationMatrixInto(R, 0, quat, 0)
      const com = model.com.subarray(3 * i, 3 * i + 3)
      const c = [0, 1, 2].map((r) => R[3 * r]! * com[0]! + R[3 * r + 1]! * com[1]! + R[3 * r + 2]! * com[2]!)
      const [vx, vy, vz, wx, wy, wz] = state.velocity.subarray(6 * i, 6 * i + 6)
      for (let r = 0; r < 3; r++) x[7 * i + r] = state.position[3 * i + r]! - c[r]!
      x.set(quat, 7 * i + 3)
      const v = 7 * n + 6 * i
      x[v] = vx! - (wy! * c[2]! - wz! * c[1]!)
      x[v + 1] = vy! - (wz! * c[0]! - wx! * c[2]!)
      x[v + 2] = vz! - (wx! * c[1]! - wy! * c[0]!)
      for (let r = 0; r < 3; r++) x[v + 3 + r] = R[r]! * wx! + R[3 + r]! * wy! + R[6 + r]! * wz!
    }
    return x
  }

  return {
    /** What a named state leaves out is as at the scene's home. */
    state: (named: NamedState) => poses(reducedState(scene, named, reducedState(scene, scene.home))),
    /** Inertial frames with every joint at zero. */
    zero(): { position: Float64Array; quat: Float64Array } {
      place(reducedState(scene, { positions: {}, velocities: {}, controls: {} }))
      return { position: state.position.slice(), quat: state.quat.slice() }
    },
  }
}

/** One constraint for each joint but free ones, and one for its limits. */
function addJoints(
  scene: Scene,
  model: TreeModel,
  world: CANNON.World,
  bodies: readonly CANNON.Body[],
  ground: CANNON.Body,
  zero: { position: Float64Array; quat: Float64Array },
  h: number,
): void {
  bodies.forEach((body, i) => {
    body.position.set(zero.position[3 * i]!, zero.position[3 * i + 1]!, zero.position[3 * i + 2]!)
    const [w, x, y, z] = zero.quat.subarray(4 * i, 4 * i + 4)
    body.quaternion.set(x!, y!, z!, w!)
  })
  const vec = (data: Float64Array, i: number) => new CANNON.Vec3(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!)
  scene.joints.forEach(({ type, limits }, i) => {
    const parent = model.parent[i]! < 0 ? ground : bodies[model.parent[i]!]!
    const child = bodies[i]!
    const axisB = vec(model.axis, i)
    const joint: AxisJoint = {
      anchorA: vec(model.parentAnchor, i),
      anchorB: vec(model.childAnchor, i),
      axisA: parent.vectorToLocalFrame(child.vectorToWorldFrame(axisB)),
      axisB,
    }
    const added: CANNON.Constraint[] = []
    if (type === 'hinge') {
      const { anchorA: pivotA, anchorB: pivotB, axisA } = joint
      added.push(new CANNON.HingeConstraint(parent, child, { pivotA, pivotB, axisA, axisB }))
    } else if (type === 'ball')
      added.push(new CANNON.PointToPointConstraint(parent, joint.anchorA, child, joint.anchorB))
    else if (type === 'fixed') added.push(new CANNON.LockConstraint(parent, child))
    else if (type === 'slider') added.push(new PrismaticConstraint(parent, child, joint))
    if (limits && (type === 'hinge' || type === 'slider'))
      added.push(new LimitConstraint(type, parent, child, joint, limits, h))
    for (const constraint of added) {
      constraint.collideConnected = parent === ground && type !== 'fixed' // what hangs on the world may still touch it
      setConstraintStep(constraint, h)
      world.addConstraint(constraint)
    }
  })
}

/** One point constraint for each closure. */
function addClosures(
  { closures, bodies: own }: Scene,
  { principal }: TreeModel,
  world: CANNON.World,
  bodies: readonly CANNON.Body[],
  ground: CANNON.Body,
  h: number,
): void {
  for (const { bodies: ends, anchors } of closures) {
    const [first, second] = ends.map((i, e): [CANNON.Body, CANNON.Vec3] => {
      const [x, y, z] = anchors[e]!
      if (i < 0) return [ground, new CANNON.Vec3(x, y, z)]
      const [w, a, b, c] = principal.subarray(4 * i, 4 * i + 4)
      const { com } = own[i]!
      const pivot = new CANNON.Quaternion(-a!, -b!, -c!, w!).vmult(new CANNON.Vec3(x - com[0], y - com[1], z - com[2]))
      return [bodies[i]!, pivot]
    })
    const constraint = new CANNON.PointToPointConstraint(first![0], first![1], second![0], second![1])
    constraint.collideConnected = second![0] === ground
    setConstraintStep(constraint, h)
    world.addConstraint(constraint)
  }
}

/** Pairwise friction: the larger coefficient of the two shapes, as the impulse bound μ·m·g·h. */
function setFriction(world: CANNON.World, friction: ReadonlyMap<number, number>, h: number): void {
  if (world.gravity.length() === 0) world.frictionGravity = new CANNON.Vec3(0, 0, -9.81)
  const materials = new Map<number, CANNON.Material>()
  for (const body of world.bodies)
    for (const shape of body.shapes) {
      const coefficient = friction.get(shape.id) ?? 0
      const material = materials.get(coefficient) ?? new CANNON.Material()
      materials.set(coefficient, material)
      shape.material = material
    }
  const { restitution, contactEquationStiffness, contactEquationRelaxation } = world.defaultContactMaterial
  for (const [a, first] of materials)
    for (const [b, second] of materials)
      if (a <= b)
        world.addContactMaterial(
          new CANNON.ContactMaterial(first, second, {
            friction: Math.max(a, b) * h,
            restitution,
            contactEquationStiffness,
            contactEquationRelaxation,
          }),
        )
}
