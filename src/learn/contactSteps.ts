/** The steps of a sweep over contacts, each of one impulse or of two tangents together, and their derivatives. */

/** Friction of one contact. */
export interface ContactFriction {
  readonly normal: number // row of A
  readonly tangents: readonly number[] // one row or two, perpendicular to each other
  readonly coefficient: number // μ ≥ 0
}

/** Rows that move together: λ ← P(λ − r (A λ + b)), P onto bounds, or onto what friction of the contact allows. */
export interface Step {
  readonly rows: readonly number[]
  readonly contact: number // index of its friction; −1: bounds
  readonly normal: number // row; −1: bounds
}

/** A sweep on its way. */
export interface Sweep {
  readonly n: number
  readonly lambda: Float64Array // [n]
  readonly sums: Float64Array // [n], Aλ + b of each row when its turn came
  readonly wanted: Float64Array // [n], before P
  readonly low: Float64Array // [n]
  readonly high: Float64Array // [n]
  b: Float64Array // [n]
  M: Float64Array // [n × n]
  mu: Float64Array // [contacts]
}

export interface SweepGradient {
  readonly ofU: Float64Array // [n], by λ after the step; becomes that by λ before it
  readonly ofB: Float64Array // [n], added to
  readonly ofM: Float64Array | null // [n × n]
  readonly ofMu: Float64Array | null // [contacts]
}

/** In the order of their first rows. Throws RangeError on rows that do not fit. */
export function contactSteps(n: number, friction: readonly ContactFriction[], cone: 'circular' | 'box'): Step[] {
  if (cone !== 'circular' && cone !== 'box')
    throw new RangeError(`contactSweep: cone must be 'circular' or 'box', got ${String(cone)}`)
  const steps = new Map<number, Step>() // by first row
  for (let row = 0; row < n; row++) steps.set(row, { rows: [row], contact: -1, normal: -1 })
  const taken = new Set<number>()
  for (const [contact, { normal, tangents, coefficient }] of friction.entries()) {
    const where = `contactSweep: friction[${contact}]`
    if (tangents.length !== 1 && tangents.length !== 2)
      throw new RangeError(`${where}: tangents must be one row or two, got ${tangents.length}`)
    for (const row of [normal, ...tangents])
      if (!(Number.isSafeInteger(row) && row >= 0 && row < n))
        throw new RangeError(`${where}: rows must be integers from 0 to ${n - 1}, got ${row}`)
    if (!(coefficient >= 0 && Number.isFinite(coefficient)))
      throw new RangeError(`${where}: coefficient must be a finite number ≥ 0, got ${coefficient}`)
    for (const row of tangents) {
      if (taken.has(row)) throw new RangeError(`${where}: row ${row} is a tangent already`)
      taken.add(row)
      steps.delete(row)
    }
    const blocks = cone === 'box' ? tangents.map((row) => [row]) : [[...tangents].sort((a, b) => a - b)]
    for (const rows of blocks) steps.set(rows[0]!, { rows, contact, normal })
  }
  for (const [contact, { normal }] of friction.entries())
    if (taken.has(normal)) throw new RangeError(`contactSweep: friction[${contact}]: normal ${normal} is a tangent`)
  return [...steps].sort(([a], [b]) => a - b).map(([, step]) => step)
}

/** λ of the step's rows becomes new. */
export function takeStep({ n, lambda, sums, wanted, low, high, b, M, mu }: Sweep, step: Step): void {
  const { rows, contact, normal } = step
  const r = 1 / stiffness(M, n, rows)
  for (const i of rows) {
    let sum = b[i]!
    for (let j = 0; j < n; j++) sum += M[i * n + j]! * lambda[j]!
    sums[i] = sum
    wanted[i] = lambda[i]! - r * sum
  }
  const radius = contact < 0 ? 0 : reach(mu[contact]!, lambda[normal]!)
  if (rows.length === 1) {
    const i = rows[0]!
    const [from, to] = contact < 0 ? [low[i]!, high[i]!] : [-radius, radius]
    lambda[i] = Math.min(to, Math.max(from, wanted[i]!))
    return
  }
  const length = Math.hypot(...rows.map((i) => wanted[i]!))
  for (const i of rows) lambda[i] = length <= radius ? wanted[i]! : (radius / length) * wanted[i]!
}

/** Back through the step: λ holds what it was before it, sums and wanted what the step found. */
export function pullBackStep(
  { n, lambda, sums, wanted, low, high, M, mu }: Sweep,
  { rows, contact, normal }: Step,
  { ofU, ofB, ofM, ofMu }: SweepGradient,
): void {
  const w = rows.map((i) => ofU[i]!) // by λ after; becomes that by what was wanted
  for (const i of rows) ofU[i] = 0
  const radius = contact < 0 ? 0 : reach(mu[contact]!, lambda[normal]!)
  const length = Math.hypot(...rows.map((i) => wanted[i]!))
  const isFree =
    contact < 0 ? wanted[rows[0]!]! > low[rows[0]!]! && wanted[rows[0]!]! < high[rows[0]!]! : length < radius
  if (!isFree && contact < 0) return
  if (!isFree) {
    // on the circle: λ = radius · e, e = wanted / length
    const e = rows.map((i) => (length === 0 ? 0 : wanted[i]! / length))
    const along = e.reduce((sum, entry, k) => sum + entry * w[k]!, 0)
    if (lambda[normal]! >= 0) ofU[normal]! += Math.max(0, mu[contact]!) * along
    if (ofMu && mu[contact]! >= 0) ofMu[contact]! += Math.max(0, lambda[normal]!) * along
    if (rows.length === 1 || radius === 0) return
    for (let k = 0; k < w.length; k++) w[k] = (radius / length) * (w[k]! - along * e[k]!)
  }

  const r = 1 / stiffness(M, n, rows)
  let ofR = 0
  for (const [k, i] of rows.entries()) {
    const share = r * w[k]!
    ofR -= w[k]! * sums[i]!
    ofB[i]! -= share
    ofU[i]! += w[k]!
    for (let j = 0; j < n; j++) {
      ofU[j]! -= share * M[i * n + j]!
      if (ofM) ofM[i * n + j]! -= share * lambda[j]!
    }
  }
  if (rows.length === 1) ofU[rows[0]!] = 0 // 1 − A_ii / A_ii, without rounding
  if (!ofM) return
  const direction = stiffest(M, n, rows)
  for (const [k, i] of rows.entries())
    for (const [l, j] of rows.entries()) ofM[i * n + j]! -= ofR * r * r * direction[k]! * direction[l]!
}

/** What friction holds. */
function reach(mu: number, normalImpulse: number): number {
  return Math.max(0, mu) * Math.max(0, normalImpulse)
}

/** Largest eigenvalue of A restricted to one row or two. */
function stiffness(M: Float64Array, n: number, rows: readonly number[]): number {
  const [i, j] = rows as [number, number?]
  const a = M[i * n + i]!
  if (j === undefined) return a
  const [d, c] = [M[j * n + j]!, (M[i * n + j]! + M[j * n + i]!) / 2]
  return (a + d) / 2 + Math.hypot((a - d) / 2, c)
}

/** Its eigenvector, of length 1. */
function stiffest(M: Float64Array, n: number, rows: readonly number[]): number[] {
  const [i, j] = rows as [number, number?]
  if (j === undefined) return [1]
  const [a, d, c] = [M[i * n + i]!, M[j * n + j]!, (M[i * n + j]! + M[j * n + i]!) / 2]
  const angle = 0.5 * Math.atan2(2 * c, a - d)
  return [Math.cos(angle), Math.sin(angle)]
}
