/** What controllers are asked for: a linearization and a quadratic cost, checked. */
import type { Matrix } from 'ml-matrix'
import { type MatrixLike, toMatrix, toSizedMatrix, toSymmetricMatrix } from '../linalg/dense.ts'

export interface QuadraticCost {
  readonly Q: MatrixLike // [ndx × ndx], symmetric
  readonly R: MatrixLike // [nu × nu], symmetric
  readonly S?: MatrixLike // cross term, [ndx × nu]; default 0
}

export interface LinearSystem {
  readonly A: Matrix // [ndx × ndx]
  readonly B: Matrix // [ndx × nu]
}

/** Copies of A [ndx × ndx] and B [ndx × nu], nu ≥ 1. Misuse throws, beginning with `caller`. */
export function linearSystem(caller: string, lin: { readonly A: MatrixLike; readonly B: MatrixLike }): LinearSystem {
  const A = toMatrix(lin.A, caller, 'A')
  const ndx = A.rows
  if (A.columns !== ndx) throw new RangeError(`${caller}: A must be [ndx × ndx], got [${ndx} × ${A.columns}]`)
  const B = toMatrix(lin.B, caller, 'B')
  if (B.rows !== ndx)
    throw new RangeError(`${caller}: B must be [ndx × nu] with ndx = ${ndx}, got [${B.rows} × ${B.columns}]`)
  if (B.columns === 0) throw new RangeError(`${caller}: there are no controls (nu = 0)`)
  return { A, B }
}

/** Copies of the weights of a system of this size. Misuse throws: `lqr: R must be [nu × nu] = [2 × 2], got [3 × 3]`. */
export function quadraticCost(
  caller: string,
  { A, B }: LinearSystem,
  { Q, R, S }: QuadraticCost,
): { readonly Q: Matrix; readonly R: Matrix; readonly S: Matrix | undefined } {
  const [ndx, nu] = [A.rows, B.columns]
  return {
    Q: toSymmetricMatrix(Q, caller, 'Q', { rows: ndx, symbols: 'ndx × ndx' }),
    R: toSymmetricMatrix(R, caller, 'R', { rows: nu, symbols: 'nu × nu' }),
    S: S && toSizedMatrix(S, caller, 'S', { rows: ndx, columns: nu, symbols: 'ndx × nu' }),
  }
}

/** A vector of finite numbers, [length]; zeros where it is not given. */
export function toVector(
  value: ArrayLike<number> | undefined,
  caller: string,
  name: string,
  size: { length: number; symbol: string },
): Float64Array {
  const { length, symbol } = size
  if (value === undefined) return new Float64Array(length)
  if (value.length !== length)
    throw new RangeError(`${caller}: ${name} must be [${symbol}] = [${length}], got [${value.length}]`)
  const vector = Float64Array.from(value)
  const bad = vector.findIndex((entry) => !Number.isFinite(entry))
  if (bad >= 0) throw new RangeError(`${caller}: ${name}[${bad}] is ${vector[bad]}, expected a finite number`)
  return vector
}
