import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invoke, invokeWith } from './invoke.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-against-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('check --against', () => {
  it('prints one line for each point and engine, and exits with 0 where they agree', async () => {
    const { code, stdout, stderr } = await invoke('check', 'cartpole', '--against', 'mujoco,rapier', '--points', '1')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('cannon against mujoco: relative errors, tolerance 1e-6\n')
    expect(stdout).toContain('cannon against rapier: relative errors, tolerance 0.005\n')
    const lines = stdout.split('\n').filter((line) => line.endsWith('  agree'))
    expect(lines.map((line) => line.split(/ {2}/)[0])).toEqual(['home', 'bent 1', 'home', 'bent 1'])
    expect(stdout).toMatch(/bent 1 +A +∂ \S+ \/ ∂ \S+ +-?[\d.]+ +-?[\d.]+ /)
  })

  it('--json holds errors, largest entries, steps, points and certificates, and nothing else', async () => {
    await writeFile(join(folder, 'state.json'), '{ "positions": { "pole": 0.4 }, "velocities": { "slide": 1 } }')
    const argv = ['--at', join(folder, 'state.json'), '--points', '0', '--engine', 'mujoco', '--against', 'reference']
    const { code, stdout, stderr } = await invoke('check', 'cartpole', ...argv, '--json')
    expect([code, stderr]).toEqual([0, ''])
    const { scene, passed, seed, comparisons } = JSON.parse(stdout)
    expect({ scene, passed, seed }).toEqual({ scene: 'cartpole', passed: true, seed: 1 })
    expect(comparisons).toHaveLength(1)
    expect(comparisons[0]).toMatchObject({ engines: ['mujoco', 'reference'], tolerance: 1e-6, agree: true })
    const [point] = comparisons[0].points
    expect(point).toMatchObject({ at: join(folder, 'state.json'), verdict: 'agree', x: [0, 0.4, 1, 0], u: [0] })
    expect(Object.keys(point.worstA)).toEqual(['row', 'column', 'value', 'reference', 'difference'])
    expect(point.step.map(({ name }: { name: string }) => name)).toEqual([
      'slide.position',
      'pole.angle',
      'slide.velocity',
      'pole.velocity',
    ])
    expect(point.linearizations.map(({ engine }: { engine: string }) => engine)).toEqual(['mujoco', 'reference'])
    for (const { quality } of point.linearizations) expect(quality.certified).toBe(true)
  })

  it('exits with 1 above the tolerance, and says where', async () => {
    const { code, stdout, stderr } = await invoke(
      ...['check', 'cartpole', '--against', 'rapier', '--tolerance', '1e-9', '--points', '1'],
    )
    expect(code).toBe(1)
    expect(stdout).toContain('tolerance 1e-9')
    expect(stderr).toBe('failed: check: cannon and rapier differ at home, bent 1\n')
  })

  it('names the contacts where engines differ by their own laws, and agrees where nothing touches', async () => {
    const { code, stdout, stderr } = await invoke('check', 'hopper', '--against', 'mujoco')
    expect(code).toBe(1)
    expect(stderr).toBe('failed: check: cannon and mujoco differ at home (1 contact or limit there)\n')
    expect(stdout).toMatch(/^home .* 1 closed +differ$/m)
    expect(stdout).toMatch(/^bent 1 .* agree$/m)
    expect(stdout).toContain(
      'home: cannon and mujoco have contacts and joint limits by laws of their own: contact of shank with the environment',
    )
  })

  it('stops when interrupted', async () => {
    const { code, stdout, stderr } = await invokeWith(
      { signal: AbortSignal.abort() },
      ...['check', 'cartpole', '--against', 'mujoco'],
    )
    expect([code, stdout, stderr]).toEqual([130, '', 'interrupted\n'])
  })
})
