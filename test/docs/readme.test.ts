/** What the README tells a newcomer to type, in a copy of the checkout. Its TypeScript is run with that of all pages. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { followPage } from '../../scripts/docs/followPage.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'jacsense-readme-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LEFT_OUT = ['.git', '.cache', 'coverage', 'node_modules', 'out', 'site', 'test']

it('the commands of the README run in a checkout', async () => {
  cpSync(root, folder, {
    recursive: true,
    filter: (path) => join(path, '..') !== join(root, '.') || !LEFT_OUT.includes(basename(path)),
  })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const commands = await followPage(readFileSync(join(root, 'README.md'), 'utf8'), {
    folder,
    except: ['ts'],
    instead(command) {
      const rest = command.replace(/^npm install && /, '') // done before these tests
      if (rest === 'npm run view') return scripts.view!.replace('npm run --silent build && ', '') // npm start has built it
      return rest === 'npm test' ? null : rest // npm test is what runs here
    },
  })
  expect(commands.length).toBeGreaterThanOrEqual(2)
  expect(existsSync(join(folder, 'out/cartpole/report.html'))).toBe(true)
}, 300_000)
