/** One run of a sweep, from settings to a row. The same job gives the same row wherever it runs: there are no times and no places in it. */
import { BlackboxError } from '../../blackbox/blackboxError.ts'
import type { Point } from '../../engine/engine.ts'
import { eigenvalues } from '../../linalg/eigenvalues.ts'
import { compareLinearizations } from '../../linearization/compareLinearizations.ts'
import { findEquilibrium } from '../../linearization/findEquilibrium.ts'
import type { Linearization } from '../../linearization/linearization.ts'
import { linearize } from '../../linearization/linearize.ts'
import { InputError } from '../../scene/inputError.ts'
import type { SceneTexts } from '../../scene/sceneTexts.ts'
import type { RunSettings } from '../../scene/sweep/runSettings.ts'
import { DesignFailure } from '../designFailure.ts'
import { withUnit } from '../format.ts'
import { measureRun } from '../metrics.ts'
import { simulate, type Trajectory } from '../simulate.ts'
import { type DesignedRun, designRun, sensedAt } from './designRun.ts'
import { failedRow, oneLine, type Plain, type SweepJob, type SweepRow } from './job.ts'
import type { Opened, RunEngines } from './openRun.ts'
import { givenPoint, isSearched, type ResolvedRun, resolveRun } from './resolveRun.ts'
import { RunFailure } from './runFailure.ts'

/** Rows of large robots tell the largest deviations only. */
const MAX_COORDINATES = 12
const MAX_CONTROLS = 6

/**
 * What can't be had is a row with its reason: no equilibrium, no gain, a value that is not finite, settings that do not fit each other.
 * Throws only what is a bug.
 */
export async function runJob(job: SweepJob, texts: SceneTexts, engines: RunEngines): Promise<SweepRow> {
  try {
    return await run(job, texts, engines)
  } catch (error) {
    return failedRow(job, reasonOf(error))
  }
}

function reasonOf(error: unknown): string {
  const known = [InputError, RunFailure, DesignFailure, RangeError]
  if (known.some((kind) => error instanceof kind)) return (error as Error).message
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

async function run(job: SweepJob, texts: SceneTexts, engines: RunEngines): Promise<SweepRow> {
  const { settings, seed, index, study, parameters } = job
  const opened = await engines.open(settings, settings.scene as string, texts)
  const { scene, engine, plant } = opened
  const resolved = resolveRun(settings, scene, engine)
  const point = await pointOf(opened, settings)
  const x0 = resolved.start(point)
  const lin = await named(opened, () => sensedAt(engine, point, settings.estimator, { seed }))
  const designed = await named(opened, () => designRun({ engine, lin, x0 }, settings, resolved, { seed }))
  const { sigma, duration, disturbances } = resolved
  const trajectory = await simulate(plant, designed.controller, {
    x0,
    xBar: point.x,
    uBar: point.u,
    duration,
    disturbances,
    ...(sigma && { measurement: { sigma, seed } }),
  })
  const { result, message } = trajectory
  return {
    index,
    study,
    seed,
    parameters,
    result,
    success: succeeded(trajectory, resolved),
    reason: result === 'completed' ? null : oneLine(message),
    metrics: {
      ...runMetrics(trajectory, resolved),
      ...linearizationMetrics(lin, designed),
      ...(settings.estimator?.compare && (await named(opened, () => errors(opened, point, lin)))),
    },
  }
}

async function pointOf(opened: Opened, { at }: RunSettings): Promise<Point> {
  const { scene, engine, points } = opened
  if (!isSearched(at)) return givenPoint(at, scene, engine)
  const known = points.get(at)
  if (known !== undefined) return known
  const search = equilibrium(opened, at)
  points.set(at, search)
  return search
}

async function equilibrium({ engine }: Opened, at: 'equilibrium' | 'equilibrium:hold'): Promise<Point> {
  const options = at === 'equilibrium:hold' ? { free: ['controls', 'activations'] } : {}
  const { result, x, u, unbalanced, message } = await findEquilibrium(engine, engine.home, options)
  if (result === 'solved') return { x, u }
  const rest = unbalanced.slice(0, 4).map(({ name, unit, value }) => `${name} (${withUnit(value, unit, 3)})`)
  throw new RunFailure(
    `no equilibrium found near home (${result}): ${rest.length > 0 ? `unbalanced ${rest.join(', ')}` : message}`,
  )
}

/** Names the coordinate where the engine gives a value that is not finite. */
async function named<T>({ engine }: Opened, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof BlackboxError)) throw error
    const coordinate = error.outputName ?? engine.layout.dx[error.output]?.name ?? `entry ${error.output}`
    throw new RunFailure(`the ${engine.name} engine gives ${error.value} for ${coordinate} near the point of operation`)
  }
}

/** Whether every deviation stays within its bound in the last share of the run. */
function succeeded({ result, dX, steps, layout: { ndx } }: Trajectory, { within, last }: ResolvedRun): boolean {
  if (result !== 'completed') return false
  for (let k = Math.floor((1 - last) * steps); k <= steps; k++)
    for (let i = 0; i < ndx; i++) if (!(Math.abs(dX[k * ndx + i]!) <= within[i]!)) return false
  return true
}

function runMetrics(trajectory: Trajectory, { cost: weights }: ResolvedRun): Record<string, Plain> {
  const { settlingTime, cost, duration, coordinates, controls } = measureRun(trajectory, weights ?? {})
  const metrics: Record<string, Plain> = {
    'simulated (s)': rounded(duration),
    settled: settlingTime !== null,
    'settling time (s)': settlingTime === null ? null : rounded(settlingTime),
    cost: finite(cost),
    'saturated share': finite(trajectory.saturatedFraction),
  }
  if (coordinates.length <= MAX_COORDINATES)
    for (const { name, unit, peakDeviation, finalDeviation } of coordinates) {
      metrics[withUnitOf(`largest ${name}`, unit)] = finite(peakDeviation)
      metrics[withUnitOf(`final ${name}`, unit)] = finite(finalDeviation)
    }
  else {
    metrics['largest deviation'] = finite(Math.max(...coordinates.map((one) => one.peakDeviation)))
    metrics['largest final deviation'] = finite(Math.max(...coordinates.map((one) => Math.abs(one.finalDeviation))))
  }
  for (const { name, unit, peak, rms } of controls.slice(0, MAX_CONTROLS)) {
    metrics[withUnitOf(`largest ${name}`, unit)] = finite(peak)
    metrics[withUnitOf(`rms ${name}`, unit)] = finite(rms)
  }
  return metrics
}

function linearizationMetrics(lin: Linearization, { regulator, planning }: DesignedRun): Record<string, Plain> {
  const { method, calls, certified, heldOutResidual } = lin.quality
  return {
    method,
    calls,
    certified,
    'held-out residual': finite(heldOutResidual),
    'open-loop spectral radius': radius(eigenvalues(lin.A)),
    'closed-loop spectral radius': regulator?.eigenvalues ? radius(regulator.eigenvalues) : null,
    ...(planning && { 'iLQR result': planning.result, 'iLQR iterations': planning.iterations }),
  }
}

async function errors({ engine }: Opened, point: Point, lin: Linearization): Promise<Record<string, Plain>> {
  const reference = await linearize(engine, point, { method: 'dense' })
  const { relativeA, relativeB } = compareLinearizations(lin, reference)
  return { 'relative error of A': finite(relativeA), 'relative error of B': finite(relativeB) }
}

function radius({ re, im }: { re: ArrayLike<number>; im: ArrayLike<number> }): number | null {
  let largest = 0
  for (let k = 0; k < re.length; k++) largest = Math.max(largest, Math.hypot(re[k]!, im[k]!))
  return finite(largest)
}

/** JSON has no words for what is not finite. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null
}

/** A time without the dust of k·dt. */
function rounded(time: number): number {
  return Number(time.toPrecision(12))
}

function withUnitOf(name: string, unit: string): string {
  return unit === '' ? name : `${name} (${unit})`
}
