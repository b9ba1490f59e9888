/**
 * How far from a point of operation a controller still brings the simulator nearer to it, by V(δx) = δxᵀPδx: the largest level ρ such
 * that one step lowers V at every sampled δx with V(δx) ≤ ρ. If it did so at all of them, runs that start inside would stay inside and end
 * at the point (Lyapunov's theorem). It is sampled, not proven: places that no sample hit may be worse. Source: R. Tedrake et al.,
 * "LQR-trees: feedback motion planning via sums-of-squares verification", Int. J. Robotics Research 29(8), 2010, §3, with samples of
 * the simulator in the place of sums of squares.
 */
import { EigenvalueDecomposition, type Matrix } from 'ml-matrix'
import type { Controller } from '../control/controller.ts'
import type { Engine } from '../engine/engine.ts'
import { type MatrixLike, toFlat, toSymmetricMatrix } from '../linalg/dense.ts'
import { random } from '../linalg/random.ts'

export interface RegionOptions {
  readonly P: MatrixLike // cost to go of `lqr`, [ndx × ndx], symmetric, positive semidefinite and not zero
  readonly xBar?: Float64Array // [nx], default: engine.home.x
  readonly samples?: number // directions at each level, default 200
  readonly seed?: number // default 1
  readonly maxLevel?: number // no need to look beyond, in units of V; default: 2⁶⁰ times the level of the start
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void // levels, of as many as there may be
}

export interface RegionOfAttraction {
  /** 'none': a step raises V at the smallest level already. 'unbounded': no level up to the largest failed. */
  readonly result: 'found' | 'none' | 'unbounded'
  readonly message: string // one sentence for people
  readonly level: number // ρ, in units of V
  /** Largest |δx_i| of the level set, [ndx], in the coordinate's unit; Infinity where V does not see the coordinate. */
  readonly extents: Float64Array
  /** The sample that set the level: where V rose, or the step was not finite. Null where there was none. */
  readonly failing: { readonly dx: Float64Array; readonly V: number; readonly VNext: number } | null
  readonly steps: number // simulator steps taken
}

const START = 1e-8 // first level: that of a deviation of 1e-4 along the stiffest direction
const DOUBLINGS = 60
const BISECTIONS = 16
const SEEN = 1e-10 // eigenvalues of P, relative to the largest, that count
const SLICE_MS = 40

/**
 * Samples levels that double until a step fails, then bisects. Controls are clipped to the ranges of the layout, as `simulate` clips
 * them; t is 0. For controllers without a memory: what they keep is reset before every step. Throws RangeError on sizes and a P that is not
 * positive semidefinite, and the signal's reason when aborted.
 */
export async function regionOfAttraction(
  engine: Engine,
  controller: Controller,
  options: RegionOptions,
): Promise<RegionOfAttraction> {
  const caller = 'regionOfAttraction'
  const { nx, ndx, nu } = engine.layout
  const { xBar = engine.home.x, samples = 200, seed = 1, signal, onProgress } = options
  if (xBar.length !== nx) throw new RangeError(`${caller}: xBar must be [nx] = [${nx}], got [${xBar.length}]`)
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new RangeError(`${caller}: samples must be an integer ≥ 1, got ${samples}`)
  const P = toSymmetricMatrix(options.P, caller, 'P', { rows: ndx, symbols: 'ndx × ndx' })
  const { axes, stiffest, extents } = ellipsoid(caller, P)
  const start = START * stiffest
  const maxLevel = options.maxLevel ?? start * 2 ** DOUBLINGS
  if (!(maxLevel >= start)) throw new RangeError(`${caller}: maxLevel must be at least ${start}, got ${maxLevel}`)
  const flat = toFlat(P)
  const value = (dx: Float64Array): number => {
    let sum = 0
    for (let i = 0; i < ndx; i++) for (let j = 0; j < ndx; j++) sum += dx[i]! * flat[i * ndx + j]! * dx[j]!
    return sum
  }

  const source = random(seed)
  const [x, u, after, direction] = [
    new Float64Array(nx),
    new Float64Array(nu),
    new Float64Array(ndx),
    new Float64Array(ndx),
  ]
  let steps = 0
  let failing: RegionOfAttraction['failing'] = null
  let sliceEnd = performance.now() + SLICE_MS
  /** Whether a step lowers V at every sample of the level. */
  const holds = async (level: number): Promise<boolean> => {
    for (let sample = 0; sample < samples; sample++) {
      drawInto(direction, axes, level, () => source.normal())
      engine.integrate(xBar, direction, x)
      controller.reset?.()
      controller.control(x, 0, u)
      for (let k = 0; k < nu; k++) {
        const [low, high] = engine.layout.u[k]!.range
        u[k] = Math.min(Math.max(u[k]!, low), high)
      }
      engine.step(x, u, x)
      steps++
      engine.difference(x, xBar, after)
      const [V, VNext] = [value(direction), value(after)]
      if (!(VNext < V)) {
        failing = { dx: direction.slice(), V, VNext }
        return false
      }
      if (performance.now() > sliceEnd) {
        await new Promise((next) => setTimeout(next))
        signal?.throwIfAborted()
        sliceEnd = performance.now() + SLICE_MS
      }
    }
    return true
  }

  signal?.throwIfAborted()
  const most = Math.ceil(Math.log2(maxLevel / start)) + BISECTIONS
  let done = 0
  let [good, bad] = [0, Number.POSITIVE_INFINITY]
  for (let level = start; ; level = Math.min(2 * level, maxLevel)) {
    if (!(await holds(level))) {
      bad = level
      break
    }
    good = level
    onProgress?.(++done, most)
    if (level >= maxLevel) break
  }
  for (let k = 0; k < BISECTIONS && good > 0 && Number.isFinite(bad); k++) {
    const middle = Math.sqrt(good * bad)
    if (await holds(middle)) good = middle
    else bad = middle
    onProgress?.(++done, most)
  }
  onProgress?.(most, most)
  const result = good === 0 ? 'none' : Number.isFinite(bad) ? 'found' : 'unbounded'
  const how = `${steps} sampled steps of the simulator; sampled, not proven`
  return {
    result,
    message:
      result === 'none'
        ? `A step raises V = δxᵀPδx already at ${start.toPrecision(3)}: the point does not attract, or P is not of this loop (${how}).`
        : `One step lowers V = δxᵀPδx up to ${result === 'unbounded' ? 'at least ' : ''}${good.toPrecision(4)} (${how}).`,
    level: good,
    extents: extents.map((extent) => extent * Math.sqrt(good)),
    failing,
    steps,
  }
}

/** Columns vᵢ/√λᵢ of the eigenvectors that V sees, the largest λ, and the extents of the level set V = 1. */
function ellipsoid(caller: string, P: Matrix): { axes: Float64Array[]; stiffest: number; extents: Float64Array } {
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(P, { assumeSymmetric: true })
  const stiffest = Math.max(...realEigenvalues)
  if (!(stiffest > 0) || Math.min(...realEigenvalues) < -1e-8 * stiffest)
    throw new RangeError(`${caller}: P must be positive semidefinite and not zero`)
  const axes: Float64Array[] = []
  const extents = new Float64Array(P.rows)
  for (const [k, lambda] of realEigenvalues.entries()) {
    const v = eigenvectorMatrix.getColumn(k)
    if (lambda > SEEN * stiffest) {
      axes.push(Float64Array.from(v, (entry) => entry / Math.sqrt(lambda)))
      for (const [i, entry] of v.entries()) extents[i]! += (entry * entry) / lambda
    } else for (const [i, entry] of v.entries()) if (Math.abs(entry) > 1e-6) extents[i] = Number.POSITIVE_INFINITY
  }
  return { axes, stiffest, extents: extents.map(Math.sqrt) }
}

/** A point of the surface V = level, its direction uniform where V is round. */
function drawInto(out: Float64Array, axes: readonly Float64Array[], level: number, normal: () => number): void {
  const weights = axes.map(normal)
  const factor = Math.sqrt(level) / Math.hypot(...weights)
  out.fill(0)
  for (const [k, axis] of axes.entries())
    for (let i = 0; i < out.length; i++) out[i]! += factor * weights[k]! * axis[i]!
}
