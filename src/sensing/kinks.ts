/**
 * Do differences to the left and to the right of the point agree? Where f(z̄) is known, central differences answer this without
 * a further call: |f(z̄+p) + f(z̄−p) − 2f(z̄)| beside |f(z̄+p) − f(z̄−p)| is of the order of the step for a smooth f, and of
 * order one where a contact opens or closes, or a limit is met, between the two.
 */

const ROUGH = 0.05 // of the row's largest first difference
const SLOPE = 0.01 // least difference of left and right slope, in typical outputs (at least 1) per typical inputs: less may be curvature
const NOISY = 8 * Math.sqrt(6) // standard deviations of a value: 8 of a second difference

export interface Kinks {
  /** Takes in one direction's values on both sides. */
  note(plus: Float64Array, minus: Float64Array, base: Float64Array, step: number): void // values [m]
  /** Rows where left and right slopes differ. `noise`: standard deviation of a value, where there is more than rounding. */
  rows(outputScale: Float64Array, noise?: ArrayLike<number>): number[] // [m]
  /** Which of the directions noted shows it most, counted from 0. */
  shownBy(row: number): number
}

export function collectKinks(m: number): Kinks {
  const first = new Float64Array(m) // largest |f(z̄+p) − f(z̄−p)| / step
  const second = new Float64Array(m) // largest |f(z̄+p) + f(z̄−p) − 2f(z̄)| / step
  const shown = new Int32Array(m)
  let count = 0
  let smallest = Number.POSITIVE_INFINITY // step
  return {
    note(plus, minus, base, step) {
      if (step < smallest) smallest = step
      for (let i = 0; i < m; i++) {
        first[i] = Math.max(first[i]!, Math.abs(plus[i]! - minus[i]!) / step)
        const bend = Math.abs(plus[i]! + minus[i]! - 2 * base[i]!) / step
        if (!(bend > second[i]!)) continue
        second[i] = bend
        shown[i] = count
      }
      count++
    },
    shownBy: (row) => shown[row]!,
    rows(outputScale, noise) {
      const rows: number[] = []
      for (let i = 0; i < m; i++)
        if (
          second[i]! > ROUGH * first[i]! &&
          second[i]! > SLOPE * Math.max(1, outputScale[i]!) &&
          !(second[i]! <= (NOISY * (noise?.[i] ?? 0)) / smallest)
        )
          rows.push(i)
      return rows
    },
  }
}
