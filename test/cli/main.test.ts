import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { invoke, invokeWith } from './invoke.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-cli-'))
  await writeFile(join(folder, 'broken.json'), '{ "name": "x", ')
  await writeFile(join(folder, 'typo.json'), '{ "positions": { "pol": 0.1 } }')
  await writeFile(join(folder, 'short.json'), '{ "x": [0, 0, 0] }')
  await writeFile(join(folder, 'text.json'), '{ "x": [0, "1", 0, 0] }')
  await writeFile(join(folder, 'keys.json'), '{ "x": [0, 0, 0, 0], "v": [0] }')
  await writeFile(join(folder, 'bad.mtx'), '%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 1.0\n')
  await writeFile(join(folder, 'bad.mtx.gz'), 'not gzip')
  await writeFile(join(folder, 'good.mtx'), '%%MatrixMarket matrix coordinate pattern general\n1 1 1\n1 1\n')
  await writeFile(join(folder, 'wide.mtx'), '%%MatrixMarket matrix coordinate pattern general\n3 1000000000 1\n1 1\n')
  const scene = await readFile(new URL('../../scenes/pendulum/scene.json', import.meta.url), 'utf8')
  const { $schema: _, ...pendulum } = JSON.parse(scene)
  const save = (name: string, change: object) =>
    writeFile(join(folder, name), JSON.stringify({ ...pendulum, ...change }))
  await save('maximal.json', { task: undefined, engines: { cannon: { coordinates: 'maximal' } } })
  await writeFile(
    join(folder, 'model.xml'),
    '<mujoco><worldbody><body><joint name="j"/><geom size="1"/></body></worldbody></mujoco>',
  )
  await save('endless.json', { task: { Q: 1, R: 1, duration: 1e7 } })
  await mkdir(join(folder, 'taken', 'report.html'), { recursive: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('help and version', () => {
  it('prints the version of package.json', async () => {
    expect(await invoke('--version')).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' })
  })

  it.each([[[]], [['linearize']], [['lqr']], [['run']], [['check']], [['color']], [['plan']], [['recover']]])(
    '%j --help',
    async (command) => {
      const { code, stdout, stderr } = await invoke(...command, '--help')
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toContain('Usage: jacsense')
      if (command.length > 0) expect(stdout).toContain('--json')
    },
  )
})

describe('bad input: one line on stderr, nothing on stdout, exit code 2', () => {
  it.each<[string, string[], RegExp]>([
    ['no command', [], /./],
    ['an unknown command', ['linearise', 'cartpole'], /unknown command "linearise".*Did you mean linearize/],
    ['an unknown option', ['linearize', 'cartpole', '--methud', 'dense'], /unknown option "--methud".*--method/],
    ['a missing argument', ['linearize'], /missing required argument "scene"/],
    ['an argument too many', ['linearize', 'cartpole', 'pendulum'], /too many arguments/],
    ['an unknown method', ['linearize', 'cartpole', '--method', 'magic'], /"magic" is invalid.*auto, dense, colored/],
    [
      'an engine that is not there',
      ['linearize', 'cartpole', '--engine', 'bullet'],
      /"bullet" is invalid.*cannon, mujoco, rapier, reference/,
    ],
    ['a seed that is no integer', ['linearize', 'cartpole', '--seed', '1.5'], /seed.*"1\.5".*integer/],
    ['an unknown scene', ['linearize', 'cartpol'], /cartpol.*cartpole/],
    ['a broken scene file', ['linearize', '<folder>/broken.json'], /broken\.json/],
    ['a missing state file', ['linearize', 'cartpole', '--at', '<folder>/none.json'], /none\.json: .*no such file/],
    [
      'a misspelt joint',
      ['linearize', 'cartpole', '--at', '<folder>/typo.json'],
      /typo\.json: positions\.pol: .*"pole"/,
    ],
    [
      'a short state',
      ['linearize', 'cartpole', '--at', '<folder>/short.json'],
      /short\.json: x: .*4 numbers.*list of 3/,
    ],
    ['a state with text', ['linearize', 'cartpole', '--at', '<folder>/text.json'], /x\[1\]: .*pole\.angle.*found "1"/],
    ['an unknown key', ['linearize', 'cartpole', '--at', '<folder>/keys.json'], /keys\.json: v: .*"x", "u"/],
    [
      'a native method that is not there',
      ['linearize', 'cartpole', '--method', 'native'],
      /--method: .*no derivatives/,
    ],
    ['a scene without controls', ['lqr', 'chains'], /at least one control/],
    ['a kick that is none', ['run', 'cartpole', '--kick', '2'], /time:coordinate:amount/],
    [
      'a kick of nothing',
      ['run', 'cartpole', '--kick', '1:pole.velocty:1'],
      /"pole\.velocty" \(did you mean "pole\.velocity"\?\)/,
    ],
    [
      'a kick too late',
      ['run', 'cartpole', '--duration', '1', '--kick', '2:pole.velocity:1'],
      /--kick 2:pole\.velocity:1: time: expected a time within the run, 0 … 1 s/,
    ],
    ['a duration of nothing', ['run', 'cartpole', '--duration', '0'], /number > 0/],
    ['a duration beyond memory', ['run', 'cartpole', '--duration', '1e9'], /--duration: expected at most/],
    [
      'a word for a point that is none',
      ['lqr', 'cartpole', '--at', 'hom'],
      /--at: .*state file, found "hom" \(did you/,
    ],
    ['no word for a point', ['lqr', 'cartpole', '--at', ''], /--at: expected "home", "equilibrium", .*found ""/],
    ['a budget of nothing', ['bench', '--budget', '0'], /--budget.*"0".*whole number ≥ 1/],
    ['a benchmark that is not there', ['bench', 'colour'], /bench: expected one of .*found "colour"/],
    ['weights of nothing', ['lqr', 'cartpole', '--q', 'pole'], /--q.*Expected a number ≥ 0, or name=number/],
    ['a weight that is negative', ['lqr', 'cartpole', '--r=-1'], /--r.*Expected a number ≥ 0/],
    [
      'a weight of no state',
      ['lqr', 'cartpole', '--q', 'pol.angle=1'],
      /error: --q\.pol\.angle: .*did you mean "pole\.angle"/,
    ],
    [
      'an end too far away',
      ['run', '<folder>/endless.json'],
      /endless\.json: task\.duration: expected a number ≤ 1000000/,
    ],
    [
      "the scene's coordinates in an engine without them",
      ['run', '<folder>/maximal.json', '--engine', 'reference'],
      /maximal\.json: engines\.cannon\.coordinates: expected "reduced"/,
    ],
    ['a point for a matrix file', ['color', '<folder>/good.mtx', '--at', 'home'], /--at: .*found a Matrix Market file/],
    [
      'coordinates for a matrix file',
      ['color', '<folder>/good.mtx', '--coordinates', 'reduced'],
      /--coordinates: .*scene/,
    ],
    ['a seed without measurements', ['color', 'cartpole', '--seed', '3'], /--seed: expected --refine/],
    [
      'a matrix too wide',
      ['color', '<folder>/wide.mtx'],
      /wide\.mtx: line 2: expected at most 20000000 columns, found 1000000000/,
    ],
    ['an unknown order', ['color', 'x.mtx', '--order', 'smallest'], /"smallest" is invalid/],
    ['a matrix that is missing', ['color', '<folder>/none.mtx'], /none\.mtx: .*no such file/],
    [
      'a matrix with a bad entry',
      ['color', '<folder>/bad.mtx'],
      /bad\.mtx: line 3: expected a row from 1 to 2, found "3"$/m,
    ],
    ['a matrix that is not gzip', ['color', '<folder>/bad.mtx.gz'], /bad\.mtx\.gz: expected gzip data/],
    [
      'an engine to compare with that is not there',
      ['check', 'cartpole', '--against', 'mujoko'],
      /--against: expected one or more of "mujoco", "rapier", "reference", .*found "mujoko" \(did you mean "mujoco"\?\)/,
    ],
    [
      'an engine compared with itself',
      ['check', 'cartpole', '--engine', 'rapier', '--against', 'mujoco,rapier'],
      /--against: .*found "rapier", which is what --engine says/,
    ],
    ['an engine to compare with twice', ['check', 'cartpole', '--against', 'mujoco,mujoco'], /found "mujoco" twice/],
    ['no engine to compare with', ['check', 'cartpole', '--against', ''], /--against: .*found ""/],
    [
      'coordinates that are not compared',
      ['check', 'cartpole', '--coordinates', 'maximal', '--against', 'mujoco'],
      /coordinates: expected "reduced" for the engine "mujoco", found "maximal"/,
    ],
    [
      "the scene's coordinates in an engine to compare with",
      ['check', '<folder>/maximal.json', '--against', 'mujoco,rapier'],
      /maximal\.json: engines\.cannon\.coordinates: expected "reduced" for the engine "mujoco"/,
    ],
    [
      'an MJCF model in several engines',
      ['check', '<folder>/model.xml', '--engine', 'mujoco', '--against', 'cannon'],
      /--against: expected a scene or URDF file.*found the MJCF model .*model\.xml/,
    ],
    ['loops in Rapier', ['check', 'minitaur', '--against', 'rapier'], /closures\[0\]: expected no closures .*"rapier"/],
    ['points of no comparison', ['check', 'cartpole', '--points', '2'], /--points: expected --against beside it/],
    ['a tolerance of no comparison', ['check', 'cartpole', '--tolerance', '1'], /--tolerance: expected --against/],
    ['a tolerance of nothing', ['check', 'cartpole', '--against', 'mujoco', '--tolerance', '0'], /number > 0/],
    ['points that are no number', ['check', 'cartpole', '--against', 'mujoco', '--points', '-1'], /whole number ≥ 0/],
    ['a matrix market file that is a folder', ['check', '<folder>'], /scene\.json/],
  ])('%s', async (_what, argv, message) => {
    const out = join(folder, 'out')
    const withOut = argv[0] === 'run' ? [...argv, '--out', out] : argv
    const { code, stdout, stderr } = await invoke(...withOut.map((text) => text.replace('<folder>', folder)))
    expect(stderr).toMatch(message)
    expect([code, stdout]).toEqual([2, ''])
    if (argv.length > 0) expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).not.toMatch(/\bat .*\.ts:/)
    expect(await readdir(folder)).not.toContain('out')
  })
})

describe('--out is checked before anything is computed', () => {
  it.each<[string, string, RegExp]>([
    ['a file', 'broken.json', /^error: --out: expected a folder, found a file, .*broken\.json$/m],
    ['a folder under a file', 'broken.json/deep', /^error: --out: expected a folder, found a file, .*broken\.json$/m],
    [
      'a folder where the report would be',
      'taken',
      /--out: .*report\.html can be written, found a folder of that name/,
    ],
    ['nothing', '', /--out: expected a folder, found ""/],
    [
      'a place where nothing can be made',
      '/proc/report',
      /--out: expected a folder that can be written to, found \/(proc)? \(/,
    ],
  ])('%s', async (_what, name, message) => {
    const before = await readdir(folder)
    // A run of so many steps would last for minutes.
    const argv = [
      'run',
      'cartpole',
      '--duration',
      '50000',
      '--out',
      name === '' || name.startsWith('/') ? name : join(folder, name),
    ]
    const { code, stdout, stderr } = await invoke(...argv)
    expect(stderr).toMatch(message)
    expect([code, stdout]).toEqual([2, ''])
    expect(await readdir(folder)).toEqual(before)
    expect(await readdir(join(folder, 'taken'))).toEqual(['report.html'])
  })
})

it('an interrupted command ends with 130 and writes nothing', async () => {
  const out = join(folder, 'interrupted')
  const { code, stdout, stderr } = await invokeWith({ signal: AbortSignal.abort() }, 'run', 'cartpole', '--out', out)
  expect([code, stdout, stderr]).toEqual([130, '', 'interrupted\n'])
  expect(await readdir(folder)).not.toContain('interrupted')
})

it.each([
  [
    'that is not there',
    'nothing.json',
    /nothing\.json: expected a readable file, as JACSENSE_RICCATI names it, found ENOENT/,
  ],
  ['of something else', 'good.mtx', /good\.mtx: expected JSON, found /],
])('a Riccati equation to measure in a file %s', async (_what, name, message) => {
  vi.stubEnv('JACSENSE_RICCATI', join(folder, name))
  const { code, stdout, stderr } = await invoke('bench', 'riccati')
  vi.unstubAllEnvs()
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(message)
})
