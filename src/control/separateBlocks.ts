/** States and controls that hang together: the connected components of the sparsity of A, B, Q, R and S. */
import type { Matrix } from 'ml-matrix'
import { components } from '../linalg/components.ts'
import type { RiccatiProblem } from './kleinman.ts'

export interface Block {
  readonly states: readonly number[] // ascending
  readonly controls: readonly number[] // ascending
}

export interface Separation {
  readonly blocks: readonly Block[] // by their first state; those without states last
  readonly dropped: boolean // whether entries that are not zero were taken for zero
}

/** Entries of A and of B up to `negligible` count as zero; of Q, R and S only zeros do. */
export function separateBlocks(
  { A, B, Q, R, S }: RiccatiProblem,
  negligible: { readonly A: number; readonly B: number },
): Separation {
  const n = A.rows
  const m = B.columns
  const { join, first, list } = components(n + m)
  const tie = (M: Matrix, row: number, column: number, above: number): void => {
    for (let i = 0; i < M.rows; i++)
      for (let j = 0; j < M.columns; j++) if (Math.abs(M.get(i, j)) > above) join(row + i, column + j)
  }
  tie(A, 0, 0, negligible.A)
  tie(B, 0, n, negligible.B)
  tie(Q, 0, 0, 0)
  tie(S, 0, n, 0)
  tie(R, n, n, 0)

  const across = (M: Matrix, row: number, column: number): boolean => {
    for (let i = 0; i < M.rows; i++)
      for (let j = 0; j < M.columns; j++) if (M.get(i, j) !== 0 && first(row + i) !== first(column + j)) return true
    return false
  }
  const blocks = list().map((members) => ({
    states: members.filter((i) => i < n),
    controls: members.filter((i) => i >= n).map((i) => i - n),
  }))
  return { blocks, dropped: across(A, 0, 0) || across(B, 0, n) }
}
