/**
 * The loop of `rankFourUpdate` in WebAssembly, instruction by instruction, with two numbers at a time (WebAssembly Core
 * Specification 2.0, §5 for the binary format). In words:
 *
 *     add(row, other, M, end, a, b):        every place times 8, as addresses are in bytes
 *       A0…A3 = a[0…3], B0…B3 = b[0…3]      each twice in its register
 *       loop
 *         M0…M3 = the next pairs of columns
 *         row[0…1] += A0 M0 + A1 M1 + A2 M2 + A3 M3
 *         other[0…1] += B0 M0 + B1 M1 + B2 M2 + B3 M3
 *         row, other, M move on, again while M < end
 */
type Code = readonly number[]

const I32 = 0x7f
const V128 = 0x7b
const EMPTY = 0x40 // type of a block without result

// Locals: the parameters, then the registers.
const [ROW, OTHER, M, END, A_AT, B_AT, A, B, M_AT] = [0, 1, 2, 3, 4, 5, 6, 10, 14] as const
const PARAMETERS = 6
const REGISTERS = 12 // A0…A3, B0…B3, M0…M3

const number = (value: number): Code => (value < 128 ? [value] : [(value & 127) | 128, ...number(value >> 7)]) // LEB128
const positive = (value: number): Code => (value < 64 ? [value] : [(value & 127) | 128, ...positive(value >> 7)]) // signed LEB128
const text = (value: string): Code => counted([...value].map((letter) => [letter.charCodeAt(0)]))
const sized = (content: Code): Code => [...number(content.length), ...content]
const counted = (items: readonly Code[]): Code => [...number(items.length), ...items.flat()]
const section = (id: number, ...items: Code[]): Code => [id, ...sized(counted(items))]

const get = (local: number): Code => [0x20, ...number(local)]
const set = (local: number): Code => [0x21, ...number(local)]
const constant = (value: number): Code => [0x41, ...positive(value)]
const i32Add: Code = [0x6a]
const i32ShiftLeft: Code = [0x74]
const i32Less: Code = [0x49] // unsigned
const loop = (...body: Code[]): Code => [0x03, EMPTY, ...body.flat(), 0x0b]
const againIf: Code = [0x0d, 0]
const simd = (operation: number, ...rest: Code[]): Code => [0xfd, ...number(operation), ...rest.flat()]
const ALIGNED = [3] // to 8 bytes
const load = (offset: number): Code => simd(0x00, ALIGNED, number(offset))
const loadTwice = (offset: number): Code => simd(0x0a, ALIGNED, number(offset)) // one number into both places
const store: Code = simd(0x0b, ALIGNED, [0])
const add: Code = simd(0xf0)
const times: Code = simd(0xf2)

const FOUR = [0, 1, 2, 3] as const

const moveOn = (place: number, bytes: number): Code => [...get(place), ...constant(bytes), ...i32Add, ...set(place)]
/** place[0…1] += Σ factor_q M_q */
const addProducts = (place: number, factors: number): Code => [
  ...get(place),
  ...get(place),
  ...load(0),
  ...FOUR.flatMap((q) => [...get(factors + q), ...get(M_AT + q), ...times, ...(q > 0 ? add : [])]),
  ...add,
  ...store,
]

const body: Code = [
  ...[ROW, OTHER, M, END, A_AT, B_AT].flatMap((place) => [
    ...get(place),
    ...constant(3),
    ...i32ShiftLeft,
    ...set(place),
  ]),
  ...FOUR.flatMap((q) => [...get(A_AT), ...loadTwice(8 * q), ...set(A + q)]),
  ...FOUR.flatMap((q) => [...get(B_AT), ...loadTwice(8 * q), ...set(B + q)]),
  ...loop(
    FOUR.flatMap((q) => [...get(M), ...load(16 * q), ...set(M_AT + q)]),
    addProducts(ROW, A),
    addProducts(OTHER, B),
    moveOn(ROW, 16),
    moveOn(OTHER, 16),
    moveOn(M, 64),
    [...get(M), ...get(END), ...i32Less],
    againIf,
  ),
  0x0b, // end of the function
]

const module: Code = [
  ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // '\0asm', version 1
  ...section(1, [0x60, ...counted(new Array<Code>(PARAMETERS).fill([I32])), ...counted([])]), // type of the function
  ...section(3, [0]), // it is of that type
  ...section(5, [0, 0]), // a memory, no pages at first
  ...section(7, [...text('add'), 0, 0], [...text('memory'), 2, 0]), // exports
  ...section(10, sized([...counted([[REGISTERS, V128]]), ...body])),
]

let compiled: WebAssembly.Module | null | undefined

/** Exports `add` and `memory`; null where there is no WebAssembly, none with SIMD, or it is not allowed. */
export function rankFourModule(): WebAssembly.Module | null {
  if (compiled !== undefined) return compiled
  compiled = null
  try {
    const bytes = Uint8Array.from(module)
    if (WebAssembly.validate(bytes)) compiled = new WebAssembly.Module(bytes)
  } catch {
    // a policy of the page, say
  }
  return compiled
}
