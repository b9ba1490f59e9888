import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { openSweep } from '../../../src/experiment/sweep/openSweep.ts'
import { built } from './built.ts'
import { cartpoleSweep, poisonedSweep } from './specs.ts'

const { readSweepRows, sweep, writeSweepReport } = await built()
const folder = mkdtempSync(join(tmpdir(), 'jacsense-sweep-'))
/** For machines whose cores have much else to do: most of the time goes into starting threads. */
vi.setConfig({ testTimeout: 240_000 })
afterAll(() => {
  vi.resetConfig()
  rmSync(folder, { recursive: true })
})
const textOf = (out: string, file = 'results.jsonl') => readFileSync(join(folder, out, file), 'utf8')
const small = cartpoleSweep({ angles: 6, rates: 5, draws: 2, duration: 0.2 })

describe('the order of runs', () => {
  it('is: studies, then grids with the last axis fastest, then draws, which are the same at each point', async () => {
    const { expanded } = await openSweep(small)
    const jobs = Array.from({ length: expanded.count }, (_, k) => expanded.job(k))
    expect(jobs.map(({ index }) => index)).toEqual(jobs.map((_, k) => k))
    expect(expanded.count).toBe(60)
    expect(jobs.slice(0, 12).map(({ parameters }) => parameters.angle)).toEqual([...Array(10).fill(-1), -0.6, -0.6])
    expect(jobs.slice(0, 5).map(({ parameters }) => parameters.rate)).toEqual([-3, -3, -1.5, -1.5, 0])
    const masses = jobs.map(({ parameters }) => parameters.mass)
    expect(new Set(masses).size).toBe(2)
    expect(masses[58]).toBe(masses[0])
    expect(new Set(jobs.map(({ seed }) => seed)).size).toBe(60)
  })

  it('draws the same whatever other axes there are, and what the distribution says', async () => {
    const axes = [
      { set: 'latency', name: 'u', uniform: [1, 3] },
      { set: 'offset.pole.angle', name: 'n', normal: { mean: 2, deviation: 0.5 } },
      { set: 'plant.mass', name: 'l', logUniform: [0.1, 10] },
      { set: 'controller.type', name: 'c', choice: ['lqr', 'none'] },
    ]
    const of = (list: object[]) => ({ ...cartpoleSweep(), grid: [], sample: { count: 4000, axes: list } })
    const { expanded } = await openSweep(of(axes))
    const { expanded: fewer } = await openSweep(of(axes.slice(0, 1)))
    const drawn = (name: string) => Array.from({ length: 4000 }, (_, k) => expanded.job(k).parameters[name] as number)
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    expect(fewer.job(77).parameters.u).toBe(drawn('u')[77])
    expect(mean(drawn('u'))).toBeCloseTo(2, 1)
    expect(Math.min(...drawn('u'))).toBeGreaterThanOrEqual(1)
    expect(mean(drawn('n'))).toBeCloseTo(2, 1)
    expect(mean(drawn('n').map((value) => (value - 2) ** 2))).toBeCloseTo(0.25, 1)
    expect(Math.abs(mean(drawn('l').map(Math.log10)))).toBeLessThan(0.03)
    expect(mean(drawn('c').map((value) => Number((value as unknown) === 'lqr')))).toBeCloseTo(0.5, 1)
  })
})

describe('rows', () => {
  it('of a plant that is as the model are those of simulate: LQR brings the cart-pole to rest', async () => {
    const value = {
      ...cartpoleSweep(),
      base: { scene: 'cartpole', initial: {}, duration: 8 },
      grid: [{ set: 'offset.pole.angle', name: 'angle', values: [0.3, 1.5] }],
      sample: undefined,
    }
    const { rows, successes, message } = await sweep(value, { workers: 1 })
    expect(successes).toBe(1)
    expect(message).toBe('2 runs: 1 succeeded, 0 diverged.')
    expect(rows![0]!.metrics).toMatchObject({ certified: true, settled: true, 'largest pole.angle (rad)': 0.3 })
    expect(rows![0]!.metrics['closed-loop spectral radius']).toBeLessThan(1)
    expect(rows![0]!.metrics['open-loop spectral radius']).toBeGreaterThan(1)
    expect(rows![1]!.success).toBe(false)
  })

  it('tell what the design does not know: mass, damping, latency and noise of the plant', async () => {
    const changes: [name: string, settings: object][] = [
      ['none', {}],
      ['mass', { plant: { mass: { pole: 2 } } }],
      ['damping', { plant: { addedDamping: { slide: 1 } } }],
      ['gear', { plant: { gear: 0.5 } }],
      ['latency', { latency: 0.03 }],
      ['noise', { measurementNoise: 0.01 }],
      ['push', { pushes: [{ time: 1, control: 'motor', amount: 2 }] }],
      ['model', { model: { mass: 2 } }],
    ]
    const { rows } = await sweep(
      {
        ...cartpoleSweep(),
        base: { scene: 'cartpole', initial: {}, offset: { 'pole.angle': 0.2 }, duration: 2 },
        grid: undefined,
        sample: undefined,
        studies: changes.map(([name, base]) => ({ name, base, grid: [{ set: 'seed', values: [1] }] })),
      },
      { workers: 1 },
    )
    const [plain, ...others] = rows!
    const design = 'closed-loop spectral radius'
    for (const { study, metrics } of others) {
      expect(metrics.cost, study!).not.toBe(plain!.metrics.cost)
      expect(metrics[design] === plain!.metrics[design], study!).toBe(study !== 'model')
    }
  })

  it('of each controller and estimator come out, with the error of what was measured', async () => {
    const value = {
      ...cartpoleSweep(),
      base: { scene: 'cartpole', duration: 1 },
      grid: [
        { set: 'controller.type', name: 'controller', values: ['none', 'lqr', 'lqg', 'ilqr', 'mpc'] },
        {
          set: 'estimator',
          name: 'estimator',
          labels: ['auto', 'few', 'noisy'],
          values: [{ compare: true }, { maxCalls: 3, compare: true }, { addNoise: 1e-6, noise: 1e-6, compare: true }],
        },
      ],
      sample: undefined,
    }
    const { rows } = await sweep(value, { workers: 2 })
    const few = rows!.filter(({ parameters }) => parameters.estimator === 'few')
    expect(rows!.filter((row) => !few.includes(row)).map(({ result, reason }) => [result, reason])).toEqual(
      Array(10).fill(['completed', null]),
    )
    const [auto, estimate, noisy] = rows!.map(({ metrics }) => metrics['relative error of A'] as number)
    expect(auto).toBeLessThan(1e-9)
    expect(estimate).toBeGreaterThan(1e-3)
    expect(noisy).toBeGreaterThan(auto!)
    expect(few[0]!.metrics).toMatchObject({ certified: false, calls: 3 })
    // Nothing can be designed with what three calls tell.
    expect(few.slice(1).map(({ reason }) => reason)).toEqual(
      Array(4).fill(expect.stringMatching(/^lqr: unstabilizable: /)),
    )
    expect(rows![9]!.metrics['iLQR result'] ?? 'solved').toBeTypeOf('string')
  })

  it('that can not be made tell why: NaN by coordinate, no end in time, settings that do not fit', async () => {
    const { rows, failed, diverged } = await sweep(poisonedSweep(), { workers: 2 })
    expect(rows!.map(({ result }) => result)).toEqual([
      'completed',
      'failed',
      'diverged',
      'diverged',
      'completed',
      'failed',
    ])
    expect([failed, diverged]).toEqual([2, 2])
    expect(rows![1]!.reason).toBe('time limit: not done within 6 s')
    expect(rows![2]!.reason).toMatch(/Diverged at step 0 .*(slide|pole|motor).* not finite/)
    const mixed = {
      ...cartpoleSweep(),
      grid: [
        { set: 'controller', values: [{ type: 'mpc' }, { type: 'lqr' }], labels: ['mpc', 'lqr'] },
        { set: 'controller.horizon', name: 'horizon', values: [0.2] },
      ],
      sample: { count: 1, axes: [{ set: 'latency', uniform: [0, 0.1] }] },
    }
    await expect(sweep(mixed, { workers: 1 })).rejects.toThrow(
      'grid[1].values[0]: expected controller.type ilqr or mpc, found controller.type lqr',
    )
  })
})

describe('results', () => {
  it('are the same bytes from one worker and from two, and the same again', async () => {
    for (const [out, workers] of [
      ['one', 1],
      ['two', 2],
    ] as const) {
      await sweep(small, { workers, out: join(folder, out) })
      await writeSweepReport(join(folder, out))
    }
    expect(readdirSync(join(folder, 'one')).sort()).toEqual([
      'report.html',
      'results.csv',
      'results.jsonl',
      'sweep.json',
    ])
    for (const file of readdirSync(join(folder, 'one'))) expect(textOf('two', file)).toBe(textOf('one', file))
    expect(textOf('one').trimEnd().split('\n')).toHaveLength(60)
    expect(textOf('one', 'results.csv').split('\n')[0]).toMatch(
      /^run,study,seed,angle \(rad\),rate \(rad\/s\),mass,noise,result,/,
    )
    expect(textOf('one', 'report.html')).toContain('<svg')
    expect(textOf('one', 'report.html')).not.toMatch(/NaN|undefined|src="http/)
  })

  it('that were interrupted go on where they are, a line that was cut off included', async () => {
    const out = join(folder, 'broken-off')
    const stop = new AbortController()
    const running = sweep(small, {
      workers: 1, // with more, the first run may be the last to end
      out,
      signal: stop.signal,
      onProgress: (done) => done >= 20 && stop.abort(new Error('stopped')),
    })
    await expect(running).rejects.toThrow('stopped')
    const before = textOf('broken-off').trimEnd().split('\n').length
    expect(before).toBeGreaterThanOrEqual(20)
    expect(before).toBeLessThan(60)
    appendFileSync(join(out, 'results.jsonl'), '{"index":99,"stu')
    await expect(sweep(small, { out })).rejects.toThrow(
      /--out: expected a folder without results, or --resume, found the sweep "cartpole-starts"/,
    )
    const { resumed, runs } = await sweep(small, { out, resume: true, workers: 1 })
    expect([resumed, runs]).toEqual([before, 60])
    expect(textOf('broken-off')).toBe(textOf('one'))
    truncateSync(join(out, 'results.jsonl'), 1000)
    await sweep(small, { out, resume: true, workers: 2 })
    expect(textOf('broken-off')).toBe(textOf('one'))
    expect((await sweep(small, { out, resume: true })).resumed).toBe(60)
  })

  it('of another sweep are refused by name', async () => {
    const out = join(folder, 'one')
    await expect(sweep({ ...small, name: 'other' }, { out, resume: true })).rejects.toThrow(
      /--resume: expected results of this sweep, "other" of 60 runs, found the sweep "cartpole-starts" of 60 runs/,
    )
    await expect(sweep({ ...small, seed: 4 }, { out, resume: true })).rejects.toThrow(
      'whose file or scenes were others',
    )
  })

  it('can be read again', async () => {
    const rows = []
    for await (const row of readSweepRows(join(folder, 'one'))) rows.push(row)
    expect(rows).toHaveLength(60)
    expect(rows[59]!.parameters.angle).toBe(1)
  })
})
