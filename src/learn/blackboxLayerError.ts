/** A blackbox gave a value that is no number, in a step of a neural network: which layer, which sample, which call. */
import { BlackboxError } from '../blackbox/blackboxError.ts'

export class BlackboxLayerError extends BlackboxError {
  readonly layer: string
  readonly sample: number // in the batch that the layer was given, from 0; with axes before the last, in all of them
  readonly at: Float64Array // [n], where the blackbox was evaluated

  constructor(where: {
    layer: string
    sample: number
    at: Float64Array
    evaluation: number
    purpose: string
    output: number
    outputName?: string | undefined
    value: number
  }) {
    super(where)
    const { layer, sample, at, evaluation, purpose, output, outputName, value } = where
    this.name = 'BlackboxLayerError'
    this.layer = layer
    this.sample = sample
    this.at = at
    const name = outputName === undefined ? '' : ` ('${outputName}')`
    this.message = `blackboxLayer: output ${output}${name} of '${layer}' is ${value} for sample ${sample}, call ${evaluation} (${purpose})`
  }
}

/** What is needed to name a call of one sample, those at the sample itself aside. */
export interface SampleCalls {
  readonly layer: string
  readonly sample: number
  readonly before: number // calls at the sample itself
  readonly outputs: number
  readonly outputNames?: readonly string[] | undefined
  /** Where call p was. */
  readonly at: (p: number) => Float64Array
  readonly purposeOf: (p: number) => string
}

/** The error that names the first value of the calls, [calls × m], that is not finite; null where all are. */
export function firstFailure(values: Float64Array, calls: SampleCalls): BlackboxLayerError | null {
  const bad = values.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return null
  const { layer, sample, before, outputs, outputNames } = calls
  const output = bad % outputs
  const call = (bad - output) / outputs
  return new BlackboxLayerError({
    layer,
    sample,
    at: calls.at(call),
    evaluation: before + call,
    purpose: calls.purposeOf(call),
    output,
    outputName: outputNames?.[output],
    value: values[bad]!,
  })
}
