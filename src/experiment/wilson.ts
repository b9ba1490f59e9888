/**
 * How well is a share known? Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", J. American
 * Statistical Association 22(158), 1927.
 */

/** Wilson's score interval at 95 % of a share of successes; [0, 1] without samples. */
export function wilson(successes: number, samples: number): [number, number] {
  if (samples === 0) return [0, 1]
  const z = 1.959963984540054
  const share = successes / samples
  const spread = z * Math.sqrt((share * (1 - share)) / samples + (z * z) / (4 * samples * samples))
  const center = share + (z * z) / (2 * samples)
  const scale = 1 + (z * z) / samples
  return [Math.max(0, (center - spread) / scale), Math.min(1, (center + spread) / scale)]
}
