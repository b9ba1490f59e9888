/** Swing-ups: robots that have fewer motors than joints, from hanging at rest to standing, as problems for iLQR. */
import {
  type Engine,
  ilqr,
  type IlqrOptions,
  type IlqrResult,
  pointFromNames,
  quadraticTracking,
  sensedDynamics,
  type SensedDynamicsOptions,
  taskCost,
} from 'jacsense'

export interface SwingUp {
  readonly scene: string
  readonly hanging: Readonly<Record<string, readonly number[]>> // positions by joint
  readonly duration: number // s
  readonly Q: readonly number[] // [ndx], diagonal, per second
  readonly R: number // per second
  readonly Qf: readonly number[] // [ndx], diagonal
}

export const CARTPOLE: SwingUp = {
  scene: 'cartpole',
  hanging: { pole: [Math.PI] },
  duration: 2,
  Q: [1, 1, 0.1, 0.1],
  R: 0.1,
  Qf: [1e3, 1e3, 1e2, 1e2],
}

export const ACROBOT: SwingUp = {
  scene: 'acrobot',
  hanging: { shoulder: [Math.PI] },
  duration: 3,
  Q: [0.1, 0.1, 0.1, 0.1],
  R: 0.05,
  Qf: [2e3, 2e3, 5e2, 5e2],
}

export const DOUBLE_CARTPOLE: SwingUp = {
  scene: 'double-cartpole',
  hanging: { lower: [Math.PI] },
  duration: 3,
  Q: [0.5, 0.5, 0.5, 0.01, 0.01, 0.01],
  R: 0.01,
  Qf: [2e3, 2e3, 2e3, 2e2, 2e2, 2e2],
}

/** Where the swing begins. [nx] */
export function hangingState(engine: Engine, { hanging }: SwingUp): Float64Array {
  return pointFromNames(engine, { positions: hanging, velocities: {}, controls: {} }).x
}

/** The swing to the engine's home. */
export function swingUp(
  engine: Engine,
  task: SwingUp,
  sensing: SensedDynamicsOptions,
  options: IlqrOptions,
): Promise<IlqrResult> {
  const { home, layout, dt } = engine
  const { duration } = task
  const dynamics = sensedDynamics(engine, sensing)
  const { Q: Qf } = taskCost({ Q: task.Qf, R: task.R }, layout)
  const cost = quadraticTracking(dynamics, { ...taskCost(task, layout), Qf, xGoal: home.x, per: 'second' })
  // at rest all gradients towards the sides vanish: a little push tells left from right
  const U = Float64Array.from({ length: Math.round(duration / dt) * layout.nu }, (_, k) => 0.5 * Math.sin(0.03 * k))
  return ilqr(dynamics, { x0: hangingState(engine, task), cost, duration, guess: { U } }, options)
}
