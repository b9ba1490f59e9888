import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { pointFrom, pointFromNames } from '../../src/experiment/point.ts'
import { unstableModes } from '../../src/experiment/unstableModes.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

const quadrotor = await loadScene('quadrotor')
const engine = await createEngine(quadrotor)
const { home } = engine

describe('pointFrom', () => {
  it('reads names; what they leave out is as at home', () => {
    const { x, u } = pointFrom(engine, quadrotor, {
      positions: { base: [1, 2, 3, 2, 0, 0, 0] },
      controls: { 'front-left': 0.5 },
    })
    expect([...x]).toEqual([1, 2, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect([...u]).toEqual([0.5, ...home.u.subarray(1)])
  })

  it('an empty state is home, in any coordinates', () => {
    expect(pointFrom(engine, quadrotor, {})).toEqual({ x: home.x, u: home.u })
  })

  it('reads vectors and makes quaternions unit', () => {
    const x = [0, 0, 1, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    const point = pointFrom(engine, quadrotor, { x })
    expect([...point.x.subarray(3, 7)]).toEqual([0.6, 0, 0.8, 0])
    expect(point.u).toEqual(home.u)
    expect(home.x[3]).toBe(1)
  })

  it.each<[unknown, RegExp]>([
    [{ x: [1] }, /state\.json: x: expected a list of 13 numbers, found a list of 1/],
    [{ x: 'home' }, /x: expected a list of 13 numbers, found string/],
    [{ u: [0, 0, null, 0] }, /u\[2\]: expected a finite number \(rear-right, N\), found null/],
    [{ x: Array(13).fill(0) }, /x\[3\]: expected a quaternion .* other than zero/],
    [{ x: [...home.x], positions: {} }, /positions: expected one of "x", "u"/],
    [{ positions: { bas: [0] } }, /positions\.bas: .*"base"/],
    [{ position: {} }, /position.*"positions"/],
    [[], /expected a state/],
    ['home', /expected a state/],
  ])('refuses %j by name', (value, message) => {
    const read = () => pointFrom(engine, quadrotor, value, { file: 'state.json' })
    expect(read).toThrow(InputError)
    expect(read).toThrow(message)
  })

  it('finds joints by the names of the layout where an engine has no way of its own', () => {
    const { point: _, ...plain } = engine
    const state = {
      positions: { base: [1, 2, 3, 0, 2, 0, 0] },
      velocities: { base: [1, 2, 3, 4, 5, 6] },
      controls: { 'rear-left': 3 },
    }
    expect(pointFromNames(plain, state)).toEqual(pointFromNames(engine, state))
    expect(() => pointFromNames(plain, { ...state, positions: { bas: [0] } })).toThrow(
      /positions\.bas: expected one of "base", found "bas" \(did you mean/,
    )
    expect(() => pointFromNames(plain, { ...state, velocities: { base: [0] } })).toThrow(
      /velocities\.base: expected a list of 6 numbers \(base\.vx, .*found 1/,
    )
    expect(() => pointFromNames(plain, { ...state, controls: { left: 0 } })).toThrow(
      /controls\.left: expected one of "front-left"/,
    )
  })
})

describe('unstableModes', () => {
  it('takes what does not hang together apart, and sorts by |λ|', () => {
    // Two robots with the same double growing eigenvalue, and one with a larger one: entries of one are none of another's.
    const A = Matrix.eye(6, 6)
    for (const [k, rate] of [1.1, 1.1, 1.2].entries()) {
      A.set(2 * k, 2 * k, rate)
      A.set(2 * k, 2 * k + 1, 0.5)
      A.set(2 * k + 1, 2 * k + 1, 0.9)
    }
    const dx = ['a.x', 'a.y', 'b.x', 'b.y', 'c.x', 'c.y'].map((name) => ({ name, unit: '' }))
    const modes = unstableModes({ A, layout: { dx } } as unknown as Parameters<typeof unstableModes>[0])
    expect(modes.map(({ eigenvalue, coordinates }) => [eigenvalue.re, coordinates[0]!.name])).toEqual([
      [expect.closeTo(1.2, 12), 'c.x'],
      [expect.closeTo(1.1, 12), 'a.x'],
      [expect.closeTo(1.1, 12), 'b.x'],
    ])
  })

  it('finds the falling pole of the cart-pole, and nothing that hovers', async () => {
    const cartpole = await createEngine(await loadScene('cartpole'))
    const modes = unstableModes(await linearize(cartpole))
    expect(modes).toHaveLength(1)
    expect(modes[0]!.magnitude).toBeCloseTo(1.0524, 3)
    expect(
      modes[0]!.coordinates
        .slice(0, 2)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['pole.angle', 'pole.velocity'])
    expect(unstableModes(await linearize(engine))).toEqual([])
  })
})
