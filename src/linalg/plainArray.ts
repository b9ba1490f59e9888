/** The values as a plain array, as JSON wants them: several times faster than Array.from on typed arrays. */
export function plainArray(values: ArrayLike<number>): number[] {
  const n = values.length
  const out = new Array<number>(n)
  for (let k = 0; k < n; k++) out[k] = values[k]!
  return out
}
