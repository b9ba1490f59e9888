import { describe, expect, test } from 'vitest'
import { Matrix, solve } from 'ml-matrix'
import { createBoxQp } from '../../../src/control/ilqr/boxQp.ts'
import { random } from '../../../src/linalg/random.ts'

/** The minimum by trying every choice of entries at their bounds. */
function byEnumeration(H: number[][], g: number[], low: number[], high: number[]): number[] {
  const n = g.length
  const valueAt = (x: number[]) =>
    x.reduce((sum, xi, i) => sum + xi * (g[i]! + 0.5 * H[i]!.reduce((s, h, j) => s + h * x[j]!, 0)), 0)
  let best: number[] = []
  for (let code = 0; code < 3 ** n; code++) {
    const at = Array.from({ length: n }, (_, i) => Math.floor(code / 3 ** i) % 3)
    const x = at.map((choice, i) => (choice === 1 ? low[i]! : choice === 2 ? high[i]! : 0))
    const free = at.flatMap((choice, i) => (choice === 0 ? [i] : []))
    if (free.length > 0) {
      const right = free.map((i) => -(g[i]! + H[i]!.reduce((sum, h, j) => sum + (at[j] === 0 ? 0 : h * x[j]!), 0)))
      const found = solve(
        new Matrix(free.map((i) => free.map((j) => H[i]![j]!))),
        Matrix.columnVector(right),
      ).to1DArray()
      free.forEach((i, a) => {
        x[i] = found[a]!
      })
    }
    if (x.some((xi, i) => xi < low[i]! - 1e-12 || xi > high[i]! + 1e-12)) continue
    if (best.length === 0 || valueAt(x) < valueAt(best)) best = x
  }
  return best
}

describe('box-constrained quadratic programs', () => {
  test.each([1, 2, 3, 4])('of %i unknowns: the minimum of all choices of active bounds', (n) => {
    const qp = createBoxQp(n)
    for (let seed = 1; seed <= 50; seed++) {
      const source = random(seed, n)
      const M = Matrix.zeros(n, n)
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) M.set(i, j, source.normal())
      const H = Matrix.add(M.mmul(M.transpose()), Matrix.eye(n).mul(0.01)).to2DArray()
      const g = Array.from({ length: n }, () => 2 * source.normal())
      const low = g.map(() => -source.uniform())
      const high = g.map(() => source.uniform())
      const x = Float64Array.from(g, () => source.normal())
      const args = [H.flat(), g, low, high].map((values) => Float64Array.from(values)) as [
        Float64Array,
        Float64Array,
        Float64Array,
        Float64Array,
      ]
      expect(qp.solve(...args, x)).toBe('solved')
      const expected = byEnumeration(H, g, low, high)
      for (let i = 0; i < n; i++) expect(x[i]!).toBeCloseTo(expected[i]!, 9)
    }
  })

  test('names the entry along which there is no minimum', () => {
    const qp = createBoxQp(2)
    const H = Float64Array.of(1, 0, 0, -1)
    const inf = Number.POSITIVE_INFINITY
    const result = qp.solve(
      H,
      Float64Array.of(1, 1),
      Float64Array.of(-inf, -inf),
      Float64Array.of(inf, inf),
      new Float64Array(2),
    )
    expect([result, qp.culprit]).toEqual(['indefinite', 1])
  })
})
