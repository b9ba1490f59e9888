import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)) // as npm test has just built it

let folder = ''
let page = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-plan-docs-'))
  page = await readFile(new URL('../../docs/measure-elsewhere.md', import.meta.url), 'utf8')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const block = (language: string) => new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)![1]!

/** The simulator of the page, in the language that every machine has which runs these tests. */
const tanks = (h1: number, h2: number, pump: number) => {
  const [q1, q2] = [h1, h2].map((h) => 0.02 * Math.sqrt(2 * 9.81 * h)) as [number, number]
  return [h1 + 0.1 * (0.03 * pump - q1), h2 + 0.1 * (q1 - q2)]
}

it('the page on measuring elsewhere prints what its commands print', async () => {
  await writeFile(join(folder, 'tanks.json'), block('json'))
  const commands = block('sh').trimEnd().split('\n')
  expect(commands.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'jacsense plan',
    'python3 tanks.py',
    'jacsense recover',
  ])
  const outputs: string[] = []
  for (const [program, ...words] of commands.map((line) => line.split(' '))) {
    if (program === 'jacsense') {
      const { stdout } = await promisify(execFile)(process.execPath, [main, ...words], { cwd: folder })
      outputs.push(stdout)
      continue
    }
    const [input, output] = words.slice(1) as [string, string]
    const [header, ...rows] = (await readFile(join(folder, input), 'utf8')).trimEnd().split('\n')
    expect(header).toBe('index,for,h1,h2,pump')
    const answers = rows.map((row) => {
      const [index, , ...cells] = row.split(',')
      return [index, ...tanks(...(cells.map(Number) as [number, number, number]))].join(',')
    })
    await writeFile(join(folder, output), ['index,h1,h2', ...answers].join('\r\n'))
  }
  // the residual is rounding, which other machines may do otherwise
  const steady = (text: string) => text.replace(/residual [\d.e-]+/, 'residual …')
  expect(steady(outputs[1]!)).toBe(steady(block('text')))
})
