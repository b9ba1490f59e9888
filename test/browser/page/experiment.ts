/** What is done alike in Node, on a page and in a worker of a page: from a scene's text to a robot that is balanced. */
import { createEngine, type Engine, linearize, lqr, lqrController, parseScene, parseUrdf, simulate } from 'jacsense'

export interface Job {
  /** 'scene': the value of a scene.json with the texts of its URDF files; 'mjcf', 'urdf': the text of a file. */
  readonly kind: 'scene' | 'mjcf' | 'urdf'
  readonly source: unknown
  readonly files?: Readonly<Record<string, string>>
  readonly engine: string
}

export interface Outcome {
  readonly states: readonly string[]
  readonly certified: boolean
  readonly calls: number
  readonly A: readonly (readonly number[])[]
  readonly B: readonly (readonly number[])[]
  readonly K: readonly (readonly number[])[] | null
  readonly final: readonly number[] // state after half a second of the closed loop (open where there is no gain)
}

export async function experiment(job: Job): Promise<Outcome> {
  const engine = await engineOf(job)
  try {
    const lin = await linearize(engine)
    const { ndx, nu } = engine.layout
    const eye = (n: number) => Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => +(i === j)))
    const K = nu > 0 ? lqr(lin, { Q: eye(ndx), R: eye(nu) }, { unreached: 'keep' }).K : null
    const x0 = engine.home.x.slice()
    const push = new Float64Array(ndx).fill(0.001)
    engine.integrate(x0, push, x0)
    const control = K
      ? lqrController(lin, K, engine.difference)
      : { name: 'none', control: (_x: Float64Array, _t: number, u: Float64Array) => void u.set(engine.home.u) }
    const { X, steps } = await simulate(engine, control, { x0, duration: 0.5 })
    const { nx } = engine.layout
    return {
      states: engine.layout.dx.map(({ name }) => name),
      certified: lin.quality.certified,
      calls: lin.quality.calls,
      A: lin.A.to2DArray(),
      B: lin.B.to2DArray(),
      K: K?.to2DArray() ?? null,
      final: [...X.subarray(steps * nx, (steps + 1) * nx)],
    }
  } finally {
    engine.dispose()
  }
}

async function engineOf({ kind, source, files = {}, engine }: Job): Promise<Engine> {
  if (kind === 'mjcf') return (await import('jacsense/mujoco')).mujocoEngine(source as string)
  const scene =
    kind === 'urdf' ? parseUrdf(source as string) : parseScene(source, { files: new Map(Object.entries(files)) })
  return createEngine(scene, { engine })
}
