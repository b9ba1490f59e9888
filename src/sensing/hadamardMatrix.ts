/**
 * Hadamard matrices: entries ±1, orthogonal columns. Sylvester's doubling and the two constructions of Paley 1933
 * (doi:10.1002/sapm1933121311), in fields of p and p² elements, give all multiples of four up to 112 but 92, which
 * takes Williamson's, and most beyond.
 */

/** The smallest order ≥ `least` for which one is known here. */
export function hadamardOrder(least: number): number {
  if (!(least < Number.MAX_SAFE_INTEGER)) throw new RangeError(`hadamardOrder: least must be a number, got ${least}`)
  if (least <= 1) return 1
  if (least <= 2) return 2
  let order = 4 * Math.ceil(least / 4)
  while (!isOrder(order)) order += 4
  return order
}

/** The matrix, row-major [order × order], first column all ones. Throws RangeError where none is known here: see hadamardOrder. */
export function hadamardMatrix(order: number): Int8Array {
  const entry = hadamardEntry(order)
  const H = new Int8Array(order * order)
  for (let i = 0; i < order; i++) {
    const first = entry(i, 0)
    for (let j = 0; j < order; j++) H[i * order + j] = first * entry(i, j)
  }
  return H
}

/** Entries ±1 of such a matrix, for a few of its rows; the first column is not all ones. Throws RangeError as hadamardMatrix. */
export function hadamardEntry(order: number): Entry {
  if (!isOrder(order)) throw new RangeError(`hadamardMatrix: no matrix of order ${order} is known here`)
  return build(order)
}

type Entry = (i: number, j: number) => number

function isOrder(order: number): boolean {
  if (order === 1 || order === 2) return true
  if (!(Number.isSafeInteger(order) && order > 0 && order % 4 === 0)) return false
  return isPrime(order - 1) || isPaleyII(order) || isOrder(order / 2)
}

function build(order: number): Entry {
  if (order === 1) return () => 1
  if (order > 2 && isPrime(order - 1)) return paleyI(order - 1)
  if (order > 2 && isPaleyII(order)) return paleyII(order / 2 - 1)
  const half = order / 2
  const entry = build(half)
  return (i, j) => (i >= half && j >= half ? -1 : 1) * entry(i % half, j % half)
}

function isPaleyII(order: number): boolean {
  const q = order / 2 - 1
  return q % 4 === 1 && (isPrime(q) || isPrime(Math.sqrt(q)))
}

/** I + S of order q + 1, q ≡ 3 mod 4, S skew with the quadratic residues of q. */
function paleyI(q: number): Entry {
  const chi = character(q)
  return (i, j) => {
    if (i === 0 || i === j) return 1
    return j === 0 ? -1 : chi(i - 1, j - 1)
  }
}

/** C ⊗ [1 1; 1 −1] + I ⊗ [1 −1; −1 −1] of order 2 (q + 1), q ≡ 1 mod 4, C symmetric with the squares of the field of q. */
function paleyII(q: number): Entry {
  const chi = character(q)
  return (row, column) => {
    const [i, j, isLowerRow, isRight] = [row >> 1, column >> 1, row % 2 === 1, column % 2 === 1]
    if (i === j) return isLowerRow || isRight ? -1 : 1
    const c = i === 0 || j === 0 ? 1 : chi(i - 1, j - 1)
    return isLowerRow && isRight ? -c : c
  }
}

/** χ(i − j) of the elements of the field of q elements, p or p²: 1 where the difference is a square, −1 where not, 0 for 0. */
function character(q: number): (i: number, j: number) => number {
  if (isPrime(q)) {
    const chi = new Int8Array(q).fill(-1)
    chi[0] = 0
    for (let a = 1; a < q; a++) chi[(a * a) % q] = 1
    return (i, j) => chi[(i - j + q) % q]!
  }
  // element a + b√r is number a + b p, r no square modulo p
  const p = Math.round(Math.sqrt(q))
  const ofPrime = character(p)
  let r = 2
  while (ofPrime(r, 0) !== -1) r++
  const chi = new Int8Array(q).fill(-1)
  for (let a = 0; a < p; a++) for (let b = 0; b < p; b++) chi[((a * a + r * b * b) % p) + ((2 * a * b) % p) * p] = 1
  chi[0] = 0
  return (i, j) => chi[(((i % p) - (j % p) + p) % p) + ((Math.floor(i / p) - Math.floor(j / p) + p) % p) * p]!
}

function isPrime(q: number): boolean {
  if (!Number.isInteger(q) || q < 2) return false
  for (let p = 2; p * p <= q; p++) if (q % p === 0) return false
  return true
}
