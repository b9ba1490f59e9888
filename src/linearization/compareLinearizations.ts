/** How far one linearization is from another of the same engine and point. */
import { Matrix } from 'ml-matrix'
import { frobenius } from '../linalg/dense.ts'
import type { Linearization } from './linearization.ts'

/** The entry that differs most within one block. */
export interface WorstEntry {
  readonly block:
    | 'A position–position'
    | 'A position–velocity'
    | 'A velocity–position'
    | 'A velocity–velocity'
    | 'B position'
    | 'B velocity'
  readonly row: string // name of the dx coordinate that is influenced
  readonly column: string // name of the dx coordinate or control that influences it
  readonly value: number
  readonly reference: number
  readonly difference: number // |value − reference|
}

export interface Comparison {
  /** ‖A − A_ref‖ / ‖A_ref − I‖, Frobenius: what a step of the reference changes is the measure. */
  readonly relativeA: number
  readonly relativeB: number // ‖B − B_ref‖ / ‖B_ref‖
  readonly worst: readonly WorstEntry[] // one for each block that is not empty
}

/** Compares A and B with a reference. Throws RangeError when sizes differ. Relative to a zero matrix an error is Infinity, no error 0. */
export function compareLinearizations(
  lin: Pick<Linearization, 'A' | 'B' | 'layout'>,
  reference: Pick<Linearization, 'A' | 'B'>,
): Comparison {
  const { A, B, layout } = lin
  for (const name of ['A', 'B'] as const) {
    const [own, other] = [lin[name], reference[name]]
    if (own.rows !== other.rows || own.columns !== other.columns)
      throw new RangeError(
        `compareLinearizations: ${name} is [${own.rows} × ${own.columns}], that of the reference [${other.rows} × ${other.columns}]`,
      )
  }
  const n = A.rows
  const change = Matrix.sub(reference.A, Matrix.eye(n, n))
  const isPosition = (i: number) => i < layout.nv
  const worst = new Map<WorstEntry['block'], WorstEntry>()
  const note = (block: WorstEntry['block'], row: string, column: string, value: number, expected: number) => {
    const difference = Math.abs(value - expected)
    const known = worst.get(block)
    if (!known || difference > known.difference)
      worst.set(block, { block, row, column, value, reference: expected, difference })
  }
  for (let i = 0; i < n; i++) {
    const row = layout.dx[i]!.name
    const rowKind = isPosition(i) ? 'position' : 'velocity'
    for (let j = 0; j < n; j++) {
      const block = `A ${rowKind}–${isPosition(j) ? 'position' : 'velocity'}` as const
      note(block, row, layout.dx[j]!.name, A.get(i, j), reference.A.get(i, j))
    }
    for (let j = 0; j < B.columns; j++) note(`B ${rowKind}`, row, layout.u[j]!.name, B.get(i, j), reference.B.get(i, j))
  }
  return {
    relativeA: ratio(frobenius(Matrix.sub(A, reference.A)), frobenius(change)),
    relativeB: ratio(frobenius(Matrix.sub(B, reference.B)), frobenius(reference.B)),
    worst: [...worst.values()],
  }
}

function ratio(error: number, size: number): number {
  return error === 0 ? 0 : error / size
}
