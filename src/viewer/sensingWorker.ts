/** The worker that linearizes and designs controllers, apart from the simulation, so that neither waits. Stopped by ending it. */
import { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import { withCorruption } from '../blackbox/withCorruption.ts'
import { withNoise } from '../blackbox/withNoise.ts'
import type { Mode } from '../control/modes.ts'
import type { Point } from '../engine/engine.ts'
import { callsSentence, certificateSentence } from '../experiment/certificate.ts'
import { closedLoop } from '../experiment/closedLoop.ts'
import type { DesignedController } from '../experiment/controllerDesign.ts'
import { controllerOf } from '../experiment/controllerOf.ts'
import { designController } from '../experiment/designController.ts'
import { DesignFailure } from '../experiment/designFailure.ts'
import { linearizationJson } from '../experiment/linearizationJson.ts'
import { unstableModes } from '../experiment/unstableModes.ts'
import { frobenius } from '../linalg/dense.ts'
import { eigenvalues } from '../linalg/eigenvalues.ts'
import { findEquilibrium } from '../linearization/findEquilibrium.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { linearize } from '../linearization/linearize.ts'
import { type Opening, openRobot, type Robot } from './openRobot.ts'
import { isClean } from './measurement.ts'
import type { Eigenvalue, FromSensing, Measurement, ToSensing } from './protocol.ts'

const PLAN = 2 // s, of iLQR where no horizon is given
const GROSS = 1 // size of a gross error, in the unit of each value
const SHOWN_ROLLOUTS = 8
const SHOWN_SIZE = 0.15 // rad or m that the largest coordinate of a shown rollout is off

const tell = (message: FromSensing) => self.postMessage(message)

interface Known {
  readonly key: string
  readonly robot: Robot
  standing: Linearization | null // at the equilibrium near home
  measured: { readonly key: string; readonly lin: Linearization } | null // there, as the last measurement found it
}

let known: Known | null = null

/** One request after the other: they share the robot, and the next may be of another one. */
export function startSensing(): void {
  let before = Promise.resolve()
  self.onmessage = ({ data }: MessageEvent<ToSensing>) => {
    before = before.then(() => receive(data))
  }
}

async function receive(data: ToSensing): Promise<void> {
  try {
    if (data.type === 'linearize') await linearizeHere(data)
    else if (data.type === 'design') await design(data)
    else await probe(data)
  } catch (error) {
    tell({ type: 'failed', id: data.id, message: error instanceof Error ? error.message : String(error) })
  }
}

async function knownRobot(opening: Opening): Promise<Known> {
  const key = JSON.stringify(opening)
  if (known?.key !== key) {
    const robot = await openRobot(opening)
    known?.robot.dispose()
    known = { key, robot, standing: null, measured: null }
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

async function linearizeHere(asked: Extract<ToSensing, { type: 'linearize' }>): Promise<void> {
  const { id, opening, x, u, measurement } = asked
  const { robot } = await knownRobot(opening)
  const rollouts: Float64Array[] = []
  const lin = await measured(robot, { x, u }, measurement, { onProgress: progressOf(id), seen: rollouts })
  const { quality, plan } = lin
  const { ndx, nu } = lin.layout
  tell({
    type: 'linearized',
    id,
    lin: linearizationJson(lin, robot.figure.name),
    columnColors: plan !== null && 'colors' in plan.decoder ? plan.decoder.colors : null,
    calls: quality.calls,
    denseCalls: 2 * (ndx + nu) + 1,
    certified: quality.certified,
    certificate: certificateSentence(lin),
    callsSentence: callsSentence(lin),
    eigenvalues: named(lin.A, unstableModes(lin)),
    error: isClean(measurement) ? null : differenceOf(lin, await linearize(robot.engine, { x, u })),
    rollouts,
  })
}

/** Steps as they are, or spoiled. `seen` gets the poses of some states that were stepped from, farther away than they were. */
async function measured(
  { engine, poses }: Robot,
  point: Point,
  { noise, corrupted, decoding, maxCalls }: Measurement,
  { onProgress, seen }: { onProgress?: (done: number, total: number) => void; seen?: Float64Array[] },
): Promise<Linearization> {
  const { ndx, nx } = engine.layout
  const spoiled = (blackbox: Blackbox) => {
    const noisy = noise > 0 ? withNoise(blackbox, { sigma: noise }) : blackbox
    return corrupted > 0 ? withCorruption(noisy, { fraction: corrupted, size: GROSS, of: 'calls' }) : noisy
  }
  const look = (z: Float64Array) => {
    const dx = z.subarray(0, ndx)
    const size = dx.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    if (!seen || seen.length >= SHOWN_ROLLOUTS || size === 0) return
    const away = new Float64Array(nx)
    engine.integrate(
      point.x,
      dx.map((value) => (value * SHOWN_SIZE) / size),
      away,
    )
    seen.push(poses(away))
  }
  const watched = (blackbox: Blackbox): Blackbox => {
    const inner = spoiled(blackbox)
    return {
      ...inner,
      evaluate(z, y) {
        look(z)
        inner.evaluate(z, y)
      },
    }
  }
  return linearize(engine, point, {
    ...(onProgress && { onProgress }),
    ...(maxCalls > 0 && { maxCalls }),
    ...(decoding !== 'auto' && {
      method: 'rainbow' as const,
      noise: noise > 0 ? noise : undefined,
      robust: decoding === 'robust',
    }),
    // An engine's own derivatives are not measured, so nothing is to be seen or spoiled.
    ...((noise > 0 || corrupted > 0 || !engine.derivatives) && { wrap: watched }),
  })
}

/** A controller around the equilibrium near home. */
async function design(asked: Extract<ToSensing, { type: 'design' }>): Promise<void> {
  const { id, opening, Q, R, settings, x, measurement } = asked
  const known = await knownRobot(opening)
  const { engine } = known.robot
  if (Object.keys(settings).length > 1) {
    const { checkControllerSettings } = await import('../experiment/checkControllerSettings.ts')
    checkControllerSettings(settings, engine.layout)
  }
  if (known.standing === null) {
    const found = await findEquilibrium(engine)
    const point = found.result === 'solved' ? { x: found.x, u: found.u } : engine.home
    known.standing = await linearize(engine, point, { onProgress: progressOf(id) })
  }
  const { standing } = known
  const key = JSON.stringify(measurement)
  if (known.measured?.key !== key) {
    const point = { x: standing.xBar, u: standing.uBar }
    const lin = isClean(measurement)
      ? standing
      : await measured(known.robot, point, measurement, { onProgress: progressOf(id) })
    known.measured = { key, lin }
  }
  const { lin } = known.measured
  const open = named(standing.A, unstableModes(standing))
  const failed = { type: 'designed', id, design: null, gain: null, open, closed: [], certified: false } as const
  try {
    const cost = { Q: Matrix.diag([...Q]), R: Matrix.diag([...R]) }
    const designed = await designController(
      engine,
      lin,
      settings,
      { cost, x0: x, duration: PLAN },
      { unreached: 'keep', seed: 1, onProgress: progressOf(id) },
    )
    const { design } = designed
    const { K, xBar, uBar } = design
    // Where the last state weighs LQR's cost to go, a plan near the point is LQR's; else it is another loop.
    const loop = design.receding && settings.qf !== undefined ? null : closedLoop(design, standing)
    const closed = loop ? named(loop) : []
    const radius = closed.reduce((most, { re, im }) => Math.max(most, Math.hypot(re, im)), 0)
    const truth = `On the undisturbed linearization the largest |λ| with it is ${radius.toPrecision(5)}: ${radius < 1 ? 'it holds' : 'it does not hold'}.`
    const message = designMessage(designed)
    tell({
      ...failed,
      design,
      gain: K && { K, xBar, uBar },
      message: isClean(measurement) || !K ? message : `${message}. ${truth}`,
      certified: lin.quality.certified,
      closed,
    })
  } catch (error) {
    if (!(error instanceof DesignFailure)) throw error
    tell({ ...failed, message: error.message })
  }
}

/** One sentence of what came out. */
function designMessage({ design, regulator, estimator, optimum }: DesignedController): string {
  if (estimator) return `regulator: ${regulator!.message}; filter: ${estimator.filter.message}`
  if (optimum) return `${optimum.result}: ${optimum.message}; then LQR: ${regulator!.message}`
  return `${design.receding ? `plans ${design.receding.horizon} s ahead; LQR at the point: ` : ''}${regulator!.message}`
}

/** By the controller that runs; of a plan, by what holds the robot at its end. Without noise. */
async function probe({ id, opening, design }: Extract<ToSensing, { type: 'probe' }>): Promise<void> {
  const { robot } = await knownRobot(opening)
  const { probeKicks } = await import('./probeKicks.ts')
  const { controller } = await controllerOf(robot.engine, { ...design, trajectory: null })
  tell({ type: 'probed', id, kicks: await probeKicks(robot, controller, design.xBar, progressOf(id)) })
}

/** Of [A B], Frobenius, relative. */
function differenceOf({ A, B }: Linearization, reference: Linearization): number {
  const [ofA, ofB] = [Matrix.sub(A, reference.A), Matrix.sub(B, reference.B)].map(frobenius)
  return Math.hypot(ofA!, ofB!) / Math.hypot(frobenius(reference.A), frobenius(reference.B))
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
