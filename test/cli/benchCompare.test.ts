/** jacsense bench --compare, in small checkouts whose command tells what it is asked to tell. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { benchCompare, comparisonText } from '../../src/cli/benchCompare.ts'
import { invoke } from './invoke.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

const git = (folder: string, ...args: string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=T', '-c', 'user.email=t@example.org', ...args], {
    encoding: 'utf8',
  }).trim()

/** A checkout with two revisions, `old` and the present one, whose builds make commands that print `ms` 4 and 6, and log their runs. */
function checkout(build = 'node build.cjs'): { root: string; log: string } {
  const place = mkdtempSync(join(tmpdir(), 'jacsense-compare-test-'))
  folders.push(place)
  const root = join(place, 'repo')
  const log = join(place, 'log')
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  git(place, 'init', '-q', root)
  writeFileSync(join(root, '.gitignore'), 'node_modules\ndist\n')
  const revision = (name: string, ms: number, script: string) => {
    const rows = `[{ case: 'a', ms: ${ms}, calls: 9 }]`
    const command = `require('node:fs').appendFileSync(${JSON.stringify(log)}, '${name} ' + process.argv.slice(2).join(' ') + '\\n')
console.log(JSON.stringify({ results: { x: { rows: ${rows}, notes: [] } } }))\n`
    writeFileSync(
      join(root, 'build.cjs'),
      `const { mkdirSync, writeFileSync } = require('node:fs')
mkdirSync('dist/cli', { recursive: true })
writeFileSync('dist/cli/main.js', ${JSON.stringify(command)})\n`,
    )
    writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'jacsense', scripts: { build: script } }))
    git(root, 'add', '-A')
    git(root, 'commit', '-qm', name)
  }
  revision('old', 4, build)
  git(root, 'tag', 'old')
  revision('new', 6, 'node build.cjs')
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root })
  return { root, log }
}

const leftOver = () => readdirSync(tmpdir()).filter((name) => /^jacsense-compare-\w{6}$/.test(name))

describe('bench --compare', () => {
  it('builds the other revision, runs both in turn, and gives ratios', async () => {
    const before = leftOver()
    const { root, log } = checkout()
    const comparison = await benchCompare({ root, revision: 'old', names: ['x'], rounds: 3, budget: 2 })
    const { figures, same } = comparison.results.x!
    expect(figures).toEqual([
      { row: 'a', figure: 'ms', there: 4, here: 6, ratio: 1.5, low: 1.5, high: 1.5, agreed: true },
    ])
    expect(same).toBe(1)
    expect(comparison.commit).toBe(git(root, 'rev-parse', 'old').slice(0, 9))
    const each = ['new', 'old', 'old', 'new', 'new', 'old'] // which goes first changes
    expect(readFileSync(log, 'utf8')).toBe(each.map((name) => `${name} bench x --json --budget 2\n`).join(''))
    const text = comparisonText(comparison, 'old', 3)
    expect(text).toMatch(/^a +ms +4 +6 +1\.5 +1\.5 … 1\.5 +\*$/m)
    expect(text).toContain('1 other figure is equal')

    expect(git(root, 'worktree', 'list').split('\n')).toHaveLength(1)
    expect(leftOver()).toEqual(before)
  })

  it('says that a revision is unknown, or is no revision', async () => {
    const { root } = checkout()
    for (const revision of ['nowhere', '--all', 'old:build.cjs', ''])
      await expect(benchCompare({ root, revision, names: ['x'], rounds: 1 })).rejects.toThrow(
        `--compare: expected a revision that git knows: a branch, a tag or a commit, found "${revision}"`,
      )
  })

  it('says that there is no checkout, or another one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jacsense-compare-test-'))
    folders.push(folder)
    await expect(benchCompare({ root: folder, revision: 'old', names: ['x'], rounds: 1 })).rejects.toThrow(
      /--compare: expected a git checkout of jacsense.*found none at/,
    )
    const { root } = checkout()
    const installed = join(root, 'node_modules/jacsense')
    mkdirSync(installed)
    await expect(benchCompare({ root: installed, revision: 'old', names: ['x'], rounds: 1 })).rejects.toThrow(
      /one of something else/,
    )
  })

  it('says that the other revision does not build, and cleans up', async () => {
    const before = leftOver()
    const { root } = checkout('echo no such compiler && exit 3')
    await expect(benchCompare({ root, revision: 'old', names: ['x'], rounds: 1 })).rejects.toThrow(
      /old does not build with the packages that are installed here: .*no such compiler/s,
    )
    expect(git(root, 'worktree', 'list').split('\n')).toHaveLength(1)
    expect(leftOver()).toEqual(before)
  })

  it('ends where it is interrupted, and cleans up', async () => {
    const before = leftOver()
    const { root } = checkout()
    const interrupt = new AbortController()
    const onProgress = () => interrupt.abort(new Error('interrupted'))
    await expect(
      benchCompare({ root, revision: 'old', names: ['x'], rounds: 3, signal: interrupt.signal, onProgress }),
    ).rejects.toThrow()
    expect(git(root, 'worktree', 'list').split('\n')).toHaveLength(1)
    expect(leftOver()).toEqual(before)
  })

  it('takes --rounds with --compare only, and no charts', async () => {
    expect((await invoke('bench', 'lad', '--rounds', '3')).stderr).toContain('--rounds: expected --compare')
    expect((await invoke('bench', 'lad', '--compare', 'HEAD', '--charts', 'x')).stderr).toContain(
      '--charts: expected no --compare',
    )
    const unknown = await invoke('bench', 'lad', '--compare', 'no-such-revision')
    expect(unknown).toMatchObject({ code: 2, stdout: '' })
    expect(unknown.stderr).toMatch(/--compare: expected a (revision that git knows|git checkout)/)
  })
})
