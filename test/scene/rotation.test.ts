import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quatFromRpy, rotationMatrix } from '../../src/scene/rotation.ts'

const angle = fc.double({ min: -7, max: 7, noNaN: true })

test('roll, pitch and yaw are turns about the fixed axes x, y, z, in this order: R = Rz(yaw) Ry(pitch) Rx(roll)', () => {
  fc.assert(
    fc.property(angle, angle, angle, (roll, pitch, yaw) => {
      const [cr, sr, cp, sp, cy, sy] = [roll, pitch, yaw].flatMap((a) => [Math.cos(a), Math.sin(a)]) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      const Rx = [
        [1, 0, 0],
        [0, cr, -sr],
        [0, sr, cr],
      ]
      const Ry = [
        [cp, 0, sp],
        [0, 1, 0],
        [-sp, 0, cp],
      ]
      const Rz = [
        [cy, -sy, 0],
        [sy, cy, 0],
        [0, 0, 1],
      ]
      const expected = product(Rz, product(Ry, Rx))
      const q = quatFromRpy([roll, pitch, yaw])
      expect(Math.hypot(...q)).toBeCloseTo(1, 14)
      rotationMatrix(q).forEach((row, i) => {
        row.forEach((entry, j) => {
          expect(entry).toBeCloseTo(expected[i]![j]!, 13)
        })
      })
    }),
    { seed: 6, numRuns: 200 },
  )
})

function product(A: number[][], B: number[][]): number[][] {
  return A.map((row) => B[0]!.map((_, j) => row.reduce((sum, entry, k) => sum + entry * B[k]![j]!, 0)))
}
