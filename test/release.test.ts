/** Versions, changelog, and the table of what a release is tried on. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { releasedChangelog } from '../scripts/release/releasedChangelog.ts'
import { BROWSERS, NODE_VERSIONS } from '../scripts/release/support.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const { version, engines, scripts } = JSON.parse(read('package.json')) as {
  version: string
  engines: { node: string }
  scripts: Record<string, string>
}

describe('the changelog', () => {
  it('has a changeset for its unreleased changes', () => {
    const [unreleased] = read('CHANGELOG.md').split('## [Unreleased]\n')[1]!.split(/^## /m)
    const changesets = readdirSync(join(root, '.changeset')).filter(
      (name) => name.endsWith('.md') && name !== 'README.md',
    )
    expect(/^- /m.test(unreleased!)).toBe(changesets.length > 0)
    for (const name of changesets)
      expect(read(`.changeset/${name}`)).toMatch(/^---\n"jacsense": (patch|minor|major)\n---\n/)
  })

  it('gives its unreleased changes to a version', () => {
    const next = releasedChangelog(
      '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- a\n\n## [0.1.0] - 2026-01-01\n',
      '0.2.0',
      '2026-02-01',
    )
    expect(next).toBe(
      '# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-01\n\n### Added\n\n- a\n\n## [0.1.0] - 2026-01-01\n',
    )
    expect(() => releasedChangelog(next, '0.3.0', '2026-02-02')).toThrow('no unreleased change')
    expect(() => releasedChangelog(next, '0.1.0', '2026-02-02')).toThrow('0.1.0 already')
    expect(() => releasedChangelog('# Changelog\n', '0.3.0', '2026-02-02')).toThrow('no heading')
  })

  it('npm run version takes the next version from the changesets, and uses them up', () => {
    const folder = mkdtempSync(join(tmpdir(), 'jacsense-version-'))
    try {
      for (const name of ['.changeset/config.json', 'package.json', 'scripts'])
        cpSync(join(root, name), join(folder, name), { recursive: true })
      writeFileSync(join(folder, '.changeset/new.md'), '---\n"jacsense": minor\n---\n\nNew.\n')
      writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- new\n')
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
      execFileSync('git', ['init', '-q'], { cwd: folder })
      const printed = execFileSync('npm', ['run', '--silent', 'version'], { cwd: folder, encoding: 'utf8' })
      const [major, minor] = version.split('.').map(Number) as [number, number]
      expect(printed).toContain(`${version} → ${major}.${minor + 1}.0`)
      expect(readFileSync(join(folder, 'CHANGELOG.md'), 'utf8')).toContain(`\n## [${major}.${minor + 1}.0] - 20`)
      expect(readdirSync(join(folder, '.changeset'))).toEqual(['config.json'])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('the table of support', () => {
  const rows = [...read('docs/support.md').matchAll(/^\| (Node|Chromium|Firefox ESR) ?([\d.]*) \|/gm)]

  it('lists the versions of Node that the release check runs, and no other', () => {
    const listed = rows.flatMap(([, what, which]) => (what === 'Node' ? [which] : []))
    expect(listed).toEqual([...NODE_VERSIONS])
    expect(engines.node).toBe(`>=${NODE_VERSIONS[0].replace(/\.0$/, '')}`)
  })

  it('lists the browsers that tests run in, and no other', () => {
    expect(rows.flatMap(([, what]) => (what === 'Node' ? [] : [what]))).toEqual(Object.keys(BROWSERS))
    for (const file of Object.values(BROWSERS)) expect(existsSync(join(root, 'test/browser', file))).toBe(true)
    expect(read('test/browser/engines.test.ts')).toContain('launchChromium()')
    expect(read('test/browser/firefox.test.ts')).toContain("browser: 'firefox'")
  })

  it('is of what CI runs', () => {
    const ci = read('.ci/run').split('\n')
    expect(ci).toContain('npm test')
    expect(ci).toContain('npm run release:check')
    expect(scripts['release:check']).toContain('scripts/releaseCheck.ts')
    expect(read('scripts/releaseCheck.ts')).toContain('onNodeVersions(NODE_VERSIONS')
  })
})
