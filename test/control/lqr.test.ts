import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { lqr } from '../../src/control/lqr.ts'
import { lqrController } from '../../src/control/lqrController.ts'
import { openLoop } from '../../src/control/openLoop.ts'

const names = (list: string[]) => list.map((name) => ({ name }))

/** Cart-pole at the top: cart 1 kg, pole .1 kg and .6 m, step .01 s, semi-implicit Euler, in closed form. */
function cartPole() {
  const [h, mc, mp, l, inertia, g] = [0.01, 1, 0.1, 0.3, 0.003, 9.81]
  const [m11, m12, m22] = [mc + mp, mp * l, inertia + mp * l * l]
  const det = m11 * m22 - m12 * m12
  const [av, aw] = [(-m12 * mp * g * l) / det, (m11 * mp * g * l) / det] // d(acceleration)/d(angle)
  const [bv, bw] = [m22 / det, -m12 / det]
  return {
    A: [
      [1, h * h * av, h, 0],
      [0, 1 + h * h * aw, 0, h],
      [0, h * av, 1, 0],
      [0, h * aw, 0, 1],
    ],
    B: [[h * h * bv], [h * h * bw], [h * bv], [h * bw]],
    layout: {
      dx: names(['slide.position', 'pole.angle', 'slide.velocity', 'pole.velocity']),
      u: names(['motor']),
    },
  }
}

describe('lqr', () => {
  test('gives the published gain and poles of the cart-pole', () => {
    const { result, K, eigenvalues, openLoopEigenvalues, residual } = lqr(cartPole(), {
      Q: Matrix.diag([1, 10, 1, 1]),
      R: [[0.1]],
    })
    expect(result).toBe('solved')
    for (const [k, expected] of [-2.9105, -41.7, -5.1643, -8.3949].entries())
      expect(Math.abs(K!.get(0, k) / expected - 1)).toBeLessThan(0.01)
    const moduli = Array.from(eigenvalues!.re, (re, k) => Math.hypot(re, eigenvalues!.im[k]!))
    for (const [k, expected] of [0.9878, 0.9825, 0.9666, 0.903].entries())
      expect(Math.abs(moduli[k]! - expected)).toBeLessThan(1e-3)
    expect(openLoopEigenvalues.re[0]).toBeGreaterThan(1)
    expect(residual).toBeLessThan(1e-12)
  })

  test('gives the cost to go: xᵀPx is what the closed loop pays', () => {
    const { A, B } = cartPole()
    const [Q, R] = [Matrix.diag([1, 10, 1, 1]), new Matrix([[0.1]])]
    const { K, P } = lqr({ A, B }, { Q, R })
    let x = new Matrix([[0.2], [0.1], [-0.3], [0.5]])
    const promised = x.transpose().mmul(P!).mmul(x).get(0, 0)
    let paid = 0
    for (let k = 0; k < 5000; k++) {
      const u = K!.mmul(x).mul(-1)
      paid += x.transpose().mmul(Q).mmul(x).get(0, 0) + u.transpose().mmul(R).mmul(u).get(0, 0)
      x = new Matrix(A).mmul(x).add(new Matrix(B).mmul(u))
    }
    expect(paid / promised).toBeCloseTo(1, 9)
  })

  test('a coordinate without cost on the unit circle stays where it is, and is named', () => {
    const found = lqr(cartPole(), { Q: Matrix.diag([0, 10, 1, 1]), R: [[0.1]] })
    expect(found.result).toBe('solved')
    expect(found.undetectable!.map((mode) => mode.coordinates[0]!.name)).toEqual(['slide.position'])
    expect(found.message).toContain('slide.position')
    expect(Math.abs(found.K!.get(0, 0))).toBeLessThan(1e-9)
    expect(lqr(cartPole(), { Q: Matrix.diag([0, 10, 1, 1]), R: [[0.1]] }, { uncosted: 'refuse' }).result).toBe(
      'undetectable',
    )
  })

  test('a pole that no motor reaches is named', () => {
    const { A, layout } = cartPole()
    const found = lqr({ A, B: [[0], [0], [0], [0]], layout }, { Q: Matrix.eye(4, 4), R: [[1]] })
    expect(found.result).toBe('unstabilizable')
    expect(found.K).toBeNull()
    const worst = found.unstabilizable!.find((mode) => mode.magnitude > 1.001)!
    expect(worst.coordinates.map(({ name }) => name)).toContain('pole.angle')
    expect(found.message).toContain('pole.velocity')
  })

  test('misuse throws, with names and sizes', () => {
    const lin = cartPole()
    const Q = Matrix.eye(4, 4)
    expect(() => lqr(lin, { Q, R: Matrix.eye(3, 3) })).toThrow('lqr: R must be [nu × nu] = [1 × 1], got [3 × 3]')
    expect(() => lqr(lin, { Q: Matrix.eye(3, 3), R: [[1]] })).toThrow(
      'lqr: Q must be [ndx × ndx] = [4 × 4], got [3 × 3]',
    )
    expect(() => lqr(lin, { Q, R: [[Number.NaN]] })).toThrow('lqr: R[0][0] is NaN')
    expect(() => lqr(lin, { Q, R: [[1]], S: [[1]] })).toThrow('lqr: S must be [ndx × nu] = [4 × 1], got [1 × 1]')
    const skew = Matrix.eye(4, 4).set(2, 1, 5)
    expect(() => lqr(lin, { Q: skew, R: [[1]] })).toThrow('lqr: Q must be symmetric, but Q[2][1] = 5 and Q[1][2] = 0')
    expect(() => lqr({ A: [[1]], B: [[]] }, { Q: [[1]], R: [] })).toThrow('no controls')
  })
})

describe('controllers', () => {
  const subtract = (x1: Float64Array, x0: Float64Array, out: Float64Array) => {
    for (let k = 0; k < out.length; k++) out[k] = x1[k]! - x0[k]!
  }
  const lin = { A: Matrix.eye(3, 3), xBar: Float64Array.of(1, 2, 3), uBar: Float64Array.of(0.5, -0.5) }
  const K = [
    [1, 2, 3],
    [-1, 0, 4],
  ]

  test('lqrController gives uBar − K(x ⊖ xBar) and uBar at xBar', () => {
    const controller = lqrController(lin, K, subtract)
    const u = new Float64Array(2)
    controller.control(lin.xBar, 0, u)
    expect(Array.from(u)).toEqual([0.5, -0.5])
    controller.control(Float64Array.of(2, 1, 3.5), 0, u)
    expect(Array.from(u)).toEqual([0.5 - (1 - 2 + 1.5), -0.5 - (-1 + 2)])
    expect(controller.name).toBe('lqr')
  })

  test('lqrController refuses a gain of another size, or none', () => {
    expect(() => lqrController(lin, [[1, 2, 3]], subtract)).toThrow('K must be [nu × ndx] = [2 × 3], got [1 × 3]')
    expect(() => lqrController(lin, null as never, subtract)).toThrow('got null')
  })

  test('openLoop holds uBar', () => {
    const u = new Float64Array(2)
    const uBar = Float64Array.of(1, 2)
    const controller = openLoop(uBar)
    uBar[0] = 7
    controller.control(new Float64Array(3), 1, u)
    expect(Array.from(u)).toEqual([1, 2])
  })
})
