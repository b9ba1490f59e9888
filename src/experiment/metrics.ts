/** What a closed-loop run achieved, in numbers with units: settling, peaks, RMS, effort, cost, final deviation. */
import { type MatrixLike, toFlat, toSizedMatrix } from '../linalg/dense.ts'
import type { Trajectory } from './simulate.ts'

export interface MetricsOptions {
  /** Half width of the settling band as a fraction of the coordinate's peak deviation. Default 0.02. */
  readonly band?: number
  /** Least half width of the band, in the coordinate's own unit: what is smaller counts as rest. Default 1e-6. */
  readonly floor?: number
  /** Weights of the quadratic cost; without both no cost is computed. */
  readonly Q?: MatrixLike // [ndx × ndx]
  readonly R?: MatrixLike // [nu × nu]
}

export interface CoordinateMetrics {
  readonly name: string
  readonly unit: string
  readonly finalDeviation: number // x ⊖ xBar at the end, signed
  readonly peakDeviation: number // max |x ⊖ xBar|
  readonly rms: number // root mean square of x ⊖ xBar over all rows
  readonly band: number // half width that counts as settled
  readonly settlingTime: number | null // s after the last disturbance (or the start), null: not settled at the end
}

export interface ControlMetrics {
  readonly name: string
  readonly unit: string
  readonly peak: number // max |u|
  readonly rms: number // root mean square of u − uBar
  readonly saturatedFraction: number // of the steps
}

export interface Metrics {
  readonly duration: number // s, of the completed part
  readonly band: number // as asked for
  readonly settlingTime: number | null // s, of the last coordinate to settle; null if one did not
  readonly cost: number | null // Σ_k dx_kᵀ Q dx_k + du_kᵀ R du_k over the N steps, null without weights or after divergence
  readonly coordinates: readonly CoordinateMetrics[] // [ndx]
  readonly controls: readonly ControlMetrics[] // [nu]
}

const HOLD = 0.05 // fraction of the rows, at the end, that must lie inside the band

/**
 * Measures a trajectory against its xBar and uBar. Settling time: from the end of the last disturbance (the beginning of one that
 * lasts) to the last moment outside the band, the usual 2 % criterion; the coordinate must stay inside for the last 5 % of the rows, so that a swing passing
 * through zero at the end does not count. A diverged run settles nowhere. Throws RangeError on weights of a wrong size.
 */
export function measureRun(trajectory: Trajectory, options: MetricsOptions = {}): Metrics {
  const { band = 0.02, floor = 1e-6, Q, R } = options
  const { layout, steps, times, dX, U, uBar, saturatedSteps } = trajectory
  const { ndx, nu } = layout
  if (!(band > 0 && floor >= 0))
    throw new RangeError(`measureRun: band must be > 0 and floor ≥ 0, got ${band}, ${floor}`)
  const settled = trajectory.result === 'completed'
  const quietFrom = lastDisturbance(trajectory)

  const coordinates = layout.dx.map(({ name, unit }, j): CoordinateMetrics => {
    let peak = 0
    let squares = 0
    for (let k = 0; k <= steps; k++) {
      const value = Math.abs(dX[k * ndx + j]!)
      if (value > peak) peak = value
      squares += value * value
    }
    const width = Math.max(band * peak, floor)
    let lastOutside = steps
    while (lastOutside >= 0 && Math.abs(dX[lastOutside * ndx + j]!) <= width) lastOutside--
    const inside = settled && steps - lastOutside >= Math.ceil(HOLD * (steps + 1))
    return {
      name,
      unit,
      finalDeviation: dX[steps * ndx + j]!,
      peakDeviation: peak,
      rms: Math.sqrt(squares / (steps + 1)),
      band: width,
      settlingTime: inside ? Math.max(0, (times[lastOutside + 1] ?? 0) - quietFrom) : null,
    }
  })

  const controls = layout.u.map(({ name, unit }, j): ControlMetrics => {
    let peak = 0
    let squares = 0
    for (let k = 0; k < steps; k++) {
      const value = U[k * nu + j]!
      peak = Math.max(peak, Math.abs(value))
      squares += (value - uBar[j]!) ** 2
    }
    return {
      name,
      unit,
      peak,
      rms: steps === 0 ? 0 : Math.sqrt(squares / steps),
      saturatedFraction: steps === 0 ? 0 : saturatedSteps[j]! / steps,
    }
  })

  const settlingTimes = coordinates.map(({ settlingTime }) => settlingTime)
  return {
    duration: times[steps]!,
    band,
    settlingTime: settlingTimes.every((time) => time !== null) ? Math.max(0, ...settlingTimes) : null,
    cost: settled && Q !== undefined && R !== undefined ? quadraticCost(trajectory, Q, R) : null,
    coordinates,
    controls,
  }
}

/** Σ_k dx_kᵀ Q dx_k + du_kᵀ R du_k, k = 0 … N − 1. Throws RangeError on weights of a wrong size. */
export function quadraticCost(trajectory: Trajectory, Q: MatrixLike, R: MatrixLike): number {
  const { layout, steps, dX, U, uBar } = trajectory
  const { ndx, nu } = layout
  const weightsX = weightsOf('Q', Q, 'ndx', ndx)
  const weightsU = weightsOf('R', R, 'nu', nu)
  let cost = 0
  const du = new Float64Array(nu)
  for (let k = 0; k < steps; k++) {
    for (let j = 0; j < nu; j++) du[j] = U[k * nu + j]! - uBar[j]!
    cost += quadraticForm(weightsX, dX.subarray(k * ndx, (k + 1) * ndx)) + quadraticForm(weightsU, du)
  }
  return cost
}

function quadraticForm(W: Float64Array, v: Float64Array): number {
  const n = v.length
  let sum = 0
  for (let i = 0; i < n; i++) {
    if (v[i] === 0) continue
    let row = 0
    for (let j = 0; j < n; j++) row += W[i * n + j]! * v[j]!
    sum += v[i]! * row
  }
  return sum
}

function weightsOf(name: string, weights: MatrixLike, symbol: string, n: number): Float64Array {
  return toFlat(toSizedMatrix(weights, 'measureRun', name, { rows: n, columns: n, symbols: `${symbol} × ${symbol}` }))
}

/** End of the last disturbance, in s, of one that lasts until the run ends its beginning; 0 when there was none. */
function lastDisturbance({ disturbances, dt, steps }: Trajectory): number {
  let last = 0
  for (const disturbance of disturbances) {
    const stepAt = (time: number) => Math.ceil(time / dt - 1e-9)
    const end = stepAt(disturbance.time + ('duration' in disturbance ? disturbance.duration : 0))
    last = Math.max(last, (end < steps ? end : stepAt(disturbance.time)) * dt)
  }
  return last
}
