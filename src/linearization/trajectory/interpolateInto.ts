/** Fills A and B between measured knots, linear in time, where a check in the middle agrees; measures there and halves where not. */

export interface KnotSource {
  /** Writes A and B at these knots. */
  measure(some: readonly number[]): Promise<void>
  /** Whether A and B, as they stand, agree with the simulator at each of these knots. */
  agree(some: Int32Array): Promise<readonly boolean[]>
}

/** Returns the number of knots that were measured. */
export async function interpolateInto(
  A: Float64Array, // [N × ndx × ndx]
  B: Float64Array, // [N × ndx × nu]
  N: number,
  { ndx, nu, spacing }: { readonly ndx: number; readonly nu: number; readonly spacing: number },
  source: KnotSource,
): Promise<number> {
  const anchors: number[] = []
  for (let k = 0; k < N - 1; k += spacing) anchors.push(k)
  anchors.push(N - 1)
  await source.measure(anchors)
  let numMeasured = anchors.length
  let open = anchors.slice(1).map((to, c): [number, number] => [anchors[c]!, to])
  while (open.length > 0) {
    open = open.filter(([from, to]) => to - from > 1)
    for (const [from, to] of open) {
      between(A, ndx * ndx, from, to)
      between(B, ndx * nu, from, to)
    }
    const middle = ([from, to]: [number, number]) => (from + to) >> 1
    const agrees = open.length === 0 ? [] : await source.agree(Int32Array.from(open, middle))
    const refused = open.filter((_, c) => !agrees[c])
    const again = refused.map(middle)
    if (again.length > 0) await source.measure(again)
    numMeasured += again.length
    open = refused.flatMap(([from, to]): [number, number][] => [
      [from, (from + to) >> 1],
      [(from + to) >> 1, to],
    ])
  }
  return numMeasured
}

function between(J: Float64Array, size: number, from: number, to: number): void {
  for (let k = from + 1; k < to; k++) {
    const share = (k - from) / (to - from)
    for (let e = 0; e < size; e++) J[k * size + e] = (1 - share) * J[from * size + e]! + share * J[to * size + e]!
  }
}
