import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { minimalScene } from '../scene/minimal.ts'

describe('createEngine on what is no scene', () => {
  it.each<[string, unknown, RegExp]>([
    ['a name', 'cartpole', /expected a scene .*found the text "cartpole": await loadScene\(…\) first/],
    ['a promise', loadScene('cartpole'), /found a Promise: await it first/],
    ['the content of a file', minimalScene(), /found an object that is none: parseScene/],
    ['nothing', undefined, /found undefined/],
    ['null', null, /found null/],
  ])('%s: a TypeError that says what to do', async (_what, value, message) => {
    await expect(createEngine(value as never)).rejects.toThrow(TypeError)
    await expect(createEngine(value as never)).rejects.toThrow(message)
  })
})

describe('createEngine on a choice that is not there', () => {
  const { task: _, ...rest } = minimalScene() as ReturnType<typeof minimalScene> & { task?: unknown }
  const maximal = parseScene({ ...rest, engines: { cannon: { coordinates: 'maximal' } } }, { file: 'max.json' })
  it.each<[string, object, RegExp]>([
    [
      'an engine',
      { engine: 'canon' },
      /^engine: expected one of "cannon", .*found "canon" \(did you mean "cannon"\?\)$/,
    ],
    ['coordinates', { coordinates: 'polar' }, /^coordinates: expected "reduced" or "maximal", found "polar"$/],
    [
      "the scene's own coordinates in an engine without them",
      { engine: 'reference' },
      /^max\.json: engines\.cannon\.coordinates: expected "reduced" for the engine "reference", found "maximal"$/,
    ],
    [
      'chosen coordinates in an engine without them',
      { engine: 'reference', coordinates: 'maximal' },
      /^coordinates: expected "reduced" for the engine "reference", found "maximal"$/,
    ],
  ])('%s', async (_what, choice, message) => {
    await expect(createEngine(maximal, choice)).rejects.toThrow(InputError)
    await expect(createEngine(maximal, choice)).rejects.toThrow(message)
  })
})
