import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { invoke } from './invoke.ts'

let folder = ''
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-plan-'))
  await writeFile(at('pendulum.json'), JSON.stringify(PENDULUM))
  await writeFile(at('simulator.mjs'), SIMULATOR)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const [dt, g, l, b, m] = [0.02, 9.81, 0.7, 0.3, 1.2]
const [angle, speed, torque] = [0.6, -1.1, 0.4]

const PENDULUM = {
  description: 'One step of a damped pendulum, and the height of its bob',
  inputs: [
    { name: 'angle', unit: 'rad', at: angle },
    { name: 'speed', unit: 'rad/s', at: speed, scale: 5 },
    { name: 'torque', unit: 'N·m', at: torque },
  ],
  outputs: [{ name: 'next angle', unit: 'rad' }, { name: 'next speed', unit: 'rad/s' }, 'height'],
  sparsity: { 'next angle': ['angle', 'speed'], 'next speed': ['angle', 'speed', 'torque'], height: ['angle'] },
}

/** By hand, from the equations in the simulator. */
const J = [
  [1, dt, 0],
  [(-dt * g * Math.cos(angle)) / l, 1 - dt * b, dt / (m * l * l)],
  [l * Math.sin(angle), 0, 0],
]

/** Knows nothing of jacsense: reads numbers by column name, writes rows backwards with columns of its own. */
const SIMULATOR = `
import { readFileSync, writeFileSync } from 'node:fs'
const [input, output, layout] = process.argv.slice(2)
const [header, ...rows] = readFileSync(input, 'utf8').trimEnd().split('\\n').map((line) => line.split(','))
const found = rows.map((row) => {
  const { index, angle, speed, torque } = Object.fromEntries(header.map((name, k) => [name, Number(row[k])]))
  const next = speed + ${dt} * (-${g} / ${l} * Math.sin(angle) - ${b} * speed + torque / ${m * l * l})
  return { index, 'next angle': angle + ${dt} * speed, 'next speed': next, height: ${l} * (1 - Math.cos(angle)) }
})
if (layout === 'plain')
  writeFileSync(output, ['next angle,next speed,height', ...found.map((row) => [row['next angle'], row['next speed'], row.height].join(','))].join('\\n'))
else
  writeFileSync(output, '\\uFEFF"height",note,index,"next speed [rad/s]", next angle\\r\\n\\r\\n' + found.reverse().map((row) =>
    [row.height.toExponential(), '"a, ""b"""', row.index, row['next speed'], row['next angle']].join(',') + '\\r\\n\\r\\n').join(''))
`
const simulate = (points: string, measured: string, layout = 'shuffled') =>
  promisify(execFile)(process.execPath, [at('simulator.mjs'), at(points), at(measured), layout])

const recovered = async (...argv: string[]) => {
  const { code, stdout, stderr } = await invoke('recover', ...argv, '--json')
  return { code, stderr, ...JSON.parse(stdout) }
}

const expectJ = (found: number[][], relative: number) =>
  J.forEach((row, i) => {
    row.forEach((value, j) => {
      expect(Math.abs(found[i]![j]! - value), `${i}, ${j}`).toBeLessThan(relative * Math.max(1, Math.abs(value)))
    })
  })

describe('a simulator that jacsense knows nothing of', () => {
  it.each([
    ['auto', 'central', 10],
    ['dense', 'central', 10],
    ['colored', 'forward', 6],
    ['newsam-ramsdell', 'central', 10],
    ['compressed', 'forward', 6],
    ['rainbow', 'central', 10],
    ['dense', 'five-point', 20],
  ])('method %s, %s differences give the Jacobian found by hand, from %d points', async (method, scheme, points) => {
    const { code, stderr } = await invoke(
      ...['plan', at('pendulum.json'), '--out', at('p.json'), '--points', at('p.csv')],
      ...['--method', method, '--scheme', scheme],
    )
    expect([code, stderr]).toEqual([0, ''])
    for (const layout of ['plain', 'shuffled']) {
      await simulate('p.csv', 'm.csv', layout)
      const found = await recovered(at('p.json'), at('m.csv'))
      expect([found.code, found.stderr, found.quality.certified]).toEqual([0, '', true])
      expectJ(found.J, scheme === 'forward' ? 1e-6 : 1e-9)
      const rows = (await readFile(at('p.csv'), 'utf8')).trimEnd().split('\n').length - 1
      expect([rows, found.quality.calls]).toEqual([points, points])
    }
  })

  it('prints J with names and units, its certificate and its cost', async () => {
    await invoke('plan', at('pendulum.json'), '--out', at('print.json'))
    await simulate('print.points.csv', 'print.csv')
    const { code, stdout } = await invoke('recover', at('print.json'), at('print.csv'))
    expect(code).toBe(0)
    expect(stdout).toMatch(/^J +angle +speed +torque$/m)
    expect(stdout).toMatch(/^next speed +rad\/s +-0\.23133 +0\.994 +0\.034014$/m)
    expect(stdout).toMatch(/^at {4}angle 0\.6 rad, speed -1\.1 rad\/s, torque 0\.4 N·m$/m)
    expect(stdout).toMatch(/^cost {2}\d+ evaluations: /m)
    expect(stdout).toMatch(/^Certified: residual .* on 2 held-out random directions/m)
    expect(stdout).not.toContain('next  ')
  })

  it('writes J as CSV with every digit, and as JSON', async () => {
    await invoke('plan', at('pendulum.json'), '--out', at('files.json'))
    await simulate('files.points.csv', 'files.csv')
    for (const out of ['J.csv', 'J.json'])
      expect((await invoke('recover', at('files.json'), at('files.csv'), '--out', at(out))).code).toBe(0)
    const json = JSON.parse(await readFile(at('J.json'), 'utf8'))
    const lines = (await readFile(at('J.csv'), 'utf8')).trimEnd().split('\n')
    expect(lines[0]).toBe('output,angle,speed,torque')
    expect(lines.slice(1).map((line) => line.split(',').slice(1).map(Number))).toEqual(json.J)
    expect(json.outputs).toEqual(lines.slice(1).map((line) => line.split(',')[0]))
  })

  it('names a row that depends on more than was stated, exits with 1, and says which plan would do', async () => {
    const sparsity = { ...PENDULUM.sparsity, 'next speed': ['speed', 'torque'] }
    await writeFile(at('wrong.json'), JSON.stringify({ ...PENDULUM, sparsity }))
    await invoke('plan', at('wrong.json'), '--out', at('w.json'), '--seed', '5')
    await simulate('w.points.csv', 'w.csv')
    const { code, stdout, stderr } = await invoke('recover', at('w.json'), at('w.csv'), '--out', at('w-J.csv'))
    expect(code).toBe(1)
    expect(stderr).toMatch(/^failed: recover: Not certified: .*rows that fail: next speed\..*is not written\.\n$/)
    await expect(readFile(at('w-J.csv'))).rejects.toThrow()
    const [, command] = /^next {2}if outputs depend on more inputs.*: jacsense (plan .*)$/m.exec(stdout)!
    const words = command!.split(' ')
    expect(words).toEqual(expect.arrayContaining(['--method', 'dense', '--seed', '5']))
    expect((await invoke(...words)).code).toBe(0)
    await simulate('w-2.points.csv', 'w-2.csv')
    const found = await recovered(at('w-2.json'), at('w-2.csv'))
    expect(found.code).toBe(0)
    expectJ(found.J, 1e-9)
  })

  it('values of few digits are not certified, and the larger step that is advised makes them so', async () => {
    await invoke('plan', at('pendulum.json'), '--out', at('r.json'), '--step', '1e-4')
    await simulate('r.points.csv', 'r.csv', 'plain')
    const round = async (file: string) => {
      const [header, ...rows] = (await readFile(at(file), 'utf8')).split('\n')
      const rounded = rows.map((row) => row.split(',').map((cell) => Number(cell).toPrecision(6)))
      await writeFile(at(file), [header, ...rounded].join('\n'))
    }
    await round('r.csv')
    const { code, stdout } = await invoke('recover', at('r.json'), at('r.csv'))
    expect(code).toBe(1)
    const [, command] = /^next {2}if values are noisy or rounded: jacsense (plan .*)$/m.exec(stdout)!
    await invoke(...command!.split(' '))
    await simulate('r-2.points.csv', 'r-2.csv', 'plain')
    await round('r-2.csv')
    const found = await recovered(at('r-2.json'), at('r-2.csv'))
    expect([found.code, found.quality.stepRange[0]]).toEqual([0, 0.001])
    expectJ(found.J, 1e-2)
  })

  it('zeros that come from too few digits are refused, or named', async () => {
    await invoke('plan', at('pendulum.json'), '--out', at('z.json'))
    await simulate('z.points.csv', 'z.csv', 'plain')
    const text = await readFile(at('z.csv'), 'utf8')
    const rounded = (digits: number) => text.replace(/-?\d[\d.e-]*/g, (cell) => Number(cell).toPrecision(digits))
    await writeFile(at('z3.csv'), rounded(3))
    const { code, stdout, stderr } = await invoke('recover', at('z.json'), at('z3.csv'))
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/z3\.csv: expected values that differ.*found the same values in all rows, with 3 digits/)
    await writeFile(at('z6.csv'), rounded(6))
    const some = await invoke('recover', at('z.json'), at('z6.csv'))
    expect(some.code).toBe(1)
    expect(some.stderr).toContain('Rounding hides next angle, next speed, height at this step: take a larger step')
  })

  it('moves inputs by the steps that a structure states', async () => {
    const inputs = [
      { name: 'angle', at: angle, step: 0.01 },
      { name: 'speed', at: speed, step: 0.05 },
      { name: 'torque', at: torque, step: 0.002 },
    ]
    await writeFile(at('steps.json'), JSON.stringify({ ...PENDULUM, inputs }))
    await invoke('plan', at('steps.json'), '--out', at('s.json'), '--method', 'dense')
    const lines = (await readFile(at('s.points.csv'), 'utf8')).split('\n').map((line) => line.split(','))
    const cells = (p: number) => lines[p]!.slice(2).map(Number)
    expect(cells(1)).toEqual([expect.closeTo(angle + 0.01, 14), speed, torque])
    expect(cells(3)).toEqual([angle, expect.closeTo(speed + 0.05, 14), torque])
    expect(cells(5)).toEqual([angle, speed, expect.closeTo(torque + 0.002, 14)])
    await simulate('s.points.csv', 's.csv')
    const found = await recovered(at('s.json'), at('s.csv'))
    expect(found.code).toBe(0)
    expectJ(found.J, 1e-3)
  })
})

describe('a sparsity pattern', () => {
  it('names inputs z1 … and outputs y1 …, which stand at 0', async () => {
    // y_i = i · z_i + z_{i+1}, on a band
    const n = 12
    const entries = Array.from({ length: n }, (_, i) =>
      i + 1 < n ? `${i + 1} ${i + 1}\n${i + 1} ${i + 2}` : `${n} ${n}`,
    )
    await writeFile(
      at('band.mtx'),
      `%%MatrixMarket matrix coordinate pattern general\n${n} ${n} ${2 * n - 1}\n${entries.join('\n')}\n`,
    )
    const { stdout } = await invoke('plan', at('band.mtx'), '--out', at('band.json'), '--json')
    const { directions, evaluations, set, measure } = JSON.parse(stdout)
    expect([directions, evaluations]).toEqual([2, 8])
    expect([set[0], measure[n - 1]]).toEqual(['z1', `y${n}`])
    const rows = (await readFile(at('band.points.csv'), 'utf8')).trimEnd().split('\n').slice(1)
    const values = rows.map((row) => {
      const z = row.split(',').slice(2).map(Number)
      return z.map((value, i) => (i + 1) * value + (z[i + 1] ?? 0)).join(',')
    })
    await writeFile(at('band.csv'), [measure.join(','), ...values].join('\n'))
    const found = await recovered(at('band.json'), at('band.csv'))
    expect(found.code).toBe(0)
    found.J.forEach((row: number[], i: number) => {
      row.forEach((value, j) => {
        expect(value).toBeCloseTo(j === i ? i + 1 : j === i + 1 ? 1 : 0, 9)
      })
    })
    await writeFile(at('structure.json'), JSON.stringify({ ...PENDULUM, sparsity: 'small.mtx' }))
    await writeFile(
      at('small.mtx'),
      '%%MatrixMarket matrix coordinate pattern general\n3 3 6\n1 1\n1 2\n2 1\n2 2\n2 3\n3 1\n',
    )
    const named = await invoke('plan', at('structure.json'), '--out', at('named.json'))
    expect([named.code, named.stderr]).toEqual([0, ''])
    const [one, two] = await Promise.all(
      ['pendulum', 'structure'].map(async (name) => {
        await invoke('plan', at(`${name}.json`), '--out', at(`${name}-plan.json`))
        return JSON.parse(await readFile(at(`${name}-plan.json`), 'utf8')).plan
      }),
    )
    expect(two).toEqual(one)
  })
})

describe('a scene', () => {
  /** Steps an engine from each row of a table of points, and writes where it comes to. */
  async function stepElsewhere(scene: string, points: string, measured: string, choice: object = {}): Promise<void> {
    const engine = await createEngine(await loadScene(scene), choice)
    const { nx, nu, x: states } = engine.layout
    const [, ...rows] = (await readFile(at(points), 'utf8')).trimEnd().split('\n')
    const xNext = new Float64Array(nx)
    const lines = rows.map((row) => {
      const [index, , ...cells] = row.split(',')
      const numbers = Float64Array.from(cells, Number)
      expect(numbers).toHaveLength(nx + nu)
      engine.step(numbers.slice(0, nx), numbers.slice(nx), xNext)
      return [index, ...xNext].join(',')
    })
    engine.dispose()
    await writeFile(at(measured), [['index', ...states.map(({ name }) => name)].join(','), ...lines].join('\r\n'))
  }

  it.each([
    ['cartpole', ['--scheme', 'central']],
    ['cartpole', ['--scheme', 'forward', '--seed', '9']],
    ['cartpole', ['--method', 'dense', '--coordinates', 'maximal']],
    ['pendulum', ['--engine', 'reference', '--method', 'dense']], // auto would take its own derivatives
    ['quadrotor', []], // quaternions
    ['chains', []], // no controls
  ])('%s %j gives what linearize gives, digit for digit', async (scene, options) => {
    const stem = `${scene}${options.join('')}`
    const { code, stderr } = await invoke('plan', scene, ...options, '--out', at(`${stem}.json`))
    expect([code, stderr]).toEqual([0, ''])
    const value = (name: string) => (options.includes(name) ? options[options.indexOf(name) + 1] : undefined)
    await stepElsewhere(scene, `${stem}.points.csv`, `${stem}.csv`, {
      engine: value('--engine') ?? 'cannon',
      coordinates: value('--coordinates'),
    })
    const found = await recovered(at(`${stem}.json`), at(`${stem}.csv`))
    const { A, B, c, dt, states, controls, xBar, quality } = JSON.parse(
      (await invoke('linearize', scene, ...options, '--json')).stdout,
    )
    expect(found).toMatchObject({ scene, dt, states, controls, c, xBar, A, B, code: 0, next: [] })
    const { heldOutResidual, calls, method, kinkedRows } = quality
    expect(found.quality).toMatchObject({ heldOutResidual, calls, method, kinkedRows, certified: true })
  })

  it('works at a point of its own, and prints A, B and what is no equilibrium', async () => {
    await writeFile(at('leaning.json'), '{ "positions": { "pole": 0.3 }, "controls": { "motor": 2 } }')
    const options = ['--at', at('leaning.json')]
    await invoke('plan', 'cartpole', ...options, '--out', at('leaning-plan.json'))
    await stepElsewhere('cartpole', 'leaning-plan.points.csv', 'leaning.csv')
    const { code, stdout } = await invoke('recover', at('leaning-plan.json'), at('leaning.csv'))
    expect(code).toBe(0)
    const printed = (await invoke('linearize', 'cartpole', ...options)).stdout
    for (const name of ['A', 'B'])
      expect(stdout).toContain(printed.slice(printed.indexOf(`\n${name} `)).split('\n\n')[0])
    expect(stdout).toMatch(/^c {5}.*not an equilibrium/m)
  })

  it('says what to do where the simulator is not made as the engine says', async () => {
    await invoke('plan', 'cartpole', '--out', at('ties.json'))
    await stepElsewhere('cartpole', 'ties.points.csv', 'ties.csv')
    // an explicit Euler step moves by the speed before it; here: by more than the speed after it
    const skew = async (file: string) => {
      const [header, ...rows] = (await readFile(at(file), 'utf8')).split('\r\n')
      const moved = rows.map((row) => {
        const [index, x, angle, v, w] = row.split(',').map(Number) as [number, number, number, number, number]
        return [index, x + 0.01 * v, angle, v, w].join(',')
      })
      await writeFile(at(file), [header, ...moved].join('\n'))
    }
    await skew('ties.csv')
    const { code, stdout, stderr } = await invoke('recover', at('ties.json'), at('ties.csv'))
    expect(code).toBe(1)
    expect(stderr).toContain('rows that fail: slide.position')
    const [, command] = /^next {2}if what measures is not made as .*: jacsense (plan cartpole --no-ties .*)$/m.exec(
      stdout,
    )!
    await invoke(...command!.split(' '))
    await stepElsewhere('cartpole', 'ties-2.points.csv', 'ties-2.csv')
    await skew('ties-2.csv')
    expect((await recovered(at('ties-2.json'), at('ties-2.csv'))).code).toBe(0)
  })

  it('is found from the folder of the plan, and refused where it has changed', async () => {
    const { $schema: _, ...scene } = JSON.parse(
      await readFile(new URL('../../scenes/cartpole/scene.json', import.meta.url), 'utf8'),
    )
    await mkdir(at('deep/er'), { recursive: true })
    await writeFile(at('deep/robot.json'), JSON.stringify(scene))
    await invoke('plan', at('deep/robot.json'), '--out', at('deep/er/plan.json'))
    expect(JSON.parse(await readFile(at('deep/er/plan.json'), 'utf8')).source).toBe('../robot.json')
    await stepElsewhere(at('deep/robot.json'), 'deep/er/plan.points.csv', 'deep/m.csv')
    const again = () => invoke('recover', at('deep/er/plan.json'), at('deep/m.csv'))
    expect((await again()).code).toBe(0)
    await writeFile(at('deep/robot.json'), JSON.stringify({ ...scene, description: 'another' }))
    expect((await again()).code).toBe(0)
    await writeFile(at('deep/robot.json'), JSON.stringify({ ...scene, gravity: [0, 0, -1.6] }))
    const { code, stderr } = await again()
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: .*plan\.json: scene\.fingerprint: .*robot\.json.*the scene has changed since\n$/)
  })
})
