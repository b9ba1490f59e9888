/** Systems that fall apart: one equation per block gives what one for all gives. */
import fc from 'fast-check'
import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { care } from '../../src/control/care.ts'
import { dare } from '../../src/control/dare.ts'
import { separateBlocks } from '../../src/control/separateBlocks.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { gaussianMatrix, riccatiDefect } from './riccatiOracle.ts'

/** Block-diagonal in an order of rows and columns that a fixed shuffle has mixed. */
function shuffled(blocks: readonly Matrix[], rowSeed: number, columnSeed: number): Matrix {
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0)
  const columns = blocks.reduce((sum, block) => sum + block.columns, 0)
  const order = (count: number, seed: number) =>
    Array.from({ length: count }, (_, i) => i).sort((a, b) => Math.sin(seed * (a + 1)) - Math.sin(seed * (b + 1)))
  const [rowAt, columnAt] = [order(rows, rowSeed), order(columns, columnSeed)]
  const M = Matrix.zeros(rows, columns)
  let [row, column] = [0, 0]
  for (const block of blocks) {
    for (let i = 0; i < block.rows; i++)
      for (let j = 0; j < block.columns; j++) M.set(rowAt[row + i]!, columnAt[column + j]!, block.get(i, j))
    row += block.rows
    column += block.columns
  }
  return M
}

function problemOf(sizes: readonly { n: number; m: number }[], seed: number) {
  const each = (rows: 'n' | 'm', columns: 'n' | 'm', make: (rows: number, columns: number, k: number) => Matrix) =>
    shuffled(
      sizes.map((size, k) => make(size[rows], size[columns], k)),
      rows === 'n' ? 12.9898 : 78.233,
      columns === 'n' ? 12.9898 : 78.233,
    )
  const costs = sizes.map(({ n, m }, k) => {
    const W = gaussianMatrix(n + m, n + m, seed + 100 + k, 1)
    return W.transpose()
      .mmul(W)
      .add(Matrix.eye(n + m, n + m, 0.1))
  })
  return {
    A: each('n', 'n', (n, _, k) => gaussianMatrix(n, n, seed + k, 1.1 / Math.sqrt(n))),
    B: each('n', 'm', (n, m, k) => gaussianMatrix(n, m, seed + 50 + k, 1)),
    Q: each('n', 'n', (n, _, k) => costs[k]!.subMatrix(0, n - 1, 0, n - 1)),
    R: each('m', 'm', (m, _, k) =>
      costs[k]!.subMatrix(sizes[k]!.n, sizes[k]!.n + m - 1, sizes[k]!.n, sizes[k]!.n + m - 1),
    ),
    S: each('n', 'm', (n, m, k) => costs[k]!.subMatrix(0, n - 1, n, n + m - 1)),
  }
}

const sizes = fc.array(fc.record({ n: fc.integer({ min: 1, max: 6 }), m: fc.integer({ min: 1, max: 3 }) }), {
  minLength: 2,
  maxLength: 5,
})

describe('blocks', () => {
  test('are found in any order of rows and columns', () => {
    fc.assert(
      fc.property(sizes, fc.nat(1000), (list, seed) => {
        const problem = problemOf(list, seed + 1)
        const { blocks, dropped } = separateBlocks(problem, { A: 0, B: 0 })
        const found = blocks.map(({ states, controls }) => `${states.length} ${controls.length}`).sort()
        expect(found).toEqual(list.map(({ n, m }) => `${n} ${m}`).sort())
        expect(dropped).toBe(false)
      }),
      { seed: 1, numRuns: 40 },
    )
  })

  test.each([
    ['dare', dare],
    ['care', care],
  ] as const)('%s gives the same P, K and closed loop for blocks as for the whole', (_, solver) => {
    fc.assert(
      fc.property(sizes, fc.nat(1000), fc.boolean(), (list, seed, withE) => {
        const { A, B, Q, R, S } = problemOf(list, seed + 1)
        const n = A.rows
        // E ties everything together, and yet E⁻¹A and E⁻¹B fall apart.
        const E = withE ? gaussianMatrix(n, n, seed + 7, 0.2 / Math.sqrt(n)).add(Matrix.eye(n, n)) : Matrix.eye(n, n)
        const options = { S, ...(withE && { E }) }
        const [EA, EB] = withE ? [E.mmul(A), E.mmul(B)] : [A, B]
        const apart = solver(EA, EB, Q, R, options)
        const whole = solver(EA, EB, Q, R, { ...options, blocks: 'together' })
        expect([apart.result, whole.result]).toEqual(['solved', 'solved'])
        expect(maxAbs(Matrix.sub(apart.K!, whole.K!))).toBeLessThan(1e-9 * maxAbs(whole.K!))
        expect(maxAbs(Matrix.sub(apart.P!, whole.P!))).toBeLessThan(1e-8 * maxAbs(whole.P!))
        for (let k = 0; k < n; k++)
          expect(Math.hypot(apart.eigenvalues!.re[k]!, apart.eigenvalues!.im[k]!)).toBeCloseTo(
            Math.hypot(whole.eigenvalues!.re[k]!, whole.eigenvalues!.im[k]!),
            6,
          )
        if (solver === dare)
          expect(riccatiDefect({ A: EA, B: EB, Q, R, S, ...(withE && { E }) }, apart.P!, apart.K!)).toBeLessThan(1e-10)
      }),
      { seed: 2, numRuns: 20 },
    )
  })

  test('a calm coordinate without a control and a control that moves nothing: P is the sum of its costs, K is zero there', () => {
    const { P, K, result } = dare(
      Matrix.diag([0.5, 1.2]),
      [
        [0, 0],
        [1, 0],
      ],
      Matrix.eye(2, 2),
      Matrix.eye(2, 2),
    )
    const alone = dare([[1.2]], [[1]], [[1]], [[1]])
    expect(result).toBe('solved')
    expect(P!.get(0, 0)).toBeCloseTo(1 / (1 - 0.25), 14)
    expect(
      maxAbs(
        Matrix.sub(
          K!,
          new Matrix([
            [0, alone.K!.get(0, 0)],
            [0, 0],
          ]),
        ),
      ),
    ).toBe(0)
  })

  test('modes at fault of all blocks are named, and those that are kept', () => {
    const names = ['a', 'b', 'c']
    const lost = dare(Matrix.diag([1.5, 0.9, 1.1]), [[0], [1], [0]], Matrix.eye(3, 3), [[1]], { names })
    expect([lost.result, lost.P, lost.K]).toEqual(['unstabilizable', null, null])
    expect(lost.unstabilizable!.map((mode) => mode.coordinates[0]!.name).sort()).toEqual(['a', 'c'])
    expect(lost.message).toMatch(/a.*c/)
    const cost = Matrix.diag([0, 1, 0])
    const kept = dare(Matrix.diag([1, 0.9, 1]), Matrix.eye(3, 3), cost, Matrix.eye(3, 3), { names, uncosted: 'keep' })
    expect(kept.result).toBe('solved')
    expect(kept.undetectable!.map((mode) => mode.coordinates[0]!.name)).toEqual(['a', 'c'])
    expect(kept.message).toMatch(/a.*c/)
    const refused = dare(Matrix.diag([1, 0.9, 1]), Matrix.eye(3, 3), cost, Matrix.eye(3, 3), { names })
    expect(refused.result).toBe('undetectable')
  })

  test('identical blocks have identical gains', () => {
    const block = gaussianMatrix(4, 4, 5, 0.6)
    const A = Matrix.zeros(8, 8)
    A.setSubMatrix(block, 0, 0)
    A.setSubMatrix(block, 4, 4)
    const B = Matrix.zeros(8, 2)
    for (let i = 0; i < 4; i++) {
      B.set(i, 0, i + 1)
      B.set(4 + i, 1, i + 1)
    }
    const { K } = dare(A, B, Matrix.eye(8, 8), Matrix.eye(2, 2))
    expect(K!.subMatrix(0, 0, 0, 3).to1DArray()).toEqual(K!.subMatrix(1, 1, 4, 7).to1DArray())
    expect(K!.subMatrix(0, 0, 4, 7).to1DArray()).toEqual([0, 0, 0, 0])
  })
})

describe('entries within the stated accuracy', () => {
  const { A, B, Q, R, S } = problemOf(
    [
      { n: 3, m: 1 },
      { n: 4, m: 2 },
    ],
    3,
  )
  const dirtyA = Matrix.add(A, gaussianMatrix(7, 7, 9, 1e-12))
  const dirtyB = Matrix.add(B, gaussianMatrix(7, 3, 10, 1e-12))

  test('separate, and the solution holds in the equation as given', () => {
    const { blocks, dropped } = separateBlocks({ A: dirtyA, B: dirtyB, Q, R, S }, { A: 1e-11, B: 1e-11 })
    expect([blocks.length, dropped]).toEqual([2, true])
    const apart = dare(dirtyA, dirtyB, Q, R, { S, accuracy: 1e-11 })
    const whole = dare(dirtyA, dirtyB, Q, R, { S, accuracy: 1e-11, blocks: 'together' })
    expect(apart.result).toBe('solved')
    expect(maxAbs(Matrix.sub(apart.K!, whole.K!))).toBeLessThan(1e-9 * maxAbs(whole.K!))
    expect(riccatiDefect({ A: dirtyA, B: dirtyB, Q, R, S }, apart.P!, apart.K!)).toBeLessThan(1e-10)
    // Zeros between the blocks: that they were separated shows.
    expect(apart.K!.to1DArray().filter((x) => x === 0)).toHaveLength(3 * 2 + 4 * 1)
  })

  test('do not where they matter: the whole is solved', () => {
    const roughA = Matrix.add(A, gaussianMatrix(7, 7, 9, 1e-4))
    const apart = dare(roughA, B, Q, R, { S, accuracy: 1e-3 })
    const whole = dare(roughA, B, Q, R, { S, accuracy: 1e-3, blocks: 'together' })
    expect(apart.result).toBe('solved')
    expect(maxAbs(Matrix.sub(apart.K!, whole.K!))).toBe(0)
  })

  test('are taken at their word where no accuracy is stated', () => {
    expect(dare(dirtyA, dirtyB, Q, R, { S }).K!.to1DArray()).not.toContain(0)
  })

  test('misuse throws', () => {
    expect(() => dare(A, B, Q, R, { blocks: 'no' as never })).toThrow("blocks must be 'separate' or 'together', got no")
  })
})
