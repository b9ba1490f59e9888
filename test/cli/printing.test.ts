import { Matrix } from 'ml-matrix'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { kick } from '../../src/cli/options.ts'
import { progressLine } from '../../src/cli/progress.ts'
import { eigenvalueList, matrixTable, textTable } from '../../src/cli/table.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('progressLine', () => {
  function printed(isTTY: boolean, times: number[]): string {
    const clock = vi.spyOn(performance, 'now')
    let text = ''
    const write = (part: string) => {
      text += part
    }
    clock.mockReturnValue(0)
    const progress = progressLine({ stdout: { write }, stderr: { write, isTTY } }, 'step')
    for (const time of times) {
      clock.mockReturnValue(time)
      progress.onProgress(time, 10_000)
    }
    progress.end()
    return text
  }

  it('is silent within the first second, and where nobody watches', () => {
    expect(printed(true, [10, 500, 999])).toBe('')
    expect(printed(false, [10, 5000, 9000])).toBe('')
  })

  it('then says how far it is, ten times a second at most, and wipes its line', () => {
    const text = printed(true, [500, 1200, 1250, 2000])
    expect(text.split('\r').filter((part) => part.includes('of 10000'))).toEqual([
      '\u001b[Kstep 1200 of 10000 (12 %)',
      '\u001b[Kstep 2000 of 10000 (20 %)',
    ])
    expect(text.endsWith('\r\u001b[K')).toBe(true)
  })
})

describe('tables', () => {
  it('align names left and numbers right', () => {
    expect(
      textTable(
        ['name', 'value'],
        [
          ['a', '1'],
          ['longer', '-12.5'],
        ],
      ),
    ).toBe('name    value\na           1\nlonger  -12.5\n')
  })

  it('give the size of a matrix that no terminal holds', () => {
    const names = Array.from({ length: 20 }, (_, i) => ({ name: `x${i}`, unit: '' }))
    expect(matrixTable('A', Matrix.eye(20), names, names)).toBe(
      'A: 20 × 20, 20 entries other than 0 (all of them: --json)\n',
    )
    expect(matrixTable('B', new Matrix(20, 0), names, [])).toBe('B: no columns\n')
  })

  it('list conjugate pairs once and repeats with their count', () => {
    expect(eigenvalueList({ re: [1, 1, 0.9, 0.9], im: [0, 0, 0.1, -0.1] })).toBe('1 (2 times), 0.9 ± 0.1i')
  })
})

describe('kick', () => {
  it('takes time, coordinate and amount, again and again', () => {
    expect(kick('-0.5:pole.velocity:1e-2', kick('2:a:b:3'))).toEqual([
      { time: 2, coordinate: 'a:b', amount: 3 },
      { time: -0.5, coordinate: 'pole.velocity', amount: 0.01 },
    ])
  })

  it.each(['', '2', '2:pole', '2::1', ':pole:1', '2:pole:', '2:pole:x', 'x:pole:1', ' :pole:1'])(
    "refuses '%s'",
    (text) => {
      expect(() => kick(text)).toThrow(/time:coordinate:amount/)
    },
  )
})
