import { describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { random } from '../../src/linalg/random.ts'
import { sense } from '../../src/sensing/sense.ts'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import { boxes } from '../fixtures/scenes.ts'

function blackboxOf(inputs: number, outputs: number, f: (z: Float64Array, y: Float64Array) => void): Blackbox {
  return { inputs, outputs, evaluate: f }
}

describe('left and right differences', () => {
  it('show kinks that central differences cannot see: |z| and max(0, z) at 0', async () => {
    const kinked = blackboxOf(2, 3, (z, y) => {
      y[0] = Math.abs(z[0]!)
      y[1] = Math.max(0, z[1]!)
      y[2] = Math.sin(z[0]!) + z[1]! ** 2
    })
    const { result, quality } = await sense(kinked, { at: [0, 0], base: [0, 0, 0] })
    expect(quality.kinkedRows).toEqual([0, 1])
    expect(result).toBe('uncertified')
    expect(quality.certified).toBe(false)
    expect(quality.notes.join()).toMatch(/left and right differences disagree in rows 0, 1/)
    expect((await sense(kinked, { at: [0, 0] })).quality.kinkedRows).toBeNull()
    expect(
      (await sense(kinked, { at: [0.3, 0.2], base: [0.3, 0.2, Math.sin(0.3) + 0.04] })).quality.kinkedRows,
    ).toEqual([])
  })

  it('agree on 300 random smooth functions, also flat and steep ones', async () => {
    const { normal, integer } = random(8)
    for (let trial = 0; trial < 300; trial++) {
      const n = 1 + integer(6)
      const scale = 10 ** (integer(9) - 4)
      const a = Array.from({ length: n * n }, normal)
      const at = Array.from({ length: n }, normal)
      const smooth = blackboxOf(n, n, (z, y) => {
        for (let i = 0; i < n; i++) {
          let sum = 0
          for (let j = 0; j < n; j++) sum += a[i * n + j]! * z[j]!
          y[i] = scale * (i === 0 ? 1 - Math.cos(sum) : Math.sin(sum) + 0.3 * sum * sum)
        }
      })
      const base = new Float64Array(n)
      smooth.evaluate(Float64Array.from(at), base)
      const { quality } = await sense(smooth, { at, base })
      expect(quality.kinkedRows, `trial ${trial}`).toEqual([])
    }
  })

  it('name the coordinates of a box that only just touches the floor', async () => {
    const touching = cannonEngine(
      boxes(1, {
        home: { positions: { free0: [0, 0, 0.25, 1, 0, 0, 0] }, velocities: { free0: [0, 0, -1, 0, 0, 0] } },
      }),
    )
    const { quality, layout } = await linearize(touching)
    expect(quality.kinkedRows!.map((row) => layout.dx[row]!.name)).toContain('free0.vz')
    const aloft = cannonEngine(boxes(1, { home: { positions: { free0: [0, 0, 0.5, 1, 0, 0, 0] } } }))
    expect((await linearize(aloft)).quality.kinkedRows).toEqual([])
    const resting = cannonEngine(boxes(1))
    expect((await linearize(resting)).quality.kinkedRows).toEqual([])
  })
})
