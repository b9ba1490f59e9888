/**
 * Passes of a batch through a blackbox: forward values, and what the backward pass evaluates. TensorFlow.js computes layers and
 * gradients synchronously. So a pass evaluates point after point when it is asked to; or it has been evaluated beforehand, by
 * `evaluateTogether`, and is only looked up.
 */
import type { Blackbox } from '../blackbox/blackbox.ts'
import { median } from '../sensing/leftAction.ts'
import { BlackboxLayerError, firstFailure } from './blackboxLayerError.ts'
import { evaluatePoints, evaluateTogether } from './evaluatePoints.ts'
import type { LayerWorks } from './layerOptions.ts'
import type { Draw, Gradients } from './pullback.ts'

export interface Pass {
  readonly samples: number // B
  readonly z: Float64Array // [B × n]
  readonly y: Float64Array // [B × m]
  /** Jᵀw of each sample, for w [B × m]. Throws BlackboxLayerError where too few values are finite. */
  pullBack(w: Float64Array): Gradients
}

/** Of the layer that passes are for. */
type Works = Pick<LayerWorks, 'pullback' | 'repeats' | 'combine'> & { readonly layer: string }

/** Numbers in the points of one parallel batch. */
const BATCH_NUMBERS = 1 << 22

/** Evaluates forward values now, and the rest when it is asked for. Throws BlackboxLayerError on an output that is not finite. */
export function passNow(blackbox: Blackbox, works: Works, z: Float64Array): Pass {
  const { inputs: n, outputs: m } = blackbox
  const { pullback, repeats } = works
  const samples = z.length / n
  const y = new Float64Array(samples * m)
  for (let s = 0; s < samples; s++) {
    const values = evaluatePoints(blackbox, repeated(z.subarray(s * n, (s + 1) * n), repeats), repeats)
    y.set(combined(blackbox, works, values, { sample: s, z }), s * m)
  }
  return {
    samples,
    z,
    y,
    pullBack(w) {
      const draw = pullback.draw(samples)
      const Z = new Float64Array(pullback.points * n)
      const values = Array.from({ length: samples }, (_, s) => {
        draw.pointsInto(Z, s, z.subarray(s * n, (s + 1) * n))
        return evaluatePoints(blackbox, Z, pullback.points)
      })
      return gradients(blackbox, works, draw, { z, y, w, values })
    },
  }
}

/**
 * Evaluates forward values, and with 'both' what the backward pass takes as well, by the blackbox's `evaluateBatch` and as
 * many points together as memory allows. Throws BlackboxLayerError on an output that is not finite, and the signal's reason.
 */
export async function passAhead(
  blackbox: Blackbox,
  works: Works,
  z: Float64Array,
  what: 'forward' | 'both',
  signal?: AbortSignal,
): Promise<Pass> {
  const { inputs: n, outputs: m } = blackbox
  const { pullback, repeats } = works
  const samples = z.length / n
  const draw = what === 'both' ? pullback.draw(samples) : null
  const each = repeats + (draw === null ? 0 : pullback.points)
  const together = Math.max(1, Math.floor(BATCH_NUMBERS / (each * n)))
  const y = new Float64Array(samples * m)
  const values: Float64Array[] = []
  for (let from = 0; from < samples; from += together) {
    const count = Math.min(together, samples - from)
    const Z = new Float64Array(count * each * n)
    for (let s = 0; s < count; s++) {
      const here = z.subarray((from + s) * n, (from + s + 1) * n)
      Z.set(repeated(here, repeats), s * each * n)
      draw?.pointsInto(Z.subarray((s * each + repeats) * n, (s + 1) * each * n), from + s, here)
    }
    const Y = await evaluateTogether(blackbox, Z, count * each, signal)
    for (let s = 0; s < count; s++) {
      const ofSample = Y.subarray(s * each * m, (s + 1) * each * m)
      const atSample = ofSample.subarray(0, repeats * m)
      y.set(combined(blackbox, works, atSample, { sample: from + s, z }), (from + s) * m)
      values.push(ofSample.slice(repeats * m))
    }
  }
  return {
    samples,
    z,
    y,
    pullBack(w) {
      if (draw === null) throw new Error('blackboxLayer: only forward values were asked for, and now a gradient is')
      return gradients(blackbox, works, draw, { z, y, w, values })
    },
  }
}

function repeated(z: Float64Array, repeats: number): Float64Array {
  const Z = new Float64Array(repeats * z.length)
  for (let r = 0; r < repeats; r++) Z.set(z, r * z.length)
  return Z
}

/** One output vector of several evaluations [repeats × m]; the median leaves out values that are not finite. */
function combined(
  { inputs: n, outputs: m, outputNames }: Blackbox,
  { combine, layer }: Works,
  values: Float64Array,
  { sample, z }: { readonly sample: number; readonly z: Float64Array },
): Float64Array {
  const y = new Float64Array(m)
  for (let o = 0; o < m; o++) {
    const all = values.filter((_, k) => k % m === o)
    const finite = combine === 'median' ? all.filter(Number.isFinite) : all
    if (finite.length === 0) y[o] = all[0]!
    else y[o] = combine === 'median' ? median(finite) : finite.reduce((sum, value) => sum + value, 0) / finite.length
    if (!Number.isFinite(y[o]))
      throw new BlackboxLayerError({
        layer,
        sample,
        at: z.slice(sample * n, (sample + 1) * n),
        evaluation: Math.max(
          0,
          all.findIndex((value) => !Number.isFinite(value)),
        ),
        purpose: 'forward value',
        output: o,
        outputName: outputNames?.[o],
        value: y[o]!,
      })
  }
  return y
}

function gradients(
  { inputs: n, outputs: m, outputNames }: Blackbox,
  { pullback, repeats, layer }: Works,
  draw: Draw,
  { z, y, w, values }: { z: Float64Array; y: Float64Array; w: Float64Array; values: readonly Float64Array[] },
): Gradients {
  for (const [k, value] of w.entries())
    if (!Number.isFinite(value))
      throw new RangeError(
        `blackboxLayer: the loss has slope ${value} by output ${k % m} of '${layer}' for sample ${Math.floor(k / m)}; ` +
          'what is behind the layer is not finite any more',
      )
  const answered = values.map((ofSample, sample) => {
    const here = z.subarray(sample * n, (sample + 1) * n)
    if (!ofSample.every(Number.isFinite) && !draw.suffices(ofSample)) {
      const at = (p: number) => {
        const Z = new Float64Array(pullback.points * n)
        draw.pointsInto(Z, sample, here)
        return Z.slice(p * n, (p + 1) * n)
      }
      const { purposeOf } = draw
      const failure = firstFailure(ofSample, { layer, sample, before: repeats, outputs: m, outputNames, at, purposeOf })
      if (failure) throw failure
    }
    const span = [sample * m, (sample + 1) * m] as const
    return { z: here, y: y.subarray(...span), w: w.subarray(...span), values: ofSample }
  })
  return draw.gradients(answered)
}
