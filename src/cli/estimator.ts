/** The estimator of `--controller lqg`: what is measured, with which noise, and what the run made of it. */
import type { Matrix } from 'ml-matrix'
import type { Command } from 'commander'
import type { Kalman } from '../control/kalman.ts'
import type { QuadraticCost } from '../control/linearArguments.ts'
import { lqg } from '../control/lqg.ts'
import { lqgController } from '../control/lqgController.ts'
import type { LqrOptions } from '../control/lqr.ts'
import type { Engine, Layout } from '../engine/engine.ts'
import { filterNoise, MEASUREMENT_NOISE, PROCESS_NOISE } from '../experiment/filterNoise.ts'
import type { MeasurementNoise } from '../experiment/measurementNoise.ts'
import { type EstimateRecorder, type Estimation, recordEstimates } from '../experiment/recordEstimates.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { ESTIMATE_HEADER, estimateRows, OUTPUT_HEADER, outputRows } from '../report/metricRows.ts'
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
  return filterNoise(flags, layout, {
    outputs: '--outputs',
    measurementNoise: '--measurement-noise',
    processNoise: '--process-noise',
  })
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
