/** The guide as a newcomer follows it: its commands in order, in empty folders, with the packed package and nothing else. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { followPage } from '../../scripts/docs/followPage.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'jacsense-guide-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the registry would give: the packed package and what it depends on, from what is installed here; no network. */
function install(target: string): void {
  const modules = join(target, 'node_modules')
  mkdirSync(join(modules, 'jacsense'), { recursive: true })
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  execFileSync('tar', ['-xzf', join(folder, tarball!), '-C', join(modules, 'jacsense'), '--strip-components=1'])
  const { dependencies, bin } = JSON.parse(readFileSync(join(modules, 'jacsense/package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    bin: Record<string, string>
  }
  for (const name of Object.keys(dependencies)) {
    mkdirSync(join(modules, name, '..'), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
  mkdirSync(join(modules, '.bin'))
  for (const [name, path] of Object.entries(bin)) symlinkSync(join('../jacsense', path), join(modules, '.bin', name))
}

it('the guide does what it says, and prints what it shows', async () => {
  const checkout = join(folder, 'checkout')
  mkdirSync(checkout)
  const commands = await followPage(readFileSync(join(root, 'docs/guide.md'), 'utf8'), {
    folder: checkout,
    env: { NO_UPDATE_NOTIFIER: '1', npm_config_offline: 'true' },
    instead(command, here) {
      if (command === 'npm install') return null // in the checkout, as it was before these tests
      // npm test has just built it
      if (command.startsWith('npm pack'))
        return command.replace('npm pack', `npm pack ${root} --ignore-scripts --silent`)
      if (!command.startsWith('npm install')) return command
      install(here)
      return null
    },
  })
  expect(commands).toContain('npx jacsense linearize robot.json')
  expect(commands).toContain('npx jacsense view robot.json')
  expect(readdirSync(join(folder, 'my-robot/out/wheel-pendulum')).sort()).toEqual([
    'linearization.json',
    'report.html',
    'trajectory.csv',
  ])
}, 300_000)
