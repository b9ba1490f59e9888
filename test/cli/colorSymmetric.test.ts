import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { invoke } from './invoke.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-color-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Lower triangle of an arrowhead of n. */
const arrowhead = (n: number): string => {
  const entries = Array.from({ length: n }, (_, k) => (k === 0 ? '1 1' : `${k + 1} ${k + 1}\n${k + 1} 1`))
  return `%%MatrixMarket matrix coordinate pattern symmetric\n${n} ${n} ${2 * n - 1}\n${entries.join('\n')}\n`
}

describe('color --problem star and acyclic', () => {
  it.each(['star', 'acyclic'])('%s: an arrowhead needs two colors where columns need n', async (problem) => {
    const file = join(folder, 'arrowhead.mtx')
    await writeFile(file, arrowhead(12))
    const { code, stdout } = await invoke('color', file, '--problem', problem, '--order', 'natural', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      rows: 12,
      columns: 12,
      nonzeros: 34,
      problem,
      order: 'natural',
      colors: 2,
      lowerBound: 2,
      optimal: true,
    })
    expect(JSON.parse((await invoke('color', file, '--json')).stdout)).toMatchObject({ problem: 'column', colors: 12 })
  })

  it('a pattern that is not symmetric is refused, naming file and entry', async () => {
    const file = join(folder, 'upper.mtx')
    await writeFile(file, '%%MatrixMarket matrix coordinate pattern general\n3 3 2\n1 1\n1 3\n')
    const { code, stdout, stderr } = await invoke('color', file, '--problem', 'star', '--json')
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(file)
    expect(stderr).toMatch(/symmetric pattern, for --problem star.*entry \(0, 2\) but not \(2, 0\)/s)
  })

  it('help says what each problem is for', async () => {
    const { stdout } = await invoke('color', '--help')
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/acyclic: a symmetric one, by substitution/)
  })
})

const published = new URL('../../../shared/data/matrices/', import.meta.url).pathname

describe.skipIf(!existsSync(published))('color --problem on published matrices', () => {
  it('reproduces star and acyclic counts', async () => {
    interface Expected {
      readonly name: string
      readonly colors: Readonly<
        Record<'star_2007' | 'star_2005_alg41' | 'acyclic_2007', Readonly<Record<'SL', number>>>
      >
    }
    const expected: Expected[] = JSON.parse(await readFile(join(published, 'expected_colors.json'), 'utf8'))
    for (const name of ['494_bus', 'karate', 'jagmesh7']) {
      const { colors } = expected.find((one) => one.name === name)!
      const count = async (problem: string) => {
        const argv = [
          'color',
          join(published, `${name}.mtx`),
          '--problem',
          problem,
          '--order',
          'smallest-last',
          '--json',
        ]
        return JSON.parse((await invoke(...argv)).stdout).colors
      }
      expect(await count('acyclic')).toBe(colors.acyclic_2007.SL)
      expect(await count('star')).toBe(Math.min(colors.star_2007.SL, colors.star_2005_alg41.SL))
    }
  })
})
