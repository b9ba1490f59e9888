/** Closed loop on the simulator itself: x⁺ = f(x, saturate(u)), u = controller(x, t), with kicks and pulses on the way. */
import type { Controller } from '../control/controller.ts'
import type { Engine, Layout } from '../engine/engine.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { type MeasurementNoise, measurementNoise } from './measurementNoise.ts'

/** An instantaneous change x ← x ⊕ amount·e of one tangent coordinate, at the first step that begins at `time` or later. */
export interface Kick {
  readonly time: number // s
  readonly coordinate: string // name of a dx entry: 'pole.velocity'
  readonly amount: number // in the coordinate's unit
}

/** Adds `amount` to one control for a while, after saturation: a force that the controller did not ask for. */
export interface Pulse {
  readonly time: number // s
  readonly duration: number // s
  readonly control: string // name of a u entry
  readonly amount: number // in the control's unit
}

export type Disturbance = Kick | Pulse

export interface SimulateOptions {
  readonly x0?: Float64Array // [nx], default: engine.home.x
  readonly duration: number // s, > 0; rounded to whole control periods, at least one
  readonly disturbances?: readonly Disturbance[]
  /** Clip the controller's u to the ranges of the layout (default true). */
  readonly saturate?: boolean
  /** Where deviations are measured from. [nx], default: engine.home.x */
  readonly xBar?: Float64Array
  /** Where control deviations are measured from. [nu], default: engine.home.u */
  readonly uBar?: Float64Array
  /** Noise on what the controller gets to see; rows of the trajectory are the true states. */
  readonly measurement?: MeasurementNoise
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * What happened. Rows follow one another as X[k + 1] = f(X[k], U[k]) ⊕ kicks at t_{k+1}: a row is written after its kicks.
 * A diverged run ends with its last finite state; nothing in a trajectory is NaN or infinite.
 */
export interface Trajectory {
  readonly result: 'completed' | 'diverged'
  readonly message: string // one sentence for people
  readonly stoppedAt: StoppedAt | null // null when completed
  readonly controller: string
  readonly layout: Layout
  readonly dt: number // s
  readonly steps: number // N, completed steps
  readonly times: Float64Array // [N + 1] s
  readonly X: Float64Array // [(N + 1) × nx] row-major
  readonly dX: Float64Array // [(N + 1) × ndx] row-major, X ⊖ xBar
  readonly U: Float64Array // [N × nu] row-major, as applied: saturated, with pulses
  readonly xBar: Float64Array // [nx]
  readonly uBar: Float64Array // [nu]
  readonly saturatedSteps: Int32Array // [nu], steps at which each control was clipped
  readonly saturatedFraction: number // steps at which any control was clipped / N
  readonly disturbances: readonly Disturbance[]
  readonly measurement?: MeasurementNoise // where there was noise
}

export interface StoppedAt {
  readonly step: number // the step that failed, counted from 0
  readonly time: number // s, at its beginning
  readonly coordinate: string // name of the first x or u entry that was not finite
}

const MAX_VALUES = 2 ** 27 // of a trajectory: 1 GB
const SLICE_MS = 40 // work done between two looks at the signal

/**
 * Runs `controller` on `engine` for `duration` seconds. A NaN or an infinity from engine or controller ends the run with
 * `result: 'diverged'`, the step and the coordinate. Throws InputError on a disturbance that names nothing or falls outside
 * the run and on a run too long to keep, RangeError on sizes and durations that can't be meant, and the signal's reason when aborted.
 */
export async function simulate(engine: Engine, controller: Controller, options: SimulateOptions): Promise<Trajectory> {
  const { layout, dt } = engine
  const { nx, ndx, nu } = layout
  const { N, events } = scheduleRun(engine, options)
  const { x0 = engine.home.x, xBar = engine.home.x, uBar = engine.home.u, saturate = true } = options
  const { disturbances = [], measurement, signal, onProgress } = options
  const seen = measurement ? measurementNoise(engine, measurement) : (x: Float64Array) => x
  for (const [name, vector, size, length] of [
    ['x0', x0, 'nx', nx],
    ['xBar', xBar, 'nx', nx],
    ['uBar', uBar, 'nu', nu],
  ] as const)
    checkVector(name, vector, size, length)
  const kicksAt = new Map<number, Event[]>()
  for (const event of events) if (event.kind === 'kick') addTo(kicksAt, event.first, event)
  const pulses = events.filter(({ kind }) => kind === 'pulse')

  const X = new Float64Array((N + 1) * nx)
  const dX = new Float64Array((N + 1) * ndx)
  const U = new Float64Array(N * nu)
  const saturatedSteps = new Int32Array(nu)
  let anySaturated = 0
  let stoppedAt: StoppedAt | null = null
  let culprit = ''
  let completed = 0

  const kick = new Float64Array(ndx)
  const applyKicks = (x: Float64Array, step: number) => {
    const due = kicksAt.get(step)
    if (due === undefined) return
    for (const { index, amount } of due) {
      kick.fill(0)
      kick[index] = amount
      engine.integrate(x, kick, x)
    }
  }

  // The loop works in these four; rows are copied out of them, so that a step allocates nothing.
  let x = x0.slice()
  let xNext = new Float64Array(nx)
  const u = new Float64Array(nu)
  const dx = new Float64Array(ndx)
  applyKicks(x, 0)
  engine.difference(x, xBar, dx)
  X.set(x)
  dX.set(dx)
  signal?.throwIfAborted()
  controller.reset?.()
  let sliceEnd = performance.now() + SLICE_MS
  for (let step = 0; step < N; step++) {
    const time = step * dt
    const measured = seen(x)
    const pending = controller.prepare?.(measured, time)
    if (pending) await pending
    controller.control(measured, time, u)
    const badControl = firstNonFinite(u)
    if (badControl >= 0) {
      stoppedAt = { step, time, coordinate: layout.u[badControl]!.name }
      culprit = `the controller "${controller.name}"`
      break
    }
    const clipped = saturate && saturateInto(u, layout, saturatedSteps)
    for (const { first, last, index, amount } of pulses) if (step >= first && step < last) u[index]! += amount

    engine.step(x, u, xNext)
    applyKicks(xNext, step + 1)
    const badState = firstNonFinite(xNext)
    if (badState < 0) engine.difference(xNext, xBar, dx)
    const badDeviation = badState < 0 ? firstNonFinite(dx) : -1
    if (badState >= 0 || badDeviation >= 0) {
      stoppedAt = { step, time, coordinate: (badState >= 0 ? layout.x[badState] : layout.dx[badDeviation])!.name }
      culprit = `the engine "${engine.name}"`
      break
    }
    U.set(u, step * nu)
    X.set(xNext, (step + 1) * nx)
    dX.set(dx, (step + 1) * ndx)
    if (clipped) anySaturated++
    completed = step + 1
    const passed = x
    x = xNext
    xNext = passed

    if (performance.now() > sliceEnd) {
      onProgress?.(completed, N)
      await new Promise((next) => setTimeout(next))
      signal?.throwIfAborted()
      sliceEnd = performance.now() + SLICE_MS
    }
  }
  onProgress?.(completed, N)

  return {
    result: stoppedAt === null ? 'completed' : 'diverged',
    message:
      stoppedAt === null
        ? `Simulated ${round(N * dt)} s: ${N} step${N === 1 ? '' : 's'} of ${dt} s.`
        : `Diverged at step ${stoppedAt.step} (t = ${round(stoppedAt.time)} s): ${culprit} gave a value of ${stoppedAt.coordinate} that is not finite.`,
    stoppedAt,
    controller: controller.name,
    layout,
    dt,
    steps: completed,
    times: Float64Array.from({ length: completed + 1 }, (_, k) => k * dt),
    X: X.slice(0, (completed + 1) * nx),
    dX: dX.slice(0, (completed + 1) * ndx),
    U: U.slice(0, completed * nu),
    xBar: xBar.slice(),
    uBar: uBar.slice(),
    saturatedSteps,
    saturatedFraction: completed === 0 ? 0 : anySaturated / completed,
    disturbances,
    ...(measurement && { measurement }),
  }
}

/**
 * The number of steps of a run and what happens on the way. Throws what `simulate` throws on durations and disturbances, without
 * a step: for callers who have long work to do before.
 */
export function scheduleRun(
  { layout, dt }: Pick<Engine, 'layout' | 'dt'>,
  { duration, disturbances = [] }: Pick<SimulateOptions, 'duration' | 'disturbances'>,
): { readonly N: number; readonly events: readonly Event[] } {
  const { nx, ndx, nu } = layout
  const N = stepCount(duration, dt, 1 + nx + ndx + nu)
  return { N, events: disturbances.map((disturbance, k) => resolve(disturbance, k, layout, dt, N)) }
}

/** A disturbance with names resolved: steps [first, last) and the index of the dx or u entry. */
interface Event {
  readonly kind: 'kick' | 'pulse'
  readonly first: number
  readonly last: number
  readonly index: number
  readonly amount: number
}

function resolve(disturbance: Disturbance, k: number, layout: Layout, dt: number, N: number): Event {
  const fail = (key: string, expected: string, found: unknown): never => {
    throw new InputError({ path: `disturbances[${k}].${key}`, expected, found: String(found) })
  }
  const { time, amount } = disturbance
  if (!Number.isFinite(amount)) fail('amount', 'a finite number', amount)
  // A time that is a multiple of dt must not slip to the next step by its own rounding.
  const first = Math.ceil(time / dt - 1e-9)
  if (!(time >= 0 && first <= N)) fail('time', `a time within the run, 0 … ${round(N * dt)} s`, time)
  const [kind, key, name, names] =
    'coordinate' in disturbance
      ? (['kick', 'coordinate', disturbance.coordinate, layout.dx] as const)
      : (['pulse', 'control', disturbance.control, layout.u] as const)
  const index = names.findIndex((entry) => entry.name === name)
  if (index < 0) {
    const known = names.map((entry) => entry.name)
    fail(key, `one of ${listed(known)}`, `"${name}"${suggestion(name, known)}`)
  }
  if (!('duration' in disturbance)) return { kind, first, last: first, index, amount }
  if (!(disturbance.duration > 0)) fail('duration', 'a number > 0 (s)', disturbance.duration)
  return { kind, first, last: Math.ceil((time + disturbance.duration) / dt - 1e-9), index, amount }
}

function stepCount(duration: number, dt: number, valuesPerStep: number): number {
  if (!(duration > 0 && Number.isFinite(duration)))
    throw new RangeError(`simulate: duration must be a number > 0 (s), got ${duration}`)
  const N = Math.max(1, Math.round(duration / dt))
  const most = Math.floor(MAX_VALUES / valuesPerStep)
  if (N > most)
    throw new InputError({
      path: 'duration',
      expected: `at most ${round(most * dt)} s, which is ${most} steps of ${dt} s`,
      found: `${duration} s`,
    })
  return N
}

function checkVector(name: string, vector: Float64Array, size: string, length: number): void {
  if (vector.length !== length)
    throw new RangeError(`simulate: ${name} must be [${size}] = [${length}], got [${vector.length}]`)
  const bad = firstNonFinite(vector)
  if (bad >= 0) throw new RangeError(`simulate: ${name}[${bad}] is ${vector[bad]}`)
}

function firstNonFinite(vector: Float64Array): number {
  for (let k = 0; k < vector.length; k++) if (!Number.isFinite(vector[k])) return k
  return -1
}

/** Clips u to the layout's ranges in place and counts; true when anything was clipped. */
function saturateInto(u: Float64Array, layout: Layout, counts: Int32Array): boolean {
  let clipped = false
  for (let k = 0; k < u.length; k++) {
    const [low, high] = layout.u[k]!.range
    const value = u[k]!
    u[k] = Math.min(Math.max(value, low), high)
    if (u[k] !== value) {
      counts[k]!++
      clipped = true
    }
  }
  return clipped
}

function addTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

/** Times in messages without the dust of k·dt. */
function round(time: number): number {
  return Number(time.toPrecision(9))
}
