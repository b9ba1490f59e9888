/**
 * What printed tables leave out because it is rounding: differences of values that agree in all but their last bits give
 * 3.6e-18 where there is nothing, and a double eigenvalue comes out as a pair 1 ± 2.6e-14i. JSON and CSV keep every bit.
 */
import type { Matrix } from 'ml-matrix'
import type { Linearization } from '../linearization/linearization.ts'

/** A step of the engine is taken to be right to this many units of ε: what the certificate allows for, too. */
const ROUNDING_UNITS = 64
/** A double eigenvalue of a matrix that is right to ε splits by √ε = 1.5e-8 of its size, into a pair that turns or not. */
const SPLIT = 1e-7
/** Of numbers in one column, as a share of its scale. */
const NEGLIGIBLE = 1e-12

/**
 * The share of a row's largest entry below which an entry of A or B is rounding. A difference quotient of step h divides the
 * rounding errors of the two values by h: 64 ε / h, which is 2.4e-9 for central differences of h = ∛ε. The engine's own
 * derivatives have no step: 64 ε.
 */
export function roundingShare({ quality: { method, stepRange } }: Pick<Linearization, 'quality'>): number {
  const [smallest] = stepRange
  const errors = ROUNDING_UNITS * Number.EPSILON
  return method === 'native' || !(smallest > 0) ? errors : Math.min(1e-6, errors / smallest)
}

interface Cleared {
  readonly matrices: readonly Matrix[]
  readonly numCleared: number // entries that were not zero and are now
}

/** Copies of blocks side by side ([A B], or K alone) with entries below `share` of the largest in their row made zero. */
function clearRounding(blocks: readonly Matrix[], share: number): Cleared {
  const matrices = blocks.map((block) => block.clone())
  let numCleared = 0
  for (let i = 0; i < (blocks[0]?.rows ?? 0); i++) {
    let largest = 0
    for (const block of blocks)
      for (let j = 0; j < block.columns; j++) largest = Math.max(largest, Math.abs(block.get(i, j)))
    for (const block of matrices)
      for (let j = 0; j < block.columns; j++) {
        const magnitude = Math.abs(block.get(i, j))
        if (magnitude === 0 || !(magnitude < share * largest)) continue
        block.set(i, j, 0)
        numCleared++
      }
  }
  return { matrices, numCleared }
}

/** A, B and K as tables and charts show them, and a sentence on what was left out ('' where nothing was). */
export function shownMatrices(lin: Linearization, K: Matrix | null = null) {
  const share = roundingShare(lin)
  const { matrices, numCleared } = clearRounding([lin.A, lin.B], share)
  const [A, B] = matrices as [Matrix, Matrix]
  const gain = K === null ? { matrices: [null], numCleared: 0 } : clearRounding([K], share)
  const cleared = numCleared + gain.numCleared > 0
  return {
    A,
    B,
    K: gain.matrices[0] ?? null,
    note: cleared ? clearedNote(share) : '',
  }
}

/** The same for a Jacobian in one piece. */
export function shownJacobian(J: Matrix, quality: Linearization['quality']): { J: Matrix; note: string } {
  const share = roundingShare({ quality })
  const { matrices, numCleared } = clearRounding([J], share)
  return { J: matrices[0]!, note: numCleared > 0 ? clearedNote(share) : '' }
}

function clearedNote(share: number): string {
  return `0 also stands for entries below ${share.toExponential(1)} of their row: rounding at this step`
}

/** Eigenvalues without the imaginary parts that split a double one, and without real or imaginary dust about zero. */
export function shownEigenvalues<T extends { readonly re: number; readonly im: number }>(values: readonly T[]): T[] {
  const largest = Math.max(0, ...values.map(({ re, im }) => Math.hypot(re, im)))
  return values.map((value) => {
    const { re, im } = value
    const size = Math.hypot(re, im)
    if (size < NEGLIGIBLE * largest) return { ...value, re: 0, im: 0 }
    return {
      ...value,
      re: Math.abs(re) < NEGLIGIBLE * size ? 0 : re,
      im: Math.abs(im) < SPLIT * size ? 0 : im,
    }
  })
}

/** The value, or 0 where it is nothing against the scale of its column. */
export function shownValue(value: number, scale: number): number {
  return Math.abs(value) < NEGLIGIBLE * scale ? 0 : value
}

/** The coordinates that the step changes at the point, c = f(xBar, uBar) ⊖ xBarNext: none where it is an equilibrium. */
export function defectOf(lin: Linearization): { name: string; unit: string; value: number }[] {
  const { c, dt, layout, xBar, precision } = lin
  // A drift below 1e-7 per second (1e-4 in single precision, as equilibria are found to), or within rounding of the state.
  let largest = 1
  for (const value of xBar) largest = Math.max(largest, Math.abs(value))
  const drift = precision === 'single' ? 1e-4 : 1e-7
  const floor = Math.max(drift * dt, ROUNDING_UNITS * Number.EPSILON * largest)
  return layout.dx.flatMap(({ name, unit }, i) => (Math.abs(c[i]!) > floor ? [{ name, unit, value: c[i]! }] : []))
}
