/** iLQR: optimal controls along a trajectory of a simulator, and the gains around it. */
import type { Dynamics } from '../../linearization/trajectory/dynamics.ts'
import { type IlqrOptions, resolveOptions } from './ilqrOptions.ts'
import { type IlqrProblem, resolveProblem } from './ilqrProblem.ts'
import type { IlqrResult } from './ilqrResult.ts'
import { createIlqrSolver } from './solver.ts'

/**
 * Minimizes Σ ℓ_k(x_k, u_k) + ℓ_N(x_N) over the controls, x_{k+1} = f(x_k, u_k), low ≤ u ≤ high: iterative LQR (Li and Todorov 2004),
 * that is Gauss–Newton steps, with limits of the controls (Tassa, Mansard, Todorov 2014, doi:10.1109/ICRA.2014.6907001) and guesses
 * of states that need not be a motion (Mastalli et al. 2020, doi:10.1109/ICRA40945.2020.9196673). `dynamics`: of `sensedDynamics(engine)`.
 * Misuse throws RangeError or TypeError naming the argument, an abort the signal's reason, a step of the simulator without numbers near
 * the trajectory BlackboxError; all else is told by `result` and `message`.
 */
export async function ilqr(dynamics: Dynamics, problem: IlqrProblem, options: IlqrOptions = {}): Promise<IlqrResult> {
  const resolved = resolveOptions('ilqr', options)
  const { N, U, X, low, high } = resolveProblem('ilqr', dynamics, problem)
  const solver = createIlqrSolver(dynamics, problem.cost, N, { low, high }, resolved)
  return solver.solve(problem.x0, { X, U }, options)
}
