/** The estimator of `--controller lqg`: what is measured, with which noise, and what the run made of it. */
import type { Matrix } from 'ml-matrix'
import type { Command } from 'commander'
import type { Kalman } from '../control/kalman.ts'
import { MEASUREMENT_NOISE, PROCESS_NOISE } from '../experiment/estimatorNoise.ts'
import type { MeasurementNoise } from '../experiment/measurementNoise.ts'
import type { EstimateRecorder, Estimation } from '../experiment/recordEstimates.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { ESTIMATE_HEADER, estimateRows, OUTPUT_HEADER, outputRows } from '../report/metricRows.ts'
import { deviations, names } from './options.ts'
import { eigenvalueList, matrixTable, textTable } from './table.ts'

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
