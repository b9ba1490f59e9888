/** x ⊕ dx and x1 ⊖ x0 on a state of Euclidean coordinates and unit quaternions (w, x, y, z), the tangent in the moved frame. */
import type { Layout } from '../scene/layout.ts'
import { inverseRightJacobianInto, quatDifferenceInto, turnQuatInto } from './rotation.ts'

export interface Manifold {
  /** xOut = x ⊕ dx; xOut may be x. A zero entry of dx leaves its coordinate bitwise as it is. */
  integrate(x: Float64Array, dx: Float64Array, xOut: Float64Array): void // x [nx], dx [ndx]
  /** dxOut = x1 ⊖ x0. */
  difference(x1: Float64Array, x0: Float64Array, dxOut: Float64Array): void
  /** E = ∂((x1 ⊕ δ) ⊖ x0)/∂δ at δ = 0, row-major: the identity but for quaternions. */
  differenceJacobian(x1: Float64Array, x0: Float64Array, E: Float64Array): void // E [ndx × ndx]
  /** qOut = q ⊕ h·v for the position part alone; qOut may be q. */
  advance(q: Float64Array, v: Float64Array, h: number, qOut: Float64Array): void // q [nq], v [nv]
}

/** The manifold of a layout: a position entry named `….qw` opens a quaternion of four entries and three tangent ones. */
export function manifoldOf(layout: Layout): Manifold {
  const { nq, nv, nx } = layout
  const quats: number[] = [] // pairs (index in x, index in dx)
  const lines: number[] = []
  let d = 0
  for (let k = 0; k < nq; k++) {
    if (layout.x[k]!.name.endsWith('.qw')) {
      quats.push(k, d)
      k += 3
      d += 3
    } else lines.push(k, d++)
  }
  const quatPairs = Int32Array.from(quats)
  const linePairs = Int32Array.from(lines)
  const numRates = nx - nq
  const ndx = nv + numRates
  const turned = new Float64Array(3)
  const block = new Float64Array(9)

  function advance(q: Float64Array, v: Float64Array, h: number, qOut: Float64Array): void {
    for (let k = 0; k < linePairs.length; k += 2) {
      const i = linePairs[k]!
      qOut[i] = q[i]! + h * v[linePairs[k + 1]!]!
    }
    for (let k = 0; k < quatPairs.length; k += 2) {
      const i = quatPairs[k]!
      const j = quatPairs[k + 1]!
      const rx = h * v[j]!
      const ry = h * v[j + 1]!
      const rz = h * v[j + 2]!
      if (rx !== 0 || ry !== 0 || rz !== 0) turnQuatInto(qOut, i, q, i, rx, ry, rz)
      else if (qOut !== q) for (let c = i; c < i + 4; c++) qOut[c] = q[c]!
    }
  }

  return {
    advance,
    integrate(x, dx, xOut) {
      advance(x, dx, 1, xOut)
      for (let k = 0; k < numRates; k++) xOut[nq + k] = x[nq + k]! + dx[nv + k]!
    },
    difference(x1, x0, dxOut) {
      for (let k = 0; k < linePairs.length; k += 2) {
        const i = linePairs[k]!
        dxOut[linePairs[k + 1]!] = x1[i]! - x0[i]!
      }
      for (let k = 0; k < quatPairs.length; k += 2)
        quatDifferenceInto(dxOut, quatPairs[k + 1]!, x1, quatPairs[k]!, x0, quatPairs[k]!)
      for (let k = 0; k < numRates; k++) dxOut[nv + k] = x1[nq + k]! - x0[nq + k]!
    },
    differenceJacobian(x1, x0, E) {
      E.fill(0)
      for (let i = 0; i < ndx; i++) E[i * ndx + i] = 1
      for (let k = 0; k < quatPairs.length; k += 2) {
        const at = quatPairs[k + 1]!
        quatDifferenceInto(turned, 0, x1, quatPairs[k]!, x0, quatPairs[k]!)
        inverseRightJacobianInto(block, turned)
        for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) E[(at + i) * ndx + at + j] = block[3 * i + j]!
      }
    },
  }
}
