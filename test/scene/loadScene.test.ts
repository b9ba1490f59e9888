import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InputError } from '../../src/scene/inputError.ts'
import { listScenes, loadScene } from '../../src/scene/loadScene.ts'
import { minimalScene } from './minimal.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-scene-'))
  await mkdir(join(folder, 'robot'))
  await mkdir(join(folder, 'nothing'))
  await writeFile(join(folder, 'robot', 'scene.json'), JSON.stringify(minimalScene()))
  await writeFile(join(folder, 'empty.json'), '')
  await writeFile(join(folder, 'broken.json'), '{\n  "name": "x",\n  bodies: []\n}')
  await writeFile(join(folder, 'negative.json'), JSON.stringify({ ...minimalScene(), dt: -1 }))
  await writeFile(join(folder, 'arm.urdf'), '<robot/>')
  await writeFile(join(folder, 'arm.xml'), '<mujoco/>')
  await writeFile(join(folder, 'huge.json'), '')
  await truncate(join(folder, 'huge.json'), 17 * 2 ** 20)
})
afterAll(() => rm(folder, { recursive: true }))

describe('loadScene', () => {
  test('reads a file, the folder that holds scene.json, and a bare name from the package', async () => {
    const file = join(folder, 'robot', 'scene.json')
    const fromFile = await loadScene(file)
    expect(fromFile.file).toBe(file)
    expect(await loadScene(join(folder, 'robot'))).toEqual(fromFile)
    expect((await loadScene('cartpole')).name).toBe('cartpole')
  })

  test.each<[string, string, string, string]>([
    ['empty.json', '', 'JSON', 'an empty file'],
    ['broken.json', 'line 3, column 3', 'a key in double quotes', '"bodies"'],
    ['negative.json', 'dt', 'a number > 0 (s)', '-1'],
    ['huge.json', '', 'at most 16 MB', '17.0 MB'],
    ['arm.urdf', 'line 1, robot', 'the attribute name', 'none'],
    ['arm.xml', '', 'a scene file in JSON, or a URDF file', 'an XML file; MJCF opens with the engine mujoco'],
    ['nothing', '', 'a folder that holds scene.json', 'no such file in it'],
    ['missing.json', '', 'a scene file or folder', 'nothing of this name'],
  ])('%s: one error that names the file', async (name, path, expected, found) => {
    const error = await loadScene(join(folder, name)).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({ file: join(folder, name), path, expected, found })
  })

  test('an unknown bare name lists what there is', async () => {
    const error = await loadScene('cartpol').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InputError)
    expect((error as InputError).expected).toContain('"cartpole"')
    expect((error as InputError).found).toContain('did you mean "cartpole"')
    await expect(loadScene('')).rejects.toBeInstanceOf(InputError)
  })

  test('a signal that is aborted stops it', async () => {
    await expect(loadScene('cartpole', { signal: AbortSignal.abort() })).rejects.toThrow('abort')
  })

  test('lists the scenes of the package', async () => {
    expect(await listScenes()).toEqual(expect.arrayContaining(['acrobot', 'cartpole', 'spheres']))
  })
})
