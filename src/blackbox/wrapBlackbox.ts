import type { BatchOptions, Blackbox } from './blackbox.ts'

/**
 * The same blackbox with `after` run on every block of values it gives: Y holds `count` results laid end to end, in the order
 * of the points, and may be changed. Sizes, scales and names are kept; a batch stays a batch.
 */
export function wrapBlackbox(blackbox: Blackbox, after: (Y: Float64Array, count: number) => void): Blackbox {
  const { inputs, outputs, scale, outputScale, inputGroups, rowGroups, inputNames, outputNames } = blackbox
  return {
    inputs,
    outputs,
    evaluate(z, y) {
      blackbox.evaluate(z, y)
      after(y, 1)
    },
    ...(blackbox.evaluateBatch && {
      async evaluateBatch(Z: Float64Array, Y: Float64Array, count: number, options?: BatchOptions) {
        await blackbox.evaluateBatch!(Z, Y, count, options)
        after(Y, count)
      },
    }),
    ...(scale && { scale }),
    ...(outputScale && { outputScale }),
    ...(inputGroups && { inputGroups }),
    ...(rowGroups && { rowGroups }),
    ...(inputNames && { inputNames }),
    ...(outputNames && { outputNames }),
  }
}
