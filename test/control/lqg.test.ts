import fc from 'fast-check'
import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { kalman } from '../../src/control/kalman.ts'
import { lqg } from '../../src/control/lqg.ts'
import { lqgController } from '../../src/control/lqgController.ts'
import { lqrController } from '../../src/control/lqrController.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { eigenvalues, symmetricEigenvalues } from '../../src/linalg/eigenvalues.ts'
import { random } from '../../src/linalg/random.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { linearEngine } from '../experiment/engines.ts'
import { gaussianMatrix } from './riccatiOracle.ts'

const sizes = fc.record({
  n: fc.integer({ min: 1, max: 6 }),
  ny: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(10000),
})

function systemOf({ n, ny, seed }: { n: number; ny: number; seed: number }) {
  const [W, V] = [gaussianMatrix(n, n, seed + 4, 1), gaussianMatrix(ny, ny, seed + 5, 1)]
  return {
    A: gaussianMatrix(n, n, seed + 1, 1.2 / Math.sqrt(n)),
    B: gaussianMatrix(n, 2, seed + 2, 1),
    outputs: gaussianMatrix(ny, n, seed + 3, 1),
    W: W.mmul(W.transpose()).add(Matrix.eye(n, n, 0.01)),
    V: V.mmul(V.transpose()).add(Matrix.eye(ny, ny, 0.1)),
  }
}

describe('kalman', () => {
  test('of a random walk: p = (w + √(w² + 4wv))/2, gain p/(p + v)', () => {
    const [w, v] = [0.3, 2]
    const p = (w + Math.sqrt(w * w + 4 * w * v)) / 2
    const found = kalman({ A: [[1]], B: [[1]] }, { outputs: [[1]], W: [[w]], V: [[v]] })
    expect(found.result).toBe('solved')
    expect(found.P!.get(0, 0)).toBeCloseTo(p, 13)
    expect(found.L!.get(0, 0)).toBeCloseTo(p / (p + v), 13)
    expect(found.after!.get(0, 0)).toBeCloseTo((p * v) / (p + v), 13)
    expect(found.eigenvalues!.re[0]).toBeCloseTo(v / (p + v), 13)
  })

  test('is where the filter that starts with any covariance ends', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const { A, B, outputs: C, W, V } = systemOf(size)
        const found = kalman({ A, B }, { outputs: C, W, V })
        expect(found.result).toBe('solved')
        let P = Matrix.eye(size.n, size.n, 100)
        let L = Matrix.zeros(size.n, size.ny)
        for (let k = 0; k < 1000; k++) {
          L = P.mmul(C.transpose()).mmul(inverse(C.mmul(P).mmul(C.transpose()).add(V)))
          const after = Matrix.sub(P, L.mmul(C).mmul(P))
          P = A.mmul(after).mmul(A.transpose()).add(W)
          P = Matrix.add(P, P.transpose()).mul(0.5)
        }
        expect(maxAbs(Matrix.sub(P, found.P!)) / maxAbs(P)).toBeLessThan(1e-8)
        expect(maxAbs(Matrix.sub(L, found.L!)) / maxAbs(L)).toBeLessThan(1e-8)
        expect(symmetricEigenvalues(found.after!)[0]!).toBeGreaterThan(-1e-12 * maxAbs(P))
      }),
      { seed: 1, numRuns: 15 },
    )
  })

  test('a mode that no output sees is named, and one that no noise moves', () => {
    const layout = { dx: ['place', 'tilt'].map((name) => ({ name })), u: [{ name: 'u' }] }
    const lin = { A: Matrix.diag([1.1, 0.9]), B: [[1], [1]], layout }
    const blind = kalman(lin, { outputs: ['tilt'], W: Matrix.eye(2, 2), V: [[1]] })
    expect([blind.result, blind.L]).toEqual(['undetectable', null])
    expect(blind.undetectable!.map((mode) => mode.coordinates[0]!.name)).toEqual(['place'])
    expect(blind.message).toContain('no output sees')
    const still = kalman({ ...lin, A: Matrix.diag([1, 0.9]) }, { outputs: ['place'], W: Matrix.diag([0, 1]), V: [[1]] })
    expect(still.result).toBe('undriven')
    expect(still.undriven!.map((mode) => mode.coordinates[0]!.name)).toEqual(['place'])
  })

  test('misuse throws', () => {
    const lin = { A: Matrix.eye(2, 2), B: [[1], [1]] }
    const [W, V] = [Matrix.eye(2, 2), [[1]]]
    expect(() => kalman(lin, { outputs: ['no'], W, V })).toThrow('outputs must be among dx[0], dx[1], got no')
    expect(() => kalman(lin, { outputs: [[1]], W, V })).toThrow('outputs must be [ny × ndx] = [1 × 2], got [1 × 1]')
    expect(() => kalman(lin, { outputs: ['dx[0]'], W, V: W })).toThrow('V must be [ny × ny] = [1 × 1], got [2 × 2]')
    expect(() => kalman(lin, { outputs: [], W, V })).toThrow('there are no outputs')
  })
})

describe('lqg', () => {
  test('separation: the closed loop has the eigenvalues of regulator and filter', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const { A, B, outputs, W, V } = systemOf(size)
        const { n } = size
        const lin = { A, B, c: new Float64Array(n), xBar: new Float64Array(n), uBar: new Float64Array(2) }
        const design = lqg(lin, { Q: Matrix.eye(n, n), R: Matrix.eye(2, 2) }, { outputs, W, V })
        expect(design.result).toBe('solved')
        const engine = linearEngine(A.to2DArray(), B.to2DArray())
        const controller = lqgController(lin, design, engine.difference)
        // The linear map of (state, prediction) over one step, column by column, through the controller itself.
        const M = Matrix.zeros(2 * n, 2 * n)
        for (let j = 0; j < 2 * n; j++) {
          const x = new Float64Array(n)
          const prediction = new Float64Array(n)
          ;(j < n ? x : prediction)[j % n] = 1
          const u = new Float64Array(2)
          controller.reset(prediction)
          controller.control(x, 0, u)
          engine.step(x, u, x)
          for (let i = 0; i < n; i++) {
            M.set(i, j, x[i]!)
            M.set(n + i, j, controller.prediction()[i]!)
          }
        }
        const found = eigenvalues(M)
        const [a, b] = [design.regulator.eigenvalues!, design.filter.eigenvalues!]
        const union = [a, b].flatMap(({ re, im }) => Array.from(re, (x, k) => [x, im[k]!] as const))
        for (const [re, im] of union) {
          const nearest = Math.min(...Array.from(found.re, (x, k) => Math.hypot(x - re, found.im[k]! - im)))
          expect(nearest).toBeLessThan(1e-5) // multiple eigenvalues split by the root of rounding
        }
        const trace = union.reduce((sum, [re]) => sum + re, 0)
        expect(found.re.reduce((sum, x) => sum + x, 0)).toBeCloseTo(trace, 8)
      }),
      { seed: 2, numRuns: 40 },
    )
  })

  test('errors of the estimate have the covariance that the filter promises', () => {
    const { A, B } = systemOf({ n: 3, ny: 2, seed: 5 })
    const lin = { A, B, c: new Float64Array(3), xBar: new Float64Array(3), uBar: new Float64Array(2) }
    const noise = { outputs: ['dx[0]', 'dx[1]'], W: Matrix.eye(3, 3, 0.04), V: Matrix.eye(2, 2, 0.25) }
    const design = lqg(lin, { Q: Matrix.eye(3, 3), R: Matrix.eye(2, 2) }, noise)
    const controller = lqgController(lin, design, (x1, _x0, out) => void out.set(x1))
    const source = random(3)
    const N = 20000
    const total = Matrix.zeros(3, 3)
    const u = new Float64Array(2)
    let x = Matrix.zeros(3, 1)
    controller.reset()
    for (let k = 0; k < N; k++) {
      const error = Matrix.sub(x, Matrix.columnVector(controller.prediction()))
      total.add(error.mmul(error.transpose()))
      controller.control(
        Float64Array.from(x.to1DArray(), (value) => value + 0.5 * source.normal()),
        0,
        u,
      )
      x = A.mmul(x).add(B.mmul(Matrix.columnVector(u)))
      for (let i = 0; i < 3; i++) x.set(i, 0, x.get(i, 0) + 0.2 * source.normal())
    }
    // Standard errors of 20000 correlated samples are about 2 %.
    expect(maxAbs(Matrix.sub(total.mul(1 / N), design.filter.P!)) / maxAbs(design.filter.P!)).toBeLessThan(0.08)
  })

  test('holds a cart-pole up from two noisy positions', async () => {
    const engine = await createEngine(await loadScene('cartpole'))
    const lin = await linearize(engine)
    const outputs = ['slide.position', 'pole.angle']
    const design = lqg(
      lin,
      { Q: Matrix.diag([1, 10, 1, 1]), R: [[0.1]] },
      { outputs, W: Matrix.diag([1e-8, 1e-8, 1e-4, 1e-4]), V: Matrix.eye(2, 2, 1e-6) },
    )
    expect(design.result).toBe('solved')
    const controller = lqgController(lin, design, engine.difference)
    const x0 = Float64Array.of(0, 0.1, 0, 0)
    const measurement = { sigma: { 'slide.position': 1e-3, 'pole.angle': 1e-3 }, seed: 4 }
    const run = await simulate(engine, controller, { x0, duration: 8, measurement })
    expect(run.result).toBe('completed')
    expect(run.measurement).toEqual(measurement)
    const last = run.dX.slice(-400 * 4)
    for (let k = 0; k < last.length; k += 4) {
      expect(Math.abs(last[k]!)).toBeLessThan(0.1)
      expect(Math.abs(last[k + 1]!)).toBeLessThan(0.02)
    }
    // Runs begin with a controller that has forgotten, and with the same noise: bit for bit the same.
    const again = await simulate(engine, controller, { x0, duration: 8, measurement })
    expect(again.X).toEqual(run.X)
    const other = await simulate(engine, controller, { x0, duration: 8, measurement: { ...measurement, seed: 5 } })
    expect(other.X).not.toEqual(run.X)
    engine.dispose()
  })

  test('who knows where a run starts does from few exact outputs what LQR does from the whole state', async () => {
    const { A, B, outputs, W, V } = systemOf({ n: 4, ny: 1, seed: 9 })
    const lin = { A, B, c: new Float64Array(4), xBar: new Float64Array(4), uBar: new Float64Array(2) }
    const design = lqg(lin, { Q: Matrix.eye(4, 4), R: Matrix.eye(2, 2) }, { outputs, W, V })
    const engine = linearEngine(A.to2DArray(), B.to2DArray())
    const x0 = Float64Array.of(1, -2, 0.5, 3)
    const options = { x0, duration: 3 }
    const knowing = lqgController(lin, design, engine.difference, { initial: x0 })
    const [a, b] = await Promise.all([
      simulate(engine, knowing, options),
      simulate(engine, lqrController(lin, design.regulator.K!, engine.difference), options),
    ])
    for (const [k, value] of a.X.entries()) expect(value).toBeCloseTo(b.X[k]!, 10)
    expect(() => lqgController(lin, design, engine.difference, { initial: [1] })).toThrow('initial must be [ndx] = [4]')
  })

  test('a failed design says which half failed, and can’t be used', () => {
    const lin = { A: Matrix.diag([1.1, 0.9]), B: [[0], [1]] }
    const weights = { Q: Matrix.eye(2, 2), R: [[1]] }
    const noise = { outputs: ['dx[1]'], W: Matrix.eye(2, 2), V: [[1]] }
    expect(lqg(lin, weights, noise).result).toBe('no-regulator')
    const blind = lqg({ ...lin, B: [[1], [1]] }, weights, noise)
    expect(blind.result).toBe('no-filter')
    const model = {
      A: lin.A,
      B: new Matrix(lin.B),
      c: new Float64Array(2),
      xBar: new Float64Array(2),
      uBar: new Float64Array(1),
    }
    expect(() => lqgController(model, blind, () => {})).toThrow('the design failed: no output sees')
  })
})

describe('measurement noise', () => {
  test('has the deviation asked for, in the named coordinate alone', async () => {
    const engine = linearEngine(
      [
        [1, 0],
        [0, 1],
      ],
      [[0], [0]],
      { names: ['a', 'b'] },
    )
    const seen: number[][] = []
    const controller = {
      name: 'ears',
      control: (x: Float64Array, _t: number, u: Float64Array) => {
        seen.push([...x])
        u.fill(0)
      },
    }
    await simulate(engine, controller, { duration: 400, measurement: { sigma: { b: 0.5 } } })
    expect(seen.every(([a]) => a === 0)).toBe(true)
    const variance = seen.reduce((sum, [, b]) => sum + b! * b!, 0) / seen.length
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1)
  })

  test('misuse is named', async () => {
    const engine = linearEngine([[1]], [[1]], { names: ['a'] })
    const run = (sigma: number | Record<string, number>) =>
      simulate(engine, { name: 'none', control: () => {} }, { duration: 1, measurement: { sigma } })
    await expect(run({ c: 1 })).rejects.toThrow(InputError)
    await expect(run(-1)).rejects.toThrow('measurement.sigma.a')
  })
})
