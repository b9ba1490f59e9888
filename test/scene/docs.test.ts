import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { pointFrom } from '../../src/experiment/point.ts'
import { sceneJsonSchema } from '../../src/scene/jsonSchema.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { parseJson } from '../../src/scene/parseJson.ts'
import { parseScene } from '../../src/scene/parseScene.ts'

const page = await readFile(new URL('../../docs/scene-format.md', import.meta.url), 'utf8')

test('docs/scene-format.md names every key and every word of the format', () => {
  const words = new Set<string>()
  JSON.stringify(sceneJsonSchema(), (key, value: unknown) => {
    if (key === 'properties') for (const name of Object.keys(value as object)) words.add(name)
    if (key === 'const' || key === 'enum') for (const word of [value].flat()) words.add(String(word))
    return value
  })
  expect(words.size).toBeGreaterThan(50)
  expect([...words].filter((word) => !page.includes(`\`${word}\``) && !page.includes(`.${word}\``))).toEqual([])
})

test('its example is a scene', () => {
  const [, example] = /```json\n([\s\S]*?)```/.exec(page)!
  expect(parseScene(parseJson(example!)).joints[0]).toMatchObject({ name: 'swing', parentAnchor: [0, 0, 1] })
})

test('its state files are states of the cart-pole', async () => {
  const scene = await loadScene('cartpole')
  const engine = await createEngine(scene)
  const examples = [...page.split('## State files')[1]!.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) =>
    parseJson(text!),
  )
  expect(examples).toHaveLength(2)
  const [named, vectors] = examples.map((example) => pointFrom(engine, scene, example))
  // The same point, said twice.
  expect(named).toEqual(vectors)
  engine.dispose()
})
