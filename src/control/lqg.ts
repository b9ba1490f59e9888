/**
 * LQG: the gain of `lqr` fed with the estimate of `kalman`. Each is designed as if the other were perfect, and the closed loop has
 * the eigenvalues of both, of A − BK and of A − ALC (separation principle). Source: B. D. O. Anderson, J. B. Moore, Optimal
 * Control: Linear Quadratic Methods, 1990, ch. 8. Margins against errors of the model are not those of LQR: they can be small.
 */
import { type FilterNoise, type Kalman, kalman } from './kalman.ts'
import type { QuadraticCost } from './linearArguments.ts'
import { type LinearModel, type Lqr, type LqrOptions, lqr } from './lqr.ts'

export interface Lqg {
  readonly result: 'solved' | 'no-regulator' | 'no-filter'
  readonly message: string // one sentence for people
  readonly regulator: Lqr
  readonly filter: Kalman
}

/** Both designs for a linearization (or any { A, B }). Throws what `lqr` and `kalman` throw. */
export function lqg(lin: LinearModel, cost: QuadraticCost, noise: FilterNoise, options: LqrOptions = {}): Lqg {
  const regulator = lqr(lin, cost, options)
  const { tolerance, maxIterations, accuracy } = options
  const filter = kalman(lin, noise, {
    ...(tolerance !== undefined && { tolerance }),
    ...(maxIterations !== undefined && { maxIterations }),
    ...(accuracy !== undefined && { accuracy }),
  })
  const designs = { regulator, filter }
  if (regulator.result !== 'solved')
    return { ...designs, result: 'no-regulator', message: `no regulator: ${regulator.message}` }
  if (filter.result !== 'solved') return { ...designs, result: 'no-filter', message: `no filter: ${filter.message}` }
  return { ...designs, result: 'solved', message: `regulator: ${regulator.message}; filter: ${filter.message}` }
}
