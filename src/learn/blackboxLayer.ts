/** A layer y = f(z) of a neural network whose f is a blackbox: its backward pass is sensed from values of f. */
import * as tf from '@tensorflow/tfjs'
import type { Blackbox } from '../blackbox/blackbox.ts'
import { type CountedBlackbox, countCalls } from '../blackbox/countCalls.ts'
import { type BlackboxLayerOptions, type LayerWorks, layerWorks } from './layerOptions.ts'
import { type Pass, passAhead, passNow } from './passes.ts'
import { asSavedText, savedBlackbox, type SavedLayer } from './savedBlackboxes.ts'
import { Suspended } from './suspended.ts'

/** What the last backward pass of a layer cost, and how far its gradients can be trusted. */
export interface BackwardReport {
  readonly samples: number
  readonly calls: number // evaluations that this pass took beside the forward values
  /**
   * ‖standard errors‖ / ‖gradient‖ by all inputs of all samples: from the spread over random directions, from `noise`, or from what
   * the plan tells; null where it tells nothing.
   */
  readonly relativeStandardError: number | null
  readonly dropped: number // directions left out, or calls outvoted
  readonly uncertified: number // samples whose sensed Jacobian has no certificate
}

type Kwargs = Parameters<tf.layers.Layer['call']>[1]

/** Made by `blackboxLayer`. Inputs [batch, …, n − p], outputs [batch, …, m], for a blackbox of n inputs with p parameters. */
export class BlackboxLayer extends tf.layers.Layer {
  static readonly className: string = 'JacsenseBlackboxLayer'
  readonly #blackbox: CountedBlackbox
  readonly #options: BlackboxLayerOptions
  readonly #works: LayerWorks
  #theta: ReturnType<tf.layers.Layer['addWeight']> | null = null
  #last: BackwardReport | null = null
  /** Passes evaluated ahead of a step that is run for them, in the order of the layer's calls. */
  #ahead: { readonly what: 'forward' | 'both'; readonly passes: Pass[]; next: number } | null = null

  constructor(blackbox: Blackbox, options: BlackboxLayerOptions = {}) {
    const works = layerWorks(blackbox, options)
    const { name, inputShape, trainable } = options
    super({
      ...(name !== undefined && { name }),
      ...(inputShape !== undefined && { inputShape: [...inputShape] }),
      ...(trainable !== undefined && { trainable }),
    })
    this.#blackbox = countCalls(blackbox)
    this.#options = options
    this.#works = works
  }

  /** Evaluations of the blackbox by this layer so far: forward, backward, and ahead of a step. */
  get calls(): number {
    return this.#blackbox.calls
  }

  resetCalls(): void {
    this.#blackbox.resetCalls()
  }

  /** Of the last backward pass; null before the first. */
  get lastBackward(): BackwardReport | null {
    return this.#last
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const { parameters } = this.#works
    this.#checkShape(inputShape)
    if (parameters.length > 0) {
      const initializer = tf.initializers.zeros()
      this.#theta = this.addWeight('parameters', [parameters.length], 'float32', initializer)
      tf.tidy(() => void this.#theta!.write(tf.tensor1d([...parameters])))
    }
    super.build(inputShape)
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    return [...this.#checkShape(inputShape).slice(0, -1), this.#blackbox.outputs]
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs)
      const x = Array.isArray(inputs) ? inputs[0]! : inputs
      const { outputs: m } = this.#blackbox
      const n = x.shape.at(-1)!
      const operation = tf.customGrad((...args) => {
        const [rows, theta] = (typeof args.at(-1) === 'function' ? args.slice(0, -1) : args) as tf.Tensor[]
        const pass = this.#pass(rows!, theta)
        return {
          value: tf.tensor(Float32Array.from(pass.y), [pass.samples, m]),
          gradFunc: (w: tf.Tensor) => this.#pullBack(pass, w, n, theta !== undefined),
        }
      })
      const rows = tf.reshape(x, [-1, n])
      const y = this.#theta === null ? operation(rows) : operation(rows, this.#theta.read())
      return tf.reshape(y, [...x.shape.slice(0, -1), m])
    })
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { key, name: _name, inputShape: _shape, trainable: _trainable, ...options } = this.#options
    if (key === undefined)
      throw new Error(
        `blackboxLayer: '${this.name}' can't be saved: give it a key, and register the blackbox with it before loading: ` +
          "blackboxLayer(blackbox, { key: 'robot' }), registerBlackbox('robot', blackbox)",
      )
    const { inputs, outputs } = this.#blackbox
    return { ...super.getConfig(), saved: asSavedText({ key, inputs, outputs, options }) }
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    const { name, trainable, batchInputShape, saved } = config as unknown as {
      name: string
      trainable?: boolean
      batchInputShape?: (number | null)[]
      saved: string
    }
    const { key, inputs, outputs, options } = JSON.parse(saved) as SavedLayer
    const blackbox = savedBlackbox(name, { key, inputs, outputs })
    const Layer = cls as unknown as new (blackbox: Blackbox, options: BlackboxLayerOptions) => T
    return new Layer(blackbox, { ...options, key, name, trainable, inputShape: batchInputShape?.slice(1) })
  }

  /**
   * From now on, passes are looked up; one that is not there throws Suspended, which evaluates it. For `runAhead`, which ends it.
   */
  beginAhead(what: 'forward' | 'both'): void {
    if (this.#ahead !== null) throw new Error(`blackboxLayer: '${this.name}' is in a step already; wait for its end`)
    this.#ahead = { what, passes: [], next: 0 }
  }

  /** The model is run again from the start. */
  rewindAhead(): void {
    if (this.#ahead !== null) this.#ahead.next = 0
  }

  endAhead(): void {
    this.#ahead = null
  }

  #pass(rows: tf.Tensor, theta: tf.Tensor | undefined): Pass {
    const { inputs: n } = this.#blackbox
    const given = rows.dataSync()
    const shared = theta?.dataSync() ?? new Float32Array(0)
    const own = n - shared.length
    const samples = given.length / own
    const z = new Float64Array(samples * n)
    for (let s = 0; s < samples; s++) {
      z.set(given.subarray(s * own, (s + 1) * own), s * n)
      z.set(shared, s * n + own)
    }
    for (let k = 0; k < z.length; k++)
      if (!Number.isFinite(z[k]!))
        throw new RangeError(
          `blackboxLayer: input ${k % n} of sample ${Math.floor(k / n)} of '${this.name}' is ${z[k]}`,
        )
    const works = { ...this.#works, layer: this.name }
    const ahead = this.#ahead
    if (ahead === null) return passNow(this.#blackbox, works, z)

    const pass = ahead.passes[ahead.next]
    if (pass === undefined)
      throw new Suspended(this.name, async (signal) => {
        ahead.passes.push(await passAhead(this.#blackbox, works, z, ahead.what, signal))
      })
    if (pass.z.length !== z.length || pass.z.some((value, k) => value !== z[k]))
      throw new Error(
        `blackboxLayer: the inputs of '${this.name}' changed between two runs of the same step; ` +
          'layers before it must give the same values twice, which random ones such as dropout do not',
      )
    ahead.next++
    return pass
  }

  #pullBack(pass: Pass, w: tf.Tensor, own: number, hasParameters: boolean): tf.Tensor[] {
    const { inputs: n } = this.#blackbox
    const { pullback } = this.#works
    const { samples } = pass
    const { G, variance, dropped, uncertified } = pass.pullBack(Float64Array.from(w.dataSync()))
    const norm = Math.sqrt(G.reduce((sum, entry) => sum + entry * entry, 0))
    const relativeStandardError = variance === null ? null : norm === 0 ? 0 : Math.sqrt(variance) / norm
    this.#last = { samples, calls: samples * pullback.points, relativeStandardError, dropped, uncertified }
    const ofRows = new Float32Array(samples * own)
    const ofTheta = new Float64Array(n - own) // summed in double precision
    for (let s = 0; s < samples; s++)
      for (let j = 0; j < n; j++)
        if (j < own) ofRows[s * own + j] = G[s * n + j]!
        else ofTheta[j - own]! += G[s * n + j]!
    const gradients: tf.Tensor[] = [tf.tensor(ofRows, [samples, own])]
    if (hasParameters) gradients.push(tf.tensor(Float32Array.from(ofTheta), [n - own]))
    return gradients
  }

  /** Throws RangeError unless the last axis is the blackbox's inputs without parameters. */
  #checkShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as tf.Shape
    const { inputs } = this.#blackbox
    const { length: p } = this.#works.parameters
    const own = inputs - p
    if (shape.length < 2 || shape.at(-1) !== own) {
      const parameters = p === 0 ? '' : `, ${p} of them parameters`
      throw new RangeError(
        `blackboxLayer: '${this.name}' takes inputs [batch, …, ${own}], as its blackbox has ${inputs} inputs${parameters}; got [${shape.join(', ')}]`,
      )
    }
    return shape
  }
}

/**
 * A TensorFlow.js layer around a blackbox, for `tf.sequential`, `model.apply`, `model.fit`. Forward: `repeats` calls a sample; backward: 2k
 * (central) or k (forward differences) with k random directions, or what the plan takes. All gradients are first derivatives. Evaluates
 * one point after the other, as TensorFlow.js waits for nobody; `trainBatch` and `fitBlackbox` evaluate through a blackbox's
 * `evaluateBatch`. Throws TypeError or RangeError on options that do not fit.
 */
export function blackboxLayer(blackbox: Blackbox, options: BlackboxLayerOptions = {}): BlackboxLayer {
  return new BlackboxLayer(blackbox, options)
}
