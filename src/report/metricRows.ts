/** The numbers of a run as rows of a table: one a state, one a control. */
import type { Estimation } from '../experiment/recordEstimates.ts'
import type { Metrics } from '../experiment/metrics.ts'
import { formatNumber } from '../experiment/format.ts'
import { shownValue } from '../experiment/rounding.ts'

export const STATE_HEADER = ['state', 'unit', 'final deviation', 'peak', 'RMS', 'settling time'] as const
export const ESTIMATE_HEADER = ['state', 'unit', 'final error', 'peak error', 'RMS error', 'expected'] as const
export const OUTPUT_HEADER = ['output', 'unit', 'noise', 'RMS innovation', 'expected'] as const
export const CONTROL_HEADER = ['control', 'unit', 'peak', 'RMS', 'at its limit'] as const

/** Rows under STATE_HEADER; what is rounding against the largest of its column (or 1) is shown as 0. */
export function stateRows({ coordinates }: Metrics): string[][] {
  const scale = Math.max(1, ...coordinates.map(({ peakDeviation }) => peakDeviation))
  const number = (value: number) => formatNumber(shownValue(value, scale), 3)
  return coordinates.map(({ name, unit, finalDeviation, peakDeviation, rms, settlingTime }) => [
    name,
    unit,
    number(finalDeviation),
    number(peakDeviation),
    number(rms),
    settlingTime === null ? 'not settled' : `${formatNumber(settlingTime, 3)} s`,
  ])
}

/** Rows under CONTROL_HEADER. */
export function controlRows({ controls }: Metrics): string[][] {
  const scale = Math.max(1, ...controls.map(({ peak }) => peak))
  const number = (value: number) => formatNumber(shownValue(value, scale), 3)
  return controls.map(({ name, unit, peak, rms, saturatedFraction }) => [
    name,
    unit,
    number(peak),
    number(rms),
    `${formatNumber(100 * saturatedFraction, 3)} %`,
  ])
}

/** Rows under ESTIMATE_HEADER. */
export function estimateRows({ coordinates }: Pick<Estimation, 'coordinates'>): string[][] {
  const scale = Math.max(...coordinates.map(({ peakError }) => peakError))
  const number = (value: number) => formatNumber(shownValue(value, scale), 3)
  return coordinates.map(({ name, unit, finalError, peakError, rmsError, expectedError }) => [
    name,
    unit,
    ...[finalError, peakError, rmsError, expectedError].map(number),
  ])
}

/** Rows under OUTPUT_HEADER. */
export function outputRows({ outputs }: Pick<Estimation, 'outputs'>): string[][] {
  return outputs.map(({ name, unit, noise, rmsInnovation, expectedInnovation }) => [
    name,
    unit,
    ...[noise, rmsInnovation, expectedInnovation].map((value) => formatNumber(value, 3)),
  ])
}
