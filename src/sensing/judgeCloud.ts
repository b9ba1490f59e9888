/**
 * Whether a cloud tells a Jacobian: each row's standard errors beside the row, block by block. A block are the entries of one group of
 * inputs, such as states or controls; the columns of inputs that are spread out, and of those that are not, are blocks of their own.
 * Entries count with how far their input moves, and a row's size is what is left of it when the errors are taken away:
 *
 *     relative_ib = max_j SE_ij r_j / √(Σ_j (J_ij r_j)² − Σ_j (SE_ij r_j)²),
 *
 * Infinity where nothing is left: not told from zero. Slopes may well cancel over a cloud, though:
 * - as those of |z| do at 0. Where only one group of inputs is spread out, the size is at least what the row does over the cloud.
 * - as the side thrust of rotors does over tilts to both sides. A block of inputs that are not spread out, none of whose entries is
 *   told from zero, counts beside all such entries of its row, and the row is listed as flat.
 * Errors that are rounding alone count as none.
 */
import { Matrix } from 'ml-matrix'
import { ROUNDING_UNITS, ZERO_UNITS } from './steps.ts'

export interface CloudVerdict {
  readonly relativeStandardError: Matrix // [m × groups]
  readonly failedRows: readonly number[]
  readonly flatRows: readonly number[]
  /** About how many times as many samples would do; null where none are needed, or an entry is not told from zero. */
  readonly factor: number | null
  /** Rows within the tolerance only by standard errors that rest on few samples. They fail. */
  readonly doubtfulRows: readonly number[]
}

/** Standard errors that rest on fewer samples may be this many times too small. */
const FEW = 3
const DOUBT = 3
/** Standard errors within which an entry is not told from zero. */
const NEAR_ZERO = 3
/** What an engine's rounding may be, beside that of its last operation. */
const ROUNDING = ROUNDING_UNITS / ZERO_UNITS

export function judgeCloud(
  estimate: {
    readonly J: Matrix // [m × n]
    readonly standardError: Matrix // [m × n]
    readonly participation: Float64Array // [m × n], samples that they rest on
    readonly rounding: Float64Array // [m × n], standard errors of this order are rounding
  },
  response: Float64Array, // [m], root mean square of the odd parts over the cloud
  reach: Float64Array, // [n], how far each input moves
  groups: readonly { readonly spread: readonly number[]; readonly still: readonly number[] }[], // of inputs
  tolerance: number,
): CloudVerdict {
  const { J, standardError, participation, rounding } = estimate
  const { rows: m, columns: n } = J
  const relativeStandardError = Matrix.zeros(m, groups.length)
  const failed = new Set<number>()
  const flat = new Set<number>()
  const doubtful = new Set<number>()
  let worst = 0
  const isAlone = groups.filter(({ spread }) => spread.length > 0).length === 1
  const allStill = groups.flatMap(({ still }) => still)
  /** What is left of the norm of a row's entries when their errors are taken away. */
  const sizeOf = (i: number, columns: readonly number[]): number => {
    let square = 0
    for (const j of columns) square += (J.get(i, j) * reach[j]!) ** 2 - (standardError.get(i, j) * reach[j]!) ** 2
    return Math.sqrt(Math.max(0, square))
  }
  const blocks = groups.flatMap(({ spread, still }, group) => [
    { group, columns: spread, isStill: false },
    { group, columns: still, isStill: true },
  ])
  for (const { group, columns, isStill } of blocks)
    for (let i = 0; i < m; i++) {
      let largest = 0
      let restsOnFew = false
      let isFlat = isStill
      for (const j of columns) {
        const error = standardError.get(i, j) * reach[j]!
        if (Math.abs(J.get(i, j) * reach[j]!) > NEAR_ZERO * error) isFlat = false
        if (error <= largest || standardError.get(i, j) <= ROUNDING * rounding[i * n + j]!) continue
        largest = error
        restsOnFew = participation[i * n + j]! < FEW
      }
      if (largest === 0) continue
      if (isFlat) flat.add(i)
      const least = isFlat ? sizeOf(i, allStill) : !isStill && isAlone ? response[i]! : 0
      const size = Math.max(sizeOf(i, columns), least)
      const relative = size > 0 ? largest / size : Number.POSITIVE_INFINITY
      relativeStandardError.set(i, group, Math.max(relativeStandardError.get(i, group), relative))
      if (relative > tolerance) {
        failed.add(i)
        worst = Math.max(worst, relative)
      } else if (restsOnFew && DOUBT * relative > tolerance) {
        failed.add(i)
        doubtful.add(i)
        worst = Math.max(worst, Math.min(DOUBT * relative, 2 * tolerance))
      }
    }
  const ascending = (rows: ReadonlySet<number>) => [...rows].sort((a, b) => a - b)
  return {
    relativeStandardError,
    failedRows: ascending(failed),
    flatRows: ascending(flat).filter((i) => !failed.has(i)),
    factor: failed.size > 0 && Number.isFinite(worst) ? (worst / tolerance) ** 2 : null,
    doubtfulRows: ascending(doubtful),
  }
}
