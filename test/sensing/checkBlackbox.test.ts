import { expect, it } from 'vitest'
import { sense } from '../../src/sensing/sense.ts'

const square = { inputs: 2, outputs: 1, evaluate: (z: Float64Array, y: Float64Array) => void y.fill(z[0]! ** 2) }

it.each<[string, unknown[], RegExp]>([
  [
    'a function',
    [(z: number[]) => z, { at: [1, 2] }],
    /found a function: give it as evaluate, which writes f\(z\) into y/,
  ],
  ['nothing', [], /expected a blackbox .*found undefined/],
  ['sizes forgotten', [{ evaluate: square.evaluate }, { at: [1, 2] }], /found inputs: undefined/],
  ['a name misspelt', [{ inputs: 2, outputs: 1, evalute: 1 }, { at: [1, 2] }], /found one without evaluate/],
  ['a point for options', [square, [1, 2]], /expected options \{ at: \[2\], … \} .*found a list/],
  ['a typed point for options', [square, Float64Array.of(1, 2)], /found a list/],
  ['options without a point', [square, { method: 'dense' }], /found no at/],
  ['no options', [square], /found undefined/],
])('sense given %s says what it expects', async (_what, argv, message) => {
  const calling = async () => (sense as (...argv: unknown[]) => Promise<unknown>)(...argv)
  await expect(calling()).rejects.toThrow(TypeError)
  await expect(calling()).rejects.toThrow(message)
})
