/** The next version, `npm run version`: changesets say which (package.json), and the changelog's unreleased changes become its own. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { releasedChangelog } from './release/releasedChangelog.ts'

const root = process.cwd()
const versionOf = () => (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version

const before = versionOf()
execFileSync('changeset', ['version'], { cwd: root, stdio: 'inherit' })
const version = versionOf()
if (version === before) {
  process.stderr.write('no changeset asks for a version: npx changeset writes one\n')
  process.exit(1)
}
const file = join(root, 'CHANGELOG.md')
const today = new Date().toISOString().slice(0, 10)
writeFileSync(file, releasedChangelog(readFileSync(file, 'utf8'), version, today))
process.stdout.write(`${before} → ${version}\n`)
