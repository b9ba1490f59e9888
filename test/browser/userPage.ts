/** A page of a user's, bundled by the user's Vite with the built package. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, createLogger } from 'vite'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Builds it into `site` of the folder; returns what the bundler warns of. */
export async function buildUserPage(folder: string): Promise<string[]> {
  const warnings: string[] = []
  // A user's project: the page's sources, and the package by its name.
  cpSync(new URL('./page', import.meta.url), join(folder, 'page'), { recursive: true })
  mkdirSync(join(folder, 'page/node_modules'))
  symlinkSync(ROOT, join(folder, 'page/node_modules/jacsense'))
  const logger = createLogger('warn')
  // How long plugins took is the machine's matter.
  logger.warn = (message) => {
    if (!message.includes('PLUGIN_TIMINGS')) warnings.push(message)
  }
  await build({
    root: join(folder, 'page'),
    configFile: false,
    customLogger: logger,
    worker: { format: 'es' },
    build: { outDir: join(folder, 'site'), emptyOutDir: true, chunkSizeWarningLimit: 5000 },
  })
  return warnings
}
