/** Outputs y = C δx that users name: entries of dx, or rows of a matrix. */
import { Matrix } from 'ml-matrix'
import { type MatrixLike, toSizedMatrix } from '../linalg/dense.ts'

/** C [ny × ndx], or the names of entries of dx. */
export type Outputs = MatrixLike | readonly string[]

/** C [ny × ndx], `names` [ndx] being those of dx. Throws RangeError, beginning with `caller`, on unknown names, sizes and no outputs. */
export function outputMatrix(caller: string, outputs: Outputs, names: readonly string[]): Matrix {
  const ndx = names.length
  const rows = Matrix.isMatrix(outputs) ? outputs.rows : outputs.length
  if (rows === 0) throw new RangeError(`${caller}: there are no outputs`)
  if (!isNames(outputs)) return toSizedMatrix(outputs, caller, 'outputs', { rows, columns: ndx, symbols: 'ny × ndx' })
  const C = Matrix.zeros(rows, ndx)
  for (const [row, name] of outputs.entries()) {
    const column = names.indexOf(name)
    if (column < 0) throw new RangeError(`${caller}: outputs must be among ${names.join(', ')}, got ${name}`)
    C.set(row, column, 1)
  }
  return C
}

/** The names of dx, or dx[0], dx[1], … */
export function coordinateNames(
  lin: { readonly layout?: { readonly dx: readonly { readonly name: string }[] } },
  ndx: number,
): string[] {
  return lin.layout ? lin.layout.dx.map(({ name }) => name) : Array.from({ length: ndx }, (_, i) => `dx[${i}]`)
}

function isNames(outputs: Outputs): outputs is readonly string[] {
  return Array.isArray(outputs) && outputs.every((entry) => typeof entry === 'string')
}
