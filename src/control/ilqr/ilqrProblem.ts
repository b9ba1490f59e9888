/** What iLQR is asked to solve, checked. */
import type { Dynamics } from '../../linearization/trajectory/dynamics.ts'
import type { TrajectoryCost } from './trajectoryCost.ts'

export interface IlqrProblem {
  readonly x0: Float64Array // [nx]
  readonly cost: TrajectoryCost
  /** Steps; or `duration` in s, rounded to whole steps. */
  readonly N?: number
  readonly duration?: number
  /**
   * Where to begin: U [N × nu], default 0 within the limits; X [(N + 1) × nx], which need not be a motion of the simulator: gaps are
   * kept and closed. Default: the rollout of U.
   */
  readonly guess?: { readonly U?: Float64Array; readonly X?: Float64Array }
  /** Of the controls: those of the layout (default), 'none', or one number for each [nu]. */
  readonly limits?: 'layout' | 'none' | { readonly low: Float64Array; readonly high: Float64Array }
}

/** The same with everything said. */
export interface ResolvedProblem {
  readonly N: number
  readonly U: Float64Array // [N × nu], within the limits
  readonly X: Float64Array | null // [(N + 1) × nx]
  readonly low: Float64Array // [nu]
  readonly high: Float64Array
}

const MAX_STEPS = 1e5

/** Throws RangeError naming what does not fit; x0 may come later. */
export function resolveProblem(
  who: string,
  { layout, dt }: Pick<Dynamics, 'layout' | 'dt'>,
  { x0, N: given, duration, guess = {}, limits = 'layout' }: Partial<Omit<IlqrProblem, 'cost'>>,
): ResolvedProblem {
  const { nx, nu } = layout
  if (x0 !== undefined) checkEntries(who, 'x0', x0, nx, `nx = ${nx}`)
  if (nu === 0) throw new RangeError(`${who}: there are no controls (nu = 0)`)
  if ((given === undefined) === (duration === undefined))
    throw new RangeError(
      `${who}: give N, the number of steps, or duration in s${given === undefined ? '' : ', not both'}`,
    )
  if (duration !== undefined && !(Number.isFinite(duration) && duration > 0))
    throw new RangeError(`${who}: duration must be a finite number > 0 (s), got ${duration}`)
  const N = given ?? Math.max(1, Math.round(duration! / dt))
  if (!(Number.isSafeInteger(N) && N >= 1 && N <= MAX_STEPS))
    throw new RangeError(`${who}: N must be an integer from 1 to ${MAX_STEPS}, got ${N}`)
  const { low, high } = limitsOf(who, layout, limits)
  const U = guess.U?.slice() ?? new Float64Array(N * nu)
  checkEntries(who, 'guess.U', U, N * nu, `N·nu = ${N}·${nu}`)
  if (guess.X) checkEntries(who, 'guess.X', guess.X, (N + 1) * nx, `(N + 1)·nx = ${N + 1}·${nx}`)
  for (let k = 0; k < U.length; k++) U[k] = Math.min(Math.max(U[k]!, low[k % nu]!), high[k % nu]!)
  return { N, U, X: guess.X?.slice() ?? null, low, high }
}

function limitsOf(who: string, { nu, u }: Dynamics['layout'], limits: NonNullable<IlqrProblem['limits']>) {
  if (limits === 'layout')
    return { low: Float64Array.from(u, ({ range }) => range[0]), high: Float64Array.from(u, ({ range }) => range[1]) }
  if (limits === 'none')
    return {
      low: new Float64Array(nu).fill(Number.NEGATIVE_INFINITY),
      high: new Float64Array(nu).fill(Number.POSITIVE_INFINITY),
    }
  const { low, high } = limits
  for (const [name, bound] of Object.entries({ low, high }))
    if (bound.length !== nu)
      throw new RangeError(`${who}: limits.${name} must have nu = ${nu} entries, got ${bound.length}`)
  for (let a = 0; a < nu; a++)
    if (!(low[a]! <= high[a]!))
      throw new RangeError(`${who}: limits of ${u[a]!.name} must have low ≤ high, got ${low[a]} and ${high[a]}`)
  return { low: low.slice(), high: high.slice() }
}

function checkEntries(who: string, name: string, values: Float64Array, length: number, symbols: string): void {
  if (!(values instanceof Float64Array))
    throw new TypeError(`${who}: ${name} must be a Float64Array, got ${values === null ? 'null' : typeof values}`)
  if (values.length !== length)
    throw new RangeError(`${who}: ${name} must have ${symbols} entries, got ${values.length}`)
  for (let k = 0; k < length; k++)
    if (!Number.isFinite(values[k]!)) throw new RangeError(`${who}: ${name}[${k}] is ${values[k]}`)
}
