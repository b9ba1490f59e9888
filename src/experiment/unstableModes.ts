/** The growing modes of a linearization, with the coordinates that take part in them. */
import { Matrix } from 'ml-matrix'
import { type Mode, unseenModes } from '../control/modes.ts'
import { diagonalBlocks } from '../linalg/eigenvalues.ts'
import type { Linearization } from '../linearization/linearization.ts'

const GROWING = 1 + 1e-9 // |λ| above rounding

/**
 * Modes of A with |λ| > 1, by descending |λ|: right eigenvectors by coordinate name. One of each conjugate pair, the one with
 * Im > 0. What hangs together is looked at by itself: robots side by side have modes of their own.
 */
export function unstableModes({ A, layout }: Linearization): Mode[] {
  const modes = diagonalBlocks(A).flatMap((block) => {
    const names = block.map((k) => layout.dx[k]!.name)
    return unseenModes(A.selection(block, block), Matrix.zeros(1, block.length), names, GROWING)
  })
  const magnitude = ({ eigenvalue: { re, im } }: Mode) => Math.hypot(re, im)
  return modes.sort((one, other) => magnitude(other) - magnitude(one))
}
