/**
 * The height at which a contact carries what floats, as in the search for a humanoid's operating point in MuJoCo's LQR tutorial,
 * but without inverse dynamics. In the air no small move changes a fall, so derivatives don't lead to the floor: each free joint is
 * moved along its own unbalanced acceleration (down, or up where it is pushed out) until that acceleration turns round, and the
 * place between is found by bisection. At every height controls first balance what they can, in least squares; else a knee that
 * gives way under the load would look like a fall.
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import type { Engine, Layout } from '../engine/engine.ts'

/** A point with what the step changes there. */
export interface Resting {
  readonly x: Float64Array // [nx]
  readonly u: Float64Array // [nu]
  readonly r: Float64Array // [ndx], (f(x, u) ⊖ x) / dt
}

const FIRST_MOVE = 1e-4 // m
const GROWTH = 1.3
const FARTHEST = 20 // m
const FINE = 1e-9 // m, how closely the height is found
const CONTROL_STEP = 1e-4 // of differences, relative to max(1, |u|): steps are nearly linear in u
const NEGLIGIBLE = 1e-8 // singular values of B, relative to the largest

/**
 * The point with its free joints carried, one after the other; null where none of them is among the coordinates `free` (indices
 * of dx, then of u), or nothing carries them within 20 m. Takes 1 + (free controls) steps or one more for each height.
 */
export function supportHeight(
  engine: Engine,
  free: readonly number[],
  start: Resting,
  evaluate: (x: Float64Array, u: Float64Array) => Resting,
): Resting | null {
  const { ndx } = engine.layout
  const controls = free.flatMap((k) => (k >= ndx ? [k - ndx] : []))
  const balanced = (x: Float64Array): Resting => balancedByControls(evaluate(x, start.u), controls, evaluate)
  let here: Resting | null = null
  for (const place of floatingPlaces(engine.layout, free))
    here = carried(engine, place, here ?? balanced(start.x), balanced) ?? here
  return here
}

/** Moves one free joint whose place is dx at `place`; null where its acceleration does not turn round. */
function carried(
  engine: Engine,
  place: readonly number[],
  from: Resting,
  balanced: (x: Float64Array) => Resting,
): Resting | null {
  const { nx, ndx, nv } = engine.layout
  const acceleration = place.map((k) => from.r[nv + k]!)
  const size = Math.hypot(...acceleration)
  if (!(size > 0 && Number.isFinite(size))) return null
  const direction = acceleration.map((a) => a / size)
  const dx = new Float64Array(ndx)
  const moved = (distance: number): Resting => {
    for (const [at, k] of place.entries()) dx[k] = distance * direction[at]!
    const x = new Float64Array(nx)
    engine.integrate(from.x, dx, x)
    return balanced(x)
  }
  const pull = ({ r }: Resting): number => place.reduce((sum, k, at) => sum + direction[at]! * r[nv + k]!, 0)

  let [near, far] = [0, FIRST_MOVE]
  let before = from
  let beyond = moved(far)
  while (pull(beyond) > 0) {
    if (far >= FARTHEST) return null
    ;[near, far, before] = [far, far * GROWTH, beyond]
    beyond = moved(far)
  }
  while (far - near > FINE) {
    const middle = (near + far) / 2
    const trial = moved(middle)
    if (pull(trial) > 0) [near, before] = [middle, trial]
    else [far, beyond] = [middle, trial]
  }
  return norm(before.r) < norm(beyond.r) ? before : beyond
}

/** The point with the controls that leave the least ‖r‖, to first order; as it is where that does not lower it. */
function balancedByControls(
  at: Resting,
  controls: readonly number[],
  evaluate: (x: Float64Array, u: Float64Array) => Resting,
): Resting {
  const { x, u, r } = at
  if (controls.length === 0 || !r.every(Number.isFinite)) return at
  const J = Matrix.zeros(r.length, controls.length)
  for (const [column, k] of controls.entries()) {
    const step = CONTROL_STEP * Math.max(1, Math.abs(u[k]!))
    const uMoved = u.slice()
    uMoved[k]! += step
    const moved = evaluate(x, uMoved).r
    for (let i = 0; i < r.length; i++) J.set(i, column, (moved[i]! - r[i]!) / step)
  }
  if (!J.to1DArray().every(Number.isFinite)) return at
  const svd = new SingularValueDecomposition(J, { autoTranspose: true })
  const top = svd.diagonal.reduce((max, sigma) => Math.max(max, sigma), 0)
  const uBalanced = u.slice()
  for (const [k, sigma] of svd.diagonal.entries()) {
    if (sigma <= NEGLIGIBLE * top) continue
    let projected = 0
    for (let i = 0; i < r.length; i++) projected += svd.leftSingularVectors.get(i, k) * r[i]!
    for (const [column, control] of controls.entries())
      uBalanced[control]! -= (projected / sigma) * svd.rightSingularVectors.get(column, k)
  }
  const found = evaluate(x, uBalanced)
  return norm(found.r) < norm(r) ? found : at
}

/** For each free joint the coordinates of its place, indices of dx, that may move. */
function floatingPlaces({ dx, nv }: Layout, free: readonly number[]): number[][] {
  const mayMove = new Set(free)
  const places: number[][] = []
  for (let i = 0; i + 5 < nv; i++) {
    const isFreeJoint = dx[i]!.name.endsWith('.x') && dx[i]!.unit === 'm' && dx[i + 3]!.name.endsWith('.rx')
    const place = isFreeJoint ? [i, i + 1, i + 2].filter((k) => mayMove.has(k)) : []
    if (place.length > 0) places.push(place)
  }
  return places
}

/** ‖r‖; Infinity where it is no number. */
function norm(r: Float64Array): number {
  let sum = 0
  for (let k = 0; k < r.length; k++) sum += r[k]! * r[k]!
  return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : Math.sqrt(sum)
}
