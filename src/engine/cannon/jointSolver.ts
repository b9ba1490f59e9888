/**
 * The solver that cannon-es calls in reduced coordinates: joints and closures exactly through the tree, contacts, friction and joint
 * limits on the Schur complement of their rows. Leaves v⁺ in the bodies and takes their forces, so that cannon's own integration
 * keeps it.
 */
import * as CANNON from 'cannon-es'
import type { Scene } from '../../scene/scene.ts'
import { addContact, type Contacts } from '../contacts.ts'
import type { TreeState } from '../kinematics.ts'
import type { TreeModel } from '../treeModel.ts'
import { JOINT_ROW, jointRate, jointRowInto } from '../jointRow.ts'
import { momentumInto } from '../rotation.ts'
import { createLoopSolver, type LoopSolver } from '../loopSolver.ts'
import { createRows, type Rows } from './rows.ts'
import { createUnilateralSolver } from './unilateral.ts'

const IMPACT_STEPS = 2 // of free fall: slower contacts rest
const IMPACT_SPEED = 1e-3 // m/s, at least

export interface JointLimit {
  readonly body: number
  readonly lower: number
  readonly upper: number
}

export class JointSolver extends CANNON.Solver {
  /** The joint positions that limits are held against: set before each World.step. */
  readonly q: Float64Array // [nq]
  /** Rows of an island whose impulses the last solution did not get right, or 0. */
  unsolved = 0
  /** Where the contacts of the steps to come are written; null: nowhere. */
  found: Contacts | null = null
  readonly #model: TreeModel
  readonly #state: TreeState
  readonly #bodies: readonly CANNON.Body[]
  readonly #limits: readonly JointLimit[]
  readonly #tree: LoopSolver
  readonly #rows: Rows
  readonly #unilateral = createUnilateralSolver()
  readonly #V: Float64Array // [6n] velocities after the step
  readonly #b: Float64Array // [6n] impulses
  readonly #included: Uint8Array // [2 · limits] rows in this step
  readonly #row = new Float64Array(JOINT_ROW)

  constructor(
    scene: Scene,
    model: TreeModel,
    state: TreeState,
    bodies: readonly CANNON.Body[],
    friction: ReadonlyMap<number, number>,
    h: number, // s, of the steps to come
  ) {
    super()
    this.#model = model
    this.#state = state
    this.#bodies = bodies
    this.#limits = scene.joints.flatMap(({ limits }, body) =>
      limits ? [{ body, lower: limits[0], upper: limits[1] }] : [],
    )
    this.#tree = createLoopSolver(scene, model, state)
    this.#rows = createRows(
      model,
      state,
      friction,
      Math.max(IMPACT_SPEED, IMPACT_STEPS * h * Math.hypot(...scene.gravity)),
    )
    this.#V = new Float64Array(6 * model.numBodies)
    this.#b = new Float64Array(6 * model.numBodies)
    this.#included = new Uint8Array(2 * this.#limits.length)
    this.q = new Float64Array(model.nq)
  }

  override solve(h: number): number {
    const n = this.#model.numBodies
    const V = this.#V
    this.unsolved = 0
    this.#loadImpulses(h)
    this.#tree.factor(h)
    this.#tree.solve(V, this.#b, 0, n)
    this.#tree.close(V)

    this.#included.fill(0)
    this.#rows.clear()
    for (let k = 0; k < this.equations.length; k++) this.#rows.addContact(this.equations[k] as CANNON.ContactEquation)
    // a limit enters when the motion without it would break it, and then others may have to follow
    for (let found = this.#addBrokenLimits(h); found || this.#rows.pending(); found = this.#addBrokenLimits(h))
      this.#solveRows(V)

    if (this.found) this.#tell(this.found, h)
    for (let i = 0; i < n; i++) {
      const body = this.#bodies[i]!
      const k = 6 * i
      body.velocity.set(V[k]!, V[k + 1]!, V[k + 2]!)
      body.angularVelocity.set(V[k + 3]!, V[k + 4]!, V[k + 5]!)
      body.force.setZero()
      body.torque.setZero()
    }
    return 1
  }

  /** The step's contacts, in the middle between the points of both bodies. */
  #tell(out: Contacts, h: number): void {
    const n = this.#model.numBodies
    out.count = 0
    this.#rows.eachImpulse((k, impulse) => {
      const { bi, bj, ri, rj, ni } = this.equations[k] as CANNON.ContactEquation
      const middle = bi.position.vadd(ri).vadd(bj.position.vadd(rj)).scale(0.5)
      const bodyOf = ({ index }: CANNON.Body) => (index < n ? index : -1)
      const force = impulse.map((value) => value / h)
      addContact(out, [bodyOf(bi), bodyOf(bj)], middle.toArray(), ni.toArray(), force)
    })
  }

  /** b := M V + h F of every body, V being the velocity placed in cannon's body. */
  #loadImpulses(h: number): void {
    const { rotation } = this.#state
    const { mass, inertia, numBodies } = this.#model
    const b = this.#b
    for (let i = 0; i < numBodies; i++) {
      const { velocity, angularVelocity: w, force, torque } = this.#bodies[i]!
      const m = mass[i]!
      const k = 6 * i
      b[k] = m * velocity.x + h * force.x
      b[k + 1] = m * velocity.y + h * force.y
      b[k + 2] = m * velocity.z + h * force.z
      momentumInto(b, k + 3, rotation, 9 * i, inertia, 3 * i, w.x, w.y, w.z)
      b[k + 3]! += h * torque.x
      b[k + 4]! += h * torque.y
      b[k + 5]! += h * torque.z
    }
  }

  /** Adds a row for each limit that q + h·rate would break and that has none yet; true where any was. */
  #addBrokenLimits(h: number): boolean {
    let found = false
    for (let k = 0; k < this.#limits.length; k++) {
      const { body, lower, upper } = this.#limits[k]!
      const q = this.q[this.#model.qIndex[body]!]!
      jointRowInto(this.#row, 0, this.#model, this.#state, body)
      const next = q + h * jointRate(this.#row, 0, this.#V, body, this.#model.parent[body]!)
      const slack = 1e-12 * Math.max(1, Math.abs(q))
      if (next < lower - slack && !this.#included[2 * k]) {
        this.#included[2 * k] = 1
        this.#rows.addLimit(body, 1, limitSpeed(lower - q, h))
        found = true
      } else if (next > upper + slack && !this.#included[2 * k + 1]) {
        this.#included[2 * k + 1] = 1
        this.#rows.addLimit(body, -1, limitSpeed(q - upper, h))
        found = true
      }
    }
    return found
  }

  /** Impulses of all rows, island by island, and what they add to the free motion. */
  #solveRows(V: Float64Array): void {
    this.#rows.measureResponses(this.#tree, V, this.#b)
    const islands = this.#rows.groupIslands()
    this.unsolved = 0
    for (let island = 0; island < islands; island++) {
      const set = this.#rows.couple(island)
      if (!this.#unilateral.solve(set)) this.unsolved = Math.max(this.unsolved, set.size)
      this.#rows.apply(island, set.lambda, V)
    }
  }
}

/** Least joint rate at a limit `gap` away: reach it in this step at most, or come back by a fifth of the violation a step. */
function limitSpeed(gap: number, h: number): number {
  return gap > 0 ? (0.2 * gap) / h : gap / h
}
