/** Linearizes an engine's step: δx⁺ = A δx + B δu + c around a point, A and B sensed from few steps or taken from the engine. */
import { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import { BlackboxError } from '../blackbox/blackboxError.ts'
import type { Engine, Layout, Point } from '../engine/engine.ts'
import { toFlat } from '../linalg/dense.ts'
import type { Pattern } from '../linalg/pattern.ts'
import type { Ties } from '../linalg/ties.ts'
import type { Plan } from '../sensing/plan.ts'
import { coloringPays } from '../sensing/coloringPays.ts'
import { prepareSensing, WORTHWHILE } from '../sensing/prepareSensing.ts'
import { type Quality, withDetection } from '../sensing/quality.ts'
import { senseValues } from '../sensing/sense.ts'
import type { SenseOptions } from '../sensing/senseOptions.ts'
import { type Scheme, stencilOf } from '../sensing/stencil.ts'
import type { Linearization } from './linearization.ts'
import { checkSmoothing, type SmoothingChoice, smoothedSteps } from './smoothing.ts'
import type { RolloutTask } from './trajectory/dynamics.ts'
import { stepDifferences } from './stepDifferences.ts'

/** Evaluates step differences elsewhere, in parallel: see `openEnginePool`. */
export interface StepPool {
  /** The same blackbox of an engine's differences around a point, f(xBar, uBar) being fBar, with a parallel `evaluateBatch`. */
  parallel(blackbox: Blackbox, engine: Engine, point: Point, fBar: Float64Array): Blackbox
  /** The engine's step as a blackbox, (x, u) ↦ f(x, u) end to end, with a parallel `evaluateBatch`. */
  steps?(engine: Engine): Blackbox
  /** Rollouts of an engine by step length, with a parallel `evaluateBatch`. */
  rollouts?(engine: Engine, task: RolloutTask): Blackbox
}

export interface LinearizeOptions {
  /** Where x⁺ is measured from, [nx]; default xBar, so that c = f(xBar, uBar) ⊖ xBar is zero at an equilibrium. */
  readonly xBarNext?: Float64Array | undefined
  /**
   * 'dense', 'colored': finite differences; 'rainbow': repeated or multiplexed directions decoded jointly, for noise, gross errors and
   * tied entries; 'compressed': random directions, for sparse rows of unknown pattern; 'native': the
   * engine's own derivatives, certified like any other; 'auto' (default): coloring where the engine's structure makes it clearly
   * cheaper, else native where the engine has derivatives, else dense.
   */
  readonly method?: SenseOptions['method'] | 'native'
  readonly scheme?: Scheme | undefined // default 'central'
  /**
   * Through contact: A, B and c as the regression over a Gaussian cloud of rollouts with these standard deviations, with standard errors
   * (`quality.standardError`, `quality.smoothing`). Coordinates without a deviation double the steps: their columns are means
   * of differences over the cloud. `samples`: as in `smoothedJacobian`, 1000 or more. Throws RangeError on options that say how else to
   * measure.
   */
  readonly smoothing?: SmoothingChoice | undefined
  readonly structure?:
    | {
        /** Superset of the nonzeros of [A B], or 'detect'; default: what the engine says. */
        readonly sparsity?: Pattern | 'detect' | undefined
        /** Probe the superset for a finer one first. */
        readonly refine?: boolean | undefined
        /** What is known of [A B] beforehand; default: what the engine states at the point. 'none': measure everything. */
        readonly ties?: Ties | 'none' | undefined
      }
    | undefined
  readonly plan?: Plan | undefined // an earlier plan for the same engine, used again
  readonly heldOut?: number | undefined // held-out directions, default 2
  readonly tolerance?: number | undefined // of the certificate; with smoothing, of the standard errors: default 0.05
  readonly step?: number | undefined // difference step, relative to max(1, |coordinate|), absolute for angles; default: the engine's differenceStep
  /**
   * Noise of a step's outcome, by coordinate [ndx] or the same for all; 'estimate': find it first; 'none'. Default: looked for where
   * half of the rows fail their certificate, with engines of single precision ('suspect') where any does. `quality.standardError` then says
   * how far each entry can be trusted.
   */
  readonly noise?: SenseOptions['noise']
  /** true: some steps are grossly wrong, or give NaN. Default: looked for together with noise. */
  readonly robust?: boolean | undefined
  /** Of method 'rainbow', see PrepareOptions. */
  readonly directions?: number | undefined
  readonly repeats?: number | undefined
  readonly weighing?: SenseOptions['weighing']
  readonly decoding?: SenseOptions['decoding']
  /** Wraps what is measured, z = (δx, δu) ↦ f(xBar ⊕ δx, uBar + δu) ⊖ f(xBar, uBar): to count, record, or spoil it in experiments. */
  readonly wrap?: ((blackbox: Blackbox) => Blackbox) | undefined
  /**
   * Steps of the engine that may be taken. Where they are too few for exact recovery, A and B are the best estimate: nearest to `prior`
   * (default: A = I, B = 0) where the measured differences do not tell, with `quality.standardError`, and not certified.
   */
  readonly maxCalls?: number | undefined
  readonly prior?: Pick<Linearization, 'A' | 'B'> | undefined // of a point near by
  /** false: rows that fail the certificate are only reported, not measured again. Default true. */
  readonly repair?: boolean | undefined
  readonly seed?: number | undefined
  /** Workers that share the steps, each with an engine of its own: the same numbers to the last bit. Default: none. */
  readonly pool?: StepPool | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/**
 * The linearization at `point` (default: the engine's home). The engine's step is called exactly `quality.calls` times: once
 * at (xBar, uBar), which gives c and is the base of forward differences (`callsFor.base`) or the point that left and right are
 * compared with in central ones (`callsFor.heldOut`, `kinkedRows`); and for the directions: C forward or 2C central with C
 * colors, 1 or 2 for each held-out direction, and what detection and repair take. Contacts and limits that the engine says are
 * within reach of the period are named in `quality.nearSwitches`.
 * Throws RangeError on sizes or values that do not fit, BlackboxError naming the coordinate when the engine gives NaN or
 * Infinity, PoolError when a worker of the pool dies, the signal's reason when aborted. A Jacobian that fails its certificate is
 * returned with `quality.certified` false.
 */
export async function linearize(
  engine: Engine,
  point: Point = engine?.home,
  options: LinearizeOptions = {},
): Promise<Linearization> {
  checkPoint('linearize', engine, point)
  const { layout } = engine
  const { ndx, nu } = layout
  if (options.xBarNext) checkState('linearize', 'xBarNext', options.xBarNext, layout)
  if (options.method === 'native' && !engine.derivatives)
    throw new RangeError(`linearize: engine '${engine.name}' has no derivatives of its own; take another method`)
  if (options.smoothing !== undefined) checkSmoothing(layout, { ...options, smoothing: options.smoothing })
  const { maxCalls = Number.POSITIVE_INFINITY, onProgress } = options
  if (!(maxCalls >= 1)) throw new RangeError(`linearize: maxCalls must be a number ≥ 1, got ${maxCalls}`)

  options.signal?.throwIfAborted()
  const xBar = point.x.slice()
  const uBar = point.u.slice()
  const xBarNext = (options.xBarNext ?? xBar).slice()
  const fBar = new Float64Array(layout.nx)
  engine.step(xBar, uBar, fBar)
  let trouble = engine.trouble?.() ?? null
  checkStepped(fBar, layout)
  const c = new Float64Array(ndx)
  engine.difference(fBar, xBarNext, c)

  const bar = { x: xBar, u: uBar }
  const serial = stepDifferences(engine, bar, fBar, (message) => {
    trouble ??= message
  })
  const pooled = options.pool?.parallel(serial, engine, bar, fBar) ?? serial
  const blackbox = options.wrap?.(pooled) ?? pooled
  const { structure, smoothing, prior, ...rest } = options
  const senseOptions = {
    ...rest,
    step: options.step ?? (options.plan ? undefined : engine.differenceStep),
    noisyStep: options.step ?? ('auto' as const),
    ...(options.maxCalls !== undefined && { prior: prior ? beside(prior) : standingStill(ndx, nu) }),
    at: new Float64Array(ndx + nu),
    base: new Float64Array(ndx), // f(xBar, uBar) ⊖ f(xBar, uBar)
    maxCalls: maxCalls - 1,
    onProgress: onProgress && ((done: number, total: number) => onProgress(done + 1, total + 1)),
  }
  const nearSwitches = engine.nearSwitches?.(xBar, uBar)
  const measured = async (): Promise<{ values: Float64Array; quality: Quality; plan: Plan | null }> => {
    // Dense differences lean on nothing.
    const isAsked = options.method !== 'dense' && options.method !== 'native'
    const sparsity = structure?.sparsity ?? (isAsked ? engine.structure?.(xBar, uBar) : undefined)
    const stated = structure?.ties ?? (options.plan ? undefined : engine.ties?.(xBar, uBar, fBar))
    const ties = stated === 'none' ? undefined : stated
    const sensed = (left = senseOptions) =>
      senseValues(blackbox, {
        ...left,
        noise: options.noise ?? expectedNoise(engine, options),
        method: options.method === 'native' ? 'auto' : options.method,
        structure: { sparsity, refine: structure?.refine, ties },
      })
    if (!takesNative(engine, options, sparsity, ties)) return sensed()
    const { nativeJacobian } = await import('./nativeJacobian.ts')
    const native = await nativeJacobian(engine, point, blackbox, senseOptions)
    if (!mayBeSensed(native.quality, options)) return { ...native, plan: null }
    // Small entries drown in the rounding of differences whose steps do not know the range of a control.
    const { calls } = native.quality
    const instead = await sensed({ ...senseOptions, maxCalls: maxCalls - 1 - calls })
    const why = native.quality.notes.slice(1).join('; ')
    if (!instead.quality.certified) {
      const note = 'sensing in their place is not certified either'
      return { ...native, quality: withDetection(native.quality, instead.quality.calls, note), plan: null }
    }
    const note = `measured in the place of the engine's own derivatives: ${why}`
    return { ...instead, quality: withDetection(instead.quality, calls, note) }
  }
  const smoothed = async (choice: SmoothingChoice): Promise<{ values: Float64Array; quality: Quality; plan: null }> => {
    const sparsity = structure?.sparsity as Pattern | undefined // 'detect' is refused
    const { J, mean, quality } = await smoothedSteps(engine, bar, blackbox, {
      ...senseOptions,
      smoothing: choice,
      sparsity,
    })
    const fMean = new Float64Array(layout.nx)
    engine.integrate(fBar, mean, fMean)
    engine.difference(fMean, xBarNext, c)
    return { values: toFlat(J), quality, plan: null }
  }
  const { values, quality, plan } = await (smoothing === undefined ? measured() : smoothed(smoothing))
  return {
    A: block(values, ndx + nu, 0, ndx),
    B: block(values, ndx + nu, ndx, nu),
    c,
    xBar,
    uBar,
    xBarNext,
    dt: engine.dt,
    layout,
    engine: engine.name,
    ...(engine.precision && { precision: engine.precision }),
    ...(engine.constraints && { constraints: engine.constraints }),
    quality: {
      ...withTrouble(withNominalStep(quality), trouble),
      ...(nearSwitches && { nearSwitches }),
    },
    plan,
  }
}

function takesNative(
  engine: Engine,
  options: LinearizeOptions,
  sparsity: Pattern | 'detect' | undefined,
  ties: Ties | undefined,
): boolean {
  const { method = 'auto', structure, plan, noise, robust, wrap } = options
  if (method === 'native') return true
  if (noise !== undefined || robust || wrap) return false
  if (method !== 'auto' || !engine.derivatives || plan || sparsity === 'detect' || structure?.refine) return false
  if (sparsity === undefined && !ties) return true
  const { ndx, nu } = engine.layout
  const pays = sparsity && !ties ? coloringPays(sparsity, WORTHWHILE) : null
  if (pays !== null) return !pays
  return prepareSensing({ inputs: ndx + nu, outputs: ndx, sparsity, ties }).method === 'dense'
}

/** Whether 'auto' may sense where the engine's own derivatives fail their certificate: not where the step itself is at fault. */
function mayBeSensed(
  { certified, kinkedRows }: Quality,
  { method = 'auto', repair = true, maxCalls }: LinearizeOptions,
) {
  return !certified && method === 'auto' && repair && maxCalls === undefined && (kinkedRows?.length ?? 0) === 0
}

/** What is expected of an engine's steps where nobody says: a wrapper may well add noise. */
function expectedNoise({ precision, noise }: Engine, { wrap, robust }: LinearizeOptions): SenseOptions['noise'] {
  if (precision === 'single') return 'suspect'
  return wrap === undefined && robust !== true ? noise : undefined
}

/** Columns from … from + columns − 1 of a row-major matrix with rows of `width`. */
function block(values: Float64Array, width: number, from: number, columns: number): Matrix {
  const rows = values.length / width
  const M = Matrix.zeros(rows, columns)
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const value = values[i * width + from + j]!
      if (value !== 0) M.set(i, j, value) // most are zero in large systems
    }
  return M
}

/** [I 0]: what is moved stays moved, for as short a step as a simulator takes. */
function standingStill(ndx: number, nu: number): number[][] {
  return Array.from({ length: ndx }, (_, i) => Array.from({ length: ndx + nu }, (_, j) => (i === j ? 1 : 0)))
}

function beside({ A, B }: Pick<Linearization, 'A' | 'B'>): number[][] {
  return A.to2DArray().map((row, i) => (B.columns > 0 ? [...row, ...B.getRow(i)] : row))
}

/** Counts the step at (xBar, uBar): the base of forward differences; what left and right are compared with in central ones. */
function withNominalStep(quality: Quality): Quality {
  const { calls, callsFor, scheme } = quality
  const purpose = stencilOf(scheme).baseWeight !== 0 ? 'base' : 'heldOut'
  return { ...quality, calls: calls + 1, callsFor: { ...callsFor, [purpose]: callsFor[purpose] + 1 } }
}

/** What the engine itself does not trust is not certified. */
function withTrouble(quality: Quality, trouble: string | null): Quality {
  if (trouble === null) return quality
  return { ...quality, certified: false, notes: [...quality.notes, `the engine says of a step: ${trouble}`] }
}

/** Throws RangeError where a point does not fit the engine: sizes, or an entry that is not finite, by name. */
export function checkPoint(caller: string, engine: Engine, point: Point): void {
  checkEngineGiven(caller, engine)
  if (!(point?.x instanceof Float64Array && point.u instanceof Float64Array))
    throw new TypeError(
      `${caller}: expected a point { x, u } of Float64Arrays, such as engine.point({ positions }) returns`,
    )
  const { layout } = engine
  const { x, u } = point
  checkState(caller, 'x', x, layout)
  if (u.length !== layout.nu) throw new RangeError(`${caller}: u must have nu = ${layout.nu} entries, got ${u.length}`)
  for (let k = 0; k < u.length; k++)
    if (!Number.isFinite(u[k]!)) throw new RangeError(`${caller}: u[${k}] (${layout.u[k]!.name}) is ${u[k]}`)
}

/** Throws TypeError where an engine was forgotten, or its promise not awaited. */
function checkEngineGiven(caller: string, engine: unknown): void {
  const is = typeof engine === 'object' && engine !== null
  if (is && 'layout' in engine && 'step' in engine) return
  const found =
    engine instanceof Promise ? 'a Promise: await createEngine(…)' : is ? 'an object that is none' : String(engine)
  throw new TypeError(`${caller}: expected an engine as createEngine returns it, found ${found}`)
}

function checkState(caller: string, name: string, x: Float64Array, layout: Layout): void {
  if (x.length !== layout.nx)
    throw new RangeError(`${caller}: ${name} must have nx = ${layout.nx} entries, got ${x.length}`)
  for (let k = 0; k < x.length; k++)
    if (!Number.isFinite(x[k]!)) throw new RangeError(`${caller}: ${name}[${k}] (${layout.x[k]!.name}) is ${x[k]}`)
}

function checkStepped(fBar: Float64Array, layout: Layout): void {
  for (let k = 0; k < fBar.length; k++)
    if (!Number.isFinite(fBar[k]!))
      throw new BlackboxError({
        evaluation: 0,
        purpose: 'the step from (xBar, uBar)',
        output: k,
        outputName: layout.x[k]!.name,
        value: fBar[k]!,
      })
}
