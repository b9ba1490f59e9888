/**
 * The innermost loop of products and eliminations: to two rows at once, four others are added, each times a factor. In WebAssembly,
 * two columns at a time, where that is to be had, else in plain code; the bits are the same.
 */
import { rankFourModule } from './rankFourModule.ts'

const WORTHWHILE = 2000 // numbers; for fewer, calls into WebAssembly gain nothing
const PAGE = 65536 // bytes
const MOST = 2 ** 27 // numbers, so that addresses stay within 31 bits

/** a_q M_q and b_q M_q are summed over q = 0…3 before they are added. Places are indices into `numbers`. */
export interface RankFourUpdate {
  readonly numbers: Float64Array // where all operands are, zeros at first
  /**
   * The rows at `row` and `other`, which do not overlap, get Σ a_q M_q and Σ b_q M_q. M [4 × columns] is given by pairs of columns,
   * `packedPlace` says how, from `M` until `end`; where their number is odd the last is zero, and the number after the row is left
   * as it is. The factors a and b are four numbers each.
   */
  add(row: number, other: number, M: number, end: number, a: number, b: number): void
  /**
   * Others may have the memory; `numbers` must not be touched after, nor released again. Where nobody releases it, it is collected as any
   * object is.
   */
  release(): void
}

/** Of entry (q, column) within M. */
export const packedPlace = (q: number, column: number): number => 8 * (column >> 1) + 2 * q + (column & 1)

/** Row q of four, [columns] numbers from `from` on, into the place of four rows at `four`. */
export function packRow(
  numbers: Float64Array,
  four: number,
  q: number,
  row: Float64Array,
  from: number,
  columns: number,
): void {
  const first = four + packedPlace(q, 0)
  for (let j = 0; j < columns; j++) numbers[first + 8 * (j >> 1) + (j & 1)] = row[from + j]!
}

interface Instance {
  readonly memory: WebAssembly.Memory
  readonly add: RankFourUpdate['add']
}

// Each memory of WebAssembly takes gigabytes of address space: those that were released are used again.
const released: Instance[] = []

/** Room for so many numbers. */
export function rankFourUpdate(length: number): RankFourUpdate {
  const instance = length < WORTHWHILE || length > MOST ? null : borrow(8 * length)
  if (instance === null) return plainRankFourUpdate(length)
  const numbers = new Float64Array(instance.memory.buffer, 0, length).fill(0)
  return {
    numbers,
    add: instance.add,
    release() {
      if (!released.includes(instance)) released.push(instance)
    },
  }
}

function borrow(bytes: number): Instance | null {
  try {
    const instance = released.pop() ?? instantiate()
    const missing = Math.ceil((bytes - (instance?.memory.buffer.byteLength ?? 0)) / PAGE)
    if (missing > 0) instance?.memory.grow(missing)
    return instance
  } catch {
    return null // no memory, or not allowed here
  }
}

function instantiate(): Instance | null {
  const module = rankFourModule()
  if (module === null) return null
  const { exports } = new WebAssembly.Instance(module)
  return exports as unknown as Instance
}

/** Without WebAssembly. */
export function plainRankFourUpdate(length: number): RankFourUpdate {
  const N = new Float64Array(length)
  return {
    numbers: N,
    add(row, other, M, end, a, b) {
      const a0 = N[a]!
      const a1 = N[a + 1]!
      const a2 = N[a + 2]!
      const a3 = N[a + 3]!
      const b0 = N[b]!
      const b1 = N[b + 1]!
      const b2 = N[b + 2]!
      const b3 = N[b + 3]!
      for (let i = M, r = row, o = other; i < end; i += 8, r += 2, o += 2) {
        // Read before anything is written, as reading again would be slower.
        const m0 = N[i]!
        const m1 = N[i + 2]!
        const m2 = N[i + 4]!
        const m3 = N[i + 6]!
        N[r]! += a0 * m0 + a1 * m1 + a2 * m2 + a3 * m3
        N[o]! += b0 * m0 + b1 * m1 + b2 * m2 + b3 * m3
        const n0 = N[i + 1]!
        const n1 = N[i + 3]!
        const n2 = N[i + 5]!
        const n3 = N[i + 7]!
        N[r + 1]! += a0 * n0 + a1 * n1 + a2 * n2 + a3 * n3
        N[o + 1]! += b0 * n0 + b1 * n1 + b2 * n2 + b3 * n3
      }
    },
    release() {
      // left to the collector
    },
  }
}
