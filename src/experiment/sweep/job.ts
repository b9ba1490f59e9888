/** One run of a sweep and what comes of it, as plain data: what passes to threads, through a queue and into files. */
import type { RunSettings } from '../../scene/sweep/runSettings.ts'

export type Plain = number | string | boolean | null

export interface SweepJob {
  readonly index: number // in the order of the sweep
  readonly study: string | null
  readonly seed: number
  readonly parameters: Readonly<Record<string, Plain>> // by the names of the axes
  readonly settings: RunSettings // `scene` is the key of its texts: 'sha256:…'
  readonly timeLimit: number // s, by the clock
}

/**
 * 'completed': the run came to its end. 'diverged': engine or controller gave a value that is not finite. 'failed': there was no run, and
 * `reason` tells why.
 */
export interface SweepRow {
  readonly index: number
  readonly study: string | null
  readonly seed: number
  readonly parameters: Readonly<Record<string, Plain>>
  readonly result: 'completed' | 'diverged' | 'failed'
  readonly success: boolean
  readonly reason: string | null // null where completed
  readonly metrics: Readonly<Record<string, Plain>> // by name and unit: 'settling time (s)'; null where there is none
}

/** The row of a run that could not be made. */
export function failedRow({ index, study, seed, parameters }: SweepJob, reason: string): SweepRow {
  return { index, study, seed, parameters, result: 'failed', success: false, reason: oneLine(reason), metrics: {} }
}

const MAX_REASON = 2000

export function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .slice(0, MAX_REASON)
}
