/** After tsc: makes the command executable and removes what earlier builds left of deleted sources. */
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The source folder of a folder under dist/: benchmarks come from sims/bench, all else from src. */
function sourceOf(path) {
  return path === 'bench' || path.startsWith(`bench/`) ? join(root, 'sims', path) : join(root, 'src', path)
}

function removeOrphans(folder) {
  for (const entry of readdirSync(join(root, 'dist', folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (path === 'viewer') continue // the bundler's own
    if (entry.isDirectory()) {
      if (existsSync(sourceOf(path))) removeOrphans(path)
      else rmSync(join(root, 'dist', path), { recursive: true })
    } else if (/\.(js|d\.ts)$/.test(entry.name)) {
      const source = path.replace(/(\.d\.ts|\.js)$/, '.ts')
      if (!existsSync(sourceOf(source))) rmSync(join(root, 'dist', path))
    }
  }
}

removeOrphans('')
chmodSync(join(root, 'dist/cli/main.js'), 0o755)
