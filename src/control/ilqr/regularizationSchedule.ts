/** μ goes up faster and faster while steps fail, and down the same way (Tassa, Erez, Todorov 2012, §II-F, doi:10.1109/IROS.2012.6386025). */

export interface RegularizationSchedule {
  readonly mu: number
  /** False where μ is at its largest already. */
  raise(): boolean
  lower(): void
  /** Back to the beginning. */
  reset(): void
}

/** μ is 0 or within [smallest, largest]; `factor` > 1 grows by itself with each step in the same direction. */
export function regularizationSchedule(
  initial: number,
  smallest: number,
  largest: number,
  factor: number,
): RegularizationSchedule {
  let mu = initial
  let rate = 1
  return {
    get mu() {
      return mu
    },
    raise() {
      if (mu >= largest) return false
      rate = Math.max(factor, rate * factor)
      mu = Math.min(largest, Math.max(smallest, mu * rate))
      return true
    },
    lower() {
      rate = Math.min(1 / factor, rate / factor)
      mu *= rate
      if (mu < smallest) mu = 0
    },
    reset() {
      mu = initial
      rate = 1
    },
  }
}
