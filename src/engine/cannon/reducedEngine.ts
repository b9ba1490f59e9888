/**
 * cannon-es in joint coordinates: bodies are placed by forward kinematics, cannon-es steps them with an exact joint solver,
 * and the joints' rates are read back along the axes of the step's start; q⁺ = q ⊕ h v⁺.
 *
 * Bodies are placed with velocity J v − h J̇ v and the gyroscopic torque −ω × I ω, which cannon-es leaves out: without these
 * two the Coriolis and centripetal terms are lost, because cannon-es imposes G v⁺ = 0 at the configuration of the velocities.
 */
import type { Scene } from '../../scene/scene.ts'
import { reducedLayout } from '../../scene/layout.ts'
import { controlVector, reducedState } from '../../scene/stateVector.ts'
import { createActuation } from '../actuation.ts'
import { energyGained } from '../energyGained.ts'
import type { Engine } from '../engine.ts'
import { islandPattern, jointBlocks } from '../islandPattern.ts'
import { createKinematics, createTreeState } from '../kinematics.ts'
import { createJointRates } from '../jointRates.ts'
import { createLoopSolver } from '../loopSolver.ts'
import { manifoldOf } from '../manifold.ts'
import { closedSwitches, jointed, nearSwitches, type Surroundings } from '../nearSwitches.ts'
import { type Reach, reachWithin } from '../reach.ts'
import { momentumInto } from '../rotation.ts'
import { findTouch, type Touch } from '../touch.ts'
import { createTreeModel } from '../treeModel.ts'
import { treeTies } from '../treeTies.ts'
import { JointSolver } from './jointSolver.ts'
import { outlineOf, touchingPairs } from './outline.ts'
import { PairBroadphase } from './pairBroadphase.ts'
import { withRadii } from './withRadii.ts'
import { createCannonWorld } from './world.ts'

export function reducedCannonEngine(scene: Scene): Engine {
  const layout = reducedLayout(scene)
  const manifold = manifoldOf(layout)
  const { substeps } = scene.engines.cannon
  const h = scene.dt / substeps
  const model = createTreeModel(scene)
  const state = createTreeState(model)
  const { place, move } = createKinematics(model, state)
  const { world, bodies, friction } = createCannonWorld(scene, model)
  const n = model.numBodies
  world.broadphase = new PairBroadphase(world.bodies, (i, j) => scene.contact.enabled && !jointed(model, i, j))
  const solver = new JointSolver(scene, model, state, bodies, friction, h)
  world.solver = solver
  const actuate = createActuation(scene, model, state, bodies)
  const tree = createLoopSolver(scene, model, state)
  const x = new Float64Array(layout.nx)
  const V = new Float64Array(6 * n)
  const spin = new Float64Array(3) // angular momentum of a body
  const ratesInto = createJointRates(model, state)
  const { nq } = layout
  const v = x.subarray(nq)
  const home = { x: reducedState(scene, scene.home), u: controlVector(scene, scene.home) }
  let troubled = 0 // rows of the last step's worst island whose impulses are wrong
  let disposed = false

  /** Writes the kinematic state of (q, v) into cannon's bodies. */
  function load(): void {
    place(x)
    move(x, nq)
    const { position, quat, velocity, bias } = state
    for (let i = 0; i < n; i++) {
      const body = bodies[i]!
      const i3 = 3 * i
      const i4 = 4 * i
      const i6 = 6 * i
      body.position.set(position[i3]!, position[i3 + 1]!, position[i3 + 2]!)
      body.quaternion.set(quat[i4 + 1]!, quat[i4 + 2]!, quat[i4 + 3]!, quat[i4]!)
      body.velocity.set(
        velocity[i6]! - h * bias[i6]!,
        velocity[i6 + 1]! - h * bias[i6 + 1]!,
        velocity[i6 + 2]! - h * bias[i6 + 2]!,
      )
      body.angularVelocity.set(
        velocity[i6 + 3]! - h * bias[i6 + 3]!,
        velocity[i6 + 4]! - h * bias[i6 + 4]!,
        velocity[i6 + 5]! - h * bias[i6 + 5]!,
      )
      body.force.setZero()
      setGyroscopicTorque(i)
      body.aabbNeedsUpdate = true
      // cannon-es multiplies it by our zero torque before it renews it: NaN of a diverged step would stay for ever
      if (Number.isNaN(body.invInertiaWorld.elements[0])) body.updateInertiaWorld(true)
    }
    world.broadphase.dirty = true
  }

  /** −ω × I ω in the world, with the true angular velocity. */
  function setGyroscopicTorque(i: number): void {
    const { rotation, velocity } = state
    const wx = velocity[6 * i + 3]!
    const wy = velocity[6 * i + 4]!
    const wz = velocity[6 * i + 5]!
    momentumInto(spin, 0, rotation, 9 * i, model.inertia, 3 * i, wx, wy, wz)
    bodies[i]!.torque.set(spin[1]! * wz - spin[2]! * wy, spin[2]! * wx - spin[0]! * wz, spin[0]! * wy - spin[1]! * wx)
  }

  /** v := joint rates of cannon's bodies, along the axes of the step's start. */
  function readRates(): void {
    for (let i = 0; i < n; i++) {
      const { velocity, angularVelocity } = bodies[i]!
      const k = 6 * i
      V[k] = velocity.x
      V[k + 1] = velocity.y
      V[k + 2] = velocity.z
      V[k + 3] = angularVelocity.x
      V[k + 4] = angularVelocity.y
      V[k + 5] = angularVelocity.z
    }
    ratesInto(v, V)
  }

  /** cannon's bodies one physics step on from x. */
  function advance(u: Float64Array): void {
    load()
    actuate(u)
    for (let k = 0; k < nq; k++) solver.q[k] = x[k]!
    world.step(h)
  }

  /** Places the bodies at x0 with the forces of u on them; how far they may get, and what they may touch. */
  function loadForced(x0: Float64Array, u: Float64Array): { reach: Reach; touch: Touch } {
    x.set(x0)
    load()
    actuate(u)
    const gain = energyGained(scene, model, state, bodies, tree)
    const reach = reachWithin(scene, model, state, withRadii(bodies), state.velocity, gain)
    return { reach, touch: findTouch(scene, () => outlineOf(world), reach) }
  }

  function check(): void {
    if (disposed) throw new Error(`cannon engine of scene '${scene.name}': used after dispose`)
  }

  function around(x0: Float64Array, u: Float64Array): Surroundings {
    check()
    const findTouching = () => touchingPairs(world)
    return { scene, model, ...loadForced(x0, u), findTouching, q: (i) => x[model.qIndex[i]!]! }
  }

  return {
    name: 'cannon',
    layout,
    dt: scene.dt,
    home,
    point: (named, base = home) => ({
      x: reducedState(scene, named, base.x),
      u: controlVector(scene, named, base.u),
    }),
    step(x0, u, xNext) {
      check()
      x.set(x0)
      troubled = 0
      for (let s = 0; s < substeps; s++) {
        advance(u)
        troubled = Math.max(troubled, solver.unsolved)
        readRates()
        manifold.advance(x, v, h, x)
      }
      xNext.set(x)
    },
    integrate: manifold.integrate,
    difference: manifold.difference,
    differenceJacobian: manifold.differenceJacobian,
    trouble: () =>
      troubled === 0
        ? null
        : `no contact, friction and limit impulses found that satisfy all ${troubled} rows of an island`,
    structure(x0, u) {
      check()
      const { touch } = loadForced(x0, u)
      return islandPattern(scene, touch, jointBlocks(model), layout)
    },
    ties(x0, u, xNext) {
      check()
      return treeTies({ scene, model, state, layout, substeps, pushes: false, ...loadForced(x0, u), x: x0, xNext })
    },
    contacts(x0, u, out) {
      check()
      x.set(x0)
      solver.found = out
      try {
        advance(u)
      } finally {
        solver.found = null
      }
    },
    nearSwitches: (x0, u) => nearSwitches(around(x0, u)),
    closedSwitches: (x0, u) => closedSwitches(around(x0, u)),
    dispose() {
      disposed = true
    },
  }
}
