/** Writes the entries of a pattern into a row-major J [m × n], zeros elsewhere. */
export function scatterInto(
  J: Float64Array,
  { colPtr, rowIdx }: { readonly colPtr: ArrayLike<number>; readonly rowIdx: ArrayLike<number> },
  values: Float64Array, // [nnz]
): void {
  const n = colPtr.length - 1
  J.fill(0)
  for (let j = 0; j < n; j++) for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) J[rowIdx[k]! * n + j] = values[k]!
}
