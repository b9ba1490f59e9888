/** One field of a plan beside the same field of what it is used with. */
export interface Field {
  readonly name: string
  readonly planned: string | number
  readonly actual: string | number
}

/** Throws RangeError listing each field in which a plan differs from what it is used with. */
export function checkMatch(who: string, fields: readonly Field[]): void {
  const differing = fields.filter(({ planned, actual }) => planned !== actual)
  if (differing.length === 0) return
  const list = differing.map(({ name, planned, actual }) => `${name} (plan: ${planned}, here: ${actual})`).join(', ')
  throw new RangeError(`${who}: the plan was prepared for another problem; it differs in ${list}`)
}
