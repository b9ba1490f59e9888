import { describe, expect, test } from 'vitest'
import { parseMatrixMarket } from '../../src/linalg/matrixMarket.ts'
import type { Pattern } from '../../src/linalg/pattern.ts'

/** Rows of text, '×' for an entry. */
function picture(pattern: Pattern): string[] {
  const rows = Array.from({ length: pattern.rows }, () => new Array<string>(pattern.cols).fill('.'))
  for (let j = 0; j < pattern.cols; j++)
    for (let k = pattern.colPtr[j]!; k < pattern.colPtr[j + 1]!; k++) rows[pattern.rowIdx[k]!]![j] = '×'
  return rows.map((row) => row.join(''))
}

describe('coordinate format', () => {
  test('general: entries in any order, repeats merged, stored zeros kept, comments and blank lines anywhere', () => {
    const text = [
      '%%MatrixMarket MATRIX Coordinate Real general',
      '% a comment',
      '',
      ' 2  3 4',
      '2 3 1.5e-3',
      '% another',
      '1 1 0',
      '',
      '2 3 -1',
      '1 2 +7',
      '',
    ].join('\r\n')
    const parsed = parseMatrixMarket(text)
    expect(picture(parsed.pattern)).toEqual(['××.', '..×'])
    expect(parsed).toMatchObject({ format: 'coordinate', field: 'real', symmetry: 'general', symmetric: false })
  })

  test.each([
    ['pattern symmetric', '2 1\n3 3', ['.×.', '×..', '..×']],
    ['integer skew-symmetric', '2 1 5\n3 2 -1', ['.×.', '×.×', '.×.']],
    ['complex hermitian', '2 1 1 2\n1 1 1 0', ['××.', '×..', '...']],
    ['complex general', '2 1 1 2\n1 1 1 0', ['×..', '×..', '...']],
    ['double general', '2 1 1\n1 1 1', ['×..', '×..', '...']],
  ])('%s', (kind, entries, expected) => {
    const { pattern, symmetric } = parseMatrixMarket(`%%MatrixMarket matrix coordinate ${kind}\n3 3 2\n${entries}\n`)
    expect(picture(pattern)).toEqual(expected)
    expect(symmetric).toBe(!kind.endsWith('general'))
  })

  test('a general matrix with a symmetric pattern is told symmetric', () => {
    const text = '%%MatrixMarket matrix coordinate real general\n2 2 3\n1 2 5\n2 1 6\n1 1 1'
    expect(parseMatrixMarket(text)).toMatchObject({ symmetry: 'general', symmetric: true })
  })

  test('keeps empty trailing rows and columns, and empty matrices', () => {
    const header = '%%MatrixMarket matrix coordinate pattern general\n'
    expect(picture(parseMatrixMarket(`${header}3 4 1\n1 1\n`).pattern)).toEqual(['×...', '....', '....'])
    expect(parseMatrixMarket(`${header}0 4 0\n`).pattern).toMatchObject({ rows: 0, cols: 4 })
    expect(parseMatrixMarket(`${header}4 0 0\n`).pattern).toMatchObject({ rows: 4, cols: 0 })
  })
})

describe('array format', () => {
  test('lists values column by column; zeros are no entries', () => {
    const { pattern } = parseMatrixMarket('%%MatrixMarket matrix array real general\n2 3\n1\n0\n0\n2\n0\n0\n')
    expect(picture(pattern)).toEqual(['×..', '.×.'])
  })
  test('lists only the lower triangle of symmetric matrices', () => {
    const symmetric = parseMatrixMarket('%%MatrixMarket matrix array real symmetric\n2 2\n1\n2\n0\n')
    expect(picture(symmetric.pattern)).toEqual(['××', '×.'])
    const skew = parseMatrixMarket('%%MatrixMarket matrix array integer skew-symmetric\n3 3\n0\n2\n3\n')
    expect(picture(skew.pattern)).toEqual(['..×', '..×', '××.'])
  })
  test('takes complex values', () => {
    const { pattern } = parseMatrixMarket('%%MatrixMarket matrix array complex general\n1 2\n0 1\n0 0\n')
    expect(picture(pattern)).toEqual(['×.'])
  })
})

test.each([
  ['', 'line 1: expected the header "%%MatrixMarket matrix …", found nothing'],
  ['1 2 3', 'line 1: expected the header "%%MatrixMarket matrix …", found "1 2 3"'],
  ['%%MatrixMarket vector coordinate real general', 'line 1: expected the object "matrix", found "vector"'],
  ['%%MatrixMarket matrix sparse real general', 'line 1: expected a format among coordinate, array, found "sparse"'],
  ['%%MatrixMarket matrix coordinate float general', /line 1: expected a field among .*, found "float"/],
  ['%%MatrixMarket matrix array pattern general', /line 1: expected a field with values/],
  ['%%MatrixMarket matrix coordinate real', /line 1: expected a symmetry among .*, found nothing/],
  ['%%MatrixMarket matrix coordinate real general', 'line 2: expected 3 sizes (rows, columns, entries), found nothing'],
  [
    '%%MatrixMarket matrix coordinate real general\n2 2',
    'line 2: expected 3 sizes (rows, columns, entries), found "2 2"',
  ],
  ['%%MatrixMarket matrix coordinate real general\n2 -2 1', 'line 2: expected a number of columns ≥ 0, found "-2"'],
  ['%%MatrixMarket matrix coordinate real symmetric\n2 3 0', /line 2: expected a square size.*found "?2 × 3/],
  [
    '%%MatrixMarket matrix coordinate real general\n2 2 2\n1 1 1',
    /line 4: expected entry 2 of 2, found the end of the file/,
  ],
  ['%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 1', 'line 3: expected a row from 1 to 2, found "3"'],
  ['%%MatrixMarket matrix coordinate real general\n2 2 1\n1 0 1', 'line 3: expected a column from 1 to 2, found "0"'],
  ['%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 x', 'line 3: expected a number, found "x"'],
  [
    '%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1 2',
    'line 3: expected a row, a column and a value, found "1 1 1 2"',
  ],
  [
    '%%MatrixMarket matrix coordinate real general\n2 2 1\n1 1 1\n2 2 2',
    'line 4: expected the end of the file, found "2 2 2"',
  ],
  ['%%MatrixMarket matrix coordinate real skew-symmetric\n2 2 1\n1 1 1', /line 3: expected an entry off the diagonal/],
  [
    '%%MatrixMarket matrix array real general\n1 2\n1',
    /line 4: expected the value of \(1, 2\), found the end of the file/,
  ],
])('bad input %# names line, expectation and finding', (text, message) => {
  expect(() => parseMatrixMarket(text)).toThrow(SyntaxError)
  expect(() => parseMatrixMarket(text)).toThrow(message)
})
