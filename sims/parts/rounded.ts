/** Four digits are enough for a table. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
