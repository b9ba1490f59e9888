import { Matrix, pseudoInverse } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { constrainedLqr } from '../../src/control/constrainedLqr.ts'
import { dare } from '../../src/control/dare.ts'
import { lqr } from '../../src/control/lqr.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { jointTangent } from '../../src/engine/jointTangent.ts'
import { unstableModes } from '../../src/experiment/unstableModes.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { spectralRadius } from '../../src/linalg/eigenvalues.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { parseScene } from '../../src/scene/parseScene.ts'

/** Two carts on one line, held together by a rod that is not in A: positions, then velocities. */
const h = 0.1
const carts = {
  A: [
    [1, 0, h, 0],
    [0, 1, 0, h],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ],
  B: [[h * h], [h * h], [h], [h]],
  layout: { dx: ['left.x', 'right.x', 'left.v', 'right.v'].map((name) => ({ name })), u: [{ name: 'push' }] },
}
const rod = [
  [1, -1, 0, 0],
  [0, 0, 2, -2],
]
const one = dare(
  [
    [1, h],
    [0, 1],
  ],
  [[h * h], [h]],
  Matrix.eye(2, 2).mul(2),
  [[1]],
)

describe('constrainedLqr', () => {
  test('of two carts on a rod is that of one, fed with the mean of both', () => {
    const { result, K, P, leak, eigenvalues } = constrainedLqr(carts, { Q: Matrix.eye(4, 4), R: [[1]] }, { F: rod })
    expect(result).toBe('solved')
    const [k, s] = [one.K!.get(0, 0) / 2, one.K!.get(0, 1) / 2]
    expect(maxAbs(Matrix.sub(K!, new Matrix([[k, k, s, s]])))).toBeLessThan(1e-12)
    expect(leak).toBeLessThan(1e-15)
    expect(eigenvalues!.re).toHaveLength(2)
    const both = Matrix.columnVector([1, 1, -2, -2])
    const alone = Matrix.columnVector([1, -2])
    const cost = (M: Matrix, x: Matrix) => x.transpose().mmul(M).mmul(x).get(0, 0)
    expect(cost(P!, both)).toBeCloseTo(cost(one.P!, alone), 10)
    // All of it at once can't be done: the distance of the carts costs, and is out of reach.
    expect(lqr(carts, { Q: Matrix.eye(4, 4), R: [[1]] }).result).toBe('unstabilizable')
  })

  test('the basis does not matter: any T that spans the same gives the same gain', () => {
    const T = [
      [3, 1],
      [3, 1],
      [-1, 2],
      [-1, 2],
    ]
    const cost = { Q: Matrix.diag([1, 2, 3, 4]), R: [[0.3]], S: [[0.1], [0], [0.2], [0]] }
    const byF = constrainedLqr(carts, cost, { F: rod })
    const byT = constrainedLqr(carts, cost, { T })
    expect(maxAbs(Matrix.sub(byF.K!, byT.K!))).toBeLessThan(1e-11)
    expect(maxAbs(Matrix.sub(byF.P!, byT.P!))).toBeLessThan(1e-10)
  })

  test('names what control does not reach by the coordinates that are left free', () => {
    const idle = constrainedLqr({ ...carts, B: [[0], [0], [0], [0]] }, { Q: Matrix.eye(4, 4), R: [[1]] }, { F: rod })
    expect([idle.result, idle.K, idle.P]).toEqual(['unstabilizable', null, null])
    for (const mode of idle.unstabilizable!)
      for (const { name } of mode.coordinates) expect(['left.x', 'left.v', 'right.x', 'right.v']).toContain(name)
  })

  test('says how far steps leave what is allowed', () => {
    const torn = { ...carts, B: [[h * h], [0], [h], [0]] }
    expect(constrainedLqr(torn, { Q: Matrix.eye(4, 4), R: [[1]] }, { F: rod }).leak).toBeGreaterThan(0.01)
  })

  test('misuse throws', () => {
    const cost = { Q: Matrix.eye(4, 4), R: [[1]] }
    expect(() => constrainedLqr(carts, cost, { F: [[1]] })).toThrow('F must be [p × ndx] with ndx = 4, got [1 × 1]')
    expect(() => constrainedLqr(carts, cost, { F: Matrix.eye(4, 4) })).toThrow('allows no motion')
    expect(() => constrainedLqr(carts, cost, { T: [[1], [1]] })).toThrow('T must be [ndx × k]')
    expect(() => constrainedLqr(carts, cost, { T: rod[0]!.map((x) => [x, 2 * x]) })).toThrow('depend on each other')
    expect(() => constrainedLqr(carts, cost, { T: rod[0]!.map((x) => [x]), names: [] })).toThrow('k = 1 names, got 0')
  })
})

describe('in maximal coordinates', () => {
  test('the tangent of joint coordinates by themselves is the identity', async () => {
    const scene = await loadScene('quadrotor')
    const engine = await createEngine(scene)
    const { T, names } = jointTangent(engine, scene)
    expect(maxAbs(Matrix.sub(T, Matrix.eye(12, 12)))).toBeLessThan(1e-10)
    expect(names).toEqual(engine.layout.dx.map(({ name }) => name))
    engine.dispose()
  })

  test.each(['cartpole', 'pendulum', 'quadrotor'])(
    '%s: the gain of joint motions is that of joint coordinates',
    async (name) => {
      const scene = await loadScene(name)
      const engines = await Promise.all([
        createEngine(scene, { coordinates: 'maximal' }),
        createEngine(scene, { coordinates: 'reduced' }),
      ])
      const [maximal, reduced] = await Promise.all(engines.map((engine) => linearize(engine)))
      const tangent = jointTangent(engines[0]!, scene)
      for (const engine of engines) engine.dispose()
      const R = Matrix.eye(reduced!.B.columns, reduced!.B.columns)
      const inverse = pseudoInverse(tangent.T)
      const Q = inverse.transpose().mmul(inverse) // weighs every joint coordinate as one
      const joint = lqr(reduced!, { Q: Matrix.eye(reduced!.A.rows, reduced!.A.rows), R })
      const bodies = constrainedLqr(maximal!, { Q, R }, tangent)
      expect([joint.result, bodies.result]).toEqual(['solved', 'solved'])
      // The solver of maximal coordinates meets joints to 1e-4 or so: that is how far steps leave them.
      expect(bodies.leak).toBeLessThan(1e-4)
      const difference = maxAbs(Matrix.sub(bodies.K!.mmul(tangent.T), joint.K!))
      expect(difference).toBeLessThan(3e-4 * maxAbs(joint.K!))
      const closed = Matrix.sub(maximal!.A, maximal!.B.mmul(bodies.K!))
      expect(spectralRadius(closed)).toBeLessThan(1 + 1e-6)
      expect(unstableModes({ ...maximal!, A: closed })).toEqual([])
    },
  )

  test('what can’t be done is said', async () => {
    const scene = await loadScene('pendulum')
    const engine = await createEngine(scene)
    const { point: _none, ...nameless } = engine
    expect(() => jointTangent(nameless, scene)).toThrow('knows no states by joint names')
    const closed = parseScene({
      name: 'loop',
      dt: 0.01,
      bodies: [{ name: 'a', mass: 1, inertia: [0.1, 0.1, 0.1] }],
      joints: [{ name: 'j', type: 'hinge', parent: 'world', child: 'a', axis: [0, 1, 0] }],
    })
    expect(() => jointTangent(engine, { ...closed, closures: [{} as never] })).toThrow('closures tie joints')
    engine.dispose()
  })
})

describe('advice of lqr', () => {
  const refusal = async (coordinates: 'reduced' | 'maximal') => {
    const engine = await createEngine(await loadScene('cartpole'), { coordinates })
    const lin = await linearize(engine)
    const blind = { ...lin, B: Matrix.zeros(lin.A.rows, 1) }
    const found = lqr(blind, { Q: Matrix.eye(lin.A.rows), R: [[1]] })
    engine.dispose()
    return found
  }

  test('constrainedLqr, where joints hold bodies together', async () => {
    const { result, message } = await refusal('maximal')
    expect(result).toBe('unstabilizable')
    expect(message).toMatch(/; joint \w+, joint \w+ hold these together: constrainedLqr leaves out/)
  })

  test('none in joint coordinates without closures', async () => {
    const { result, message } = await refusal('reduced')
    expect(result).toBe('unstabilizable')
    expect(message).not.toContain('constrainedLqr')
  })

  test('only where the modes at fault are those that closures tie', async () => {
    const engine = await createEngine(await loadScene('minitaur'))
    const lin = await linearize(engine)
    expect(lin.constraints!.map(({ name }) => name)).toContain('closure foot_front_left')
    for (const { coordinates } of lin.constraints!)
      expect(coordinates.some((name) => name.startsWith('chassis'))).toBe(false)
    // In the air no motor moves the place of the body; no loop has to do with it.
    const { result, message } = lqr(lin, { Q: Matrix.eye(lin.A.rows), R: Matrix.eye(lin.B.columns) })
    expect(result).toBe('unstabilizable')
    expect(message).not.toContain('constrainedLqr')
    engine.dispose()
  })
})
