import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invoke } from './invoke.ts'

let folder = ''
let scene = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-smoothing-'))
  scene = join(folder, 'drop.json')
  await writeFile(
    scene,
    JSON.stringify({
      name: 'drop',
      dt: 0.01,
      bodies: [{ name: 'ball', mass: 1, shapes: [{ type: 'sphere', radius: 0.1 }] }],
      joints: [{ name: 'rail', type: 'slider', parent: 'world', child: 'ball', axis: [0, 0, 1] }],
      actuators: [{ name: 'jet', joint: 'rail' }],
      environment: [{ type: 'plane' }],
      home: { positions: { rail: 0.101 } },
      engines: { cannon: { contactStiffness: 10000 } },
    }),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('--smoothing', () => {
  it('prints how far A and B are known, what it cost, and what c is', async () => {
    const { code, stdout } = await invoke('linearize', scene, '--smoothing', 'positions=0.001')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^c .*: mean over the cloud$/m)
    expect(stdout).toContain(
      '2001 simulator steps: 2000 for a cloud of 1000 and differences at each, 1 at the point itself',
    )
    expect(stdout).toMatch(
      /^Certified: standard errors: up to \d\.\d % of a row of A, up to \d\.\d % of a row of B, tolerance 5 %\. Left and right differ within the cloud in rail\.position, rail\.velocity/m,
    )
    expect(stdout).toMatch(/^note {2}smoothed over 1000 samples/m)
  })

  it('--json holds the standard error of every entry, and of c', async () => {
    const { stdout } = await invoke(
      'linearize',
      scene,
      '--smoothing',
      'rail.position=0.001',
      '--samples',
      '400',
      '--json',
    )
    const { A, B, c, quality } = JSON.parse(stdout)
    expect(quality.standardError.map((row: number[]) => row.length)).toEqual([3, 3])
    expect(quality.smoothing).toMatchObject({ deviations: [0.001, 0, 0], samples: 400 })
    expect(quality.smoothing.valueStandardError).toHaveLength(c.length)
    expect(quality.nearSwitches).toEqual(['contact of ball with the environment'])
    // Between a free fall (1, and 0.01 for the jet) and what the floor leaves of both.
    expect(A[1][1]).toBeLessThan(0.95)
    expect(B[1][0] / 0.01).toBeCloseTo(A[1][1], 1)
  })

  it('exits with 1 where errors are too large, and says what would do', async () => {
    const few = await invoke('linearize', scene, '--smoothing', 'positions=0.001', '--samples', '60')
    expect(few.code).toBe(1)
    expect(few.stdout).toMatch(/Not certified: .*rows that fail: .*; about \d+ samples would do/)
    const drowned = await invoke('linearize', scene, '--smoothing', '0.001')
    expect(drowned.stdout).toMatch(/rows of B not told from 0.*takes a larger deviation, or none/)
  })

  it('serves lqr and run, whose report says how it was sensed', async () => {
    const design = await invoke('lqr', scene, '--smoothing', 'positions=0.001', '--json')
    expect([design.code, JSON.parse(design.stdout).quality.method]).toEqual([0, 'smoothed'])
    const out = join(folder, 'out')
    const { code } = await invoke('run', scene, '--smoothing', 'positions=0.001', '--duration', '0.05', '--out', out)
    expect(code).toBe(0)
    const page = await readFile(join(out, 'report.html'), 'utf8')
    expect(page).toContain('smoothed: regression over a Gaussian cloud')
    expect(page).not.toContain('residual 0 ')
  })

  it.each([
    [['--smoothing', '0'], 'Expected a number > 0, or name=number'],
    [['--smoothing', 'rail.position'], 'Expected a number > 0, or name=number'],
    [['--smoothing', 'rail.pos=1'], '--smoothing rail.pos: expected a deviation of one of "positions"'],
    [['--smoothing', '0.1', '--samples', '6'], '--samples: expected 10 or more here, found 6'],
    [['--samples', '100'], '--samples: expected --smoothing beside it, found none'],
    [['--smoothing', '0.1', '--method', 'dense'], '--method: expected to be left out with --smoothing, found both'],
    [['--smoothing', '0.1', '--scheme', 'forward'], '--scheme: expected to be left out with --smoothing, found both'],
  ])('%j is refused', async (argv, message) => {
    const { code, stdout, stderr } = await invoke('linearize', scene, ...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})

it('a contact near by is said by ordinary linearizations', async () => {
  const { code, stdout } = await invoke('linearize', scene)
  expect(code).toBe(0)
  expect(stdout).toContain(
    'Within reach of the next period: contact of ball with the environment, of which it knows nothing.',
  )
})
