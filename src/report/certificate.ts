/** What a linearization cost and how far it can be trusted, in plain sentences. */
import type { Linearization } from '../linearization/linearization.ts'
import { formatNumber } from './format.ts'

/** 'Certified: the worst row leaves 2e-11 of …' or 'Not certified: …' with the rows that failed, by coordinate name. */
export function certificateSentence({ quality, layout }: Linearization): string {
  const { certified, heldOutResidual, heldOutDirections, tolerance, failedRows, repairedRows, kinkedRows, fallback } =
    quality
  const directions = `${heldOutDirections} held-out random direction${heldOutDirections === 1 ? '' : 's'}`
  const residual = `residual ${formatNumber(heldOutResidual, 2)} on ${directions}, tolerance ${formatNumber(tolerance, 2)}`
  const names = (rows: readonly number[]) => rows.map((row) => layout.dx[row]?.name ?? `row ${row}`).join(', ')
  const kinked = quality.kinkedRows ?? []
  const history = [
    repairedRows.length > 0 ? ` Measured again: ${names(repairedRows)}.` : '',
    kinkedRows !== null && kinkedRows.length > 0
      ? ` Left and right differences disagree in ${names(kinkedRows)}: a contact or a limit may switch here.`
      : '',
    fallback !== null ? ` Dense fallback: ${fallback.replace(/\.$/, '')}.` : '',
    kinked.length > 0
      ? ` Left and right differences disagree in ${names(kinked)}: a contact or limit may switch within the step.`
      : '',
  ].join('')
  if (certified) {
    if (heldOutDirections === 0) return `Certified without held-out directions.${history}`
    return `Certified: ${residual}.${history}`
  }
  const failed = failedRows.length > 0 ? `; rows that fail: ${names(failedRows)}` : ''
  return `Not certified: ${residual}${failed}.${history}`
}

/** '14 engine steps (8 directions, 4 held out, 2 repair)', only what was spent. */
export function callsSentence({ quality }: Linearization): string {
  const { calls, callsFor } = quality
  const parts = [
    [callsFor.base, 'base'],
    [callsFor.directions, 'directions'],
    [callsFor.heldOut, 'held out'],
    [callsFor.detection, 'detection'],
    [callsFor.repair, 'repair'],
    [callsFor.fallback, 'fallback'],
  ] as const
  const spent = parts.filter(([count]) => count > 0).map(([count, purpose]) => `${count} ${purpose}`)
  return `${calls} blackbox call${calls === 1 ? '' : 's'}${spent.length > 0 ? ` (${spent.join(', ')})` : ''}`
}
