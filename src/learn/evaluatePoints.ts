import type { Blackbox } from '../blackbox/blackbox.ts'

/** Y [count × m] of the points Z [count × n], one after the other, now. */
export function evaluatePoints(blackbox: Blackbox, Z: Float64Array, count: number): Float64Array {
  const { inputs: n, outputs: m } = blackbox
  const Y = new Float64Array(count * m)
  for (let p = 0; p < count; p++) blackbox.evaluate(Z.subarray(p * n, (p + 1) * n), Y.subarray(p * m, (p + 1) * m))
  return Y
}

/** The same by the blackbox's `evaluateBatch`, where it has one: possibly in parallel. */
export async function evaluateTogether(
  blackbox: Blackbox,
  Z: Float64Array,
  count: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  signal?.throwIfAborted()
  if (blackbox.evaluateBatch === undefined || count === 0) return evaluatePoints(blackbox, Z, count)
  const Y = new Float64Array(count * blackbox.outputs)
  await blackbox.evaluateBatch(Z, Y, count, { signal })
  return Y
}
