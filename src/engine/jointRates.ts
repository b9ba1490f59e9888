/** Rates of the joints from the velocities of the bodies, along the axes at which a TreeState has placed them. */
import { JOINT_ROW, jointRate, jointRowInto } from './jointRow.ts'
import type { TreeState } from './kinematics.ts'
import type { TreeModel } from './treeModel.ts'

/** Returns `read(v, V)`, which fills v [nv] from V [6n] (linear, of the centres of mass, and angular; world axes). */
export function createJointRates(model: TreeModel, state: TreeState): (v: Float64Array, V: Float64Array) => void {
  const row = new Float64Array(JOINT_ROW)
  const { frame, fromAnchor } = state
  return (v, V) => {
    for (let i = 0; i < model.numBodies; i++) {
      const k = 6 * i
      const kind = model.type[i]!
      const at = model.vIndex[i]!
      if (kind === 'hinge' || kind === 'slider') {
        jointRowInto(row, 0, model, state, i)
        v[at] = jointRate(row, 0, V, i, model.parent[i]!)
      } else if (kind === 'free' || kind === 'ball') {
        const p = model.parent[i]!
        const wx = V[k + 3]! - (p < 0 ? 0 : V[6 * p + 3]!)
        const wy = V[k + 4]! - (p < 0 ? 0 : V[6 * p + 4]!)
        const wz = V[k + 5]! - (p < 0 ? 0 : V[6 * p + 5]!)
        const to = kind === 'free' ? at + 3 : at
        const f = 9 * i
        for (let c = 0; c < 3; c++) v[to + c] = frame[f + c]! * wx + frame[f + 3 + c]! * wy + frame[f + 6 + c]! * wz
        if (kind === 'free') {
          // velocity of the body frame's origin
          const cx = fromAnchor[3 * i]!
          const cy = fromAnchor[3 * i + 1]!
          const cz = fromAnchor[3 * i + 2]!
          v[at] = V[k]! - (wy * cz - wz * cy)
          v[at + 1] = V[k + 1]! - (wz * cx - wx * cz)
          v[at + 2] = V[k + 2]! - (wx * cy - wy * cx)
        }
      }
    }
  }
}
