const GOLDEN = (Math.sqrt(5) - 1) / 2 // its multiples spread evenly modulo 1

/** `count` of the knots 0 … N − 1 (all at most), evenly spaced, others in each pass; ascending. */
export function spreadKnots(N: number, count: number, pass: number): Int32Array {
  const most = Math.max(0, Math.min(N, count))
  const shift = (pass * GOLDEN) % 1
  return Int32Array.from({ length: most }, (_, c) => Math.floor(((c + shift) * N) / most))
}
