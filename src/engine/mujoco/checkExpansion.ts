/** How large an MJCF text becomes: a line of it may ask for millions of bodies, which MuJoCo would compile for hours. */
import { InputError } from '../../scene/inputError.ts'

const MAX_ELEMENTS = 50_000 // MuJoCo compiles so many in a minute or two: the time grows with the square

const TAG = /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/g
const ATTRIBUTE = /([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

/**
 * Throws InputError where <replicate>, <composite>, <flexcomp>, <include> and <attach> make more than 50 000 elements of a model. MuJoCo
 * itself parses it; here elements are only counted, each attached model as all other files together.
 */
export function checkExpansion(xml: string, files: ReadonlyMap<string, Uint8Array>, file: string | null): void {
  const texts = new Map(
    [...files].filter(([name]) => /\.(xml|mjcf)$/i.test(name)).map(([name, bytes]) => [name, decode(bytes)]),
  )
  let attached: number | null = null
  const sizeOf = (text: string, open: readonly string[]): number => {
    let size = 0
    const factors = [1] // of the elements that stand inside each other
    for (const [, closes, tag, inside, isEmpty] of text.replace(/<!--[\s\S]*?(-->|$)/g, '').matchAll(TAG)) {
      if (closes) {
        if (factors.length > 1) factors.pop()
        continue
      }
      const factor = factors[factors.length - 1]!
      const attributes = new Map(
        [...inside!.matchAll(ATTRIBUTE)].map(([, name, double, single]) => [name, double ?? single ?? '']),
      )
      const count = (attributes.get('count') ?? '')
        .trim()
        .split(/\s+/)
        .reduce((product, word) => product * Math.max(1, Number(word) || 1), 1)
      if (!isEmpty) factors.push(tag === 'replicate' ? factor * count : factor)
      size += factor * (tag === 'composite' || tag === 'flexcomp' ? count : 1)
      if (tag === 'attach' && open.length === 0) {
        attached ??= [...texts].reduce((sum, [name, other]) => sum + sizeOf(other, [name]), 0)
        size += factor * attached
      }
      const included = tag === 'include' ? (attributes.get('file') ?? '').replace(/^(\.\/)+/, '') : ''
      const other = texts.get(included)
      if (other !== undefined && !open.includes(included)) size += factor * sizeOf(other, [...open, included])
      if (size > MAX_ELEMENTS) return size
    }
    return size
  }
  const found = sizeOf(xml, [])
  if (found > MAX_ELEMENTS)
    throw new InputError({ file, expected: `at most ${MAX_ELEMENTS} elements with all that it repeats`, found: 'more' })
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
