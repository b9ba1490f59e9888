/** Gathers what the website is made of: the pages of docs/, README as overview, changelog, gallery and reference, and their pictures. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiReference } from './apiReference.ts'
import { gallery } from './gallery.ts'

/** Pages from outside of docs/, by their names on the site. */
const OTHERS: Readonly<Record<string, string>> = {
  'README.md': 'overview.md',
  'CONTRIBUTING.md': 'contributing.md',
  'CHANGELOG.md': 'changelog.md',
}

export async function gatherPages(root: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'docs'), folder, { recursive: true })
  cpSync(join(root, 'website/public'), join(folder, 'public'), { recursive: true })
  cpSync(join(root, 'website/index.md'), join(folder, 'index.md'))
  // the home page's picture, which no Markdown link leads to
  cpSync(join(root, 'docs/images/viewer.gif'), join(folder, 'public/images/viewer.gif'))
  cpSync(join(root, 'dist/viewer/scenes'), join(folder, 'images/scenes'), {
    recursive: true,
    filter: (path) => !path.endsWith('.json'),
  })
  for (const [from, to] of Object.entries(OTHERS))
    writeFileSync(join(folder, to), onSite(readFileSync(join(root, from), 'utf8')))
  writeFileSync(join(folder, 'gallery.md'), gallery(root))
  await apiReference(root, join(folder, 'api'))
}

/** Links of a page at the root of the checkout, as they are on the site; the title is what the page is there. */
function onSite(markdown: string): string {
  return markdown
    .replace(/^# jacsense$/m, '# Overview')
    .replaceAll('](docs/', '](')
    .replace(/\]\((\w+\.md)(#[^)]*)?\)/g, (link, page: string, anchor = '') =>
      OTHERS[page] === undefined ? link : `](${OTHERS[page]}${anchor})`,
    )
    .replaceAll('[MIT](LICENSE)', 'MIT')
}
