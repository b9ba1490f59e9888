/** The worker that linearizes and designs controllers, apart from the simulation, so that neither waits. Stopped by ending it. */
import type { SceneTexts } from '../scene/sceneTexts.ts'
import { Matrix } from 'ml-matrix'
import { lqr } from '../control/lqr.ts'
import type { Mode } from '../control/modes.ts'
import { callsSentence, certificateSentence } from '../experiment/certificate.ts'
import { linearizationJson } from '../experiment/linearizationJson.ts'
import { unstableModes } from '../experiment/unstableModes.ts'
import { eigenvalues } from '../linalg/eigenvalues.ts'
import { findEquilibrium } from '../linearization/findEquilibrium.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { linearize } from '../linearization/linearize.ts'
import { type OpenedBundle, openBundle } from './openBundle.ts'
import type { Eigenvalue, FromSensing, ToSensing } from './protocol.ts'

const tell = (message: FromSensing) => self.postMessage(message)

let known: { readonly key: string; readonly opened: OpenedBundle; standing: Linearization | null } | null = null

export function startSensing(): void {
  self.onmessage = ({ data }: MessageEvent<ToSensing>) => receive(data)
}

async function receive(data: ToSensing): Promise<void> {
  try {
    if (data.type === 'linearize') await linearizeHere(data)
    else await design(data)
  } catch (error) {
    tell({ type: 'failed', id: data.id, message: error instanceof Error ? error.message : String(error) })
  }
}

async function robotOf(bundle: SceneTexts) {
  const key = JSON.stringify(bundle)
  if (known?.key !== key) {
    const opened = await openBundle(bundle)
    known?.opened.engine.dispose()
    known = { key, opened, standing: null }
  }
  return known
}

function progressOf(id: number) {
  let next = performance.now() + 100
  return (done: number, total: number) => {
    if (performance.now() < next) return
    next = performance.now() + 50
    tell({ type: 'progress', id, done, total })
  }
}

async function linearizeHere({ id, bundle, x, u }: Extract<ToSensing, { type: 'linearize' }>): Promise<void> {
  const { opened } = await robotOf(bundle)
  const lin = await linearize(opened.engine, { x, u }, { onProgress: progressOf(id) })
  const { quality, plan } = lin
  const { ndx, nu } = lin.layout
  tell({
    type: 'linearized',
    id,
    lin: linearizationJson(lin, opened.scene.name),
    columnColors: plan !== null && 'colors' in plan.decoder ? plan.decoder.colors : null,
    calls: quality.calls,
    denseCalls: 2 * (ndx + nu) + 1,
    certified: quality.certified,
    certificate: certificateSentence(lin),
    callsSentence: callsSentence(lin),
    eigenvalues: named(lin.A, unstableModes(lin)),
  })
}

/** LQR at the equilibrium near home. */
async function design({ id, bundle, Q, R }: Extract<ToSensing, { type: 'design' }>): Promise<void> {
  const robot = await robotOf(bundle)
  const { engine } = robot.opened
  if (robot.standing === null) {
    const found = await findEquilibrium(engine)
    const point = found.result === 'solved' ? { x: found.x, u: found.u } : engine.home
    robot.standing = await linearize(engine, point, { onProgress: progressOf(id) })
  }
  const lin = robot.standing
  const solved = lqr(lin, { Q: Matrix.diag([...Q]), R: Matrix.diag([...R]) }, { unreached: 'keep' })
  const { K } = solved
  tell({
    type: 'designed',
    id,
    gain: K && { K: K.to2DArray(), xBar: lin.xBar, uBar: lin.uBar },
    message: solved.message,
    certified: lin.quality.certified,
    closed: K ? named(Matrix.sub(lin.A, lin.B.mmul(K))) : [],
  })
}

/** Eigenvalues of M, those of `modes` with the coordinate that takes most part. */
function named(M: Matrix, modes: readonly Mode[] = []): Eigenvalue[] {
  const { re, im } = eigenvalues(M)
  return Array.from(re, (real, k) => {
    const mode = modes.find(
      ({ eigenvalue }) => Math.hypot(eigenvalue.re - real, Math.abs(eigenvalue.im) - Math.abs(im[k]!)) < 1e-9,
    )
    return { re: real, im: im[k]!, coordinate: mode?.coordinates[0]?.name ?? '' }
  })
}
