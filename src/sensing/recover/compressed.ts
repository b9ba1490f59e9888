import { DESIGNS, designRows } from '../designs.ts'
import { sharedNote } from '../compressed/sharedNote.ts'
import { sparsestRowsInto } from '../compressed/sparsestRows.ts'
import type { Plan } from '../plan.ts'
import type { Problem, Recovery } from './recovery.ts'

/**
 * Compressed sensing: random directions shared by all rows, each row solved for the fewest entries that explain its differences
 * (Choromanski and Sindhwani 2017, arXiv:1711.03361, sense Jacobians so). Needs no pattern: 2 s ln(n/s) directions tell rows of s
 * entries wherever these are; a given pattern narrows the choice. Rows that are denser fail the certificate and are repaired with
 * further directions. Where it takes as many directions as inputs, these are those of dense differences.
 */
export const compressed: Recovery = {
  method: 'compressed',

  design(problem) {
    const { inputs: n, outputs: m, sparsity, rowGroups = [] } = problem
    const { design = 'rademacher', seed = 1 } = problem.random ?? {}
    if (!DESIGNS.includes(design))
      throw new RangeError(`sensing: design must be one of ${DESIGNS.join(', ')}; got ${String(design)}`)
    const moved = Array.from({ length: n }, (_, j) => j).filter(
      (j) => sparsity === null || sparsity.colPtr[j]! < sparsity.colPtr[j + 1]!,
    )
    const wanted = numDirections(problem)
    const k = m === 0 ? 0 : Math.min(wanted, moved.length)
    const isDense = k === moved.length
    const D = new Array<number>(k * n).fill(0)
    if (isDense) for (let t = 0; t < k; t++) D[t * n + moved[t]!] = 1
    else if (k > 0) fillRandom(D, n, moved, designRows(design, k, moved.length, seed))
    const decoder = {
      method: 'compressed' as const,
      design,
      superset: sparsity === null ? null : { colPtr: Array.from(sparsity.colPtr), rowIdx: Array.from(sparsity.rowIdx) },
      groups: rowGroups.map((rows) => [...rows]),
    }
    const note = isDense
      ? `${k} directions, one for each input: too few inputs for random ones to save any`
      : `${k} ${design} directions for rows of about ${sparsestLevel(k, moved.length)} entries among ${moved.length}`
    const unused = problem.symmetric === null ? [] : ['symmetry is not used by this method']
    return { directions: k, D, decoder, notes: [note, ...unused] }
  },

  decodeInto(J, plan, { Y, floor, spanInto, explain }) {
    const { inputs: n, outputs: m, directions: k } = plan
    const { superset, groups } = decoderOf(plan)
    J.fill(0)
    const spans = new Float64Array(k * n)
    for (let t = 0; t < k; t++) spanInto(spans.subarray(t * n, (t + 1) * n), t)
    const rows = Array.from({ length: m }, (_, i) => i)
    const told = sparsestRowsInto(J, { spans, Y, count: k, n, m }, rows, {
      superset,
      groups,
      tolerance: plan.tolerance,
      floor,
    })
    for (const note of sharedNote(told)) explain?.(note)
    return null
  },
}

/** k as given, or 2 s ln(n/s) for s as given, or a beginning for rows of a few entries. */
function numDirections({ inputs: n, random = {} }: Problem): number {
  const { sparsityLevel: s, directions } = random
  for (const [name, value] of Object.entries({ sparsityLevel: s, directions }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw new RangeError(`sensing: ${name} must be an integer ≥ 1, got ${value}`)
  if (s !== undefined && directions !== undefined)
    throw new RangeError('sensing: give sparsityLevel or directions, not both')
  if (directions !== undefined) return directions
  if (s !== undefined) return directionsFor(s, n)
  return firstDirections(n)
}

/** 2 s ln(n/s), more than s and at most n. */
export function directionsFor(s: number, n: number): number {
  return Math.min(n, Math.max(s + 1, Math.round(2 * s * Math.log(n / s))))
}

/** How many directions to begin with where nobody knows how sparse rows are: rows of two or three entries are told by them. */
function firstDirections(n: number): number {
  return 8 + Math.ceil(2 * Math.log2(n + 1))
}

/** The largest s with 2 s ln(n/s) ≤ k, at least 1. */
function sparsestLevel(k: number, n: number): number {
  let s = 1
  while (s + 1 < n / Math.E && Math.round(2 * (s + 1) * Math.log(n / (s + 1))) <= k) s++
  return s
}

/** Writes designs of the moved inputs, each direction divided by its largest entry: no input moves further than a step. */
function fillRandom(D: number[], n: number, moved: readonly number[], S: Float64Array): void {
  const width = moved.length
  for (let t = 0; t * width < S.length; t++) {
    let largest = 0
    for (let c = 0; c < width; c++) largest = Math.max(largest, Math.abs(S[t * width + c]!))
    for (let c = 0; c < width; c++) D[t * n + moved[c]!] = S[t * width + c]! / largest
  }
}

function decoderOf({ decoder }: Plan) {
  if (decoder.method !== 'compressed') throw new RangeError(`recover: a ${decoder.method} decoder in a compressed plan`)
  return decoder
}
