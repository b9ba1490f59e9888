import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { loadMjcf } from '../../src/engine/mujoco/loadMjcf.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { invoke } from '../cli/invoke.ts'

const TETRAHEDRON = 'v 0 0 0\nv .2 0 0\nv 0 .2 0\nv 0 0 .2\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n'
const body = (geom = '<geom size=".1"/>') =>
  `<worldbody><body><joint name="j" axis="0 1 0" damping=".1"/>${geom}</body></worldbody><actuator><motor name="m" joint="j"/></actuator>`

let folder: string
beforeAll(async () => {
  const outside = await mkdtemp(join(tmpdir(), 'jacsense-mjcf-'))
  folder = join(outside, 'robot')
  await mkdir(join(folder, 'parts', 'meshes'), { recursive: true })
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  await write('parts/meshes/tip.obj', TETRAHEDRON)
  await write('parts/settings.xml', '<mujoco><compiler meshdir="parts/meshes"/><option timestep=".02"/></mujoco>')
  await write(
    'robot.xml',
    `<mujoco><!-- <include file="../never.xml"/> --><include file="./parts/settings.xml"/>
     <asset><mesh name="tip" file="tip.obj"/></asset>${body('<geom type="mesh" mesh="tip"/>')}</mujoco>`,
  )
  await writeFile(join(outside, 'secret.xml'), '<mujoco/>')
  await symlink(join(outside, 'secret.xml'), join(folder, 'link.xml'))
  await write('up.xml', '<mujoco><include file="../secret.xml"/></mujoco>')
  await write('absolute.xml', '<mujoco><include file="/etc/hostname"/></mujoco>')
  await write('linked.xml', '<mujoco><include file="link.xml"/></mujoco>')
  await write('mesh.xml', `<mujoco><asset><mesh file="../../tip.obj"/></asset>${body()}</mujoco>`)
  await write('missing.xml', `<mujoco><include file="nowhere.xml"/>${body()}</mujoco>`)
  await write('wrong.xml', `<mujoco>\n${body('<geom size=".1" tpye="box"/>')}</mujoco>`)
  await write('rigid.xml', '<mujoco><worldbody><geom size="1"/></worldbody></mujoco>')
  await write('still.xml', `<mujoco><option timestep="0"/>${body()}</mujoco>`)
  await write('nan.xml', `<mujoco>${body()}<keyframe><key name="lost" ctrl="nan"/></keyframe></mujoco>`)
  const repeated = (inside: string) => `<replicate count="1000">${inside}</replicate>`
  await write(
    'bomb.xml',
    `<mujoco><worldbody>${repeated(repeated('<site/>'))}<body><joint/><geom size="1"/></body></worldbody></mujoco>`,
  )
  await write('brick.xml', '<mujoco><worldbody><flexcomp name="f" type="grid" count="90 90 90"/></worldbody></mujoco>')
  await write('many.xml', `<mujoco><worldbody>${repeated('<include file="brim.xml"/>')}</worldbody></mujoco>`)
  await write('brim.xml', `<mujoco>${'<site/>'.repeat(200)}</mujoco>`)
  await write('huge.xml', '')
  await truncate(join(folder, 'huge.xml'), 17 * 2 ** 20)
})
afterAll(() => rm(join(folder, '..'), { recursive: true }))

describe('loadMjcf', () => {
  test('finds includes and meshes from the folder of the model, wherever the process runs', async () => {
    const mjcf = await loadMjcf(join(folder, 'robot.xml'))
    expect(mjcf.name).toBe('robot')
    expect([...mjcf.files.keys()].sort()).toEqual(['parts/meshes/tip.obj', 'parts/settings.xml'])
    const engine = await createEngine(mjcf)
    expect([engine.name, engine.dt, engine.layout.dx[0]!.name]).toEqual(['mujoco', 0.02, 'j.angle'])
    const bare = { positions: { j: 0.2 as unknown as number[] }, velocities: {}, controls: {} }
    expect(() => engine.point!(bare)).toThrow('positions.j: expected a list of 1 number (j.angle), found 0.2')
    engine.dispose()
  })

  test.each([
    ['up.xml', /up\.xml: file: expected a path inside the model's folder, found "\.\.\/secret\.xml"/],
    ['absolute.xml', /inside the model's folder, found "\/etc\/hostname"/],
    ['linked.xml', /inside the model's folder, found "link\.xml"/],
    ['mesh.xml', /inside the model's folder, found "\.\.\/\.\.\/tip\.obj"/],
    [
      'missing.xml',
      /missing\.xml: expected a model that MuJoCo can compile, found Error opening file 'nowhere\.xml'.*line 1/,
    ],
    ['wrong.xml', /wrong\.xml: expected a model that MuJoCo can compile, found .*'tpye'.*line 2/],
    ['rigid.xml', /expected a model with at least one joint, found none/],
    ['still.xml', /still\.xml: expected a timestep > 0 \(s\), found 0/],
    ['nan.xml', /nan\.xml: ctrl of the keyframe "lost": expected finite numbers, found NaN/],
    ['bomb.xml', /bomb\.xml: expected at most 50000 elements with all that it repeats, found more/],
    ['brick.xml', /expected at most 50000 elements/],
    ['many.xml', /expected at most 50000 elements/],
    ['huge.xml', /expected at most 16 MB, found 17\.0 MB/],
    ['nothing.xml', /nothing\.xml: expected a file that can be read, found ENOENT/],
  ])('%s is refused by name', async (name, message) => {
    const attempt = loadMjcf(join(folder, name)).then((mjcf) => createEngine(mjcf))
    const error = await attempt.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(InputError)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).not.toContain('\n')
  })

  test('other engines refuse it', async () => {
    const mjcf = await loadMjcf(join(folder, 'robot.xml'))
    await expect(createEngine(mjcf, { engine: 'cannon' })).rejects.toThrow(
      'expected "mujoco" for an MJCF model, found "cannon"',
    )
  })
})

describe('jacsense on an .xml file', () => {
  test('linearize --engine mujoco --json', async () => {
    const { code, stdout } = await invoke('linearize', join(folder, 'robot.xml'), '--engine', 'mujoco', '--json')
    expect(code).toBe(0)
    const { scene, engine, states, controls, A, B, quality } = JSON.parse(stdout)
    expect([scene, engine, states, controls]).toEqual(['robot', 'mujoco', ['j.angle', 'j.velocity'], ['m']])
    expect([A.length, B.length, quality.method, quality.certified]).toEqual([2, 2, 'native', true])
  })

  test('check, lqr and run work on it, at a state file too', async () => {
    const file = join(folder, 'robot.xml')
    const state = join(folder, 'state.json')
    await writeFile(state, '{ "positions": { "j": 0.3 }, "controls": { "m": 0.2 } }')
    for (const args of [
      ['check', file],
      ['lqr', file, '--at', state],
      ['run', file, '--duration', '0.2', '--out', join(folder, 'out')],
      ['linearize', file, '--method', 'dense', '--workers', '2'],
    ]) {
      const { code, stderr } = await invoke(...args, '--engine', 'mujoco')
      expect([args[0], code, stderr.match(/expected.*/)?.[0]]).toEqual([args[0], 0, undefined])
    }
  })

  test('without --engine mujoco, the error says what opens it', async () => {
    const { code, stderr } = await invoke('linearize', join(folder, 'robot.xml'))
    expect(code).toBe(2)
    expect(stderr).toContain('MJCF opens with the engine mujoco')
  })
})
