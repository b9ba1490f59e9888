import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JSDOM } from 'jsdom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invoke } from './invoke.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-lqg-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const runOf = (...argv: string[]) =>
  invoke('run', 'cartpole', '--controller', 'lqg', '--out', join(folder, 'out'), ...argv)
const rms = (values: number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)

describe('run --controller lqg', () => {
  it('holds the pole from two noisy positions, with the errors that the filter promises', async () => {
    const noise = ['--measurement-noise', 'slide.position=0.002,pole.angle=0.001']
    const { code, stdout } = await runOf('--duration', '10', '--json', '--seed', '3', ...noise)
    expect(code).toBe(0)
    const { states, controller, lqr, lqg, run, files } = JSON.parse(stdout)
    expect([controller, lqr.K.length, lqg.result]).toEqual(['lqg', 1, 'solved'])
    expect(lqg.measurement).toEqual({ sigma: { 'slide.position': 0.002, 'pole.angle': 0.001 }, seed: 3 })
    expect(lqg.V).toEqual([
      [4e-6, 0],
      [0, 1e-6],
    ])
    expect([lqg.L.length, lqg.L[0].length]).toEqual([4, 2])
    expect(lqg.coordinates.map(({ name }: { name: string }) => name)).toEqual(states)
    expect(lqg.outputs.map(({ name, noise }: { name: string; noise: number }) => [name, noise])).toEqual([
      ['slide.position', 0.002],
      ['pole.angle', 0.001],
    ])
    // The simulator adds nothing: once settled, errors are below what the filter promises with process noise, and above nothing.
    const N = run.steps
    expect([lqg.errors.length, lqg.innovations.length]).toEqual([4 * N, 2 * N])
    for (let j = 0; j < 4; j++) {
      const settled = rms(lqg.errors.filter((_: number, k: number) => k % 4 === j).slice(N / 2))
      expect(settled).toBeLessThan(1.2 * lqg.coordinates[j].expectedError)
      expect(settled).toBeGreaterThan(0.1 * lqg.coordinates[j].expectedError)
    }
    expect(Math.abs(run.metrics.coordinates[1].finalDeviation)).toBeLessThan(0.03)

    // The table of estimates agrees with that of the true states.
    const rows = async (name: string) =>
      (await readFile(join(folder, 'out', name), 'utf8'))
        .trimEnd()
        .split('\r\n')
        .map((line) => line.split(','))
    const [trajectory, estimate] = [await rows('trajectory.csv'), await rows('estimate.csv')]
    expect(files.map((file: string) => file.split('/').at(-1))).toContain('estimate.csv')
    expect(estimate[0]!.slice(0, 2)).toEqual(['time [s]', 'estimate of slide.position [m]'])
    expect([estimate.length, estimate[0]!.length]).toEqual([N + 1, 1 + 4 + 4 + 2])
    for (const row of [1, 50, N])
      for (let j = 1; j <= 4; j++)
        expect(Number(estimate[row]![j]) + Number(estimate[row]![4 + j])).toBeCloseTo(Number(trajectory[row]![j]), 12)

    const { document } = new JSDOM(await readFile(join(folder, 'out', 'report.html'), 'utf8')).window
    expect([...document.querySelectorAll('h2')].map(({ textContent }) => textContent)).toEqual(
      expect.arrayContaining(['Estimation', 'Kalman gain']),
    )
    const titles = [...document.querySelectorAll('.charts title')].map(({ textContent }) => textContent)
    for (const name of ['slide.position (m)', 'pole.velocity (rad/s)'])
      expect(titles).toEqual(expect.arrayContaining([name, `estimate of ${name}`]))
  })

  it('measures all positions unless told otherwise, and repeats from its seed', async () => {
    const once = await runOf('--duration', '2')
    expect(once.code).toBe(0)
    expect(once.stdout).toMatch(/^L +slide\.position +pole\.angle$/m)
    expect(once.stdout).toMatch(/^filter: solved; the error has spectral radius 0\.\d+$/m)
    expect(once.stdout).toMatch(/^output +unit +noise +RMS innovation +expected\nslide\.position +m +0\.001 /m)
    expect(await runOf('--duration', '2')).toEqual(once)
    expect((await runOf('--duration', '2', '--seed', '2')).stdout).not.toEqual(once.stdout)
  })

  it('names the modes that no output sees, and those that no noise moves', async () => {
    const blind = await runOf('--outputs', 'pole.angle')
    expect([blind.code, blind.stdout]).toEqual([1, ''])
    expect(blind.stderr).toMatch(/^failed: lqg: undetectable: no output sees λ = 1\.0.*slide\.position/)
    const still = await runOf('--process-noise', 'slide.position=0.01')
    expect(still.code).toBe(1)
    expect(still.stderr).toMatch(/^failed: lqg: undriven: .*slide\.velocity/)
  })

  it.each([
    [['--outputs', 'pole.angel'], '"pole.angel" (did you mean "pole.angle"?)'],
    [['--outputs', 'pole.angle,pole.angle'], '--outputs: expected each coordinate once, found "pole.angle" twice'],
    [['--outputs', 'pole.angle,'], 'Expected name,name,…'],
    [['--measurement-noise', 'pole.angle=0.1'], '--measurement-noise: expected a deviation > 0 of slide.position'],
    [['--measurement-noise', 'pole.velocity=0.1'], '--measurement-noise pole.velocity: expected a deviation of one of'],
    [['--process-noise', 'velocitis=0.1'], '"velocitis" (did you mean "velocities"?)'],
    [
      ['--controller', 'lqr', '--outputs', 'pole.angle'],
      '--outputs: expected --controller lqg, found --controller lqr',
    ],
    [['--controller', 'mpc', '--process-noise', '1'], '--process-noise: expected --controller lqg'],
  ])('%j is refused', async (argv, message) => {
    const { code, stdout, stderr } = await runOf(...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })
})
