import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { progressLine } from '../../src/cli/progress.ts'
import { cartpoleSweep } from '../experiment/sweep/specs.ts'
import { tethered } from '../experiment/sweep/tether.ts'

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)) // as npm test has just built it
const folder = mkdtempSync(join(tmpdir(), 'jacsense-sweep-command-'))
afterAll(() => rmSync(folder, { recursive: true }))

const rows = (out: string) => readFileSync(join(folder, out, 'results.jsonl'), 'utf8')

/** `until`: sends SIGINT as soon as it holds. */
async function command(words: readonly string[], until?: () => boolean) {
  const started = spawn(process.execPath, [COMMAND, ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const child = tethered(started)
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (data) => (stdout += data))
  child.stderr.on('data', (data) => (stderr += data))
  const look = setInterval(() => {
    if (!until?.()) return
    clearInterval(look)
    child.kill('SIGINT')
  }, 20)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(look)
  return { code, stdout, stderr }
}

it('Ctrl+C leaves what is done and says the command that goes on with it', async () => {
  // Short runs, then some that are still under way when those are seen.
  const grid = [{ set: 'duration', values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 1000, 1001, 1002] }]
  writeFileSync(join(folder, 'my sweep.json'), JSON.stringify({ ...cartpoleSweep({ draws: 1 }), grid }))
  const isUnderWay = () => {
    try {
      return rows('out').split('\n').length > 3
    } catch {
      return false
    }
  }
  const words = ['sweep', 'my sweep.json', '--out', 'out', '--workers', '2']
  const stopped = await command(words, isUnderWay)
  expect([stopped.code, stopped.stdout]).toEqual([130, ''])
  const [line, last] = stopped.stderr.split('\n')
  expect(line).toMatch(
    /^\d+ of 9 runs are in out; to go on: jacsense sweep 'my sweep\.json' --workers 2 --out out --resume$/,
  )
  expect(last).toBe('interrupted')
  const before = rows('out')
  expect(before.split('\n').length).toBeLessThan(10)

  const resumed = await command([...words, '--resume', '--json'])
  expect([resumed.code, resumed.stderr]).toEqual([0, ''])
  const summary = JSON.parse(resumed.stdout)
  expect(summary).toMatchObject({ sweep: 'cartpole-starts', runs: 9, failed: 0, out: 'out' })
  expect(summary.resumed).toBe(before.trimEnd().split('\n').length)
  expect((await command(['sweep', 'my sweep.json', '--out', 'whole'])).code).toBe(0)
  expect(rows('out')).toBe(rows('whole'))
}, 240_000)

it('progress tells how long the rest takes, at a terminal', async () => {
  const written: string[] = []
  const stderr = { isTTY: true, write: (text: string) => void written.push(text) }
  const progress = progressLine({ stdout: stderr, stderr }, 'sweep: run', { timeLeft: true })
  progress.onProgress(100, 1000) // resumed
  await new Promise((resolve) => setTimeout(resolve, 1200))
  progress.onProgress(400, 1000)
  progress.end()
  expect(written[0]).toMatch(/sweep: run 400 of 1000 \(40 %\), [3-9] s left$/)
})
