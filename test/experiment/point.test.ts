import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { pointFrom } from '../../src/experiment/point.ts'
import { unstableModes } from '../../src/experiment/unstableModes.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

const quadrotor = await loadScene('quadrotor')
const engine = await createEngine(quadrotor)
const { home, layout } = engine

describe('pointFrom', () => {
  it('reads names; what they leave out is as at home', () => {
    const { x, u } = pointFrom(
      { positions: { base: [1, 2, 3, 2, 0, 0, 0] }, controls: { 'front-left': 0.5 } },
      quadrotor,
      engine,
    )
    expect([...x]).toEqual([1, 2, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    expect([...u]).toEqual([0.5, ...home.u.subarray(1)])
  })

  it('an empty state is home, in any coordinates', () => {
    expect(pointFrom({}, quadrotor, engine)).toEqual({ x: home.x, u: home.u })
  })

  it('reads vectors and makes quaternions unit', () => {
    const x = [0, 0, 1, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0]
    const point = pointFrom({ x }, quadrotor, engine)
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
    const read = () => pointFrom(value, quadrotor, engine, { file: 'state.json' })
    expect(read).toThrow(InputError)
    expect(read).toThrow(message)
  })

  it('refuses joint names where the engine steps other coordinates and has no way from them', () => {
    const { point: _, ...plain } = engine
    const renamed = {
      ...plain,
      layout: { ...layout, x: layout.x.map(({ name, unit }) => ({ name: `b.${name}`, unit })) },
    }
    expect(() => pointFrom({ positions: { base: [0, 0, 1, 1, 0, 0, 0] } }, quadrotor, renamed)).toThrow(
      /joint coordinates/,
    )
  })
})

describe('unstableModes', () => {
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
