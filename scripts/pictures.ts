/** Makes the pictures of docs/images anew, or those that are named: `npm run pictures [-- name …]`. All of them take an hour. */
import { execSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { PICTURES } from './docs/pictures.ts'

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => PICTURES[name] === undefined)
if (unknown.length > 0) {
  process.stderr.write(`no such picture: ${unknown.join(', ')}; there are ${Object.keys(PICTURES).join(', ')}\n`)
  process.exit(2)
}
const names = wanted.length > 0 ? wanted : Object.keys(PICTURES)
for (const command of new Set(names.map((name) => PICTURES[name]!))) {
  process.stdout.write(`${command}\n`)
  execSync(command, { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit' })
}
