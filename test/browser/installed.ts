/** A browser of Debian's packages, installed where it is missing. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** The path of its executable: that in the environment's `variable`, the first of `places` that exists, or the first after installing. */
export function installed(name: string, places: readonly string[], variable: string): string {
  const given = process.env[variable]
  if (given !== undefined) {
    if (existsSync(given)) return given
    throw new Error(`${variable}: expected the path of the executable of ${name}, found none at ${given}`)
  }
  const found = places.find((path) => existsSync(path))
  if (found !== undefined) return found
  install(name, variable)
  if (existsSync(places[0]!)) return places[0]!
  throw new Error(`Debian's package ${name} was installed, but ${places[0]} is missing`)
}

/** By apt-get, as root or with sudo that asks for nothing; several at once wait for each other. */
function install(name: string, variable: string): void {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const run = (...words: string[]) => {
    const [command, ...args] = [...sudo, ...words]
    execFileSync(command!, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
  const patient = ['-qq', '-o', 'DPkg::Lock::Timeout=600']
  try {
    run('apt-get', ...patient, 'update')
    run('apt-get', ...patient, 'install', '-y', '--no-install-recommends', name, 'fonts-dejavu-core')
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 400) : String(error)
    throw new Error(
      `The tests in a browser need ${name}: install it (Debian: apt-get install ${name}), or give the path of its executable as ` +
        `${variable}. Installing it failed: ${reason}`,
    )
  }
}
