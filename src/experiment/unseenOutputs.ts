import { InputError } from '../scene/inputError.ts'
import { FULL_DIGITS, type MeasuredValues } from '../scene/parseMeasurements.ts'
import type { PointTable } from './pointTable.ts'

/**
 * A zero that comes from too few digits looks like an exact one, and no certificate tells them apart. Says in a sentence which
 * measured values never change in a file that is written with few digits; null where there are none. Throws InputError where that
 * goes for all of them.
 */
export function unseenOutputs(
  { count, answers }: PointTable,
  { values, digits }: MeasuredValues,
  file: string | null,
): string | null {
  const m = answers.length
  if (digits >= FULL_DIGITS || count < 2) return null
  const unchanged = answers.filter((_, i) => {
    for (let p = 1; p < count; p++) if (values[p * m + i] !== values[i]) return false
    return true
  })
  if (unchanged.length === 0) return null
  if (unchanged.length === m)
    throw new InputError({
      file,
      expected:
        'values that differ between the points: written with all digits, such as %.17g, or of a plan with larger steps',
      found: `the same values in all rows, with ${digits} digits at most`,
    })
  const names = unchanged.slice(0, 8).map(({ name }) => name)
  const more = unchanged.length > names.length ? ` and ${unchanged.length - names.length} more` : ''
  return `never changed, in values of ${digits} digits at most: ${names.join(', ')}${more}; an entry that is small beside them would not show`
}
