/** What control does not reach, or cost does not see, when A and B carry errors of 1e-11 to 1e-9 as sensed ones do. */
import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { roundingAccuracy, sensedAccuracy } from '../../src/control/accuracy.ts'
import { dare } from '../../src/control/dare.ts'
import { type LinearModel, lqr } from '../../src/control/lqr.ts'
import { type Mode, uncontrolledModes, unseenModes } from '../../src/control/modes.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { findEquilibrium } from '../../src/linearization/findEquilibrium.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { gaussianMatrix } from './riccatiOracle.ts'

const labels = (modes: readonly Mode[] | undefined) => (modes ?? []).map((mode) => mode.coordinates[0]!.name).sort()
const model = (A: Matrix, B: Matrix, names: readonly string[]): LinearModel => ({
  A,
  B,
  layout: {
    dx: names.map((name) => ({ name })),
    u: Array.from({ length: B.columns }, (_, k) => ({ name: `u${k}` })),
  },
})
const dirty = (M: Matrix, size: number, seed: number) =>
  Matrix.add(M, gaussianMatrix(M.rows, M.columns, seed, 1).apply(clampTo(size)))
/** Normal numbers, brought into ±size. */
function clampTo(size: number) {
  return function (this: Matrix, i: number, j: number) {
    this.set(i, j, size * Math.tanh(this.get(i, j)))
  }
}

const BOX = ['base.x', 'base.y', 'base.rz', 'base.vx', 'base.vy', 'base.wz']

/** A box on a floor in closed form: friction takes 90 % of its velocities in a step of .01 s; a thruster along x. */
function slidingBox(): { A: Matrix; B: Matrix } {
  const A = Matrix.eye(6, 6)
  const B = Matrix.zeros(6, 1)
  for (let k = 0; k < 3; k++) {
    A.set(k, 3 + k, 1e-3)
    A.set(3 + k, 3 + k, 0.1)
  }
  B.set(0, 0, 7.6e-6)
  B.set(3, 0, 7.6e-4)
  return { A, B }
}

/** Cart and pole (semi-implicit Euler, step .01 s) beside a coordinate `side` that only integrates itself. */
function cartPoleBeside() {
  const h = 0.01
  const [av, aw, bv, bw] = [-0.72, 26, 0.975, -2.42]
  const A = new Matrix([
    [1, h * h * av, h, 0, 0],
    [0, 1 + h * h * aw, 0, h, 0],
    [0, h * av, 1, 0, 0],
    [0, h * aw, 0, 1, 0],
    [0, 0, 0, 0, 1],
  ])
  const B = new Matrix([[h * h * bv], [h * h * bw], [h * bv], [h * bw], [0]])
  return { A, B, names: ['cart.position', 'pole.angle', 'cart.velocity', 'pole.velocity', 'side.position'] }
}

describe('errors of A and B are not authority', () => {
  const one = [[1]]

  test.each([undefined, 1.5e-10])('a box that is pushed along x only, accuracy %s', (accuracy) => {
    const { A, B } = slidingBox()
    const exact = lqr(model(A, B, BOX), { Q: Matrix.eye(6, 6), R: one })
    expect([exact.result, labels(exact.unstabilizable)]).toEqual(['unstabilizable', ['base.rz', 'base.y']])
    for (const seed of [1, 2, 3, 4]) {
      const lin = model(dirty(A, 2.3e-11, seed), dirty(B, 2.3e-11, seed + 9), BOX)
      const found = lqr(lin, { Q: Matrix.eye(6, 6), R: one }, accuracy === undefined ? {} : { accuracy })
      expect([found.result, found.K, found.P]).toEqual(['unstabilizable', null, null])
      expect(labels(found.unstabilizable)).toEqual(['base.rz', 'base.y'])
      expect(found.message).not.toContain('without cost')
    }
  })

  test('a balancer on a line with a weighted coordinate across it', () => {
    const { A, B, names } = cartPoleBeside()
    const lin = model(dirty(A, 1e-11, 1), dirty(B, 1e-11, 2), names)
    const weighted = lqr(lin, { Q: Matrix.eye(5, 5), R: one }, { accuracy: 1e-10 })
    expect([weighted.result, labels(weighted.unstabilizable)]).toEqual(['unstabilizable', ['side.position']])
    // Without weight the same coordinate is left where it is, and the gain is that of the cart and pole alone.
    const kept = lqr(lin, { Q: Matrix.diag([1, 1, 1, 1, 0]), R: one }, { accuracy: 1e-10 })
    expect([kept.result, labels(kept.undetectable)]).toEqual(['solved', ['side.position']])
    const alone = dare(A.subMatrix(0, 3, 0, 3), B.subMatrix(0, 3, 0, 0), Matrix.eye(4, 4), one)
    for (let j = 0; j < 4; j++) expect(kept.K!.get(0, j) / alone.K!.get(0, j)).toBeCloseTo(1, 6)
    expect(Math.abs(kept.K!.get(0, 4))).toBeLessThan(1e-8)
  })

  test.each([0, 1e-11, 1e-10])(
    'without any cost a cart drifts: its position and its velocity are named (errors %s)',
    (size) => {
      const { A, B, names } = cartPoleBeside()
      const part = { A: A.subMatrix(0, 3, 0, 3), B: B.subMatrix(0, 3, 0, 0) }
      for (const seed of [1, 2, 3]) {
        const lin = model(dirty(part.A, size, seed), dirty(part.B, size, seed + 9), names.slice(0, 4))
        const found = lqr(lin, { Q: Matrix.zeros(4, 4), R: one }, { accuracy: 3 * size })
        expect(found.result).toBe('solved')
        expect(labels(found.undetectable)).toEqual(['cart.position', 'cart.velocity'])
        expect(found.message).toContain('cart.velocity')
        // Least energy: the falling mode is mirrored at the unit circle, the drift is left.
        const moduli = Array.from(found.eigenvalues!.re, (re, k) => Math.hypot(re, found.eigenvalues!.im[k]!))
        expect(moduli[1]!).toBeCloseTo(1, 5)
        expect(moduli[2]!).toBeLessThan(0.96)
        if (size > 0) expect(lqr(lin, { Q: Matrix.zeros(4, 4), R: one }).result).toBe('solved')
      }
    },
  )

  const problems = fc.record({
    n: fc.integer({ min: 1, max: 8 }),
    m: fc.integer({ min: 1, max: 3 }),
    seed: fc.integer({ min: 1, max: 1e6 }),
    lambda: fc.oneof(fc.constant(1), fc.double({ min: 1.001, max: 2, noNaN: true })),
  })

  /** n calm, reachable coordinates and one, `runaway`, that is moved by nothing but itself and `authority` of the controls. */
  function withRunaway(
    { n, m, seed, lambda }: { n: number; m: number; seed: number; lambda: number },
    authority: number,
  ) {
    const A = Matrix.zeros(n + 1, n + 1)
    A.setSubMatrix(gaussianMatrix(n, n, seed, 0.7 / Math.sqrt(n)), 0, 0)
    for (let i = 0; i < n; i++) A.set(i, n, 0.1)
    A.set(n, n, lambda)
    const B = Matrix.zeros(n + 1, m)
    B.setSubMatrix(gaussianMatrix(n, m, seed + 1, 1), 0, 0)
    for (let k = 0; k < m; k++) B.set(n, k, authority)
    return { A, B, names: Array.from({ length: n + 1 }, (_, i) => (i === n ? 'runaway' : `calm${i}`)) }
  }

  test('an unreachable mode is refused and named under errors of 1e-11 to 1e-9', () => {
    fc.assert(
      fc.property(problems, fc.double({ min: -11, max: -9, noNaN: true }), (parts, exponent) => {
        const { A, B, names } = withRunaway(parts, 0)
        const size = 10 ** exponent
        const lin = model(dirty(A, size, parts.seed + 2), dirty(B, size, parts.seed + 3), names)
        const found = lqr(
          lin,
          { Q: Matrix.eye(A.rows, A.rows), R: Matrix.eye(B.columns, B.columns) },
          { accuracy: size },
        )
        expect(found.result).toBe('unstabilizable')
        expect(labels(found.unstabilizable)).toContain('runaway')
        expect(found.message).toContain('runaway')
      }),
      { seed: 11, numRuns: 80 },
    )
  })

  test('authority of 1e-6 of the largest entry is enough, under the same errors', () => {
    fc.assert(
      fc.property(problems, (parts) => {
        const { A, B, names } = withRunaway(parts, 1e-6)
        const lin = model(dirty(A, 1e-11, parts.seed + 2), dirty(B, 1e-11, parts.seed + 3), names)
        for (const options of [{}, { accuracy: 1e-11 }]) {
          const found = lqr(lin, { Q: Matrix.eye(A.rows, A.rows), R: Matrix.eye(B.columns, B.columns) }, options)
          // Rounding is magnified by gains of 1e6; what must not happen is that the mode is called unreachable.
          expect(found.unstabilizable).toBeUndefined()
          expect(['solved', 'inaccurate']).toContain(found.result)
          expect(Math.hypot(found.eigenvalues!.re[0]!, found.eigenvalues!.im[0]!)).toBeLessThan(1)
        }
      }),
      { seed: 12, numRuns: 50 },
    )
  })

  test('units of the controls do not matter: authority that is small in every column is authority', () => {
    const { result, K } = dare([[1.5]], [[1e-12]], one, [[1e-24]])
    expect(result).toBe('solved')
    expect(K!.get(0, 0) * 1e-12).toBeCloseTo(dare([[1.5]], one, one, one).K!.get(0, 0), 9)
  })
})

describe('through the engine', () => {
  async function design(scene: Record<string, unknown>, weigh: (name: string) => number) {
    const engine = await createEngine(parseScene(scene))
    try {
      const point = await findEquilibrium(engine)
      expect(point.result).toBe('solved')
      const lin = await linearize(engine, point)
      const { dx, nu } = lin.layout
      return { lin, found: lqr(lin, { Q: Matrix.diag(dx.map(({ name }) => weigh(name))), R: Matrix.eye(nu, nu) }) }
    } finally {
      engine.dispose()
    }
  }

  test('a box on a plane with one thruster along x', async () => {
    const { found } = await design(
      {
        name: 'box',
        dt: 0.01,
        bodies: [{ name: 'body', mass: 1, shapes: [{ type: 'box', size: [0.2, 0.2, 0.2] }] }],
        joints: [{ name: 'base', type: 'free', parent: 'world', child: 'body' }],
        thrusters: [{ name: 'push', body: 'body', direction: [1, 0, 0] }],
        environment: [{ type: 'plane' }],
        home: { positions: { base: [0, 0, 0.0995, 1, 0, 0, 0] } },
      },
      () => 1,
    )
    expect(found.result).toBe('unstabilizable')
    expect(labels(found.unstabilizable)).toEqual(['base.rz', 'base.y'])
  })

  test('a two-wheeled balancer: base.y is refused with weight, kept without, and the falling mode is its tilt', async () => {
    const wheel = (name: string) => ({ name, mass: 0.2, shapes: [{ type: 'sphere', radius: 0.1 }] })
    const axle = (name: string, child: string, y: number) => ({
      name,
      type: 'hinge',
      parent: 'chassis',
      child,
      axis: [0, 1, 0],
      anchors: { parent: [0, y, 0] },
    })
    const scene = {
      name: 'balancer',
      dt: 0.01,
      bodies: [
        { name: 'chassis', mass: 1, com: [0, 0, 0.2], inertia: [0.02, 0.02, 0.01] },
        wheel('left-wheel'),
        wheel('right-wheel'),
      ],
      joints: [
        { name: 'base', type: 'free', parent: 'world', child: 'chassis' },
        axle('left', 'left-wheel', 0.2),
        axle('right', 'right-wheel', -0.2),
      ],
      actuators: [
        { name: 'left-motor', joint: 'left' },
        { name: 'right-motor', joint: 'right' },
      ],
      environment: [{ type: 'plane' }],
      home: { positions: { base: [0, 0, 0.0995, 1, 0, 0, 0] } },
    }
    const free = ['base.x', 'base.rz']
    const { lin, found } = await design(scene, (name) => (free.includes(name) ? 0 : 1))
    expect(found.result).toBe('unstabilizable')
    expect(labels(found.unstabilizable)).toEqual(['base.y'])
    expect(labels(found.undetectable)).toEqual([])
    const kept = await design(scene, (name) => ([...free, 'base.y'].includes(name) ? 0 : 1))
    expect(kept.found.result).toBe('solved')
    expect(labels(kept.found.undetectable)).toEqual(['base.rz', 'base.x', 'base.y'])
    const names = lin.layout.dx.map(({ name }) => name)
    const falling = unseenModes(lin.A, Matrix.zeros(1, names.length), names, 1.001)
    expect(labels(falling)).toEqual(['base.ry'])
    expect(falling[0]!.coordinates.map(({ name }) => name)).toContain('base.wy')
  })
})

describe('modes', () => {
  test('weights do not change with units: the hinge is named before what it drags along', () => {
    // A pole that falls and drags a wheel: 100 rad of the wheel for one of the pole, which does not feel the wheel.
    const names = ['pole.angle', 'wheel.angle', 'pole.velocity', 'wheel.velocity']
    const A = new Matrix([
      [1.003, 0, 0.01, 0],
      [0.1, 1, 0, 0.01],
      [0.3, 0, 1, 0],
      [30, 0, 0, 0.9],
    ])
    for (const scale of [1e-3, 1, 1e3]) {
      const D = Matrix.diag([1, scale, 1, scale])
      const scaled = D.mmul(A).mmul(Matrix.diag([1, 1 / scale, 1, 1 / scale]))
      const [mode, ...others] = unseenModes(scaled, Matrix.zeros(1, 4), names, 1.001)
      expect(others).toEqual([])
      expect(mode!.coordinates.map(({ name }) => name)).toEqual(['pole.angle', 'pole.velocity'])
    }
  })

  test('every coordinate of a chain of integrators is counted, once', () => {
    const A = new Matrix([
      [1, 0.01, 0, 0],
      [0, 1, 0.01, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 0.5],
    ])
    const names = ['a', 'b', 'c', 'd']
    expect(labels(unseenModes(A, new Matrix([[0, 0, 0, 1]]), names, 0.99))).toEqual(['a', 'b', 'c'])
    expect(labels(unseenModes(A, new Matrix([[0, 0, 1, 0]]), names, 0.99))).toEqual(['a', 'b'])
    expect(labels(unseenModes(A, new Matrix([[1, 0, 0, 0]]), names, 0.99))).toEqual([])
    expect(labels(uncontrolledModes(A, new Matrix([[0], [1], [0], [0]]), names, 0.99))).toEqual(['c'])
  })

  test('two complex pairs with one eigenvalue are two modes', () => {
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)]
    const turn = new Matrix([
      [c, -s],
      [s, c],
    ])
    const A = Matrix.zeros(5, 5)
    A.setSubMatrix(turn, 0, 0)
    A.setSubMatrix(turn, 2, 2)
    const found = uncontrolledModes(A, new Matrix([[0], [0], [0], [0], [1]]), ['a', 'b', 'c', 'd', 'e'], 0.99)
    expect(found).toHaveLength(2)
    for (const { eigenvalue } of found) expect(eigenvalue.im).toBeCloseTo(s, 12)
  })
})

describe('accuracy', () => {
  test('of differences: rounding and noise over the step', () => {
    const quality = (step: number, noiseLevel: number | null) => ({ stepRange: [step, step] as const, noiseLevel })
    const central = sensedAccuracy(quality(6e-6, null))!
    expect(central).toBeGreaterThan(2.3e-11) // found in B of the box
    expect(central).toBeLessThan(1e-9)
    expect((sensedAccuracy(quality(6e-6, null), [0, -10]) as number) / (central as number)).toBeCloseTo(10, 9)
    expect(sensedAccuracy(quality(1e-3, 1e-6))).toBeGreaterThan(1e-3)
    expect(sensedAccuracy(quality(0, null))).toBeNull()
  })

  test('of given matrices: rounding of their largest entries', () => {
    const { A, B } = roundingAccuracy(new Matrix([[100]]), new Matrix([[1e-6]]))
    expect(A / B).toBeCloseTo(1e8, 0)
    expect(A).toBeLessThan(1e-11)
  })

  test('misuse throws', () => {
    expect(() => dare([[1]], [[1]], [[1]], [[1]], { accuracy: -1 })).toThrow('dare: accuracy of A must be')
    expect(() => dare([[1]], [[1]], [[1]], [[1]], { accuracy: { A: 0, B: Number.NaN } })).toThrow('accuracy of B')
  })
})

describe('a point that is no equilibrium', () => {
  test('is said', () => {
    const lin = { ...model(new Matrix([[1.1]]), new Matrix([[1]]), ['tilt']), dt: 0.01 }
    const found = lqr({ ...lin, c: [1e-3] }, { Q: [[1]], R: [[1]] })
    expect([found.result, found.affine]).toEqual(['solved', true])
    expect(found.message).toContain('not an equilibrium (c of tilt is 1.0e-3)')
    expect(lqr({ ...lin, c: [1e-12] }, { Q: [[1]], R: [[1]] }).affine).toBe(false)
  })
})
