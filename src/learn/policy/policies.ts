/** Policies u = π(θ, δx) with derivatives of their own: linear, Toeplitz, and networks of tanh layers. In double precision. */
import { random } from '../../linalg/random.ts'

/** A function of a state's deviation and of parameters. Nothing is allocated by calls, nothing remembered between them. */
export interface Policy {
  readonly name: string // 'linear', 'toeplitz', 'mlp'
  readonly inputs: number // ndx
  readonly outputs: number // nu
  readonly parameters: number // p
  /** A start: parameters [p] drawn from a seed. */
  initial(seed?: number): Float64Array
  /** out [nu] = π(θ, δx). */
  act(theta: Float64Array, dx: Float64Array, out: Float64Array): void
  /** gTheta [p] += (∂π/∂θ)ᵀ w and gDx [ndx] += (∂π/∂δx)ᵀ w, w [nu]. */
  pullback(theta: Float64Array, dx: Float64Array, w: Float64Array, gTheta: Float64Array, gDx: Float64Array): void
}

/** One layer's weights: from W(θ) to parameters and back. */
interface Weights {
  readonly parameters: number
  /** Index in the layer's parameters of W[i, j]. */
  at(i: number, j: number): number
}

const dense = (outputs: number, inputs: number): Weights => ({
  parameters: outputs * inputs,
  at: (i, j) => i * inputs + j,
})

/** W[i, j] = t[i − j]: outputs + inputs − 1 parameters. */
const toeplitz = (outputs: number, inputs: number): Weights => ({
  parameters: outputs + inputs - 1,
  at: (i, j) => i - j + inputs - 1,
})

/** u = W δx. Throws RangeError on sizes that are no whole numbers ≥ 1, as the others do. */
export function linearPolicy(inputs: number, outputs: number): Policy {
  return network('linear', [inputs, outputs], dense, false)
}

/** u = b₂ + T₂ tanh(b₁ + T₁ δx) with Toeplitz matrices (Choromanski et al., "Structured evolution", ICML 2018); without `hidden` u = T δx. */
export function toeplitzPolicy(inputs: number, outputs: number, hidden: readonly number[] = []): Policy {
  return network('toeplitz', [inputs, ...hidden, outputs], toeplitz, hidden.length > 0)
}

/** u = b_L + W_L tanh(… tanh(b₁ + W₁ δx)). */
export function mlpPolicy(inputs: number, outputs: number, hidden: readonly number[] = [16, 16]): Policy {
  return network('mlp', [inputs, ...hidden, outputs], dense, true)
}

function network(
  name: string,
  sizes: readonly number[],
  kind: (outputs: number, inputs: number) => Weights,
  bias: boolean,
): Policy {
  for (const size of sizes)
    if (!(Number.isSafeInteger(size) && size >= 1))
      throw new RangeError(`${name}Policy: sizes must be integers ≥ 1, got ${sizes.join(', ')}`)
  let from = 0
  const layers = sizes.slice(1).map((outputs, l) => {
    const inputs = sizes[l]!
    const weights = kind(outputs, inputs)
    const layer = { inputs, outputs, weights, from, biasFrom: from + weights.parameters }
    from = layer.biasFrom + (bias ? outputs : 0)
    return layer
  })
  const total = from
  const values = sizes.map((size) => new Float64Array(size)) // of every layer, after tanh
  const errors = sizes.map((size) => new Float64Array(size))

  const forward = (theta: Float64Array, dx: Float64Array) => {
    values[0]!.set(dx)
    for (const [l, { inputs, outputs, weights, from, biasFrom }] of layers.entries()) {
      const [x, y] = [values[l]!, values[l + 1]!]
      const isLast = l === layers.length - 1
      for (let i = 0; i < outputs; i++) {
        let sum = bias ? theta[biasFrom + i]! : 0
        for (let j = 0; j < inputs; j++) sum += theta[from + weights.at(i, j)]! * x[j]!
        y[i] = isLast ? sum : Math.tanh(sum)
      }
    }
  }

  return {
    name,
    inputs: sizes[0]!,
    outputs: sizes.at(-1)!,
    parameters: total,
    initial(seed = 1) {
      const source = random(seed)
      const theta = new Float64Array(total)
      for (const [l, { inputs, weights, from }] of layers.entries()) {
        const scale = (l === layers.length - 1 ? 0.1 : 1) / Math.sqrt(inputs) // nearly no control to begin with
        for (let k = 0; k < weights.parameters; k++) theta[from + k] = scale * source.normal()
      }
      return theta
    },
    act(theta, dx, out) {
      forward(theta, dx)
      out.set(values.at(-1)!)
    },
    pullback(theta, dx, w, gTheta, gDx) {
      forward(theta, dx)
      errors.at(-1)!.set(w)
      for (let l = layers.length - 1; l >= 0; l--) {
        const { inputs, outputs, weights, from, biasFrom } = layers[l]!
        const [x, below, above] = [values[l]!, errors[l]!, errors[l + 1]!]
        below.fill(0)
        for (let i = 0; i < outputs; i++) {
          const e = above[i]!
          if (bias) gTheta[biasFrom + i]! += e
          for (let j = 0; j < inputs; j++) {
            const at = from + weights.at(i, j)
            gTheta[at]! += e * x[j]!
            below[j]! += e * theta[at]!
          }
        }
        if (l > 0) for (let j = 0; j < inputs; j++) below[j]! *= 1 - x[j]! ** 2
      }
      for (let j = 0; j < gDx.length; j++) gDx[j]! += errors[0]![j]!
    },
  }
}
