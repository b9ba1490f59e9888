import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { push } from '../../src/cli/options.ts'
import { invoke } from './invoke.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-integral-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const runOf = (...argv: string[]) => invoke('run', 'cartpole', '--out', join(folder, 'out'), ...argv)
const pushed = ['--push', '1:motor:2', '--duration', '40']

describe('--integral', () => {
  it('takes the offset of a constant push to zero, which plain LQR leaves', async () => {
    const offsetOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout).run.metrics.coordinates[0].finalDeviation
    const plain = await runOf(...pushed, '--json')
    // At rest the force is balanced by K alone: δx = 2 N / K.
    const [[gain]] = JSON.parse(plain.stdout).lqr.K
    expect(offsetOf(plain)).toBeCloseTo(2 / gain, 4)
    expect(Math.abs(offsetOf(plain))).toBeGreaterThan(0.5)

    const found = await runOf(...pushed, '--integral', 'slide.position', '--json')
    const { controller, lqr, run } = JSON.parse(found.stdout)
    expect([found.code, controller, lqr.integral.outputs]).toEqual([0, 'lqi', ['slide.position']])
    expect(Math.abs(offsetOf(found))).toBeLessThan(1e-6)
    expect(run.disturbances).toEqual([{ time: 1, duration: 39, control: 'motor', amount: 2 }])
    expect(run.metrics.settlingTime).toBeLessThan(10)
    expect(await readFile(join(folder, 'out', 'report.html'), 'utf8')).toContain('Kz z, z the integrals')
  })

  it('says since when a push lasts, and when another one ended', async () => {
    expect((await runOf(...pushed, '--integral', 'slide.position')).stdout).toMatch(
      /^Settled [\d.]+ s after the last push, which began at 1 s and lasted, /m,
    )
    expect((await runOf('--push', '1..4:motor:2', '--duration', '12')).stdout).toContain('which ended at 4 s')
  })

  it('prints and weighs the gain of the integral', async () => {
    const { code, stdout } = await invoke('lqr', 'cartpole', '--integral', 'slide.position')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Kz +∫ slide\.position\n +m·s\nmotor +N +-2\.9002$/m)
    const Kz = async (weight: string) => {
      const argv = ['lqr', 'cartpole', '--integral', 'slide.position', '--json', '--qz', weight]
      return JSON.parse((await invoke(...argv)).stdout).integral.Kz[0][0]
    }
    expect(await Kz('slide.position=4')).toBe(await Kz('4'))
    expect(Math.abs(await Kz('4'))).toBeGreaterThan(1.5 * Math.abs(await Kz('1')))
  })

  it.each([
    [['--integral', 'slide.pos'], '"slide.pos"'],
    [['--integral', 'slide.position,pole.angle'], '--integral: expected at most 1 coordinate, one for each control'],
    [['--integral', 'pole.angle', '--qz', '0'], '--qz: expected a weight > 0 of pole.angle, found none'],
    [['--integral', 'pole.angle', '--qz', 'slide.position=1'], '--qz slide.position: expected a weight of one of'],
    [['--qz', '1'], '--qz: expected --integral beside it, found none'],
    [['--controller', 'mpc', '--integral', 'pole.angle'], '--integral: expected --controller lqr'],
    [['--push', '1:moto:2'], '--push 1:moto:2: control: expected one of "motor"'],
    [['--push', '99:motor:2'], '--push 99:motor:2: time: expected a time within the run'],
    [['--push', '4..1:motor:2'], 'Expected time:control:amount or from..to:control:amount'],
  ])('%j is refused', async (argv, message) => {
    const { code, stdout, stderr } = await runOf(...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })
})

describe('push', () => {
  it('takes a time or a span, again and again', () => {
    expect(push('1..4:a:b:-2', push('0.5:m:1e-2'))).toEqual([
      { time: 0.5, duration: null, control: 'm', amount: 0.01 },
      { time: 1, duration: 3, control: 'a:b', amount: -2 },
    ])
  })

  it.each(['', '1', '1:m', '1::2', ':m:2', '1..:m:2', '..1:m:2', '1..2..3:m:2', '1:m:x'])("refuses '%s'", (text) => {
    expect(() => push(text)).toThrow(/time:control:amount/)
  })
})
