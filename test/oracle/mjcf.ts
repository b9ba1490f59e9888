/** mjd_transitionFD on a model as MuJoCo itself loads it: none of the engine's settings, names or orders. */
import loadMujoco from '@mujoco/mujoco'
import type { Mjcf } from '../../src/engine/mujoco/mjcf.ts'

const module = loadMujoco({ print: () => {}, printErr: () => {} })

/** Row-major A and B at (qpos, qvel, act), ctrl by centered differences; MuJoCo's own error where it has none. */
export async function transitionFD(
  { xml, files }: Pick<Mjcf, 'xml' | 'files'>,
  { x, u }: { x: Float64Array; u: Float64Array },
  { eps = 1e-6, tolerance }: { eps?: number; tolerance?: number } = {},
): Promise<{ A: Float64Array; B: Float64Array }> {
  const mj = await module
  const vfs = new mj.MjVFS()
  for (const [name, bytes] of files) vfs.addBuffer(name, bytes)
  const model = mj.MjModel.from_xml_string(xml, vfs)
  vfs.delete()
  if (tolerance !== undefined) model.opt.tolerance = tolerance
  const data = new mj.MjData(model)
  const { nq, nv, na, nu } = model
  const n = 2 * nv + na
  const A = new mj.DoubleBuffer(n * n)
  const B = new mj.DoubleBuffer(Math.max(1, n * nu))
  try {
    data.qpos.set(x.subarray(0, nq))
    data.qvel.set(x.subarray(nq, nq + nv))
    data.act.set(x.subarray(nq + nv))
    data.ctrl.set(u)
    mj.mjd_transitionFD(model, data, eps, true, A, nu > 0 ? B : null, null, null)
    return { A: Float64Array.from(A.GetView()), B: Float64Array.from(B.GetView()).subarray(0, n * nu) }
  } finally {
    for (const handle of [A, B, data, model]) handle.delete()
  }
}
