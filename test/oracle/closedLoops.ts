/**
 * One step of a scene with closures from MuJoCo's kinematics, inertia matrix and bias forces, without its soft constraints:
 * [M + hD  −Gᵀ; G  0] [v̇; λ] = [τ − bias − D v; (r − G v)/h], r = −0.2 φ/h − h Ġv, and q⁺ = q ⊕ h v⁺. φ is the gap of each closure in the
 * frame of its first body; G and Ġv are differences of it. Where rows of G depend on each other, r is taken onto its range.
 */
import loadMujoco, { type MainModule } from '@mujoco/mujoco'
import { Matrix, SingularValueDecomposition, solve } from 'ml-matrix'
import { sceneToMjcf } from '../../src/engine/mujoco/sceneToMjcf.ts'
import type { Scene } from '../../src/scene/scene.ts'

let module: Promise<MainModule> | undefined

interface ClosedLoopOracle {
  /** v⁺ [nv] under joint forces tau [nv]; no contact, no limits. */
  velocity(x: Float64Array, tau: ArrayLike<number>): number[]
  /** Momentum over mass, m/s, and angular momentum about the centre of mass, N·m·s, of all bodies. */
  momenta(x: Float64Array): { linear: number[]; angular: number[] }
  dispose(): void
}

export async function closedLoopOracle(scene: Scene): Promise<ClosedLoopOracle> {
  module ??= loadMujoco()
  const mj = await module
  const model = mj.MjModel.from_xml_string(sceneToMjcf({ ...scene, closures: [] }, { contact: false }))
  const data = new mj.MjData(model)
  const { nq, nv } = model
  const full = new mj.DoubleBuffer(nv * nv)
  const q = new mj.DoubleBuffer(nq)
  const bodyNumber = (body: number) =>
    body < 0 ? 0 : mj.mj_name2id(model, mj.mjtObj.mjOBJ_BODY.value, scene.bodies[body]!.name)
  /** φ [3 · closures] at the positions that q ⊕ t v reaches. */
  const gapsAt = (x: Float64Array, v: ArrayLike<number>, t: number): number[] => {
    q.GetView().set(x.subarray(0, nq))
    mj.mj_integratePos(model, q, Array.from(v), t)
    data.qpos.set(q.GetView())
    mj.mj_kinematics(model, data)
    return scene.closures.flatMap(({ bodies, anchors }) => {
      const [first, second] = bodies.map((body, e) => {
        const b = bodyNumber(body)
        const R = data.xmat.subarray(9 * b, 9 * b + 9)
        const p = [0, 1, 2].map(
          (c) => data.xpos[3 * b + c]! + anchors[e]!.reduce((sum, a, d) => sum + R[3 * c + d]! * a, 0),
        )
        return { p, R: Array.from(R as Float64Array) }
      })
      return [0, 1, 2].map((c) =>
        [0, 1, 2].reduce((sum, d) => sum + first!.R[3 * d + c]! * (first!.p[d]! - second!.p[d]!), 0),
      )
    })
  }
  /** First and second derivative of φ along v, of fourth order (Abramowitz and Stegun, 25.3.6 and 25.3.24). */
  const along = (x: Float64Array, v: ArrayLike<number>): readonly [number[], number[]] => {
    const e = 2e-3 / Math.max(1, ...Array.from(v, Math.abs))
    const [back2, back, here, on, on2] = [-2, -1, 0, 1, 2].map((k) => gapsAt(x, v, k * e))
    return [
      here!.map((_, i) => (8 * (on![i]! - back![i]!) - (on2![i]! - back2![i]!)) / (12 * e)),
      here!.map((f, i) => (16 * (on![i]! + back![i]!) - (on2![i]! + back2![i]!) - 30 * f) / (12 * e * e)),
    ]
  }
  return {
    velocity(x, tau) {
      const h = scene.dt
      const v = Array.from(x.subarray(nq))
      const units = v.map((_, i) => Float64Array.from(v, (_, j) => +(i === j)))
      const G = new Matrix(units.map((unit) => along(x, unit)[0])).transpose()
      const Gdot = along(x, v)[1]
      const r = gapsAt(x, v, 0).map((gap, row) => (-0.2 * gap) / h - h * Gdot[row]!)
      const { leftSingularVectors: U, diagonal } = new SingularValueDecomposition(G, { autoTranspose: true })
      const rank = diagonal.filter((value) => value > 1e-8 * diagonal[0]!).length
      const Ut = U.subMatrix(0, U.rows - 1, 0, rank - 1).transpose()
      const J = Ut.mmul(G)

      mj.mj_resetData(model, data)
      data.qpos.set(x.subarray(0, nq))
      data.qvel.set(v)
      mj.mj_forward(model, data)
      mj.mj_fullM(model, data, full)
      const M = new Matrix([...Array(nv).keys()].map((i) => Array.from(full.GetView().subarray(i * nv, (i + 1) * nv))))
      const damping = Array.from(model.dof_damping as Float64Array)
      damping.forEach((d, i) => {
        M.set(i, i, M.get(i, i) + h * d)
      })
      const force = v.map((rate, i) => tau[i]! - data.qfrc_bias[i]! - damping[i]! * rate)
      const K = Matrix.zeros(nv + rank, nv + rank)
      K.setSubMatrix(M, 0, 0)
      K.setSubMatrix(J.transpose().mul(-1), 0, nv)
      K.setSubMatrix(J, nv, 0)
      const missing = Ut.mmul(Matrix.columnVector(r))
        .sub(J.mmul(Matrix.columnVector(v)))
        .div(h)
      const solution = solve(K, Matrix.columnVector([...force, ...missing.to1DArray()]))
      return v.map((rate, i) => rate + h * solution.get(i, 0))
    },
    momenta(x) {
      data.qpos.set(x.subarray(0, nq))
      data.qvel.set(x.subarray(nq))
      mj.mj_forward(model, data)
      mj.mj_subtreeVel(model, data)
      return {
        linear: Array.from((data.subtree_linvel as Float64Array).subarray(0, 3)),
        angular: Array.from((data.subtree_angmom as Float64Array).subarray(0, 3)),
      }
    },
    dispose() {
      full.delete()
      q.delete()
      data.delete()
      model.delete()
    },
  }
}
