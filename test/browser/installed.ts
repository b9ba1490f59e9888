/** A browser of Debian's packages, installed where it is missing. */
import { existsSync } from 'node:fs'
import { aptInstall } from '../aptInstall.ts'

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

function install(name: string, variable: string): void {
  try {
    aptInstall(name, 'fonts-dejavu-core')
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 400) : String(error)
    throw new Error(
      `The tests in a browser need ${name}: install it (Debian: apt-get install ${name}), or give the path of its executable as ` +
        `${variable}. Installing it failed: ${reason}`,
    )
  }
}
