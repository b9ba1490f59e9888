/**
 * Passes of a batch through a blackbox: forward values, and what the backward pass evaluates. TensorFlow.js computes layers and
 * gradients synchronously. So a pass evaluates point after point when it is asked to; or it has been evaluated beforehand, by
 * `evaluateTogether`, and is only looked up.
 */
import type { Blackbox } from '../blackbox/blackbox.ts'
import { BlackboxError } from '../blackbox/blackboxError.ts'
import { median } from '../sensing/leftAction.ts'
import { evaluatePoints, evaluateTogether } from './evaluatePoints.ts'
import type { LayerWorks } from './layerOptions.ts'
import type { Draw, Gradients } from './pullback.ts'

export interface Pass {
  readonly samples: number // B
  readonly z: Float64Array // [B × n]
  readonly y: Float64Array // [B × m]
  /** Jᵀw of each sample, for w [B × m]. */
  pullBack(w: Float64Array): Gradients
}

type Works = Pick<LayerWorks, 'pullback' | 'repeats' | 'combine'>

/** Numbers in the points of one parallel batch. */
const BATCH_NUMBERS = 1 << 22

/** Evaluates forward values now, and the rest when it is asked for. Throws BlackboxError on an output that is not finite. */
export function passNow(blackbox: Blackbox, works: Works, z: Float64Array): Pass {
  const { inputs: n, outputs: m } = blackbox
  const { pullback, repeats } = works
  const samples = z.length / n
  const y = new Float64Array(samples * m)
  for (let s = 0; s < samples; s++) {
    const values = evaluatePoints(blackbox, repeated(z.subarray(s * n, (s + 1) * n), repeats), repeats)
    y.set(combined(blackbox, works, values, s), s * m)
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
      return gradients(blackbox, draw, { z, y, w, values })
    },
  }
}

/**
 * Evaluates forward values, and with 'both' what the backward pass takes as well, by the blackbox's `evaluateBatch` and as
 * many points together as memory allows. Throws BlackboxError on an output that is not finite, and the signal's reason.
 */
export async function passAhead(
  blackbox: Blackbox,
  { pullback, repeats, combine }: Works,
  z: Float64Array,
  what: 'forward' | 'both',
  signal?: AbortSignal,
): Promise<Pass> {
  const { inputs: n, outputs: m } = blackbox
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
      y.set(combined(blackbox, { combine }, ofSample.subarray(0, repeats * m), from + s), (from + s) * m)
      values.push(ofSample.slice(repeats * m))
    }
  }
  return {
    samples,
    z,
    y,
    pullBack(w) {
      if (draw === null) throw new Error('blackboxLayer: only forward values were asked for, and now a gradient is')
      return gradients(blackbox, draw, { z, y, w, values })
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
  { outputs: m, outputNames }: Blackbox,
  { combine }: Pick<Works, 'combine'>,
  values: Float64Array,
  sample: number,
): Float64Array {
  const y = new Float64Array(m)
  for (let o = 0; o < m; o++) {
    const all = values.filter((_, k) => k % m === o)
    const finite = combine === 'median' ? all.filter(Number.isFinite) : all
    if (finite.length === 0) y[o] = all[0]!
    else y[o] = combine === 'median' ? median(finite) : finite.reduce((sum, value) => sum + value, 0) / finite.length
    if (!Number.isFinite(y[o])) {
      const purpose = `forward value of sample ${sample}`
      throw new BlackboxError({ evaluation: sample, purpose, output: o, outputName: outputNames?.[o], value: y[o]! })
    }
  }
  return y
}

function gradients(
  { inputs: n, outputs: m }: Blackbox,
  draw: Draw,
  { z, y, w, values }: { z: Float64Array; y: Float64Array; w: Float64Array; values: readonly Float64Array[] },
): Gradients {
  return draw.gradients(
    values.map((ofSample, s) => ({
      z: z.subarray(s * n, (s + 1) * n),
      y: y.subarray(s * m, (s + 1) * m),
      w: w.subarray(s * m, (s + 1) * m),
      values: ofSample,
    })),
  )
}
