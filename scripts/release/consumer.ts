/** What a stranger's project does with the installed package, as texts: compiled and run in its folder. */

/** Types and closed loop of a cart-pole. */
export const CONSUMER = `
import { createEngine, type Engine, type Linearization, linearize, loadScene, lqr, lqrController, simulate } from 'jacsense'

export async function balance(): Promise<number> {
  const engine: Engine = await createEngine(await loadScene('cartpole'))
  const lin: Linearization = await linearize(engine)
  const { K } = lqr(lin, { Q: [[1, 0, 0, 0], [0, 10, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], R: [[0.1]] })
  if (K === null) throw new Error('no gain')
  const x0 = engine.home.x.slice()
  x0[1] = 0.1
  const run = await simulate(engine, lqrController(lin, K, engine.difference), { x0, duration: 4 })
  const final: number | undefined = run.dX[run.steps * engine.layout.ndx + 1]
  return Math.abs(final ?? Number.NaN)
}
`

/** In plain JavaScript, for any version of Node: every engine linearizes and balances, workers share steps. Prints one line of JSON. */
export const SMOKE = `
import { createEngine, linearize, loadScene, lqr, lqrController, openEnginePool, simulate } from 'jacsense'

const scene = await loadScene('cartpole')
const found = {}
for (const engine of ['cannon', 'mujoco', 'rapier', 'reference']) {
  const chosen = await createEngine(scene, { engine })
  const lin = await linearize(chosen)
  const { K, message } = lqr(lin, { Q: [[1, 0, 0, 0], [0, 10, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], R: [[0.1]] })
  if (K === null) throw new Error(message)
  const x0 = chosen.home.x.slice()
  x0[1] = 0.1
  const run = await simulate(chosen, lqrController(lin, K, chosen.difference), { x0, duration: 4 })
  const angle = Math.abs(run.dX[run.steps * chosen.layout.ndx + 1])
  found[engine] = { certified: lin.quality.certified, angle, A: lin.A.to1DArray(), B: lin.B.to1DArray() }
  chosen.dispose()
}
const pool = await openEnginePool(scene, { workers: 1 })
const engine = await createEngine(scene)
found.pool = { A: (await linearize(engine, engine.home, { pool, method: 'dense' })).A.to1DArray() }
await pool.close()
process.stdout.write(JSON.stringify({ node: process.versions.node, found }))
`
