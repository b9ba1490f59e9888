import { expect, test } from 'vitest'
import { loadScene, readSceneTexts } from '../../src/scene/loadScene.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import { parseTexts } from '../../src/scene/parseTexts.ts'
import { parseUrdf } from '../../src/scene/parseUrdf.ts'
import type { SceneTexts } from '../../src/scene/sceneTexts.ts'

test.each(['cartpole', 'arm7', 'chains'])('gives the scene that loadScene reads: %s', async (name) => {
  const { file } = await loadScene(name)
  expect(await parseTexts({ ...(await readSceneTexts(name)), file: file! })).toEqual(await loadScene(name))
})

const URDF = '<robot name="r"><link name="base"/></robot>'

test.each<[string, SceneTexts, () => unknown]>([
  ['URDF', { kind: 'urdf', file: 'a.urdf', source: URDF, files: {} }, () => parseUrdf(URDF, { file: 'a.urdf' })],
  [
    'robots without their texts',
    { kind: 'scene', file: 'a.json', source: { name: 'a', robots: [{ urdf: 'r.urdf' }] }, files: {} },
    () => parseScene({ name: 'a', robots: [{ urdf: 'r.urdf' }] }, { file: 'a.json' }),
  ],
  [
    'no bodies',
    { kind: 'scene', file: 'a.json', source: { name: 'a' }, files: {} },
    () => parseScene({ name: 'a' }, { file: 'a.json' }),
  ],
  ['no object', { kind: 'scene', file: 'a.json', source: null, files: {} }, () => parseScene(null, { file: 'a.json' })],
])('refuses what parseScene and parseUrdf refuse, in their words: %s', async (_, texts, expected) => {
  let message = ''
  try {
    expected()
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).not.toBe('')
  await expect(parseTexts(texts)).rejects.toThrow(message)
})
