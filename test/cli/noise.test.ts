import { describe, expect, it } from 'vitest'
import { invoke } from './invoke.ts'

describe('--noise and --robust', () => {
  it('are refused with methods that have no place for them, as input', async () => {
    for (const option of [['--noise', '1e-4'], ['--robust']]) {
      const { code, stderr } = await invoke('linearize', 'cartpole', '--method', 'dense', ...option)
      expect(code).toBe(2)
      expect(stderr).toBe(`error: --method: expected auto or rainbow with ${option[0]}, found dense\n`)
    }
  })

  it('say what calls were spent on, and that there were no gross errors', async () => {
    const { code, stdout } = await invoke('linearize', 'cartpole', '--robust')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^cost .* to find noise and step/m)
    expect(stdout).toContain('and no gross errors')
  })
})

describe('--max-calls', () => {
  it('names the least that does, and what was given', async () => {
    const few = await invoke('linearize', 'cartpole', '--robust', '--max-calls', '20')
    expect(few.code).toBe(2)
    const [, least] = /^error: --max-calls: expected at least (\d+) steps, found 20\n$/.exec(few.stderr)!
    expect((await invoke('linearize', 'cartpole', '--robust', '--max-calls', least!)).code).not.toBe(2)
    expect((await invoke('linearize', 'cartpole', '--robust', '--max-calls', `${Number(least) - 1}`)).code).toBe(2)
  })

  it('makes do with three steps, but with no fewer', async () => {
    const two = await invoke('linearize', 'chains', '--max-calls', '2')
    expect(two.stderr).toBe('error: --max-calls: expected at least 3 steps, found 2\n')
    expect((await invoke('linearize', 'chains', '--max-calls', '3')).code).toBe(1)
  })
})
