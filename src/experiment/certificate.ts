/** What a linearization cost and how far it can be trusted, in plain sentences. */
import type { Linearization } from '../linearization/linearization.ts'
import { counted, formatNumber } from './format.ts'

/** A quality, and the names of the rows that it is about. */
interface NamedQuality {
  readonly quality: Linearization['quality']
  readonly layout: { readonly dx: readonly { readonly name: string }[]; readonly nu?: number }
}

/** 'Certified: the worst row leaves 2e-11 of …' or 'Not certified: …' with the rows that failed, by coordinate name. */
export function certificateSentence({ quality, layout }: NamedQuality): string {
  if (quality.smoothing) return smoothedSentence(quality, quality.smoothing, layout)
  const { certified, heldOutResidual, heldOutDirections, tolerance, failedRows, repairedRows, fallback, grossErrors } =
    quality
  const directions = counted(heldOutDirections, 'held-out random direction')
  const residual = `residual ${formatNumber(heldOutResidual, 2)} on ${directions}, tolerance ${formatNumber(tolerance, 2)}`
  const names = (rows: readonly number[]) => namesOf(rows, layout)
  const kinked = quality.kinkedRows ?? []
  const { unresolvedRows, flatRows } = quality
  const history = [
    repairedRows.length > 0 ? ` Measured again: ${names(repairedRows)}.` : '',
    grossErrors !== null && grossErrors > 0
      ? ` Left out as grossly wrong: ${percent(grossErrors)} of the differences.`
      : '',
    fallback !== null ? ` Dense fallback: ${fallback.replace(/\.$/, '')}.` : '',
    kinked.length > 0
      ? ` Left and right differences disagree in ${names(kinked)}: a contact or limit may switch within the step.`
      : '',
    unresolvedRows.length > 0 ? ` ${hiddenSentence(quality, names(unresolvedRows))}` : '',
    flatRows.length > 0 ? ` Zero up to curvature or rounding, as other steps show: ${names(flatRows)}.` : '',
    nearSentence(quality, ', of which it knows nothing'),
  ].join('')
  if (certified) {
    if (heldOutDirections === 0) return `Certified without held-out directions.${history}`
    return `Certified: ${residual}.${history}`
  }
  const failed = failedRows.length > 0 ? `; rows that fail: ${names(failedRows)}` : ''
  return `Not certified: ${residual}${failed}.${history}`
}

/** 'cart.velocity, pole.velocity', the first eight by name. */
function namesOf(rows: readonly number[], { dx }: NamedQuality['layout']): string {
  const more = rows.length > 8 ? ` and ${rows.length - 8} more` : ''
  const names = rows.slice(0, 8).map((row) => dx[row]?.name ?? `row ${row}`)
  return `${names.join(', ')}${more}`
}

/** Why rows are not told to the tolerance, and what would help. */
function hiddenSentence({ noiseLevel, standardError }: Linearization['quality'], names: string): string {
  if (standardError === null)
    return `Rounding hides ${names} at this step: take a larger step, or the range of a control.`
  if (noiseLevel !== null && noiseLevel > 1e-12) return `Noise hides ${names}: allow more steps, or a larger tolerance.`
  return `Too few steps tell ${names}: allow more.`
}

/** 'Certified: standard errors: up to 2.3 % of a row of A, up to 0.4 % of a row of B, tolerance 5 %.', or not, and how many samples would do. */
function smoothedSentence(
  quality: Linearization['quality'],
  { relativeStandardError, samplesNeeded }: NonNullable<Linearization['quality']['smoothing']>,
  layout: NamedQuality['layout'],
): string {
  const { certified, tolerance, failedRows, flatRows } = quality
  const kinkedRows = quality.kinkedRows ?? []
  const names = (rows: readonly number[]) => namesOf(rows, layout)
  const errors = ['A', 'B'].slice(0, (layout.nu ?? 0) > 0 ? 2 : 1).map((name, group) => {
    const worst = Math.max(0, ...relativeStandardError.getColumn(group))
    return Number.isFinite(worst)
      ? `up to ${percent(worst)} of a row of ${name}`
      : `some rows of ${name} not told from 0`
  })
  const advice =
    samplesNeeded === null
      ? '; what hardly matters beside the rest of its row takes a larger deviation, or none'
      : `; about ${samplesNeeded} samples would do`
  const failed = failedRows.length > 0 ? `; rows that fail: ${names(failedRows)}${advice}` : ''
  const switched =
    kinkedRows.length > 0
      ? ` Left and right differ within the cloud in ${names(kinkedRows)}: a contact or limit switches there, or it is curved.`
      : ''
  const flat =
    flatRows.length > 0 ? ` Zero within their errors for some inputs without deviation: ${names(flatRows)}.` : ''
  const verdict = certified ? 'Certified' : 'Not certified'
  return `${verdict}: standard errors: ${errors.join(', ')}, tolerance ${percent(tolerance)}${failed}.${switched}${flat}${nearSentence(quality)}`
}

/** What the engine says may switch within the next period, '' where nothing. */
function nearSentence({ nearSwitches = [] }: Linearization['quality'], remark = ''): string {
  if (nearSwitches.length === 0) return ''
  const more = nearSwitches.length > 4 ? ` and ${nearSwitches.length - 4} more` : ''
  return ` Within reach of the next period: ${nearSwitches.slice(0, 4).join(', ')}${more}${remark}.`
}

function percent(share: number): string {
  return `${formatNumber(100 * share, 2)} %`
}

/** '15 simulator steps: 10 for 5 directions, 4 to check them on 2 random ones, 1 at the point itself', only what was spent. */
export function callsSentence({ quality }: Pick<Linearization, 'quality'>, call = 'simulator step'): string {
  const { calls, callsFor, directions, heldOutDirections, scheme, smoothing } = quality
  // Held-out differences to both sides come in pairs. The odd one is the step at the point, with which left and right are compared.
  const atPoint = scheme === 'forward' ? 0 : callsFor.heldOut % 2
  const parts = [
    [
      callsFor.directions,
      smoothing ? cloudText(quality, smoothing.samples) : `for ${counted(directions, 'direction')}`,
    ],
    [
      callsFor.heldOut - atPoint,
      `to check them on ${heldOutDirections} random ${heldOutDirections === 1 ? 'one' : 'ones'}`,
    ],
    [callsFor.detection, quality.standardError === null ? 'to find the pattern' : 'to find noise and step'],
    [callsFor.repair, 'to measure failing rows again'],
    [callsFor.fallback, 'for dense differences'],
    [callsFor.base + atPoint, 'at the point itself'],
  ] as const
  const spent = parts.filter(([count]) => count > 0).map(([count, purpose]) => `${count} ${purpose}`)
  return `${counted(calls, call)}${spent.length > 0 ? `: ${spent.join(', ')}` : ''}`
}

function cloudText({ callsFor }: Linearization['quality'], samples: number): string {
  return `for a cloud of ${samples}${callsFor.directions > samples ? ' and differences at each' : ''}`
}

/** The notes of a quality but for those that `certificateSentence` says with names. */
export function notesBeside({ quality }: Pick<Linearization, 'quality'>): readonly string[] {
  return quality.notes.filter((note) => !note.startsWith('not certified: ') && !note.startsWith('flat rows'))
}
