/** What a linearization cost and how far it can be trusted, in plain sentences. */
import type { Linearization } from '../linearization/linearization.ts'
import { counted, formatNumber } from './format.ts'

/** A quality, and the names of the rows that it is about. */
interface NamedQuality {
  readonly quality: Linearization['quality']
  readonly layout: { readonly dx: readonly { readonly name: string }[] }
}

/** 'Certified: the worst row leaves 2e-11 of …' or 'Not certified: …' with the rows that failed, by coordinate name. */
export function certificateSentence({ quality, layout }: NamedQuality): string {
  const { certified, heldOutResidual, heldOutDirections, tolerance, failedRows, repairedRows, fallback } = quality
  const directions = counted(heldOutDirections, 'held-out random direction')
  const residual = `residual ${formatNumber(heldOutResidual, 2)} on ${directions}, tolerance ${formatNumber(tolerance, 2)}`
  const names = (rows: readonly number[]) => rows.map((row) => layout.dx[row]?.name ?? `row ${row}`).join(', ')
  const kinked = quality.kinkedRows ?? []
  const { unresolvedRows, flatRows } = quality
  const history = [
    repairedRows.length > 0 ? ` Measured again: ${names(repairedRows)}.` : '',
    fallback !== null ? ` Dense fallback: ${fallback.replace(/\.$/, '')}.` : '',
    kinked.length > 0
      ? ` Left and right differences disagree in ${names(kinked)}: a contact or limit may switch within the step.`
      : '',
    unresolvedRows.length > 0
      ? ` Rounding hides ${names(unresolvedRows)} at this step: take a larger step, or the range of a control.`
      : '',
    flatRows.length > 0 ? ` Zero up to curvature or rounding, as other steps show: ${names(flatRows)}.` : '',
  ].join('')
  if (certified) {
    if (heldOutDirections === 0) return `Certified without held-out directions.${history}`
    return `Certified: ${residual}.${history}`
  }
  const failed = failedRows.length > 0 ? `; rows that fail: ${names(failedRows)}` : ''
  return `Not certified: ${residual}${failed}.${history}`
}

/** '15 simulator steps: 10 for 5 directions, 4 to check them on 2 random ones, 1 at the point itself', only what was spent. */
export function callsSentence({ quality }: Pick<Linearization, 'quality'>, call = 'simulator step'): string {
  const { calls, callsFor, directions, heldOutDirections, scheme } = quality
  // Held-out differences to both sides come in pairs. The odd one is the step at the point, with which left and right are compared.
  const atPoint = scheme === 'forward' ? 0 : callsFor.heldOut % 2
  const parts = [
    [callsFor.directions, `for ${counted(directions, 'direction')}`],
    [
      callsFor.heldOut - atPoint,
      `to check them on ${heldOutDirections} random ${heldOutDirections === 1 ? 'one' : 'ones'}`,
    ],
    [callsFor.detection, 'to find the pattern'],
    [callsFor.repair, 'to measure failing rows again'],
    [callsFor.fallback, 'for dense differences'],
    [callsFor.base + atPoint, 'at the point itself'],
  ] as const
  const spent = parts.filter(([count]) => count > 0).map(([count, purpose]) => `${count} ${purpose}`)
  return `${counted(calls, call)}${spent.length > 0 ? `: ${spent.join(', ')}` : ''}`
}

/** The notes of a quality but for those that `certificateSentence` says with names. */
export function notesBeside({ quality }: Pick<Linearization, 'quality'>): readonly string[] {
  return quality.notes.filter((note) => !note.startsWith('not certified: ') && !note.startsWith('flat rows'))
}
