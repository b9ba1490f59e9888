import { expect, it } from 'vitest'
import { changeScene } from '../../../src/experiment/sweep/changeScene.ts'
import { parseSettingPath, withSetting } from '../../../src/scene/sweep/settingPath.ts'
import { InputError } from '../../../src/scene/inputError.ts'
import { loadScene } from '../../../src/scene/loadScene.ts'

const fail = (path: string, expected: string, found = '') => new InputError({ path, expected, found })

it('scales mass with inertia, friction, damping and gear, all or by name, and adds damping to what moves', async () => {
  const hopper = await loadScene('hopper')
  const doubled = changeScene(hopper, { mass: 2, friction: 0.5, gear: 3, addedDamping: 0.1 }, 'plant')
  for (const [k, body] of doubled.bodies.entries()) {
    expect(body.mass).toBe(2 * hopper.bodies[k]!.mass)
    expect(body.inertia).toEqual(hopper.bodies[k]!.inertia.map((entry) => 2 * entry))
    expect(body.com).toEqual(hopper.bodies[k]!.com)
  }
  expect(doubled.environment.map(({ friction }) => friction)).toEqual(
    hopper.environment.map(({ friction }) => friction / 2),
  )
  expect(doubled.actuators.map(({ gear }) => gear)).toEqual(hopper.actuators.map(({ gear }) => 3 * gear))
  for (const [k, { type, damping }] of doubled.joints.entries())
    expect(damping - hopper.joints[k]!.damping).toBeCloseTo(type === 'hinge' || type === 'slider' ? 0.1 : 0, 12)

  const cartpole = await loadScene('cartpole')
  const heavier = changeScene(cartpole, { mass: { pole: 4 } }, 'plant')
  expect(heavier.bodies.map(({ mass }) => mass)).toEqual([1, 0.4])
  expect(changeScene(cartpole, undefined, 'plant')).toBe(cartpole)
  expect(() => changeScene(cartpole, { damping: { pol: 1 } }, 'model')).toThrow(
    'model.damping.pol: expected one of "slide", "pole"',
  )
})

it('reads settings by their place, names of coordinates with their dots', () => {
  const read = (text: string) => parseSettingPath(text, 'set', fail)
  expect(read('kicks[0].amount')).toEqual(['kicks', 0, 'amount'])
  expect(read('offset.pole.angle')).toEqual(['offset', 'pole.angle'])
  expect(read('offset["pole.angle"]')).toEqual(['offset', 'pole.angle'])
  expect(read('controller.Q.pole.angle')).toEqual(['controller', 'Q', 'pole.angle'])
  expect(read('plant.mass.left-foot')).toEqual(['plant', 'mass', 'left-foot'])
  for (const bad of ['', '.', 'a.', 'a..b', '[0]', 'a[x]', 'a b', 'a.__proto__', 'constructor', 'offset.'])
    expect(() => read(bad), bad).toThrow('set')
})

it('sets them without touching what it was given', () => {
  const base = { kicks: [{ amount: 1 }, { amount: 2 }], measurementNoise: 0.1 }
  const set = (path: (string | number)[], value: unknown) =>
    withSetting(base, path, value, (expected, found) => fail('set', expected, found))
  expect(set(['kicks', 1, 'amount'], 5)).toEqual({ ...base, kicks: [{ amount: 1 }, { amount: 5 }] })
  expect(set(['kicks', 2], { amount: 3 })).toMatchObject({ kicks: [{ amount: 1 }, { amount: 2 }, { amount: 3 }] })
  expect(set(['measurementNoise', 'pole.angle'], 1)).toMatchObject({ measurementNoise: { 'pole.angle': 1 } })
  expect(set(['a', 'b'], 1)).toEqual({ ...base, a: { b: 1 } })
  expect(() => set(['kicks', 7, 'amount'], 1)).toThrow('2 entries in kicks')
  expect(base).toEqual({ kicks: [{ amount: 1 }, { amount: 2 }], measurementNoise: 0.1 })
})
