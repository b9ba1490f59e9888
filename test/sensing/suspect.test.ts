import { expect, test } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { random } from '../../src/linalg/random.ts'
import { sense } from '../../src/sensing/sense.ts'

/** Six smooth outputs of three inputs; the last one carries noise of 0.002. */
function oneNoisyOutput(): Blackbox {
  const { normal } = random(5)
  return {
    inputs: 3,
    outputs: 6,
    evaluate([x, y, z], out) {
      for (let i = 0; i < 6; i++) out[i] = Math.sin(x! + y!) + 0.5 * z! * (i + 1)
      out[5]! += 2e-3 * normal()
    },
  }
}

const exact = (i: number) => [1, 1, 0.5 * (i + 1)]
const at = new Float64Array(3)

test("one noisy row of six: by default it fails, with noise: 'suspect' its noise is measured and its entries are right", async () => {
  const usual = await sense(oneNoisyOutput(), { at, step: 0.01 })
  expect(usual.quality.certified).toBe(false)
  expect(usual.quality.noiseLevel).toBe(null)

  const { J, quality } = await sense(oneNoisyOutput(), { at, step: 0.01, noise: 'suspect', noisyStep: 'auto' })
  expect(quality.certified).toBe(true)
  expect(quality.noiseLevel).toBeGreaterThan(7e-4)
  expect(quality.noiseLevel).toBeLessThan(6e-3)
  for (let i = 0; i < 6; i++) for (let j = 0; j < 3; j++) expect(J.get(i, j)).toBeCloseTo(exact(i)[j]!, 1)
})

test("noise: 'suspect' costs nothing where nothing fails", async () => {
  const smooth: Blackbox = {
    inputs: 2,
    outputs: 2,
    evaluate([x, y], out) {
      out[0] = Math.sin(x! + y!)
      out[1] = x! * y!
    },
  }
  const plain = await sense(smooth, { at: new Float64Array(2) })
  const suspect = await sense(smooth, { at: new Float64Array(2), noise: 'suspect' })
  expect(suspect.quality.calls).toBe(plain.quality.calls)
  expect(suspect.J.to2DArray()).toEqual(plain.J.to2DArray())
})
