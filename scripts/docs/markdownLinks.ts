/** Links and anchors of a Markdown page, as GitHub reads it. */

/** Targets of links and images, outside of code. */
export function linksOf(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map(([, target]) => target!)
}

/** What `#…` may be in a link to the page. */
export function anchorsOf(markdown: string): Set<string> {
  const slug = slugger()
  const headings = [...withoutFences(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)]
  return new Set(
    headings.map(([, heading]) => slug(heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, ''))),
  )
}

/** GitHub's names of headings, on one page: small letters, no punctuation, hyphens for spaces, numbers for repeats. */
function slugger(): (heading: string) => string {
  const seen = new Map<string, number>()
  return (heading) => {
    const slug = slugOf(heading)
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    return times === 0 ? slug : `${slug}-${times}`
  }
}

export function slugOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}

function withoutFences(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, '')
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown)
    .replace(/^( {4}|\t).*$/gm, '')
    .replace(/`[^`\n]*`/g, '')
}
