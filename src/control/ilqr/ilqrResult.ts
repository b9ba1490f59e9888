import type { DerivativeReport } from '../../linearization/trajectory/dynamics.ts'
import type { Lost } from './forwardPass.ts'

/** How iLQR ended. Misuse throws; what numerics can't do is one of these. */
export type IlqrEnd =
  | 'solved' // to the tolerances, no gaps left
  | 'max-iterations'
  | 'stalled' // no step lowers the cost, whatever the regularization
  | 'diverged' // the first rollout gives no numbers
  | 'indefinite' // Quu is not positive definite at the largest regularization

export interface IlqrResult {
  readonly result: IlqrEnd
  readonly message: string // one sentence for people, with coordinate and time where something is at fault
  readonly N: number
  readonly dt: number // s
  readonly X: Float64Array // [(N + 1) × nx]
  readonly U: Float64Array // [N × nu], within the limits
  /** u = U_k − K_k (x ⊖ X_k); rows of controls at their limits are zero. [N × nu × ndx] */
  readonly K: Float64Array
  readonly k: Float64Array // [N × nu], the step of U that the last backward pass would have taken
  readonly Vx: Float64Array // [(N + 1) × ndx], gradient of the cost to go
  readonly Vxx: Float64Array // [(N + 1) × ndx × ndx]
  readonly cost: number
  readonly largestGap: number // |f(x_k, u_k) ⊖ x_{k+1}|, 0 after a full step
  readonly gradient: number // largest |∂cost/∂u| of a control that may move
  readonly clamped: number // controls at a limit, of N·nu
  readonly iterations: number
  readonly history: readonly IlqrIteration[]
  readonly calls: { readonly rollouts: number; readonly derivatives: number; readonly denseDerivatives: number } // steps of the simulator
  readonly timings: {
    readonly rollouts: number // ms
    readonly derivatives: number
    readonly cost: number // its derivatives
    readonly backward: number
    readonly total: number
  }
  readonly lost: Lost | null // of 'diverged'
}

/** One iteration: derivatives, backward passes, and the line search. */
export interface IlqrIteration {
  readonly iteration: number // from 1
  readonly cost: number // after it
  readonly expected: number // reduction that the model promised at this step length
  readonly actual: number // reduction of the merit: cost, and gaps where there are any
  readonly regularization: number // μ of the accepted backward pass
  readonly stepLength: number // 0: none was accepted
  readonly gradient: number // before the step
  readonly largestGap: number // after it
  readonly clamped: number
  readonly rollouts: number // tried
  readonly derivatives: DerivativeReport
}
