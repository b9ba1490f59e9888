import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invoke } from './invoke.ts'

let folder = ''
let leaning = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-controllers-'))
  leaning = join(folder, 'leaning.json')
  await writeFile(leaning, JSON.stringify({ positions: { pole: 1.4 } }))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const runOf = (...argv: string[]) => invoke('run', 'cartpole', '--out', join(folder, 'out'), ...argv)

describe('run --controller ilqr', () => {
  it('plans from the initial state, tracks the plan, and hands over to LQR', async () => {
    const argv = ['--controller', 'ilqr', '--initial', leaning, '--horizon', '1', '--duration', '4']
    const { code, stdout } = await runOf(...argv, '--json')
    expect(code).toBe(0)
    const json = JSON.parse(stdout)
    expect(json.controller).toBe('ilqr, then lqr')
    const { result, N, dt, iterations, calls, history, X, U } = json.ilqr
    expect([result, N, dt, history.length]).toEqual(['solved', 100, 0.01, iterations])
    expect([X.length, U.length]).toEqual([404, 100])
    expect(calls.derivatives).toBeLessThan(0.7 * calls.denseDerivatives)
    expect(Math.abs(json.run.metrics.coordinates[1].finalDeviation)).toBeLessThan(0.05)

    const { stdout: text } = await runOf(...argv)
    expect(text).toMatch(/^ilqr {2}solved: cost [\d.]+ after \d+ iterations/m)
    expect(text).toMatch(
      /steps for derivatives \(dense differences: \d+\), \d+ for rollouts; (\d+) of \1 held-out checks passed/,
    )
    const page = await readFile(join(folder, 'out', 'report.html'), 'utf8')
    expect(page).toContain('<h2>Optimal trajectory</h2>')
    expect(page).toContain('aria-label="cost against iteration"')
  })

  it('an unfinished plan is run and reported, with exit code 1', async () => {
    const { code, stdout, stderr } = await runOf(
      '--controller',
      'ilqr',
      '--initial',
      leaning,
      '--duration',
      '1',
      '--iterations',
      '2',
    )
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^failed: ilqr: max-iterations: cost [\d.]+ after 2 iterations\n$/),
    ])
    expect(stdout).toContain('report ')
  })
})

describe('run --controller mpc', () => {
  it('plans at every other step, and catches a pole that LQR drops', async () => {
    const argv = ['--initial', leaning, '--duration', '1.5', '--json']
    const dropped = JSON.parse((await runOf('--controller', 'lqr', ...argv)).stdout)
    expect(Math.abs(dropped.run.metrics.coordinates[1].finalDeviation)).toBeGreaterThan(1)
    const { code, stdout } = await runOf('--controller', 'mpc', '--horizon', '0.6', '--every', '2', ...argv)
    const json = JSON.parse(stdout)
    expect([code, json.controller, json.mpc.plans, json.mpc.failures]).toEqual([0, 'mpc', 75, []])
    expect(Math.abs(json.run.metrics.coordinates[1].finalDeviation)).toBeLessThan(0.2)
  })
})

describe('options that do not fit', () => {
  it.each([
    [['--horizon', '1'], '--horizon: expected --controller ilqr or mpc, found --controller lqr'],
    [['--qf', '1', '--controller', 'none'], '--qf: expected --controller ilqr or mpc, found --controller none'],
    [['--every', '2', '--controller', 'ilqr'], '--every: expected --controller mpc, found --controller ilqr'],
    [
      ['--controller', 'mpc', '--method', 'rainbow'],
      '--method: expected auto, dense or native with --controller mpc, found rainbow',
    ],
    [
      ['--controller', 'mpc', '--noise', 'estimate'],
      '--noise: expected a number or none with --controller mpc, found estimate',
    ],
    [['--controller', 'ilqr', '--qf', 'pol.angle=1'], 'found "pol.angle" (did you mean "pole.angle"?)'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await runOf(...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })
})
