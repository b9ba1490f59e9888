/**
 * Rapier (single precision) as a pure step function in joint coordinates: bodies are placed by forward kinematics, Rapier steps them with
 * impulse joints, and the rates nearest to what comes out are read back; q⁺ = q ⊕ h v⁺, and where contacts push, also
 * by what they push.
 */
import { reducedLayout } from '../../scene/layout.ts'
import type { Scene } from '../../scene/scene.ts'
import { controlVector, reducedState } from '../../scene/stateVector.ts'
import { createActuation } from '../actuation.ts'
import { energyGained } from '../energyGained.ts'
import type { Engine } from '../engine.ts'
import { islandPattern, jointBlocks } from '../islandPattern.ts'
import { createJointRates } from '../jointRates.ts'
import { createKinematics, createTreeState } from '../kinematics.ts'
import { manifoldOf } from '../manifold.ts'
import { closedSwitches, jointed, nearSwitches, type Surroundings } from '../nearSwitches.ts'
import { type Reach, type Reaching, reachWithin } from '../reach.ts'
import { momentumInto } from '../rotation.ts'
import { findTouch, type Touch } from '../touch.ts'
import { createTreeSolver } from '../treeSolver.ts'
import { createTreeModel, type TreeModel } from '../treeModel.ts'
import { treeTies } from '../treeTies.ts'
import { checkSingle } from './checkSingle.ts'
import { InputError } from '../../scene/inputError.ts'
import { enoughIterations, type ProbedEngine } from './enoughIterations.ts'
import { loadRapier, type Rapier } from './loadRapier.ts'
import { createOutline } from './outline.ts'
import { createPhysics } from './physics.ts'

/** Joints this close to a limit stand at it (rad or m; relative where larger than 1): positions are that precise. */
const AT_LIMIT = 1e-6
/** A joint at a limit that moves away from it by less than this is not moving: rounding of its speed. */
const LEFT_LIMIT = 1e-9
/** Of differences, where rounding is not measured first: curvature and rounding weigh alike about here. */
const STEP = 1e-2
/** Of the velocities that joints change, what may be left over. */
const UNSOLVED = 1e-3

/**
 * The engine of a scene, in joint coordinates. Throws InputError where @dimforge/rapier3d-compat is not installed, or where the scene
 * has masses, inertias or damping that single precision can't hold.
 */
export async function rapierEngine(scene: Scene): Promise<Engine> {
  const model = createTreeModel(scene)
  checkSingle(scene, model)
  refuseClosures(scene)
  const rapier = await loadRapier()
  const { iterations } = scene.engines.rapier
  if (iterations !== null) return engineWith(rapier, scene, model, iterations).engine
  return engineWith(
    rapier,
    scene,
    model,
    enoughIterations(scene, (count) => engineWith(rapier, scene, model, count)),
  ).engine
}

function engineWith(rapier: Rapier, scene: Scene, model: TreeModel, iterations: number): ProbedEngine {
  const layout = reducedLayout(scene)
  const manifold = manifoldOf(layout)
  const { substeps } = scene.engines.rapier
  const h = scene.dt / substeps
  const state = createTreeState(model)
  const { place, move } = createKinematics(model, state)
  const ratesInto = createJointRates(model, state)
  const tree = createTreeSolver(model, state)
  const physics = createPhysics(rapier, scene, model, state, h, iterations)
  const { outline, radius } = createOutline(scene, model, state)
  const n = model.numBodies
  const loads = Array.from(radius, (boundingRadius): Reaching => ({ boundingRadius, force: zero(), torque: zero() }))
  const actuate = createActuation(scene, model, state, loads)
  const { nq, nv, nx } = layout
  const x = new Float64Array(nx)
  const v = x.subarray(nq)
  const pushed = new Float64Array(nv)
  const moves = new Float64Array(nv) // rates that positions move with
  const limits = new Int8Array(n)
  const spin = new Float64Array(3) // angular momentum of a body
  const momentum = new Float64Array(6 * n)
  const allowed = new Float64Array(6 * n) // velocities that the joints allow
  const isDamped = model.damping.some((damping) => damping > 0)
  const home = { x: reducedState(scene, scene.home), u: controlVector(scene, scene.home) }
  let leftOver = 0 // the worst of the last period's steps
  let disposed = false

  /** Places the bodies at x with the forces of u on them. */
  function load(u: Float64Array): void {
    place(x)
    move(x, nq)
    const { rotation, velocity } = state
    for (let i = 0; i < n; i++) {
      const { force, torque } = loads[i]!
      force.x = force.y = force.z = 0
      // gyroscopic: −ω × I ω
      const [wx, wy, wz] = [velocity[6 * i + 3]!, velocity[6 * i + 4]!, velocity[6 * i + 5]!]
      momentumInto(spin, 0, rotation, 9 * i, model.inertia, 3 * i, wx, wy, wz)
      torque.x = spin[1]! * wz - spin[2]! * wy
      torque.y = spin[2]! * wx - spin[0]! * wz
      torque.z = spin[0]! * wy - spin[1]! * wx
    }
    actuate(u)
  }

  /** How far the loaded bodies may get, and what they may touch. */
  function surroundings(): { reach: Reach; touch: Touch } {
    const gain = energyGained(scene, model, state, loads, tree)
    const reach = reachWithin(scene, model, state, loads, state.velocity, gain)
    return { reach, touch: findTouch(scene, outline, reach) }
  }

  function canTouch({ pairs, environment }: Touch): boolean {
    return environment.some((found) => found !== null) || pairs.some(([i, j]) => !jointed(model, i, j))
  }

  function findLimits(): void {
    for (let i = 0; i < n; i++) {
      const range = scene.joints[i]!.limits
      if (!range) continue
      const q = x[model.qIndex[i]!]!
      const near = AT_LIMIT * Math.max(1, Math.abs(q))
      limits[i] = q <= range[0] + near ? -1 : q >= range[1] - near ? 1 : 0
    }
  }

  /** Sets joints that stood at a limit, and are still beyond it or did not leave it, back to it, as Rapier does within a step. */
  function setBack(): void {
    for (let i = 0; i < n; i++) {
      if (limits[i] === 0) continue
      const [low, high] = scene.joints[i]!.limits!
      const at = model.qIndex[i]!
      const inside = limits[i] === -1 ? x[at]! - low : high - x[at]!
      if (inside < LEFT_LIMIT * Math.max(1, Math.abs(x[at]!))) x[at] = limits[i] === -1 ? low : high
    }
  }

  /** How far V⁺ is from what the joints allow, against what they changed of V, both the largest entry. */
  function residual(): number {
    let left = 0
    let changed = 0
    for (let k = 0; k < 6 * n; k++) {
      left = Math.max(left, Math.abs(physics.V[k]! - allowed[k]!))
      changed = Math.max(changed, Math.abs(physics.V[k]! - physics.unbound[k]!), 1e-4 * Math.abs(physics.V[k]!))
    }
    return left === 0 ? 0 : left / changed
  }

  /**
   * The rates nearest to V [6n] in the metric of the masses, with joint damping over `time` s taken implicitly. What Gauss–Seidel leaves
   * undone are impulses of joints, which such a projection does not feel: the rates are as if it had converged, for the impulses of
   * contacts and limits as they are.
   */
  function projectInto(rates: Float64Array, V: Float64Array, time: number): void {
    const { rotation } = state
    for (let i = 0; i < n; i++) {
      const k = 6 * i
      const mass = model.mass[i]!
      for (let c = 0; c < 3; c++) momentum[k + c] = mass * V[k + c]!
      momentumInto(spin, 0, rotation, 9 * i, model.inertia, 3 * i, V[k + 3]!, V[k + 4]!, V[k + 5]!)
      momentum.set(spin, k + 3)
    }
    tree.factor(time)
    tree.solve(allowed, momentum, 0, n)
    ratesInto(rates, allowed)
  }

  function stepOnce(u: Float64Array): void {
    load(u)
    findLimits()
    physics.run(loads, x, limits, canTouch(surroundings().touch))
    projectInto(v, physics.V, 0)
    // Impulses of contacts and limits are found together with those of joints; without them the projection makes up for all of it.
    if (physics.touching.size > 0 || limits.some((side) => side !== 0)) leftOver = Math.max(leftOver, residual())
    if (isDamped) projectInto(v, physics.V, h)
    projectInto(pushed, physics.push, 0)
    for (let k = 0; k < nv; k++) moves[k] = v[k]! + pushed[k]!
    manifold.advance(x, moves, h, x)
    setBack()
  }

  function check(): void {
    if (disposed) throw new Error(`rapier engine of scene '${scene.name}': used after dispose`)
  }

  /** The bodies loaded at (x0, u). Throws RangeError where an entry is not finite. */
  function loadAt(x0: Float64Array, u: Float64Array): { reach: Reach; touch: Touch } {
    check()
    if (!(allFinite(x0) && allFinite(u))) throw new RangeError('rapier engine: a point that is not finite')
    x.set(x0)
    load(u)
    return surroundings()
  }

  function around(x0: Float64Array, u: Float64Array): Surroundings {
    const { reach, touch } = loadAt(x0, u)
    const findTouching = (): ReadonlySet<number> => {
      findLimits()
      physics.run(loads, x, limits, canTouch(touch))
      return physics.touching
    }
    return { scene, model, touch, reach, findTouching, q: (i) => x[model.qIndex[i]!]! }
  }

  const engine: Engine = {
    name: 'rapier',
    layout,
    dt: scene.dt,
    home,
    point: (named, base = home) => ({
      x: reducedState(scene, named, base.x),
      u: controlVector(scene, named, base.u),
    }),
    step(x0, u, xNext) {
      check()
      leftOver = 0
      x.set(x0)
      for (let s = 0; s < substeps && allFinite(x) && allFinite(u); s++) stepOnce(u)
      if (allFinite(x) && allFinite(u)) xNext.set(x)
      else xNext.fill(Number.NaN)
    },
    integrate: manifold.integrate,
    difference: manifold.difference,
    differenceJacobian: manifold.differenceJacobian,
    trouble: () =>
      leftOver <= UNSOLVED
        ? null
        : `${iterations} iterations left ${(100 * leftOver).toPrecision(2)} % of what the joints had to do undone`,
    differenceStep: STEP,
    precision: 'single',
    structure(x0, u) {
      const { touch } = loadAt(x0, u)
      return islandPattern(scene, touch, jointBlocks(model), layout)
    },
    ties: (x0, u, xNext) =>
      treeTies({ scene, model, state, layout, substeps, pushes: true, ...loadAt(x0, u), x: x0, xNext }),
    contacts(x0, u, out) {
      const { touch } = loadAt(x0, u)
      findLimits()
      physics.found = out
      out.count = 0
      try {
        physics.run(loads, x, limits, canTouch(touch))
      } finally {
        physics.found = null
      }
    },
    nearSwitches: (x0, u) => nearSwitches(around(x0, u)),
    closedSwitches: (x0, u) => closedSwitches(around(x0, u)),
    dispose() {
      if (disposed) return
      disposed = true
      physics.dispose()
    },
  }
  return { engine, unsolved: () => leftOver }
}

function zero(): { x: number; y: number; z: number } {
  return { x: 0, y: 0, z: 0 }
}

function allFinite(values: Float64Array): boolean {
  for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k]!)) return false
  return true
}

/** Throws InputError where loops are closed: Rapier's joints would hold them softly, and joint coordinates leave no room for it. */
function refuseClosures({ file, closures }: Scene): void {
  const [closure] = closures
  if (closure)
    throw new InputError({
      file,
      path: 'closures[0]',
      expected: 'no closures with the engine "rapier": take "cannon" or "mujoco"',
      found: `"${closure.name}"`,
    })
}
