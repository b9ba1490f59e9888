/** The changelog once its unreleased changes are those of a version: a heading for it, and an empty one for what comes next. */
export function releasedChangelog(changelog: string, version: string, date: string): string {
  const heading = '## [Unreleased]\n'
  const start = changelog.indexOf(heading)
  if (start < 0) throw new Error('CHANGELOG.md has no heading [Unreleased]')
  if (changelog.includes(`\n## [${version}]`)) throw new Error(`CHANGELOG.md has ${version} already`)
  const rest = changelog.slice(start + heading.length)
  const [changes] = rest.split(/^## /m) as [string]
  if (!/^- /m.test(changes)) throw new Error('CHANGELOG.md has no unreleased change')
  return `${changelog.slice(0, start)}${heading}\n## [${version}] - ${date}\n${rest}`
}
