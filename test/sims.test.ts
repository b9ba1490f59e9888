import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Sim {
  run(options: { budget: number }): Promise<Record<string, unknown>[]>
}

const files = readdirSync(new URL('../sims/', import.meta.url)).filter((name) => name.endsWith('.ts'))

describe('every experiment', () => {
  it('is found', () => {
    expect(files.length).toBeGreaterThan(0)
  })

  it.each(files)('%s gives a table on a tiny budget, the same one twice', async (file) => {
    const { run }: Sim = await import(new URL(`../sims/${file}`, import.meta.url).href)
    const rows = await run({ budget: 1 })
    expect(rows.length).toBeGreaterThan(0)
    const columns = Object.keys(rows[0]!)
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(columns)
      for (const value of Object.values(row)) if (typeof value === 'number') expect(value).not.toBeNaN()
    }
    expect(await run({ budget: 1 })).toEqual(rows)
  })
})
