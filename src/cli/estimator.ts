/** The estimator of `--controller lqg`: what is measured, with which noise, and what the run made of it. */
import { Matrix } from 'ml-matrix'
import type { Command } from 'commander'
import type { Kalman } from '../control/kalman.ts'
import type { QuadraticCost } from '../control/linearArguments.ts'
import { lqg } from '../control/lqg.ts'
import { lqgController } from '../control/lqgController.ts'
import type { LqrOptions } from '../control/lqr.ts'
import type { Engine, Layout } from '../engine/engine.ts'
import type { MeasurementNoise } from '../experiment/measurementNoise.ts'
import { type EstimateRecorder, type Estimation, recordEstimates } from '../experiment/recordEstimates.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { kindOf } from '../linearization/smoothing.ts'
import { ESTIMATE_HEADER, estimateRows, OUTPUT_HEADER, outputRows } from '../report/metricRows.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { NumericalFailure } from './io.ts'
import { requireSolved } from './lqrCommand.ts'
import { deviations, names } from './options.ts'
import { eigenvalueList, matrixTable, textTable } from './table.ts'

type NamedDeviations = number | Readonly<Record<string, number>>

export interface EstimatorFlags {
  readonly outputs?: readonly string[]
  readonly measurementNoise?: NamedDeviations
  readonly processNoise?: NamedDeviations
}

export interface Estimator {
  readonly filter: Kalman
  readonly recorder: EstimateRecorder
  readonly measurement: MeasurementNoise
  readonly W: Matrix // [ndx × ndx]
  readonly V: Matrix // [ny × ny]
}

const MEASUREMENT_NOISE = 1e-3
const PROCESS_NOISE = { positions: 1e-4, velocities: 1e-2, activations: 1e-2 }
const KINDS = Object.keys(PROCESS_NOISE)

export function addEstimatorOptions(command: Command): Command {
  return command
    .option(
      '--outputs <name,…>',
      'of lqg: the coordinates that are measured; the rest is estimated (default: all positions)',
      names,
    )
    .option(
      '--measurement-noise <deviations>',
      'of lqg: standard deviations of a measurement, each in the unit of its coordinate; one number for all, or name=deviation,… with ' +
        `names of outputs, positions or velocities (default: ${MEASUREMENT_NOISE}); the run draws it, from --seed`,
      deviations,
    )
    .option(
      '--process-noise <deviations>',
      'of lqg: standard deviations of what the filter takes a step to add unforeseen, in the same way (others: 0; default: ' +
        `${Object.entries(PROCESS_NOISE)
          .map(([name, value]) => `${name}=${value}`)
          .join(',')}); nothing is added in the run`,
      deviations,
    )
}

/** Throws InputError on names that are no coordinates, and on outputs without noise. */
export function noiseOf(flags: EstimatorFlags, layout: Layout) {
  const { dx, nv, ndx } = layout
  const all = dx.map(({ name }) => name)
  const outputs = flags.outputs ?? all.slice(0, nv)
  if (outputs.length === 0)
    throw new InputError({ path: '--outputs', expected: 'at least one coordinate', found: 'none' })
  for (const [k, name] of outputs.entries()) {
    if (!all.includes(name))
      throw new InputError({
        path: '--outputs',
        expected: `some of ${listed(all)}`,
        found: `"${name}"${suggestion(name, all)}`,
      })
    if (outputs.indexOf(name) < k)
      throw new InputError({ path: '--outputs', expected: 'each coordinate once', found: `"${name}" twice` })
  }
  const of = (option: string, given: NamedDeviations, allowed: readonly string[]) => {
    const known = [...KINDS, ...allowed]
    for (const name of Object.keys(typeof given === 'number' ? {} : given))
      if (!known.includes(name))
        throw new InputError({
          path: `${option} ${name}`,
          expected: `a deviation of one of ${listed(known)}`,
          found: `"${name}"${suggestion(name, known)}`,
        })
    return allowed.map((name) => {
      if (typeof given === 'number') return given
      const kind = kindOf(all.indexOf(name), { nv, ndx })
      return Object.hasOwn(given, name) ? given[name]! : Object.hasOwn(given, kind) ? given[kind]! : 0
    })
  }
  const sigmas = of('--measurement-noise', flags.measurementNoise ?? MEASUREMENT_NOISE, outputs)
  const exact = sigmas.indexOf(0)
  if (exact >= 0)
    throw new InputError({
      path: '--measurement-noise',
      expected: `a deviation > 0 of ${outputs[exact]!}`,
      found: 'none',
    })
  const drifts = of('--process-noise', flags.processNoise ?? PROCESS_NOISE, all)
  const squared = (values: readonly number[]) => Matrix.diag(values.map((value) => value * value))
  return {
    outputs,
    sigma: Object.fromEntries(outputs.map((name, k) => [name, sigmas[k]!])),
    W: squared(drifts),
    V: squared(sigmas),
  }
}

/** Regulator, filter, and the controller made of both. Throws NumericalFailure naming the modes where one of them can't be had. */
export function designEstimator(
  lin: Linearization,
  cost: QuadraticCost,
  engine: Engine,
  flags: EstimatorFlags & { readonly seed: number },
  options: LqrOptions,
) {
  const { sigma, ...noise } = noiseOf(flags, engine.layout)
  const design = lqg(lin, cost, noise, options)
  const { regulator, filter } = design
  requireSolved(regulator)
  if (design.result !== 'solved') throw new NumericalFailure(`lqg: ${filter.result}: ${filter.message}`)
  const recorder = recordEstimates(lqgController(lin, design, engine.difference))
  const measurement = { sigma, seed: flags.seed }
  const estimator: Estimator = { filter, recorder, measurement, W: noise.W, V: noise.V }
  return { regulator, estimator }
}

/** The filter, for people. */
export function filterText(lin: Linearization, { filter }: Estimator, { outputs, L }: Estimation): string {
  return (
    `${matrixTable('L', L, lin.layout.dx, outputs)}\n` +
    `filter eigenvalues       ${eigenvalueList(filter.eigenvalues!)}\nfilter: ${filter.message}\n`
  )
}

/** How well it did, for people. */
export function estimationText(estimation: Estimation): string {
  const rows = estimateRows(estimation)
  const more = rows.length > 48 ? `… and ${rows.length - 48} more (all of them: --json)\n` : ''
  return `${textTable(OUTPUT_HEADER, outputRows(estimation), [0, 1])}\n${textTable(ESTIMATE_HEADER, rows.slice(0, 48), [0, 1])}${more}`
}

/** The same for programs. */
export function estimationJson({ filter, measurement, W, V }: Estimator, estimation: Estimation) {
  const { result, message, P, after, C, eigenvalues, residual } = filter
  const values = eigenvalues && Array.from(eigenvalues.re, (re, k) => ({ re, im: eigenvalues.im[k]! }))
  return { lqg: { result, message, measurement, W, V, C, P, after, eigenvalues: values, residual, ...estimation } }
}
