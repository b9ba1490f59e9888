import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvLine } from '../../src/experiment/csv.ts'
import { parseCsv } from '../../src/scene/parseCsv.ts'

const cells = (text: string) => parseCsv(text).map((row) => row.cells)

describe('parseCsv', () => {
  it('reads back what csvLine writes, whatever the cells hold', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ' ', 'a') }),
      fc.double(),
    )
    // a line of one blank cell is an empty line
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { maxLength: 6 })
    fc.assert(
      fc.property(table, fc.constantFrom('\n', '\r\n', '\r'), fc.boolean(), (rows, end, hasMark) => {
        const text = `${hasMark ? '\uFEFF' : ''}${rows.map((row) => csvLine(row) + end).join('')}`
        expect(cells(text)).toEqual(rows.map((row) => row.map(String)))
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  it('reads numbers back to the bit', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 2 }), (numbers) => {
        const [row] = cells(csvLine(numbers))
        expect(row!.map(Number).map((value) => value + 0)).toEqual(numbers.map((value) => value + 0))
      }),
      { seed: 1 },
    )
  })

  it('tells the line that each row begins in, over empty lines and cells of several', () => {
    expect(parseCsv('a,b\n\n"1\n2",3\r\n   \r\n4,5').map(({ line }) => line)).toEqual([1, 3, 6])
  })

  it.each([
    ['a,b,', [['a', 'b', '']]],
    [',', [['', '']]],
    ['""', [['']]],
    ['"a""b"\n', [['a"b']]],
    [' a , b ', [[' a ', ' b ']]],
    ['', []],
  ])('%j', (text, expected) => expect(cells(text)).toEqual(expected))

  it.each([
    ['a\n"b', /line 2: .*closes the cell/],
    ['"a"b', /line 1: .*after the closing quote, found "b"/],
    ['a\nb"c"', /line 2: .*quotes around the whole cell/],
  ])('%j is refused', (text, message) => expect(() => parseCsv(text, 'x.csv')).toThrow(message))
})
