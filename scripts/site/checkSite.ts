/** Links of a built website that lead nowhere: pages, files and anchors. Nothing is fetched. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** One line for each dead link, and for each thing that a page would load from elsewhere. */
export function checkSite(folder: string, base = '/'): string[] {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))
  const anchors = new Map<string, Set<string>>()
  const anchorsOf = (file: string): Set<string> => {
    let found = anchors.get(file)
    if (found === undefined) {
      found = new Set([...readFileSync(file, 'utf8').matchAll(/\sid="([^"]+)"/g)].map(([, id]) => decoded(id!)))
      anchors.set(file, found)
    }
    return found
  }
  return pages.flatMap((page) => {
    const file = join(folder, page)
    const html = readFileSync(file, 'utf8')
    const faults: string[] = []
    for (const [, tag, attribute, raw] of html.matchAll(/<(a|img|script|link|source)\b[^>]*?\s(href|src)="([^"]*)"/g)) {
      const target = decoded(raw!)
      if (target.startsWith('data:') || target.startsWith('mailto:')) continue
      if (/^(\w+:)?\/\//.test(target)) {
        if (tag !== 'a') faults.push(`${page}: loads ${target} from elsewhere`)
        continue
      }
      const [path, anchor] = target.split('#') as [string, string?]
      const found = path === '' ? file : resolved(folder, file, path, base)
      if (found === null) faults.push(`${page}: ${attribute} ${target}: no such page`)
      else if (
        anchor !== undefined &&
        anchor !== '' &&
        found.endsWith('.html') &&
        !anchorsOf(found).has(decodeURIComponent(anchor))
      )
        faults.push(`${page}: ${target}: no such heading`)
    }
    return [...new Set(faults)]
  })
}

function resolved(folder: string, from: string, path: string, base: string): string | null {
  const target = path.startsWith('/') ? join(folder, relative(base, path)) : join(dirname(from), path)
  for (const file of [target, `${target}.html`, join(target, 'index.html')])
    if (existsSync(file) && statSync(file).isFile()) return file
  return null
}

function decoded(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<')
}
