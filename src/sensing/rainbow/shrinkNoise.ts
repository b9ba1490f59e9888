/**
 * Noise levels of several rows, each told from few values, drawn towards each other as far as they may be the same: empirical Bayes
 * (Smyth 2004, doi:10.2202/1544-6115.1027, §6). Weights made of the levels alone would trust rows that look quiet by chance.
 */

export interface ShrunkNoise {
  readonly sigma: Float64Array // [rows]
  readonly freedom: number // behind each; Infinity: all are the same
}

/** `sigma` > 0, each from `freedom` values. */
export function shrinkNoise(sigma: readonly number[], freedom: number): ShrunkNoise {
  const count = sigma.length
  if (freedom === Number.POSITIVE_INFINITY || count < 2) return { sigma: Float64Array.from(sigma), freedom }
  const logs = sigma.map((value) => 2 * Math.log(value))
  const mean = logs.reduce((sum, value) => sum + value, 0) / count
  const spread = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  const excess = spread - trigamma(freedom / 2)
  const prior = excess > 0 ? 2 * inverseTrigamma(excess) : Number.POSITIVE_INFINITY
  const common =
    prior === Number.POSITIVE_INFINITY
      ? sigma.reduce((sum, value) => sum + value * value, 0) / count
      : Math.exp(mean - digamma(freedom / 2) + Math.log(freedom / 2) + digamma(prior / 2) - Math.log(prior / 2))
  const share = prior === Number.POSITIVE_INFINITY ? 1 : prior / (prior + freedom)
  return {
    sigma: Float64Array.from(sigma, (value) => Math.sqrt(share * common + (1 - share) * value * value)),
    freedom: freedom + prior,
  }
}

/** ψ(x) for x > 0: upwards by recurrence, then its asymptotic series (Abramowitz and Stegun 1964, 6.3.18). */
function digamma(x: number): number {
  let sum = 0
  let z = x
  for (; z < 8; z++) sum -= 1 / z
  return sum + Math.log(z) - 1 / (2 * z) - 1 / (12 * z ** 2) + 1 / (120 * z ** 4)
}

/** ψ′(x), likewise (6.4.12). */
function trigamma(x: number): number {
  let sum = 0
  let z = x
  for (; z < 8; z++) sum += 1 / z ** 2
  return sum + 1 / z + 1 / (2 * z ** 2) + 1 / (6 * z ** 3) - 1 / (30 * z ** 5)
}

/** By bisection of the logarithm: ψ′ falls from ∞ to 0. */
function inverseTrigamma(value: number): number {
  let low = Math.log(1e-4)
  let high = Math.log(1e6)
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (trigamma(Math.exp(middle)) > value) low = middle
    else high = middle
  }
  return Math.exp(low)
}
