/**
 * Eigenvalues of a real matrix: balancing, reduction to Hessenberg form and Francis' double-shift QR, as in EISPACK's
 * balanc, orthes and hqr (Smith et al. 1976; Golub and Van Loan, Matrix Computations, 4th ed., §7.4–7.5). Ours because
 * ml-matrix's nonsymmetric EVD has no limit on its iterations and never returns for some matrices, for example
 * [[0,0,0,0,0],[0,0,0,0,1],[0,0,0,1,0],[1,1,0,0,1],[1,0,1,0,1]].
 */
import { EigenvalueDecomposition, type Matrix } from 'ml-matrix'
import { components } from './components.ts'
import { maxAbs } from './dense.ts'

/** Complex numbers by parts, in a fixed order. */
export interface ComplexArray {
  readonly re: Float64Array
  readonly im: Float64Array
}

const EPS = Number.EPSILON
const MAX_SWEEPS = 300 // QR sweeps for one eigenvalue; 2 to 4 are usual, 80 were seen beside chains of λ = 0
const PATIENT_SWEEPS = 60 // from here on, entries count as zeros that are so relative to the whole matrix (chains of λ = 0)

/**
 * Eigenvalues of a square matrix, by descending magnitude; equal magnitudes by descending real, then imaginary part.
 * Throws RangeError when M is not square or not finite, Error when the QR iteration does not converge (not seen yet).
 */
export function eigenvalues(M: Matrix): ComplexArray {
  const n = M.rows
  if (M.columns !== n) throw new RangeError(`eigenvalues: the matrix must be square, got [${n} × ${M.columns}]`)
  if (!Number.isFinite(maxAbs(M))) throw new RangeError('eigenvalues: the matrix has entries that are not finite')
  const re = new Float64Array(n)
  const im = new Float64Array(n)
  let done = 0
  for (const block of diagonalBlocks(M)) {
    const size = block.length
    const H = new Float64Array(size * size)
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) H[i * size + j] = M.get(block[i]!, block[j]!)
    balance(H, size)
    toHessenberg(H, size)
    hessenbergEigenvalues(H, size, re.subarray(done, done + size), im.subarray(done, done + size))
    done += size
  }
  const order = Array.from(re.keys()).sort(
    (a, b) => Math.hypot(re[b]!, im[b]!) - Math.hypot(re[a]!, im[a]!) || re[b]! - re[a]! || im[b]! - im[a]!,
  )
  return { re: Float64Array.from(order, (k) => re[k]!), im: Float64Array.from(order, (k) => im[k]!) }
}

/** Rows and columns that hang together: separate ones have eigenvalues of their own. */
export function diagonalBlocks(M: Matrix): number[][] {
  const { join, list } = components(M.rows)
  for (let i = 0; i < M.rows; i++) for (let j = 0; j < M.rows; j++) if (M.get(i, j) !== 0) join(i, j)
  return list()
}

/** Largest magnitude of an eigenvalue; 0 for an empty matrix. */
export function spectralRadius(M: Matrix): number {
  const { re, im } = eigenvalues(M)
  return re.length === 0 ? 0 : Math.hypot(re[0]!, im[0]!)
}

/** Eigenvalues of a symmetric matrix, ascending. */
export function symmetricEigenvalues(M: Matrix): Float64Array {
  if (M.rows === 0) return new Float64Array(0)
  if (!Number.isFinite(maxAbs(M)))
    throw new RangeError('symmetricEigenvalues: the matrix has entries that are not finite')
  return Float64Array.from(new EigenvalueDecomposition(M, { assumeSymmetric: true }).realEigenvalues).sort()
}

/**
 * Diagonal similarity D⁻¹HD by powers of two that evens out row and column norms of H, row-major [n × n]; in place. Exact.
 * D is multiplied into `scale` [n] where given.
 */
export function balance(H: Float64Array, n: number, scale?: Float64Array): void {
  for (let changed = true; changed; ) {
    changed = false
    for (let i = 0; i < n; i++) {
      let column = 0
      let row = 0
      for (let j = 0; j < n; j++) {
        if (j === i) continue
        column += Math.abs(H[j * n + i]!)
        row += Math.abs(H[i * n + j]!)
      }
      if (column === 0 || row === 0) continue
      const sum = column + row
      let factor = 1
      while (column < row / 2) {
        factor *= 2
        column *= 4
      }
      while (column >= row * 2) {
        factor /= 2
        column /= 4
      }
      if ((column + row) / factor >= 0.95 * sum) continue
      changed = true
      if (scale) scale[i]! *= factor
      for (let j = 0; j < n; j++) H[i * n + j]! /= factor
      for (let j = 0; j < n; j++) H[j * n + i]! *= factor
    }
  }
}

/** Similarity to upper Hessenberg form by Householder reflections; in place. */
function toHessenberg(H: Float64Array, n: number): void {
  const v = new Float64Array(n)
  const dots = new Float64Array(n)
  for (let k = 0; k < n - 2; k++) {
    let scale = 0
    for (let i = k + 1; i < n; i++) scale += Math.abs(H[i * n + k]!)
    let below = 0
    for (let i = k + 2; i < n; i++) below += Math.abs(H[i * n + k]!)
    if (below === 0) continue
    let norm2 = 0
    for (let i = k + 1; i < n; i++) {
      v[i] = H[i * n + k]! / scale
      norm2 += v[i]! * v[i]!
    }
    const alpha = v[k + 1]! > 0 ? -Math.sqrt(norm2) : Math.sqrt(norm2)
    const half = norm2 - v[k + 1]! * alpha // vᵀv/2 after v₁ −= alpha
    v[k + 1]! -= alpha
    dots.fill(0, k)
    for (let i = k + 1; i < n; i++) for (let j = k; j < n; j++) dots[j]! += v[i]! * H[i * n + j]!
    for (let j = k; j < n; j++) dots[j]! /= half
    for (let i = k + 1; i < n; i++) for (let j = k; j < n; j++) H[i * n + j]! -= v[i]! * dots[j]!
    for (let i = 0; i < n; i++) {
      let dot = 0
      for (let j = k + 1; j < n; j++) dot += H[i * n + j]! * v[j]!
      dot /= half
      for (let j = k + 1; j < n; j++) H[i * n + j]! -= dot * v[j]!
    }
    H[(k + 1) * n + k] = alpha * scale
    for (let i = k + 2; i < n; i++) H[i * n + k] = 0
  }
}

/** Francis' implicit double-shift QR on a Hessenberg matrix, eigenvalues only; overwrites H. */
function hessenbergEigenvalues(H: Float64Array, n: number, re: Float64Array, im: Float64Array): void {
  let norm = 0
  for (let i = 0; i < n; i++) for (let j = Math.max(0, i - 1); j < n; j++) norm += Math.abs(H[i * n + j]!)
  let shifted = 0 // sum of the exceptional shifts
  let high = n - 1
  let sweeps = 0
  while (high >= 0) {
    const low = activeBlockStart(H, n, high, norm, sweeps < PATIENT_SWEEPS)
    const corner = H[high * n + high]!
    if (low === high) {
      re[high] = corner + shifted
      im[high] = 0
      high--
      sweeps = 0
      continue
    }
    const above = H[(high - 1) * n + high - 1]!
    const product = H[high * n + high - 1]! * H[(high - 1) * n + high]!
    if (low === high - 1) {
      pairEigenvalues(above, corner, product, shifted, high, re, im)
      high -= 2
      sweeps = 0
      continue
    }
    if (sweeps === MAX_SWEEPS) throw new Error(`eigenvalues: QR did not converge in ${MAX_SWEEPS} sweeps (n = ${n})`)
    let x = corner
    let y = above
    let w = product
    if (sweeps > 0 && sweeps % 10 === 0) {
      // Exceptional shift, as in EISPACK: breaks cycles of the double shift.
      shifted += x
      for (let i = 0; i <= high; i++) H[i * n + i]! -= x
      const s = Math.abs(H[high * n + high - 1]!) + Math.abs(H[(high - 1) * n + high - 2]!)
      x = y = 0.75 * s
      w = -0.4375 * s * s
    }
    sweeps++
    doubleShiftSweep(H, n, low, high, x, y, w)
  }
}

/**
 * First row of the unreduced block that ends at `high`; sets the negligible entry before it to zero: one that rounding of its
 * neighbours on the diagonal hides, or, without patience, that of the whole matrix.
 */
function activeBlockStart(H: Float64Array, n: number, high: number, norm: number, isPatient: boolean): number {
  for (let l = high; l > 0; l--) {
    const diagonals = Math.abs(H[(l - 1) * n + l - 1]!) + Math.abs(H[l * n + l]!)
    if (
      Math.abs(H[l * n + l - 1]!) <=
      EPS * (diagonals === 0 ? norm : isPatient ? diagonals : Math.max(diagonals, norm / n))
    ) {
      H[l * n + l - 1] = 0
      return l
    }
  }
  return 0
}

/** Both eigenvalues of [[above, ·], [·, corner]], the product of its off-diagonals given. */
function pairEigenvalues(
  above: number,
  corner: number,
  product: number,
  shifted: number,
  high: number,
  re: Float64Array,
  im: Float64Array,
): void {
  const p = (above - corner) / 2
  const q = p * p + product
  const root = Math.sqrt(Math.abs(q))
  if (q >= 0) {
    const z = p >= 0 ? p + root : p - root
    re[high - 1] = corner + shifted + z
    re[high] = z === 0 ? re[high - 1]! : corner + shifted - product / z
    im[high - 1] = im[high] = 0
  } else {
    re[high - 1] = re[high] = corner + shifted + p
    im[high - 1] = root
    im[high] = -root
  }
}

/** One implicit double-shift QR sweep over rows and columns low … high, shifts from x, y (their sum) and w (y·x − product). */
function doubleShiftSweep(
  H: Float64Array,
  n: number,
  low: number,
  high: number,
  x: number,
  y: number,
  w: number,
): void {
  let p = 0
  let q = 0
  let r = 0
  let start = high - 2
  for (; ; start--) {
    const z = H[start * n + start]!
    const a = x - z
    const b = y - z
    p = (a * b - w) / H[(start + 1) * n + start]! + H[start * n + start + 1]!
    q = H[(start + 1) * n + start + 1]! - z - a - b
    r = H[(start + 2) * n + start + 1]!
    const s = Math.abs(p) + Math.abs(q) + Math.abs(r)
    p /= s
    q /= s
    r /= s
    if (start === low) break
    const u = Math.abs(H[start * n + start - 1]!) * (Math.abs(q) + Math.abs(r))
    const v =
      Math.abs(p) *
      (Math.abs(H[(start - 1) * n + start - 1]!) + Math.abs(z) + Math.abs(H[(start + 1) * n + start + 1]!))
    if (u <= EPS * v) break
  }
  for (let i = start + 2; i <= high; i++) {
    H[i * n + i - 2] = 0
    if (i > start + 2) H[i * n + i - 3] = 0
  }
  for (let k = start; k < high; k++) {
    const last = k === high - 1
    let scale = 1
    if (k > start) {
      p = H[k * n + k - 1]!
      q = H[(k + 1) * n + k - 1]!
      r = last ? 0 : H[(k + 2) * n + k - 1]!
      scale = Math.abs(p) + Math.abs(q) + Math.abs(r)
      if (scale === 0) continue
      p /= scale
      q /= scale
      r /= scale
    }
    const s = (p < 0 ? -1 : 1) * Math.sqrt(p * p + q * q + r * r)
    if (k > start) H[k * n + k - 1] = -s * scale
    else if (low < start) H[k * n + k - 1]! *= -1
    p += s
    const fx = p / s
    const fy = q / s
    const fz = r / s
    q /= p
    r /= p
    for (let j = k; j <= high; j++) {
      let dot = H[k * n + j]! + q * H[(k + 1) * n + j]!
      if (!last) {
        dot += r * H[(k + 2) * n + j]!
        H[(k + 2) * n + j]! -= dot * fz
      }
      H[(k + 1) * n + j]! -= dot * fy
      H[k * n + j]! -= dot * fx
    }
    const end = Math.min(high, k + 3)
    for (let i = low; i <= end; i++) {
      let dot = fx * H[i * n + k]! + fy * H[i * n + k + 1]!
      if (!last) {
        dot += fz * H[i * n + k + 2]!
        H[i * n + k + 2]! -= dot * r
      }
      H[i * n + k + 1]! -= dot * q
      H[i * n + k]! -= dot
    }
  }
}
