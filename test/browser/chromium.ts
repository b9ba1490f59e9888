/** Chromium from Debian's packages, installed where it is missing; headless, with WebGL in software. */
import { type Browser, chromium } from 'playwright-core'
import { installed } from './installed.ts'

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
  return chromium.launch({ executablePath: installed('chromium', PLACES, 'CHROMIUM_PATH'), args: ARGS })
}
