import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openSweep } from '../../src/experiment/sweep/openSweep.ts'
import { partialRunSchema } from '../../src/scene/sweep/runSettings.ts'
import { sweepSchema } from '../../src/scene/sweep/sweepFile.ts'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)) // as npm test has just built it

let folder = ''
let page = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-sweep-docs-'))
  page = await readFile(new URL('../../docs/sweeps.md', import.meta.url), 'utf8')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map((match) => match[1]!)
const jacsense = async (words: readonly string[]) =>
  (await promisify(execFile)(process.execPath, [main, ...words], { cwd: folder })).stdout

it('the page on sweeps prints what its commands print', async () => {
  await writeFile(join(folder, 'starts.json'), blocks('json')[0]!)
  const outputs: string[] = []
  for (const line of blocks('sh')[0]!.trimEnd().split('\n')) outputs.push(await jacsense(line.split(' ').slice(1)))
  expect(outputs.join('')).toBe(blocks('text')[0]!)
  expect((await readdir(join(folder, 'out/starts'))).sort()).toEqual([
    'report.html',
    'results.csv',
    'results.jsonl',
    'sweep.json',
  ])
}, 120_000)

it('the robustness sweep that it names is a sweep file, which can be edited', async () => {
  const [words] = blocks('sh')[1]!.trimEnd().split('\n')
  const printed = await jacsense([...words!.split(' ').slice(1), '--samples', '2', '--print'])
  const { sweep, expanded } = await openSweep(JSON.parse(printed))
  expect(sweep.name).toBe('robustness-cartpole')
  expect(expanded.studies.map(({ name }) => name)).toEqual([
    'region of attraction',
    'mass of all bodies',
    'mass of cart',
    'mass of pole',
    'damping',
    'latency',
    'measurement noise',
    'all at once',
  ])
}, 120_000)

it('it names every key of a sweep file and every setting of a run', () => {
  for (const key of [...Object.keys(sweepSchema.def.shape), ...Object.keys(partialRunSchema.def.shape)])
    if (key !== '$schema') expect(page, key).toContain(`\`${key}\``)
})
