import { discretize } from '../../src/linearization/discretize.ts'
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { Matrix } from 'ml-matrix'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eigenvalues } from '../../src/linalg/eigenvalues.ts'
import { invoke } from './invoke.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-commands-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const STATES = ['slide.position', 'pole.angle', 'slide.velocity', 'pole.velocity']

describe('linearize', () => {
  it('--continuous adds a continuous-time system with the same steps', async () => {
    const json = JSON.parse((await invoke('linearize', 'cartpole', '--continuous', '--json')).stdout)
    const { A, B } = discretize(json.continuous.A, json.continuous.B, json.dt)
    for (let i = 0; i < 4; i++) {
      expect(B.get(i, 0)).toBeCloseTo(json.B[i][0], 12)
      for (let j = 0; j < 4; j++) expect(A.get(i, j)).toBeCloseTo(json.A[i][j], 12)
    }
    const { stdout } = await invoke('linearize', 'cartpole', '--continuous')
    expect(stdout).toContain('d/dt pole.velocity   rad/s²')
  })

  it('--json holds the reference linearization of the cart-pole, and nothing else', async () => {
    const { code, stdout, stderr } = await invoke('linearize', 'cartpole', '--json')
    expect([code, stderr]).toEqual([0, ''])
    const json = JSON.parse(stdout)
    expect(json).toMatchObject({ scene: 'cartpole', engine: 'cannon', dt: 0.01, states: STATES, controls: ['motor'] })
    // MuJoCo 3 on the same model.
    const expected = { velocity: [-0.00712, 0.2612], B: [9.75e-5, -2.42e-4, 9.751e-3, -2.421e-2] }
    expect(json.A[2][1]).toBeCloseTo(expected.velocity[0]!, 4)
    expect(json.A[3][1]).toBeCloseTo(expected.velocity[1]!, 3)
    json.B.forEach(([value]: [number], i: number) => {
      expect(Math.abs(value - expected.B[i]!)).toBeLessThan(0.02 * Math.abs(expected.B[i]!))
    })
    expect(json.c.every((value: number) => Math.abs(value) < 1e-12)).toBe(true)
    const { calls, callsFor, certified } = json.quality
    expect(certified).toBe(true)
    expect(Object.values<number>(callsFor).reduce((sum, count) => sum + count, 0)).toBe(calls)
  })

  it('the engines agree', async () => {
    const [cannon, reference] = await Promise.all(
      ['cannon', 'reference'].map(async (engine) =>
        JSON.parse((await invoke('linearize', 'cartpole', '--engine', engine, '--json')).stdout),
      ),
    )
    for (const name of ['A', 'B'])
      expect(Matrix.sub(new Matrix(cannon[name]), new Matrix(reference[name])).norm()).toBeLessThan(1e-6)
  })

  it('takes a point by names or as vectors, and says what is no equilibrium', async () => {
    await writeFile(join(folder, 'names.json'), '{ "positions": { "pole": 0.3 } }')
    await writeFile(join(folder, 'vectors.json'), '{ "x": [0, 0.3, 0, 0] }')
    const json = async (file: string) =>
      JSON.parse((await invoke('linearize', 'cartpole', '--at', join(folder, file), '--json')).stdout)
    const named = await json('names.json')
    expect(named.xBar).toEqual([0, 0.3, 0, 0])
    expect(named.A).toEqual((await json('vectors.json')).A)
    expect(Math.abs(named.c[3])).toBeGreaterThan(0.01)
  })

  it('prints aligned tables with names and units', async () => {
    const { stdout } = await invoke('linearize', 'cartpole')
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^cartpole: cannon engine, 4 states, 1 control, dt = 0\.01 s$/)
    const start = lines.findIndex((line) => line.startsWith('A '))
    const widths = lines.slice(start, start + 6).map((line) => line.length)
    expect(new Set(widths).size).toBe(1)
    for (const name of STATES) expect(stdout.match(new RegExp(`^${name.replace('.', '\\.')} `, 'gm'))).toHaveLength(2)
    expect(stdout).toMatch(/Certified: residual/)
  })

  it('is the same from one seed, twice', async () => {
    const once = await invoke('linearize', 'pendulum', '--seed', '7', '--json')
    expect(await invoke('linearize', 'pendulum', '--seed', '7', '--json')).toEqual(once)
  })
})

describe('lqr', () => {
  it('gives the gain of the reference, and eigenvalues that belong to A and A − BK', async () => {
    const { code, stdout } = await invoke('lqr', 'cartpole', '--json')
    expect(code).toBe(0)
    const { result, K, eigenvalues: closed } = JSON.parse(stdout)
    expect(result).toBe('solved')
    const reference = [-2.9105, -41.7, -5.1643, -8.3949]
    K[0].forEach((gain: number, j: number) => {
      expect(Math.abs(gain / reference[j]! - 1)).toBeLessThan(0.02)
    })
    const { A, B } = JSON.parse((await invoke('linearize', 'cartpole', '--json')).stdout)
    const { re } = eigenvalues(Matrix.sub(new Matrix(A), new Matrix(B).mmul(new Matrix(K))))
    expect(closed.map((value: { re: number }) => value.re)).toEqual([...re].map((value) => expect.closeTo(value, 8)))
    expect(Math.max(...closed.map((value: { re: number; im: number }) => Math.hypot(value.re, value.im)))).toBeLessThan(
      1,
    )
  })

  it('names the mode that no control moves, exit code 1', async () => {
    // The cart-pole with a second pole on the world, falling over, out of the motor's reach.
    const scene = JSON.parse(await readFile(new URL('../../scenes/cartpole/scene.json', import.meta.url), 'utf8'))
    const { $schema: _, task: __, ...rest } = scene
    const lone = {
      ...rest,
      name: 'lone',
      bodies: [...rest.bodies, { name: 'lone', mass: 1, com: [0, 0, 0.5], inertia: [0.1, 0.1, 0.01] }],
      joints: [...rest.joints, { name: 'hinge', type: 'hinge', parent: 'world', child: 'lone', axis: [0, 1, 0] }],
    }
    const file = join(folder, 'lone.json')
    await writeFile(file, JSON.stringify(lone))
    const { code, stdout, stderr } = await invoke('lqr', file, '--json')
    expect(code).toBe(1)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(stderr).toContain('hinge.')
    expect(stderr).not.toContain('pole.')
    const { result, K, unstabilizable } = JSON.parse(stdout)
    expect([result, K]).toEqual(['unstabilizable', null])
    expect(unstabilizable[0].coordinates.map(({ name }: { name: string }) => name).sort()).toEqual([
      'hinge.angle',
      'hinge.velocity',
    ])
  })
})

describe('run', () => {
  it('balances the cart-pole through a kick and writes a report', async () => {
    const out = join(folder, 'cartpole')
    const { code, stdout, stderr } = await invoke('run', 'cartpole', '--kick', '1:pole.velocity:0.5', '--out', out)
    expect([code, stderr]).toEqual([0, ''])
    for (const part of [
      'A ',
      'B ',
      'K ',
      'closed-loop eigenvalues',
      'Certified:',
      'simulator steps',
      'final deviation',
    ])
      expect(stdout).toContain(part)
    expect(stdout).toContain(`report ${join(out, 'report.html')}`)
    const { states } = JSON.parse(await readFile(join(out, 'linearization.json'), 'utf8'))
    expect(states).toEqual(STATES)
    const csv = (await readFile(join(out, 'trajectory.csv'), 'utf8')).trimEnd().split('\r\n')
    const last = csv.at(-1)!.split(',').map(Number)
    expect(Math.abs(last[2]!)).toBeLessThan(0.01)
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('1:pole.velocity:0.5')
  })

  it('without a controller the pole falls', async () => {
    const { code, stdout } = await invoke(
      'run',
      'cartpole',
      '--controller',
      'none',
      '--duration',
      '3',
      '--json',
      '--out',
      join(folder, 'none'),
    )
    expect(code).toBe(0)
    const { run, controller, lqr } = JSON.parse(stdout)
    expect([controller, lqr]).toEqual(['none', null])
    expect(run.metrics.coordinates[1]).toMatchObject({ name: 'pole.angle' })
    expect(run.metrics.coordinates[1].peakDeviation).toBeGreaterThan(1)
  })

  it('without a controller needs no certificate, and says so', async () => {
    // The floor is met exactly at home: there is no derivative to certify.
    const ball = {
      name: 'ball',
      gravity: [0, 0, 0],
      bodies: [{ name: 'ball', mass: 1, shapes: [{ type: 'sphere', radius: 0.5 }] }],
      joints: [{ name: 'ball', type: 'free', parent: 'world', child: 'ball' }],
      environment: [{ type: 'plane' }],
      home: { positions: { ball: [0, 0, 0.5, 1, 0, 0, 0] } },
    }
    const file = join(folder, 'ball.json')
    await writeFile(file, JSON.stringify(ball))
    const argv = ['run', file, '--controller', 'none', '--duration', '0.1', '--out', join(folder, 'ball')]
    const { code, stdout } = await invoke(...argv)
    expect(stdout).toMatch(/Not certified: .* The run without feedback does not use it\./)
    expect(code).toBe(0)
    expect(await readFile(join(folder, 'ball', 'report.html'), 'utf8')).toContain(
      'The run without feedback does not use it.',
    )
    expect((await invoke('linearize', file)).code).toBe(1)
  })

  it('says how the run was rounded, and how it ended', async () => {
    const argv = [
      'run',
      'cartpole',
      '--duration',
      '2.004',
      '--kick',
      '1:pole.velocity:0.5',
      '--out',
      join(folder, 'odd'),
    ]
    const { stdout } = await invoke(...argv)
    expect(stdout).toMatch(
      /Simulated 2 s: 200 steps of 0\.01 s\. 2\.004 s is no multiple of dt: rounded to 200 steps\./,
    )
    expect(stdout).toMatch(/Did not settle within 2 % of each coordinate's peak, counted from the last kick at 1 s: /)
  })

  it('falls alike in body coordinates', async () => {
    const angles = await Promise.all(
      ['reduced', 'maximal'].map(async (coordinates) => {
        const out = join(folder, coordinates)
        const argv = ['--controller', 'none', '--duration', '0.3', '--coordinates', coordinates, '--out', out]
        const { code } = await invoke('run', 'cartpole', ...argv)
        expect(code).toBe(0)
        const lines = (await readFile(join(out, 'trajectory.csv'), 'utf8')).trimEnd().split('\r\n')
        const names = lines[0]!.split(',')
        const last = lines.at(-1)!.split(',')
        const value = (name: string) => Number(last[names.findIndex((cell) => cell.split(' ')[0] === name)])
        return coordinates === 'reduced' ? value('pole.angle') : 2 * Math.atan2(value('pole.qy'), value('pole.qw'))
      }),
    )
    expect(angles[0]).toBeGreaterThan(0.41)
    // The stock solver closes the joints by springs: alike, not the same.
    expect(Math.abs(angles[1]! - angles[0]!)).toBeLessThan(0.05 * angles[0]!)
  })

  it('starts where a state file says', async () => {
    await writeFile(join(folder, 'initial.json'), '{ "positions": { "pole": -0.2 } }')
    const out = join(folder, 'initial')
    await invoke('run', 'cartpole', '--initial', join(folder, 'initial.json'), '--duration', '0.05', '--out', out)
    const csv = (await readFile(join(out, 'trajectory.csv'), 'utf8')).split('\r\n')
    expect(csv[1]!.split(',').slice(0, 5).map(Number)).toEqual([0, 0, -0.2, 0, 0])
  })
})

describe('check', () => {
  it.each(['cannon', 'reference'])(
    'finds the cart-pole of %s pure, smooth and covered by its structure',
    async (engine) => {
      const { code, stdout } = await invoke('check', 'cartpole', '--engine', engine, '--json')
      expect(code).toBe(0)
      const { passed, checks } = JSON.parse(stdout)
      expect(passed).toBe(true)
      const names = checks.map(({ name }: { name: string }) => name)
      expect(names).toEqual(expect.arrayContaining(['file', 'layout', 'finite', 'purity', 'tangent', 'smoothness']))
    },
  )
})

describe('color', () => {
  const tridiagonal = (n: number): string => {
    const entries: string[] = []
    for (let i = 1; i <= n; i++)
      for (let j = Math.max(1, i - 1); j <= Math.min(n, i + 1); j++) entries.push(`${i} ${j}`)
    return `%%MatrixMarket matrix coordinate pattern general\n${n} ${n} ${entries.length}\n${entries.join('\n')}\n`
  }

  it('a tridiagonal matrix needs three colors, gzipped or not', async () => {
    await writeFile(join(folder, 'tri.mtx'), tridiagonal(30))
    await writeFile(join(folder, 'tri.mtx.gz'), gzipSync(tridiagonal(30)))
    for (const file of ['tri.mtx', 'tri.mtx.gz']) {
      const { code, stdout } = await invoke('color', join(folder, file), '--order', 'natural', '--json')
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toEqual({
        rows: 30,
        columns: 30,
        nonzeros: 88,
        problem: 'column',
        order: 'natural',
        colors: 3,
        lowerBound: 3,
        optimal: true,
      })
    }
  })

  it('separate chains need no more colors than one of them has columns', async () => {
    const { code, stdout } = await invoke('color', 'chains', '--json')
    expect(code).toBe(0)
    const { rows, columns, colors } = JSON.parse(stdout)
    expect([rows, columns]).toEqual([48, 48])
    expect(colors).toBeLessThanOrEqual(6)
  })

  it('says of what pattern its numbers are', async () => {
    const { stdout } = await invoke('color', 'cartpole')
    expect(stdout).toMatch(/lower bound {2}optimal/)
    expect(stdout).toMatch(/^pattern: what the engine says can influence what, a superset/m)
    expect(JSON.parse((await invoke('color', 'cartpole', '--json')).stdout).pattern).toBe('stated')
  })

  it('a pattern found by probing lies within the one the engine states', async () => {
    const stated = JSON.parse((await invoke('color', 'cartpole', '--json')).stdout)
    const found = JSON.parse((await invoke('color', 'cartpole', '--refine', '--json')).stdout)
    expect(found.nonzeros).toBeLessThanOrEqual(stated.nonzeros)
    // The cart's place and the motor move nothing but through the rates: column 0 holds its own 1 only.
    expect(found.nonzeros).toBeLessThan(20)
  })
})

const published = new URL('../../../shared/data/matrices/', import.meta.url).pathname

describe.skipIf(!existsSync(published))('color on published matrices', () => {
  it.each([
    ['natural', 'N'],
    ['largest-first', 'LF'],
    ['smallest-last', 'SL'],
    ['incidence-degree', 'ID'],
    ['dynamic-largest-first', 'DLF'],
  ])('gives their column counts in the %s order', async (order, key) => {
    const cases: { file: string; nnz: number; colors: { column: Record<string, number> } }[] = JSON.parse(
      await readFile(join(published, 'expected_colors.json'), 'utf8'),
    )
    const some = cases.filter(({ file }) => /^(ash219|west0479|.*smb_jac)\.mtx(\.gz)?$/.test(file))
    expect(some).toHaveLength(3)
    for (const { file, nnz, colors } of some) {
      const { stdout } = await invoke('color', join(published, file), '--order', order, '--json')
      expect({ file, ...JSON.parse(stdout) }).toMatchObject({ file, order, nonzeros: nnz, colors: colors.column[key] })
    }
  })
})

describe('the built command', () => {
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname

  it('runs from the shell, and a reader that stops early is no failure', async () => {
    const { stdout } = await promisify(execFile)('bash', [
      '-c',
      `set -o pipefail; '${main}' linearize spheres --json | head -c 20; echo " code $?"`,
    ])
    expect(stdout).toMatch(/^\{\s+"scene".* code 0\n$/s)
  })

  it('ends with 130 on Ctrl+C, having written nothing', async () => {
    const out = join(folder, 'interrupted')
    const child = spawn(main, ['run', 'spheres', '--controller', 'none', '--duration', '1000', '--out', out])
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    const timer = setTimeout(() => child.kill('SIGINT'), 5000) // when it surely listens, on a busy machine too
    expect(await ended).toBe(130)
    clearTimeout(timer)
    expect(stderr).toBe('interrupted\n')
    expect(existsSync(out)).toBe(false)
  })

  it('says that standard output is full, exit code 1', async () => {
    const { stdout, stderr } = await promisify(execFile)('bash', [
      '-c',
      `'${main}' linearize pendulum > /dev/full; echo $?`,
    ])
    expect(stdout).toBe('1\n')
    expect(stderr).toMatch(/^error: can't write to standard output: ENOSPC/)
  })

  it('answers misuse with exit code 2 and one line', async () => {
    const failure = await promisify(execFile)(main, ['linearize', 'cartpole', '--at', 'nowhere.json']).catch((e) => e)
    expect([failure.code, failure.stdout]).toEqual([2, ''])
    expect(failure.stderr).toMatch(/^error: nowhere\.json: expected a readable file, found no such file\n$/)
  })
})
