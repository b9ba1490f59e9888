/**
 * Measures what docs/benchmarks.md shows, and writes the page anew: `npm run bench:page`, or only some of it, `npm run bench:page -- ilqr`.
 * The text before the first benchmark stays as it is. To be run where nothing else does.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const page = `${root}docs/benchmarks.md`

/** Benchmarks of the page in their order, with what they ask. */
const PARTS: readonly (readonly [command: string, title: string])[] = [
  ['bench coloring --budget 3', 'Coloring, beside SciPy'],
  ['bench recovery-error', 'Recovery: fewer directions, same accuracy'],
  ['bench lad --budget 3', 'Decoding by least absolute deviations, beside HiGHS'],
  ['bench engines', 'Engines, beside the derivatives of MuJoCo'],
  ['bench engine-steps', 'Steps: the exact joint solver beside that of cannon-es'],
  ['bench riccati --budget 3', 'Riccati equations, beside SciPy'],
  ['bench ilqr', 'iLQR and MPC'],
  ['bench sweeps', 'Sweeps: a second worker, and memory'],
]

interface Output {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly platform: string }
  readonly versions: Readonly<Record<string, string>>
  readonly results: Readonly<
    Record<string, { rows: Readonly<Record<string, string | number>>[]; notes: string[]; seeds?: string }>
  >
}

const only = process.argv.slice(2)
const [head, ...old] = readFileSync(page, 'utf8').split(/^## /m) as [string, ...string[]]
const sections = PARTS.map(([command, title]) => {
  const name = command.split(' ')[1]!
  const kept = old.find((section) => section.startsWith(`${title}\n`))
  if (only.length > 0 && !only.includes(name)) return kept ?? ''
  process.stdout.write(`${command}\n`)
  const args = [`${root}dist/cli/main.js`, ...command.split(' '), '--json']
  const printed = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
  return section(command, title, JSON.parse(printed) as Output)
})
writeFileSync(page, [head, ...sections.filter((text) => text !== '')].join('## '))

function section(command: string, title: string, { machine, versions, results }: Output): string {
  const [{ rows, notes, seeds }] = Object.values(results) as [Output['results'][string]]
  const header = Object.keys(rows[0]!)
  const isNumber = header.map((key) => rows.some((row) => typeof row[key] === 'number'))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `${title}\n`,
    `\`jacsense ${command}\`\n`,
    line(header),
    line(isNumber.map((number) => (number ? '--:' : '---'))),
    ...rows.map((row) => line(header.map((key) => shown(row[key]!)))),
    '',
    [...notes, `seeds: ${seeds ?? 'none'}`].map((note) => `- ${note.replaceAll('|', '\\|')}`).join('\n'),
    `- ${machine.cpu}, ${machine.cores} cores, ${machine.platform}; ${Object.entries(versions)
      .map(([what, version]) => `${what} ${version}`)
      .join(', ')}\n\n`,
  ].join('\n')
}

function shown(value: string | number): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(3))) : value.replaceAll('|', '\\|')
}
