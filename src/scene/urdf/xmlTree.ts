/**
 * XML as a tree of elements with line numbers. Nothing in a file is executed, fetched or expanded: a DOCTYPE, and with it every
 * entity of its own, is refused; so are texts and nestings that no robot needs.
 */
import { parseXml, XmlDocumentType, XmlElement, XmlError } from '@rgrove/parse-xml'
import { InputError } from '../inputError.ts'

const MAX_CHARACTERS = 4 * 2 ** 20
const MAX_ELEMENTS = 100_000
const MAX_DEPTH = 64

export interface XmlNode {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlNode[] // elements alone
  readonly line: number // where it begins, counted from 1
}

/** The root element of an XML text. Throws InputError, naming the line, on what is not well-formed, has a DOCTYPE, or is too large. */
export function xmlTree(text: string, file: string | null = null): XmlNode {
  const fail = (expected: string, found: string, path = ''): never => {
    throw new InputError({ file, path, expected, found })
  }
  if (text.length > MAX_CHARACTERS)
    fail(`at most ${MAX_CHARACTERS / 2 ** 20} MB of XML`, `${(text.length / 2 ** 20).toFixed(1)} MB`)
  const content = text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')
  if (content.trim() === '') fail('XML', 'an empty file')
  const depthFault = () => fail(`nesting of at most ${MAX_DEPTH} levels`, 'deeper nesting')

  const parse = () => {
    try {
      return parseXml(content, { includeOffsets: true, preserveDocumentType: true })
    } catch (error) {
      if (error instanceof RangeError) return depthFault() // the parser ran out of stack
      if (!(error instanceof XmlError)) throw error
      const [found] = error.message.split(' (line ')
      return fail('well-formed XML', lowerFirst(found!), `line ${error.line}, column ${error.column}`)
    }
  }
  const document = parse()
  const lineAt = lineFinder(content)
  const docType = document.children.find((node) => node instanceof XmlDocumentType)
  if (docType) fail('no DOCTYPE: entities are not expanded', 'one', `line ${lineAt(docType.start)}`)

  let count = 0
  const convert = (element: XmlElement, depth: number): XmlNode => {
    if (depth > MAX_DEPTH) depthFault()
    count++
    if (count > MAX_ELEMENTS) fail(`at most ${MAX_ELEMENTS} elements`, 'more')
    return {
      name: element.name,
      attributes: new Map(Object.entries(element.attributes)),
      children: element.children.flatMap((child) => (child instanceof XmlElement ? [convert(child, depth + 1)] : [])),
      line: lineAt(element.start),
    }
  }
  return convert(document.root!, 1)
}

/** Line numbers of offsets, counted from 1. */
function lineFinder(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
