/** The growing modes of a linearization, with the coordinates that take part in them. */
import { Matrix } from 'ml-matrix'
import { type Mode, unseenModes } from '../control/modes.ts'
import type { Linearization } from '../linearization/linearization.ts'

const GROWING = 1 + 1e-9 // |λ| above rounding

/** Modes of A with |λ| > 1: right eigenvectors by coordinate name. One of each conjugate pair, the one with Im > 0. */
export function unstableModes({ A, layout }: Linearization): Mode[] {
  const names = layout.dx.map(({ name }) => name)
  return unseenModes(A, Matrix.zeros(1, A.rows), names, GROWING)
}
