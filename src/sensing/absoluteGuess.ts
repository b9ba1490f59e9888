/**
 * Which equations hold at the least absolute deviations? A few rounds of splitting tell gross errors; least squares without them
 * tell more. Where all other equations then hold, the multipliers of splitting, made a dual solution by projections in turn on
 * |λ| ≤ 1 and on Qᵀλ = 0, usually prove it. Where they hold but for noise, splitting starts anew at the scale of the noise. What
 * comes out need not be right: it tells where exact descent starts.
 */
import { arrayRoom } from '../linalg/arrayRoom.ts'
import { packedProducts } from '../linalg/packedProducts.ts'
import { type AbsoluteSplit, absoluteSplitting } from './absoluteSplitting.ts'
import { equationsLeftOut } from './equationsLeftOut.ts'

const SPLITTING_FROM = 12 // unknowns; for fewer, descent is cheaper
const WIDTH = 16 // right-hand sides at a time
const ITERATIONS = 12 // of splitting in a round
const ROUNDS = 4
const DEGENERATE = 1.2 // times the unknowns, of equations that seem to hold
const FINER = 0.25 // of the residuals' mean: a scale at which splitting starts anew
const RESTART = 0.3 // ρ times that mean: less than at the start, as a few wrong equations may be in it
const ZERO = 1e-11 // of the largest right-hand side, for residuals that vanish
const PROJECTIONS = 6
const LEVELS = 64 // of multipliers, for the order in which equations are tried
const INSIDE = 0.95 // multipliers are projected within this, to end within 1

export interface AbsoluteGuess {
  readonly order: Int32Array // [k], equations, the surest to hold first
  readonly numGood: number // of them, that hold if the guess is right; at least n
  readonly multipliers: Float64Array // [k], within ±1, of the equations that hold
}

/** One guess for each right-hand side, whose equations are Q x = y, Q [k × n] with orthonormal columns; the same alone as among others. */
export function absoluteGuesses(
  Q: Float64Array,
  k: number,
  n: number,
  values: readonly Float64Array[], // [k] each
): AbsoluteGuess[] {
  const guesses = new Array<AbsoluteGuess>(values.length)
  const room = arrayRoom(5 * k * (values.length + 1))
  const trimmed = room.floats(k)
  const sorted = room.floats(k)
  const isWrong = room.ints(k)
  const width = Math.min(WIDTH, values.length)
  const products = packedProducts(Q, k, n, width)

  const splits = values.map((y, c) => {
    const atLeastSquares = room.floats(k)
    if (c % width === 0) projectFrom(c)
    const at = (c % width) * products.longStride
    for (let t = 0; t < k; t++) atLeastSquares[t] = products.long[at + t]! - y[t]!
    const split: AbsoluteSplit = {
      y,
      residuals: room.floats(k),
      errors: room.floats(k),
      multipliers: room.floats(k),
      rho: k / sumOfSizes(atLeastSquares),
    }
    split.residuals.set(atLeastSquares)
    split.errors.set(atLeastSquares)
    return { split, atLeastSquares, vanishing: ZERO * largest(y) }
  })
  type Progress = (typeof splits)[number]

  function projectFrom(first: number): void {
    const some = values.slice(first, first + width)
    for (const [c, y] of some.entries()) products.long.set(y, c * products.longStride)
    products.multiplyTransposed(some.length)
    products.multiply(some.length)
  }

  /** The guess if nothing is to be gained from another round; else null, and splitting may have to start anew. */
  function settle(progress: Progress): AbsoluteGuess | null {
    const { split, atLeastSquares, vanishing } = progress
    let numWrong = 0
    for (let t = 0; t < k; t++) {
      isWrong[t] = split.errors[t] === 0 ? 0 : 1
      numWrong += isWrong[t]!
    }
    if (k - numWrong < DEGENERATE * n || !others.leaveOut(isWrong)) return byResiduals(split)
    others.residualsInto(trimmed, atLeastSquares)
    let worst = 0
    let mean = 0
    for (let t = 0; t < k; t++) {
      if (isWrong[t] !== 0) continue
      const size = Math.abs(trimmed[t]!)
      worst = Math.max(worst, size)
      mean += size / (k - numWrong)
    }
    if (worst <= vanishing) return byMultipliers(split, vanishing)
    if (mean < FINER / split.rho) restart(progress, RESTART / mean)
    return null
  }

  function restart(progress: Progress, rho: number): void {
    const { split } = progress
    split.rho = rho
    split.residuals.set(trimmed)
    split.errors.set(trimmed)
    for (let t = 0; t < k; t++) split.multipliers[t] = isWrong[t] === 0 ? 0 : Math.sign(trimmed[t]!)
  }

  /** All residuals vanish but for those that are wrong. */
  function byMultipliers(split: AbsoluteSplit, vanishing: number): AbsoluteGuess {
    const multipliers = split.multipliers.slice()
    let numGood = 0
    let numRight = 0 // that seemed wrong
    for (let t = 0; t < k; t++) {
      if (Math.abs(trimmed[t]!) <= vanishing) {
        numGood++
        numRight += isWrong[t]!
        isWrong[t] = 0
      } else multipliers[t] = Math.sign(trimmed[t]!)
    }
    if (numRight > 0) others.leaveOut(isWrong)
    for (let projection = 0; projection < PROJECTIONS; projection++) {
      others.projectInPlace(multipliers)
      if (largest(multipliers) <= 1) break
      for (let t = 0; t < k; t++)
        if (isWrong[t] === 0) multipliers[t] = Math.max(-INSIDE, Math.min(INSIDE, multipliers[t]!))
    }
    const order = byLevel(k, (t) =>
      isWrong[t] === 0 ? Math.min(LEVELS - 1, Math.floor(LEVELS * Math.abs(multipliers[t]!))) : LEVELS,
    )
    return { order, numGood, multipliers }
  }

  /** First the n equations surest to hold: splitting lets go by residual and multiplier together. */
  function byResiduals({ residuals, multipliers, rho }: AbsoluteSplit): AbsoluteGuess {
    for (let t = 0; t < k; t++) trimmed[t] = Math.abs(residuals[t]! + multipliers[t]! / rho)
    sorted.set(trimmed)
    const last = n > 0 ? sorted.sort()[n - 1]! : 0
    const order = room.ints(k)
    let front = 0
    for (let t = 0; t < k; t++) if (trimmed[t]! < last) order[front++] = t
    for (let t = 0; t < k; t++) if (trimmed[t]! === last) order[front++] = t
    for (let t = 0; t < k; t++) if (trimmed[t]! > last) order[front++] = t
    return { order, numGood: n, multipliers }
  }

  let active = splits.map((_, c) => c)
  active = active.filter((c) => {
    const { split, vanishing } = splits[c]!
    if (largest(split.residuals) <= vanishing)
      guesses[c] = { order: byLevel(k, () => 0), numGood: k, multipliers: split.multipliers }
    else if (n < SPLITTING_FROM) guesses[c] = byResiduals(split)
    else return true
    return false
  })
  if (active.length === 0) {
    products.release()
    return guesses
  }
  const others = equationsLeftOut(Q, k, n, products)
  const splitting = absoluteSplitting(products, k, width)
  for (let round = 1; active.length > 0; round++) {
    splitting.advance(
      active.map((c) => splits[c]!.split),
      ITERATIONS,
    )
    active = active.filter((c) => {
      const guess = settle(splits[c]!) ?? (round === ROUNDS ? byResiduals(splits[c]!.split) : null)
      if (guess === null) return true
      guesses[c] = guess
      return false
    })
  }
  products.release()
  return guesses
}

/** Equations by levels 0…LEVELS, the least first; those of the same level in their order. */
function byLevel(k: number, levelOf: (t: number) => number): Int32Array {
  const next = new Int32Array(LEVELS + 2) // place of the next equation of a level
  for (let t = 0; t < k; t++) next[levelOf(t) + 1]!++
  for (let level = 1; level <= LEVELS; level++) next[level]! += next[level - 1]!
  const order = new Int32Array(k)
  for (let t = 0; t < k; t++) {
    const level = levelOf(t)
    order[next[level]!] = t
    next[level]!++
  }
  return order
}

function sumOfSizes(values: Float64Array): number {
  let sum = 0
  for (let t = 0; t < values.length; t++) sum += Math.abs(values[t]!)
  return sum
}

function largest(values: Float64Array): number {
  let size = 0
  for (let t = 0; t < values.length; t++) size = Math.max(size, Math.abs(values[t]!))
  return size
}
