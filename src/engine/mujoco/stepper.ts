/**
 * Steps of a model from what its data hold (qpos, qvel, act, ctrl), fast and to the last digit. Two things are done otherwise than by
 * mj_step:
 *
 * - Newton's method of the constraint solver runs a few iterations, the gradient M a − f − Jᵀλ is looked at, and where it is not down to
 *   rounding, the method goes on from there. MuJoCo's own tolerance looks at the cost, which rounding hides when accelerations are
 *   still off by 1e-9 or so, and differences amplify that a million times; always running all iterations costs several times more.
 * - Stages that depend on positions alone, or on positions and velocities, are not repeated for the positions (and velocities) of
 *   the step before, as in mjd_transitionFD. The numbers are the same to the last bit.
 *
 * Other solvers and integrators (PGS, CG, RK4, noslip) step by mj_step, with all iterations.
 */
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'

export interface Stepper {
  /** One step of the model's timestep from qpos, qvel, act and ctrl. */
  step(): void
  /** Accelerations at qpos, qvel, act and ctrl, converged, and the start of the next solves. */
  settle(): void
  /** What was computed before does not count any more: something else has used the data. */
  forget(): void
}

/** Iterations before the first look: most states take 2, and of several trees the slowest counts. */
const FIRST = { few: 2, many: 4 }
const MANY_TREES = 4
const MORE = 2
/** Iterations at most: what does not converge by then stays at the floor that rounding sets. */
const NEWTON_ITERATIONS = 15
/** ‖gradient‖ relative to its terms; at the floor it is below 1e-15. */
const CONVERGED = 4e-15

/** Sets the model's options: no warm start, no early end, no sleep. */
export function stepperOf(mj: MainModule, model: MjModel, data: MjData): Stepper {
  const { mjtDisableBit, mjtEnableBit, mjtIntegrator, mjtSolver, mjtStage } = mj
  const { opt } = model
  const cold = opt.disableflags | mjtDisableBit.mjDSBL_WARMSTART.value | mjtDisableBit.mjDSBL_AUTORESET.value
  const warm = cold & ~mjtDisableBit.mjDSBL_WARMSTART.value
  opt.disableflags = cold
  opt.enableflags &= ~mjtEnableBit.mjENBL_SLEEP.value
  opt.tolerance = 0
  const isNewton = opt.solver === mjtSolver.mjSOL_NEWTON.value
  if (isNewton) opt.iterations = Math.min(opt.iterations, NEWTON_ITERATIONS)
  const integrate =
    opt.integrator === mjtIntegrator.mjINT_EULER.value
      ? mj.mj_Euler
      : opt.integrator === mjtIntegrator.mjINT_RK4.value
        ? null
        : mj.mj_implicit
  if (!isNewton || integrate === null || opt.noslip_iterations > 0)
    return { step: () => mj.mj_step(model, data), settle: () => mj.mj_forward(model, data), forget: () => {} }

  const { nq, nv } = model
  const most: number = opt.iterations
  const first = Math.min(most, model.ntree > MANY_TREES ? FIRST.many : FIRST.few)
  const stages = {
    none: mjtStage.mjSTAGE_NONE.value,
    position: mjtStage.mjSTAGE_POS.value,
    velocity: mjtStage.mjSTAGE_VEL.value,
  }
  const rowStart: Int32Array = model.M_rowadr.slice()
  const rowLength: Int32Array = model.M_rownnz.slice()
  const columns: Int32Array = model.M_colind.slice()
  const product = new Float64Array(nv)
  const lastPositions = new Float64Array(nq)
  const lastVelocities = new Float64Array(nv)
  let isKnown = false // whether the data's stages belong to the last positions and velocities
  let views = viewsOf(data)
  opt.iterations = first

  /** ‖M a − f − Jᵀλ‖ is rounding of its terms. */
  function isConverged(): boolean {
    if (views.M.length === 0) views = viewsOf(data)
    const { M, qacc, smooth, constraint } = views
    for (let i = 0; i < nv; i++) {
      const from = rowStart[i]!
      const last = from + rowLength[i]! - 1 // the diagonal
      const a = qacc[i]!
      let sum = M[last]! * a
      for (let at = from; at < last; at++) {
        const j = columns[at]!
        sum += M[at]! * qacc[j]!
        product[j]! += M[at]! * a
      }
      product[i] = sum
    }
    let gradient = 0
    let terms = 0
    for (let i = 0; i < nv; i++) {
      const p = product[i]!
      const f = smooth[i]!
      const c = constraint[i]!
      const g = p - f - c
      gradient += g * g
      terms += p * p + f * f + c * c
    }
    return gradient <= CONVERGED * CONVERGED * terms
  }

  function stageOf(qpos: Float64Array, qvel: Float64Array): number {
    if (!isKnown || !same(qpos, lastPositions)) return stages.none
    return same(qvel, lastVelocities) ? stages.velocity : stages.position
  }

  function solve(): void {
    if (views.qpos.length !== nq) views = viewsOf(data)
    const { qpos, qvel } = views
    const stage = stageOf(qpos, qvel)
    lastPositions.set(qpos)
    lastVelocities.set(qvel)
    isKnown = true
    mj.mj_forwardSkip(model, data, stage, 1)
    if (isConverged()) return
    opt.disableflags = warm
    for (let spent = first; spent < most; spent += MORE) {
      views.warmstart.set(views.qacc)
      opt.iterations = Math.min(MORE, most - spent)
      mj.mj_fwdConstraint(model, data)
      if (isConverged()) break
    }
    opt.disableflags = cold
    opt.iterations = first
  }

  return {
    step() {
      solve()
      integrate(model, data)
    },
    settle() {
      solve()
      views.warmstart.set(views.qacc)
    },
    forget() {
      isKnown = false
    },
  }
}

interface Views {
  readonly qpos: Float64Array
  readonly qvel: Float64Array
  readonly qacc: Float64Array
  readonly warmstart: Float64Array
  readonly smooth: Float64Array
  readonly constraint: Float64Array
  readonly M: Float64Array // lower triangle, rows as in M_rowadr, M_rownnz, M_colind
}

/** Views of MuJoCo's memory; they have length 0 when it has moved. */
function viewsOf({ qpos, qvel, qacc, qacc_warmstart, qfrc_smooth, qfrc_constraint, M }: MjData): Views {
  return { qpos, qvel, qacc, warmstart: qacc_warmstart, smooth: qfrc_smooth, constraint: qfrc_constraint, M }
}

function same(a: Float64Array, b: Float64Array): boolean {
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false
  return true
}
