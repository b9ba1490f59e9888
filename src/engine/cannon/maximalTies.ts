/**
 * What cannon-es' integration tells of [A B] in maximal coordinates before anything is measured: poses follow from the speeds after
 * the step. Its stock step moves the centre of mass by h v⁺, and turns the body about ω⁺ by 2 atan(h|ω⁺|/2), as the quaternion
 * q + h/2 ω⁺ q is normalized. With w = ω⁺ in the body frame, φ(w) that turn, E = exp(−[φ]×), G = J_r(φ) ∂φ/∂w, and the centre of
 * mass at c:
 *
 *   δθ⁺ = E δθ + G δw
 *   δp⁺ = δp + (M E − R [c]×) δθ + h δv⁺ + (M G − h R⁺ [c]×) δw,   M = R⁺ ([c]× − h [w × c]×)
 *
 * from p⁺ = p + R c − R⁺ c + h (v⁺ + R⁺ (w × c)). A certificate on the whole Jacobian still checks them.
 */
import type { Term, TiedRow, Ties } from '../../linalg/ties.ts'
import type { Layout } from '../../scene/layout.ts'
import { rotationMatrixInto } from '../../scene/rotation.ts'
import { rightJacobianInto } from '../rotation.ts'
import type { TreeModel } from '../treeModel.ts'

const REASON = 'a pose follows from the speeds after the step'

/** Rows of the poses at x, f(x, u) being xNext, for a period h [s] that is one step of cannon's. */
export function maximalTies(
  { numBodies: n, com }: TreeModel,
  layout: Layout,
  h: number, // s
  x: Float64Array, // [13 n]
  xNext: Float64Array, // [13 n]
): Ties {
  const tiedRows: TiedRow[] = []
  const R = new Float64Array(9)
  const RNext = new Float64Array(9)
  for (let i = 0; i < n; i++) {
    rotationMatrixInto(R, 0, x, 7 * i + 3)
    rotationMatrixInto(RNext, 0, xNext, 7 * i + 3)
    const w = xNext.subarray(7 * n + 6 * i + 3, 7 * n + 6 * i + 6)
    const c = com.subarray(3 * i, 3 * i + 3)
    const { E, G } = turning(w, h)
    const lever = cross(c)
    const swung = cross([w[1]! * c[2]! - w[2]! * c[1]!, w[2]! * c[0]! - w[0]! * c[2]!, w[0]! * c[1]! - w[1]! * c[0]!])
    const M = times(
      RNext,
      lever.map((value, k) => value - h * swung[k]!),
    )
    const [ME, MG, RC, RNextC] = [times(M, E), times(M, G), times(R, lever), times(RNext, lever)]
    const pose = 6 * i
    const speed = layout.nv + 6 * i
    for (let r = 0; r < 3; r++) {
      const row = (A: ArrayLike<number>, k: number): number => A[3 * r + k]!
      tiedRows.push({
        row: pose + r,
        from: [{ index: speed + r, value: h }, ...terms(speed + 3, (k) => row(MG, k) - h * row(RNextC, k))],
        known: [{ index: pose + r, value: 1 }, ...terms(pose + 3, (k) => row(ME, k) - row(RC, k))],
        reason: REASON,
      })
    }
    for (let r = 0; r < 3; r++)
      tiedRows.push({
        row: pose + 3 + r,
        from: terms(speed + 3, (k) => G[3 * r + k]!),
        known: terms(pose + 3, (k) => E[3 * r + k]!),
        reason: REASON,
      })
  }
  return { rows: layout.ndx, cols: layout.ndx + layout.nu, tiedColumns: [], tiedRows }
}

/** E and G [9] for a speed w [rad/s] in the body frame. */
function turning(w: ArrayLike<number>, h: number): { E: Float64Array; G: Float64Array } {
  const square = w[0]! ** 2 + w[1]! ** 2 + w[2]! ** 2
  const half = (h * h * square) / 4 // (h|w|/2)²
  // φ = g w with g = 2 atan(h|w|/2)/|w|; ∂φ/∂w = g I + slope w wᵀ, slope = g′/|w|
  const isSmall = half < 1e-4
  const g = isSmall ? h * (1 - half / 3 + half ** 2 / 5) : (2 * Math.atan(Math.sqrt(half))) / Math.sqrt(square)
  const slope = isSmall ? -(h ** 3 / 6) * (1 - 1.2 * half) : (h / (1 + half) - g) / square
  const E = new Float64Array(9)
  const J = new Float64Array(9)
  rightJacobianInto(E, J, [g * w[0]!, g * w[1]!, g * w[2]!])
  const D = new Float64Array(9)
  for (let r = 0; r < 3; r++) for (let k = 0; k < 3; k++) D[3 * r + k] = (r === k ? g : 0) + slope * w[r]! * w[k]!
  return { E, G: times(J, D) }
}

/** [v]×, row-major. */
function cross([x, y, z]: ArrayLike<number> & Iterable<number>): number[] {
  return [0, -z!, y!, z!, 0, -x!, -y!, x!, 0]
}

function times(A: ArrayLike<number>, B: ArrayLike<number>): Float64Array {
  const out = new Float64Array(9)
  for (let r = 0; r < 3; r++)
    for (let k = 0; k < 3; k++) for (let l = 0; l < 3; l++) out[3 * r + k]! += A[3 * r + l]! * B[3 * l + k]!
  return out
}

function terms(start: number, value: (k: number) => number): Term[] {
  return [0, 1, 2].flatMap((k) => (value(k) === 0 ? [] : [{ index: start + k, value: value(k) }]))
}
