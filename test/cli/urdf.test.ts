import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ARM, armWith } from '../scene/urdf/arm.ts'
import { invoke } from './invoke.ts'

describe('jacsense on a .urdf file', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jacsense-urdf-'))
    await writeFile(join(folder, 'arm.urdf'), ARM)
    await writeFile(join(folder, 'planar.urdf'), armWith('"continuous"', '"planar"'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('check, lqr and run work on it', async () => {
    for (const args of [
      ['check', join(folder, 'arm.urdf')],
      ['lqr', join(folder, 'arm.urdf'), '--q', '1', '--r', '1', '--at', 'equilibrium'],
      ['run', join(folder, 'arm.urdf'), '--duration', '0.2', '--out', join(folder, 'out'), '--controller', 'none'],
    ]) {
      const { code, stderr } = await invoke(...args)
      expect([args[0], code, stderr.match(/expected.*/)?.[0]]).toEqual([args[0], 0, undefined])
    }
  })

  test.each(['cannon', 'mujoco'])('linearize --engine %s --json', async (engine) => {
    const { code, stdout } = await invoke('linearize', join(folder, 'arm.urdf'), '--engine', engine, '--json')
    expect(code).toBe(0)
    const { scene, states, controls, quality } = JSON.parse(stdout)
    expect([scene, controls, quality.certified]).toEqual(['arm', ['shoulder', 'elbow'], true])
    expect(states).toEqual(['shoulder.angle', 'elbow.angle', 'shoulder.velocity', 'elbow.velocity'])
  })

  test('one that can’t be used gives one line, exit code 2', async () => {
    const { code, stdout, stderr } = await invoke('check', join(folder, 'planar.urdf'))
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('planar.urdf: line 31, joint "elbow": expected a type of "revolute"')
    expect(stderr).toContain('found "planar", which is not supported')
  })
})
