/** How a run ended, in a sentence or two: whether it settled and since when, and what is still far away. */
import type { Metrics } from '../experiment/metrics.ts'
import type { Disturbance, Trajectory } from '../experiment/simulate.ts'
import { formatNumber, withUnit } from '../experiment/format.ts'

const FAR = 0.5 // of the peak deviation, at the end

/**
 * 'Settled 2.41 s after the last kick at 3 s, within 2 % of each peak.' or 'Did not settle within 2 % of each peak: …, at the end
 * 0.4 m away.'; '' where the run ended early.
 */
export function settlingSentence(trajectory: Trajectory, metrics: Metrics): string {
  if (trajectory.result !== 'completed') return ''
  const band = `within ${formatNumber(100 * metrics.band)} % of each coordinate's peak`
  const since = sinceWhen(trajectory)
  if (metrics.settlingTime !== null) {
    if (metrics.coordinates.every(({ peakDeviation, band: width }) => peakDeviation <= width))
      return 'It stayed at rest.'
    return `Settled ${formatNumber(metrics.settlingTime, 3)} s after ${since}, ${band}.`
  }
  const restless = metrics.coordinates.filter(({ settlingTime }) => settlingTime === null)
  const names = restless.slice(0, 4).map(({ name }) => name)
  const more = restless.length > names.length ? ` and ${restless.length - names.length} more` : ''
  const far = restless
    .filter(({ finalDeviation, peakDeviation }) => Math.abs(finalDeviation) >= FAR * peakDeviation)
    .sort((one, other) => Math.abs(other.finalDeviation) - Math.abs(one.finalDeviation))
    .slice(0, 4)
    .map(({ name, unit, finalDeviation }) => `${name} by ${withUnit(finalDeviation, unit, 3)}`)
  const away = far.length > 0 ? ` It ends far from the point: ${far.join(', ')}.` : ''
  return `Did not settle ${band}, counted from ${since}: ${names.join(', ')}${more}.${away}`
}

/** 'the last kick at 3 s', 'the start'. */
function sinceWhen({ disturbances, steps, dt }: Trajectory): string {
  const lasts = (event: Disturbance) => 'duration' in event && event.time + event.duration > (steps - 1) * dt
  const ends = disturbances.map((event) => event.time + ('duration' in event && !lasts(event) ? event.duration : 0))
  if (ends.length === 0) return 'the start'
  const last = Math.max(...ends)
  const event = disturbances[ends.indexOf(last)]!
  if (lasts(event)) return `the last push, which began at ${formatNumber(last)} s and lasted`
  if ('duration' in event) return `the last pulse, which ended at ${formatNumber(last)} s`
  return `the last kick at ${formatNumber(last)} s`
}
