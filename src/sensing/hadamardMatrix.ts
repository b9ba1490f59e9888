/**
 * Hadamard matrices: entries ±1, orthogonal columns. Sylvester's doubling and the two constructions of Paley 1933
 * (doi:10.1002/sapm1933121311) with prime fields give all multiples of four up to 88 but 52, and most beyond.
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
  if (!isOrder(order)) throw new RangeError(`hadamardMatrix: no matrix of order ${order} is known here`)
  const H = build(order)
  for (let i = 0; i < order; i++) if (H[i * order]! < 0) for (let j = 0; j < order; j++) H[i * order + j]! *= -1
  return H
}

function isOrder(order: number): boolean {
  if (order === 1 || order === 2) return true
  if (!(Number.isSafeInteger(order) && order > 0 && order % 4 === 0)) return false
  return isPrime(order - 1) || isPaleyII(order) || isOrder(order / 2)
}

function build(order: number): Int8Array {
  if (order === 1) return Int8Array.of(1)
  if (order > 2 && isPrime(order - 1)) return paleyI(order - 1)
  if (order > 2 && isPaleyII(order)) return paleyII(order / 2 - 1)
  const half = order / 2
  const S = build(half)
  const H = new Int8Array(order * order)
  for (let i = 0; i < order; i++)
    for (let j = 0; j < order; j++)
      H[i * order + j] = S[(i % half) * half + (j % half)]! * (i >= half && j >= half ? -1 : 1)
  return H
}

function isPaleyII(order: number): boolean {
  const q = order / 2 - 1
  return q % 4 === 1 && isPrime(q)
}

/** I + S of order q + 1, q ≡ 3 mod 4, S skew with the quadratic residues of q. */
function paleyI(q: number): Int8Array {
  const order = q + 1
  const chi = residues(q)
  const H = new Int8Array(order * order)
  for (let i = 0; i < order; i++)
    for (let j = 0; j < order; j++) {
      let entry = i === 0 ? 1 : -1
      if (i > 0 && j > 0) entry = i === j ? 1 : chi[(i - j + q) % q]!
      H[i * order + j] = i === 0 && j === 0 ? 1 : entry
    }
  return H
}

/** C ⊗ [1 1; 1 −1] + I ⊗ [1 −1; −1 −1] of order 2 (q + 1), q ≡ 1 mod 4, C symmetric with the quadratic residues of q. */
function paleyII(q: number): Int8Array {
  const half = q + 1
  const order = 2 * half
  const chi = residues(q)
  const H = new Int8Array(order * order)
  for (let i = 0; i < half; i++)
    for (let j = 0; j < half; j++) {
      const c = i === 0 || j === 0 ? 1 : chi[(i - j + q) % q]!
      const block = i === j ? [1, -1, -1, -1] : [c, c, c, -c]
      for (let k = 0; k < 4; k++) H[(2 * i + (k >> 1)) * order + 2 * j + (k & 1)] = block[k]!
    }
  return H
}

/** 1 for quadratic residues modulo q, −1 for others, 0 for 0. */
function residues(q: number): Int8Array {
  const chi = new Int8Array(q).fill(-1)
  chi[0] = 0
  for (let a = 1; a < q; a++) chi[(a * a) % q] = 1
  return chi
}

function isPrime(q: number): boolean {
  if (q < 2) return false
  for (let p = 2; p * p <= q; p++) if (q % p === 0) return false
  return true
}
