import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InputError } from '../../src/scene/inputError.ts'
import { parseJson } from '../../src/scene/parseJson.ts'

const FAULTS: [title: string, text: string, place: string, expected: string, found: string][] = [
  ['a missing comma', '{\n  "a": 1\n  "b": 2\n}', 'line 3, column 3', '"," or "}"', '"\\""'],
  ['a comma too many', '[1, 2,]', 'line 1, column 7', 'a JSON value', '"]"'],
  ['a comma before a brace', '{"a": 1,}', 'line 1, column 9', 'a key in double quotes', '"}"'],
  ['single quotes', "{'a': 1}", 'line 1, column 2', 'a key in double quotes', '"\'"'],
  ['a comment', '{\n// masses\n}', 'line 2, column 1', 'a key in double quotes', '"/"'],
  ['NaN', '{"mass": NaN}', 'line 1, column 10', 'a JSON value', '"NaN"'],
  ['a leading zero', '[01]', 'line 1, column 2', 'a JSON value', '"01"'],
  ['a bare point', '[.5]', 'line 1, column 2', 'a JSON value', '".5"'],
  ['a missing end', '{"a": [1, 2', 'line 1, column 12', '"," or "]"', 'the end of the file'],
  ['a missing colon', '{"a" 1}', 'line 1, column 6', '":"', '"1"'],
  ['an unclosed text', '{"a": "b\n}', 'line 1, column 7', 'closed by a double quote', 'none'],
  ['a bad escape', '["\\x"]', 'line 1, column 3', 'one of the escapes', '"\\\\"'],
  ['more than one value', '{}\n{}', 'line 2, column 1', 'the end of the file', '"{"'],
  ['a repeated key', '{"mass": 1,\r\n "mass": 2}', 'line 2, column 2', 'each key once', '"mass" a second time'],
  ['no JSON at all', 'robot', 'line 1, column 1', 'a JSON value', '"robot"'],
  ['deep nesting', '['.repeat(100_000), 'line 1, column 66', 'at most 64 levels', 'deeper'],
  ['XML', '<mujoco/>', 'line 1, column 1', 'a JSON value', '"<"'],
]

describe('broken JSON is refused with line and column', () => {
  test.each(FAULTS)('%s', (_, text, place, expected, found) => {
    const error = thrownBy(text)
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({ file: 'a.json', path: place })
    expect((error as InputError).expected).toContain(expected)
    expect((error as InputError).found).toContain(found)
  })

  test.each([
    ['', 'an empty file'],
    [' \n\t', 'an empty file'],
    ['\uFEFF', 'an empty file'],
  ])('an empty file %j', (text, found) => {
    expect(thrownBy(text)).toMatchObject({ path: '', expected: 'JSON', found })
  })
})

test('reads what JSON.stringify writes, with and without a byte order mark', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2), fc.boolean(), (value, indent, mark) => {
      const text = JSON.stringify(value, null, indent)
      expect(parseJson(mark ? `\uFEFF${text}` : text)).toEqual(JSON.parse(text))
    }),
    { seed: 3, numRuns: 300 },
  )
})

test('accepts a damaged text exactly where JSON.parse does (repeated keys aside)', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '"b":',
    '1',
    '-0',
    '1e5',
    '1.',
    'true',
    'nul',
    ' ',
    '\\',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const text = parts.join('')
      const error = thrownBy(text)
      if (accepts(text)) expect(error === null || (error as InputError).expected === 'each key once').toBe(true)
      else expect(error).toBeInstanceOf(InputError)
    }),
    { seed: 4, numRuns: 5000 },
  )
})

test('a text of 2 MB with one quote missing is refused at once', () => {
  expect(thrownBy(`{"a": "${'x'.repeat(2_000_000)}`)).toMatchObject({ path: 'line 1, column 7' })
})

function accepts(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function thrownBy(text: string): unknown {
  try {
    parseJson(text, 'a.json')
  } catch (error) {
    return error
  }
  return null
}
