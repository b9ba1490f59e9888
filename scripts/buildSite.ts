/** Builds the documentation's website into site/, and checks its links: `npm run site`, which builds the package first. No network. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vitepress'
import { checkSite } from './site/checkSite.ts'
import { gatherPages } from './site/gatherPages.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const site = join(root, 'site')

await gatherPages(root, join(root, 'out/site-pages'))
await build(join(root, 'website'), { outDir: site })
const faults = checkSite(site, process.env.SITE_BASE)
for (const fault of faults) process.stderr.write(`${fault}\n`)
const count = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html')).length
if (faults.length > 0) process.exitCode = 1
else process.stdout.write(`site/: ${count} pages, all links lead somewhere\n`)
