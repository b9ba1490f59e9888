/** Layers whose outputs are fixed points, u* = R(u*; d), in TensorFlow.js: solved without gradients, and differentiated at u* alone. */
import * as tf from '@tensorflow/tfjs'
import { checkMethod, cosine, type FixedPointMethod, solveAdjointInPlace } from './fixedPointGradient.ts'
import type { GradientWatch } from './gradientWatch.ts'

export interface FixedPointOptions {
  readonly units: number // n
  /** Of `fixedPointGradient`: default 'jacobian-free'. A watch in its place compares them, and falls back. */
  readonly method?: FixedPointMethod | GradientWatch | undefined
  readonly terms?: number | undefined // k of Neumann, default 3
  readonly tolerance?: number | undefined // ‖R(u) − u‖ ≤ tolerance · (1 + ‖u‖) over the batch, default 1e-6
  readonly maxIterations?: number | undefined // default 200; u is taken as it is then
}

type Map = (u: tf.Tensor2D, d: tf.Tensor2D) => tf.Tensor2D

/** Throws RangeError or TypeError on options that do not fit. */
function checked({
  units,
  method = 'jacobian-free',
  terms = 3,
  tolerance = 1e-6,
  maxIterations = 200,
}: FixedPointOptions) {
  for (const [name, value] of Object.entries({ units, maxIterations }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new RangeError(`fixedPoint: ${name} must be an integer ≥ 1, got ${String(value)}`)
  if (!(tolerance > 0)) throw new RangeError(`fixedPoint: tolerance must be > 0, got ${tolerance}`)
  if (typeof method === 'string') checkMethod('fixedPoint', method, terms)
  return { units, method, terms: typeof method === 'string' ? terms : method.terms, tolerance, maxIterations }
}

/**
 * u* [B × n] of d [B × p], each sample by itself. R may read variables: they get gradients as well, and so does d, through one
 * application of R at u*. Where R is not contractive the iteration may not settle, and gradients are then of no use. The adjoint v of
 * `fixedPointGradient` is taken from R's gradients: of as many as it tells. A singular I − ∂R/∂u gets Neumann's. A watch compares the
 * adjoints of the whole batch. Throws RangeError or TypeError on options that do not fit.
 */
export function fixedPoint(R: Map, d: tf.Tensor2D, options: FixedPointOptions): tf.Tensor2D {
  const settings = checked(options)
  return tf.tidy(() => {
    const solve = tf.customGrad((given) => ({
      value: solved(R, given as tf.Tensor2D, settings),
      gradFunc: () => [tf.zerosLike(given as tf.Tensor)],
    }))
    const u = solve(d) as tf.Tensor2D
    const once = R(u, d)
    const corrected = tf.customGrad((...args) => {
      const [value, at, from, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc]
      save([at, from])
      return {
        value: tf.clone(value),
        gradFunc(w: tf.Tensor, saved: tf.Tensor[]) {
          const [uStar, dStar] = saved as [tf.Tensor2D, tf.Tensor2D]
          return [adjoint(R, uStar, dStar, w as tf.Tensor2D, settings), tf.zerosLike(uStar), tf.zerosLike(dStar)]
        },
      }
    })
    return corrected(once, u, d) as tf.Tensor2D
  })
}

function solved(R: Map, d: tf.Tensor2D, { units, tolerance, maxIterations }: ReturnType<typeof checked>): tf.Tensor2D {
  let u = tf.zeros([d.shape[0], units]) as tf.Tensor2D
  for (let k = 0; k < maxIterations; k++) {
    const [next, change] = tf.tidy(() => {
      const after = R(u, d)
      const ratio = tf.div(tf.norm(tf.sub(after, u)), tf.add(1, tf.norm(u)))
      return [after, ratio.dataSync()[0]! as unknown as tf.Tensor]
    }) as unknown as [tf.Tensor2D, number]
    u.dispose()
    u = next
    if (!(change > tolerance)) break
  }
  return u
}

/** v [B × n] for w [B × n]. */
function adjoint(
  R: Map,
  u: tf.Tensor2D,
  d: tf.Tensor2D,
  w: tf.Tensor2D,
  { units: n, method, terms }: ReturnType<typeof checked>,
): tf.Tensor2D {
  const product = (v: tf.Tensor2D) => withOwnTape(() => tf.grad((at) => R(at as tf.Tensor2D, d))(u, v) as tf.Tensor2D)
  const neumann = () => {
    let v = w
    for (let k = 0; k < terms; k++) v = tf.add(w, product(v))
    return v
  }
  const exact = (): tf.Tensor2D | null => {
    const B = u.shape[0]
    const J = Array.from({ length: B }, () => new Float64Array(n * n))
    for (let i = 0; i < n; i++) {
      const rows = tf.tidy(() => {
        const unit = Float32Array.from({ length: B * n }, (_, k) => (k % n === i ? 1 : 0))
        return product(tf.tensor2d(unit, [B, n])).dataSync()
      })
      for (let b = 0; b < B; b++) J[b]!.set(rows.subarray(b * n, (b + 1) * n), i * n)
    }
    const v = Float64Array.from(w.dataSync())
    for (let b = 0; b < B; b++) if (!solveAdjointInPlace(v.subarray(b * n, (b + 1) * n), J[b]!, n)) return null
    return tf.tensor2d(Float32Array.from(v), [B, n])
  }
  const by = (one: FixedPointMethod) =>
    one === 'jacobian-free' ? tf.clone(w) : one === 'exact' ? (exact() ?? neumann()) : neumann()
  if (typeof method === 'string') return by(method)
  if (!method.isDue) {
    const v = by(method.method)
    method.note()
    return v
  }
  const best = exact()
  if (best === null) {
    method.note()
    return neumann()
  }
  const numbers = (v: tf.Tensor) => Float64Array.from(v.dataSync())
  const reference = numbers(best)
  method.note({ 'jacobian-free': cosine(numbers(w), reference), neumann: cosine(numbers(neumann()), reference) })
  return best
}

/** A gradient within the backward pass of another one: TensorFlow.js has but one tape, and throws it away at the end of each. */
function withOwnTape<T>(take: () => T): T {
  const { state } = tf.engine()
  const { activeTape } = state
  try {
    return take()
  } finally {
    state.activeTape = activeTape
  }
}

export interface FixedPointLayerOptions extends FixedPointOptions {
  /** Bound on the slope of R: ‖∂R/∂u‖ ≤ contraction < 1, by scaling W where it is larger; default 0.9. */
  readonly contraction?: number | undefined
  readonly seed?: number | undefined // of the initial weights, default 1
  readonly name?: string | undefined
  readonly inputShape?: readonly number[] | undefined // [p]
}

type Weight = ReturnType<tf.layers.Layer['addWeight']>

/** Made by `fixedPointLayer`. Inputs [batch, p], outputs [batch, n]. */
export class FixedPointLayer extends tf.layers.Layer {
  static readonly className: string = 'JacsenseFixedPointLayer'
  readonly #options: FixedPointLayerOptions
  readonly #contraction: number
  #weights: [Weight, Weight, Weight] | null = null

  constructor(options: FixedPointLayerOptions) {
    const { contraction = 0.9, name, inputShape } = options
    checked(options)
    if (!(contraction > 0 && contraction < 1))
      throw new RangeError(`fixedPointLayer: contraction must be between 0 and 1, got ${contraction}`)
    // a saved layer's options are its configuration
    const { batchInputShape, trainable } = options as { batchInputShape?: tf.Shape; trainable?: boolean }
    super({
      ...(name !== undefined && { name }),
      ...(trainable !== undefined && { trainable }),
      ...(inputShape !== undefined && { inputShape: [...inputShape] }),
      ...(batchInputShape !== undefined && { batchInputShape }),
    })
    this.#options = options
    this.#contraction = contraction
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as tf.Shape
    const { units: n, seed = 1 } = this.#options
    const p = shape.at(-1)
    if (shape.length !== 2 || typeof p !== 'number')
      throw new RangeError(`fixedPointLayer: takes inputs [batch, p], got [${shape.join(', ')}]`)
    const normal = (s: number) => tf.initializers.glorotNormal({ seed: s })
    this.#weights = [
      this.addWeight('recurrent', [n, n], 'float32', normal(seed)),
      this.addWeight('kernel', [p, n], 'float32', normal(seed + 1)),
      this.addWeight('bias', [n], 'float32', tf.initializers.zeros()),
    ]
    super.build(inputShape)
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as tf.Shape
    return [shape[0]!, this.#options.units]
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Parameters<tf.layers.Layer['call']>[1]): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs)
      const d = (Array.isArray(inputs) ? inputs[0]! : inputs) as tf.Tensor2D
      const [W, U, b] = this.#weights!
      const scale = Math.min(1, this.#contraction / normOf(W.read() as tf.Tensor2D))
      const R: Map = (u, at) => {
        const inner = tf.add(tf.matMul(u, tf.mul(W.read(), scale)), tf.matMul(at, U.read() as tf.Tensor2D))
        return tf.tanh(tf.add(inner, b.read()))
      }
      return fixedPoint(R, d, this.#options)
    })
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { units, method, terms = 3, tolerance = 1e-6, maxIterations = 200, seed = 1 } = this.#options
    const plain = typeof method === 'object' ? 'jacobian-free' : (method ?? 'jacobian-free')
    const contraction = this.#contraction
    return { ...super.getConfig(), units, method: plain, terms, tolerance, maxIterations, contraction, seed }
  }
}

/** ‖W‖ from above by at most 1 %, for a bound: power iteration on WᵀW in double precision. */
function normOf(W: tf.Tensor2D): number {
  const [n] = W.shape
  const M = W.dataSync()
  let x = new Float64Array(n).fill(1 / Math.sqrt(n)).map((one, i) => one * (1 + 0.1 * Math.sin(i)))
  let size = 0
  for (let k = 0; k < 100; k++) {
    const y = new Float64Array(n)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) y[j]! += x[i]! * M[i * n + j]!
    const z = new Float64Array(n)
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) z[i]! += M[i * n + j]! * y[j]!
    const length = Math.sqrt(z.reduce((sum, one) => sum + one * one, 0))
    if (length === 0) return 0
    const settled = Math.abs(Math.sqrt(length) - size) < 1e-4 * size
    size = Math.sqrt(length)
    x = z.map((one) => one / length)
    if (settled) break
  }
  return 1.01 * size
}

/**
 * u* = tanh(W u* + U d + b), W scaled so that the map is contractive, whatever training does to it: an implicit layer, for policies and
 * models, with weights W [n × n], U [p × n], b [n]. Trains in `model.fit`, saves and loads. Throws RangeError or TypeError on options
 * that do not fit.
 */
export function fixedPointLayer(options: FixedPointLayerOptions): FixedPointLayer {
  return new FixedPointLayer(options)
}
tf.serialization.registerClass(FixedPointLayer)
