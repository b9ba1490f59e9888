import { describe, expect, test } from 'vitest'
import { parseScene } from '../../src/scene/parseScene.ts'
import { parseState } from '../../src/scene/parseState.ts'
import { controlVector, reducedState } from '../../src/scene/stateVector.ts'
import { minimalScene } from './minimal.ts'

const scene = parseScene(minimalScene())

describe('parseState', () => {
  test('reads a state by joint names into the vectors of the scene', () => {
    const state = parseState(
      { positions: { hinge: 0.1, flight: [1, 2, 3, 0, 0, 0, 2] }, velocities: { slide: 4 }, controls: { motor: -1 } },
      scene,
    )
    expect([...reducedState(scene, state)]).toEqual([0, 0.1, 1, 2, 3, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0, 0, 0])
    expect([...controlVector(scene, state)]).toEqual([-1, 0])
  })

  test.each<[string, unknown, string, string, string]>([
    ['no object', 3, '', 'a state {', '3'],
    ['an unknown key', { position: {} }, 'position', 'positions, velocities, controls', 'did you mean "positions"'],
    ['an unknown joint', { positions: { pole: 0 } }, 'positions.pole', '"hinge"', '"pole"'],
    ['a position beyond its limits', { positions: { slide: 5 } }, 'positions.slide', 'from -2 to 2 (m)', '5'],
    ['too few velocities', { velocities: { flight: [1] } }, 'velocities.flight', '6 numbers', '[1]'],
    ['an unknown control', { controls: { moto: 1 } }, 'controls.moto', '"motor"', 'did you mean "motor"'],
  ])('%s is refused by file and path', (_, value, path, expected, found) => {
    const error = thrownBy(() => parseState(value, scene, { file: 'state.json' }))
    expect(error).toMatchObject({ name: 'InputError', file: 'state.json', path })
    expect(error).toMatchObject({ expected: expect.stringContaining(expected), found: expect.stringContaining(found) })
  })
})

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return null
}
