import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Matrix } from 'ml-matrix'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eigenvalues } from '../../src/linalg/eigenvalues.ts'
import { invoke } from './invoke.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-point-'))
  await writeFile(join(folder, 'swing.json'), '{ "positions": { "swing": 0.7 } }')
  await writeFile(join(folder, 'tilt.json'), '{ "positions": { "pole": 0.3 } }')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('--at equilibrium', () => {
  it('shows the point by name and unit, and how far it is from home', async () => {
    const { code, stdout } = await invoke('linearize', 'cartpole', '--at', `equilibrium:${join(folder, 'tilt.json')}`)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^at {4}equilibrium, \d+ iterations? from .*tilt\.json$/m)
    expect(stdout).toMatch(/^pole\.angle +rad +0 +0$/m)
    expect(stdout).toMatch(/^motor +N +0 +0$/m)
  })

  it(':hold keeps the positions: the torque of a pendulum is the moment of its weight', async () => {
    const at = `equilibrium:hold:${join(folder, 'swing.json')}`
    const { stdout } = await invoke('linearize', 'pendulum', '--at', at, '--json')
    const { xBar, uBar, A, B, equilibrium } = JSON.parse(stdout)
    expect(xBar).toEqual([0.7, 0])
    expect(equilibrium).toBe(true)
    // θ'' = (u − k sin θ) / I, with k / I from A and 1 / I from B, each over one step.
    const k = -A[1][0] / Math.cos(0.7) / B[1][0]
    expect(uBar[0]).toBeCloseTo(k * Math.sin(0.7), 3)
    expect((await invoke('linearize', 'pendulum', '--at', at)).stdout).toMatch(/^motor +N·m +1\.5\d+ +1\.5\d*$/m)
  })

  it(':hold names what no control can balance, exit code 1', async () => {
    const { code, stderr } = await invoke('lqr', 'cartpole', '--at', `equilibrium:hold:${join(folder, 'tilt.json')}`)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^failed: no controls hold the positions of .*tilt\.json .*velocity.*--at equilibrium lets/)
  })
})

describe('a point that is no equilibrium', () => {
  it('is told by lqr and run, as text and as JSON', async () => {
    const at = join(folder, 'tilt.json')
    const { stdout } = await invoke('lqr', 'cartpole', '--at', at)
    expect(stdout).toMatch(/^c {5}.*pole\.velocity 0\.0767\d* rad\/s: not an equilibrium, the loop settles elsewhere/m)
    const json = JSON.parse((await invoke('lqr', 'cartpole', '--at', at, '--json')).stdout)
    expect(json.equilibrium).toBe(false)
    expect(json.c[3]).toBeCloseTo(0.0767, 4)
    expect(json.xBar).toEqual([0, 0.3, 0, 0])
    const home = JSON.parse((await invoke('lqr', 'cartpole', '--json')).stdout)
    expect([home.equilibrium, home.uBar]).toEqual([true, [0]])
    const argv = ['run', 'cartpole', '--at', at, '--duration', '0.05', '--out', join(folder, 'out')]
    expect((await invoke(...argv)).stdout).toContain('not an equilibrium, the loop settles elsewhere')
  })
})

describe('weights', () => {
  it('--q and --r are those of the design: given as in the scene, they change nothing', async () => {
    const q = 'slide.position=1,pole.angle=10,slide.velocity=1,pole.velocity=1'
    const [scene, given, heavy] = await Promise.all(
      [[], ['--q', q, '--r', '0.1'], ['--q', q, '--r', 'motor=100']].map(
        async (flags) => JSON.parse((await invoke('lqr', 'cartpole', ...flags, '--json')).stdout).K[0] as number[],
      ),
    )
    expect(given).toEqual(scene)
    expect(Math.abs(heavy![1]!)).toBeLessThan(Math.abs(scene![1]!))
  })

  it('of joint coordinates are refused in body coordinates, with the remedy, which works', async () => {
    const refused = await invoke('run', 'cartpole', '--coordinates', 'maximal', '--out', join(folder, 'max'))
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/cartpole\/scene\.json: task\.Q: .*maximal coordinates \("cart\.x".*--q/)
    const { code, stdout } = await invoke('lqr', 'cartpole', '--coordinates', 'maximal', '--q', '1', '--json')
    expect(code).toBe(0)
    const { K, eigenvalues: closed } = JSON.parse(stdout)
    const { A, B } = JSON.parse((await invoke('linearize', 'cartpole', '--coordinates', 'maximal', '--json')).stdout)
    const { re, im } = eigenvalues(Matrix.sub(new Matrix(A), new Matrix(B).mmul(new Matrix(K))))
    const radius = Math.max(...re.map((value, k) => Math.hypot(value, im[k]!)))
    expect(radius).toBeLessThan(1)
    expect(Math.hypot(closed[0].re, closed[0].im)).toBeCloseTo(radius, 6)
  })
})
