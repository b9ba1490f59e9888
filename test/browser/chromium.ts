/** Chromium from Debian's packages, installed where it is missing; headless, with WebGL in software. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/opt/google/chrome/chrome']
const ARGS = [
  '--no-sandbox', // its own needs more rights than containers give
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]

/** The caller closes it. Throws where there is no Chromium and none can be installed. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: ARGS })
}

function chromiumPath(): string {
  const { CHROMIUM_PATH } = process.env
  if (CHROMIUM_PATH !== undefined) {
    if (existsSync(CHROMIUM_PATH)) return CHROMIUM_PATH
    throw new Error(`CHROMIUM_PATH: expected the path of Chromium's executable, found none at ${CHROMIUM_PATH}`)
  }
  const found = PLACES.find((path) => existsSync(path))
  if (found !== undefined) return found
  install()
  if (existsSync(PLACES[0]!)) return PLACES[0]!
  throw new Error(`Debian's package chromium was installed, but ${PLACES[0]} is missing`)
}

/** By apt-get, as root or with sudo that asks for nothing; several at once wait for each other. */
function install(): void {
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
    run('apt-get', ...patient, 'install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core')
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 400) : String(error)
    throw new Error(
      'The tests in a browser need Chromium: install it (Debian: apt-get install chromium), or name it by CHROMIUM_PATH. ' +
        `Installing it failed: ${reason}`,
    )
  }
}
