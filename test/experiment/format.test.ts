import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeHtml, formatComplex, formatNumber, withUnit } from '../../src/experiment/format.ts'

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [100, '100'],
    [-41.70049, '-41.7'],
    [0.000123456, '0.0001235'],
    [0.0000123456, '1.235e-5'],
    [999999, '1e6'],
    [999949, '999949'],
    [-2.5e-300, '-2.5e-300'],
    [Number.NaN, 'NaN'],
    [-Infinity, '-∞'],
  ])('%d reads %s', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  it('reads back to the number, to its digits', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
        fc.integer({ min: 2, max: 10 }),
        (value, digits) => {
          const back = Number(formatNumber(value, digits))
          // Subnormal numbers carry fewer digits themselves.
          return Math.abs(back - value) <= 0.51 * 10 ** (1 - digits) * Math.abs(value) + 1e-320
        },
      ),
    )
  })
})

it('joins units and signs', () => {
  expect(withUnit(0.5, 'rad/s')).toBe('0.5 rad/s')
  expect(withUnit(3, '')).toBe('3')
  expect(formatComplex(0.98519, -0.004)).toBe('0.98519 - 0.004i')
  expect(formatComplex(1, 0)).toBe('1')
})

it('leaves no character that could open a tag or leave an attribute', () => {
  fc.assert(fc.property(fc.string(), (text) => !/[<>"']|&(?!#\d+;)/.test(escapeHtml(text))))
})
