import { describe, expect, it } from 'vitest'
import { invoke } from './invoke.ts'

describe('--workers', () => {
  it('changes no digit of what is printed', async () => {
    const command = ['linearize', 'spheres', '--coordinates', 'maximal', '--method', 'dense', '--json']
    const serial = await invoke(...command)
    expect(await invoke(...command, '--workers', '2')).toEqual(serial)
    expect(serial.code).toBe(0)
  })

  it('is in the help of every command that linearizes', async () => {
    for (const command of ['linearize', 'lqr', 'run'])
      expect((await invoke(command, '--help')).stdout).toMatch(/--workers <n> .*threads.*\(default:\s+1\)/s)
  })

  it.each(['0', '-1', '1.5', '257', 'two', ''])('%j is refused', async (workers) => {
    const { code, stdout, stderr } = await invoke('linearize', 'cartpole', '--workers', workers)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('--workers')
    expect(stderr).toContain('Expected a whole number from 1 to 256.')
  })
})
