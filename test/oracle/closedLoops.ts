/**
 * One step of a scene with closures from MuJoCo's inertia matrix, bias forces and point Jacobians, without its soft constraints:
 * [M + hD  −Jᵀ; J  0] [v̇; λ] = [τ − bias − D v; (r − J v)/h], r = −0.2 φ/h − h J̇v, and q⁺ = q ⊕ h v⁺.
 */
import loadMujoco, { type MainModule } from '@mujoco/mujoco'
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { sceneToMjcf } from '../../src/engine/mujoco/sceneToMjcf.ts'
import type { Scene } from '../../src/scene/scene.ts'

let module: Promise<MainModule> | undefined

/** Returns x ↦ v⁺ [nv] under joint forces tau [nv]; no contact, no limits. */
export async function closedLoopOracle(
  scene: Scene,
): Promise<{ velocity(x: Float64Array, tau: ArrayLike<number>): number[]; dispose(): void }> {
  module ??= loadMujoco()
  const mj = await module
  const model = mj.MjModel.from_xml_string(sceneToMjcf({ ...scene, closures: [] }, { contact: false }))
  const data = new mj.MjData(model)
  const { nq, nv } = model
  const full = new mj.DoubleBuffer(nv * nv)
  const linear = new mj.DoubleBuffer(3 * nv)
  const bodyNumber = (body: number) =>
    body < 0 ? 0 : mj.mj_name2id(model, mj.mjtObj.mjOBJ_BODY.value, scene.bodies[body]!.name)
  return {
    velocity(x, tau) {
      mj.mj_resetData(model, data)
      data.qpos.set(x.subarray(0, nq))
      data.qvel.set(x.subarray(nq))
      mj.mj_forward(model, data)
      mj.mj_fullM(model, data, full)
      const h = scene.dt
      const M = new Matrix([...Array(nv).keys()].map((i) => Array.from(full.GetView().subarray(i * nv, (i + 1) * nv))))
      const damping = Array.from(model.dof_damping as Float64Array)
      damping.forEach((d, i) => {
        M.set(i, i, M.get(i, i) + h * d)
      })
      const v = Array.from(data.qvel as Float64Array)
      const force = v.map((rate, i) => tau[i]! - data.qfrc_bias[i]! - damping[i]! * rate)
      const J = Matrix.zeros(3 * scene.closures.length, nv)
      const r = new Array<number>(3 * scene.closures.length).fill(0)
      scene.closures.forEach(({ bodies, anchors }, k) => {
        bodies.forEach((body, e) => {
          const sign = e === 0 ? 1 : -1
          const b = bodyNumber(body)
          const R = data.xmat.subarray(9 * b, 9 * b + 9)
          const p = [0, 1, 2].map(
            (c) => data.xpos[3 * b + c]! + anchors[e]!.reduce((sum, a, d) => sum + R[3 * c + d]! * a, 0),
          )
          for (const dot of [false, true]) {
            if (dot) mj.mj_jacDot(model, data, linear, null, p, b)
            else mj.mj_jac(model, data, linear, null, p, b)
            const G = linear.GetView()
            for (let c = 0; c < 3; c++) {
              if (!dot) r[3 * k + c]! -= (sign * 0.2 * p[c]!) / h
              for (let i = 0; i < nv; i++)
                if (dot) r[3 * k + c]! -= sign * h * G[c * nv + i]! * v[i]!
                else J.set(3 * k + c, i, J.get(3 * k + c, i) + sign * G[c * nv + i]!)
            }
          }
        })
      })
      // v⁺ = v + h v̇ and J v⁺ = r; redundant rows make the matrix singular, hence the pseudo-inverse
      const m = J.rows
      const K = Matrix.zeros(nv + m, nv + m)
      K.setSubMatrix(M, 0, 0)
      K.setSubMatrix(J.transpose().mul(-1), 0, nv)
      K.setSubMatrix(J, nv, 0)
      const right = Matrix.columnVector([
        ...force,
        ...r.map((value, row) => (value - v.reduce((sum, rate, i) => sum + J.get(row, i) * rate, 0)) / h),
      ])
      const solution = new SingularValueDecomposition(K, { autoTranspose: true }).solve(right)
      return v.map((rate, i) => rate + h * solution.get(i, 0))
    },
    dispose() {
      full.delete()
      linear.delete()
      data.delete()
      model.delete()
    },
  }
}
