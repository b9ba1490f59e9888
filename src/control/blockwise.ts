/**
 * One Riccati equation per block of states and controls that hang together, put together again: separate robots in one scene, the
 * axes of a drone. The equation falls apart with the blocks, so P, K and the closed loop of the whole are those of the blocks.
 *
 * Rule. Zeros of A, B, Q, R and S separate. Where the accuracy of A and B was stated (or comes with a sensed linearization), entries
 * within it count as zeros too: K is then that of matrices which are as good as those given. What comes out is held against the
 * equation as given, entries within the accuracy included, and the whole is solved at once where that does not hold or a block fails.
 */
import { Matrix } from 'ml-matrix'
import { symmetricEigenvalues } from '../linalg/eigenvalues.ts'
import type { Dare, DareResult, Wording } from './dareVerdict.ts'
import type { RiccatiProblem } from './kleinman.ts'
import { type Block, separateBlocks } from './separateBlocks.ts'

export interface BlockwiseOptions {
  readonly names: readonly string[]
  readonly tolerance: number
  readonly negligible: { readonly A: number; readonly B: number } // entries of A and B that count as zero
  solve(problem: RiccatiProblem, names: readonly string[]): Dare
  residual(P: Matrix, K: Matrix): number // relative, of the whole equation
  readonly wording: Wording
}

/** Failures, those first that the whole system would be refused for. */
const WORST: readonly DareResult[] = [
  'unstabilizable',
  'singular-R',
  'no-stabilizing-solution',
  'max-iterations',
  'undetectable',
  'inaccurate',
]

/** Null where there is but one block, or the blocks don't make a solution of the whole. */
export function blockwise(problem: RiccatiProblem, options: BlockwiseOptions): Dare | null {
  const { blocks, dropped } = separateBlocks(problem, options.negligible)
  if (blocks.length === 1) return null
  const solved = new Map<string, Dare>()
  const parts: [Block, Dare][] = []
  for (const block of blocks) {
    const part = restricted(problem, block)
    if (block.states.length === 0) {
      // Controls that move nothing: the best is to leave them at zero, if that costs least.
      if (!(symmetricEigenvalues(part.R)[0]! > 1e-13 * Math.max(...part.R.to1DArray().map(Math.abs)))) return null
      continue
    }
    const key = JSON.stringify([part.A, part.B, part.Q, part.R, part.S].map((M) => M.to2DArray()))
    const known = solved.get(key)
    const names = block.states.map((i) => options.names[i]!)
    const found = known ?? options.solve(part, names)
    if (found.result === 'solved' && !found.undetectable)
      solved.set(key, found) // no names in it
    else if (found.result !== 'solved' && dropped) return null
    parts.push([block, found])
  }
  const whole = assembled(problem, parts, options.wording)
  if (!dropped || !whole.P || !whole.K) return whole
  const residual = options.residual(whole.P, whole.K)
  return residual <= options.tolerance ? { ...whole, residual } : null
}

/** The block's own equation; one without controls gets one that moves nothing. */
function restricted({ A, B, Q, R, S }: RiccatiProblem, { states, controls }: Block): RiccatiProblem {
  const pick = (M: Matrix, rows: readonly number[], columns: readonly number[]) =>
    new Matrix(rows.map((i) => columns.map((j) => M.get(i, j))))
  if (states.length === 0) {
    const none = Matrix.zeros(0, 0)
    return { A: none, B: none, Q: none, S: none, R: pick(R, controls, controls) }
  }
  const idle = controls.length === 0
  return {
    A: pick(A, states, states),
    B: idle ? Matrix.zeros(states.length, 1) : pick(B, states, controls),
    Q: pick(Q, states, states),
    R: idle ? Matrix.eye(1, 1) : pick(R, controls, controls),
    S: idle ? Matrix.zeros(states.length, 1) : pick(S, states, controls),
  }
}

function assembled({ A, B }: RiccatiProblem, parts: readonly [Block, Dare][], wording: Wording): Dare {
  const all = parts.map(([, found]) => found)
  const result = WORST.find((one) => all.some((found) => found.result === one)) ?? 'solved'
  const unstabilizable = all.flatMap((found) => found.unstabilizable ?? [])
  const undetectable = all.flatMap((found) => found.undetectable ?? [])
  const leastReached = all.flatMap((found) => found.leastReached ?? [])
  const isComplete = result !== 'unstabilizable' && all.every((found) => found.P && found.K && found.eigenvalues)
  const P = isComplete ? Matrix.zeros(A.rows, A.rows) : null
  const K = isComplete ? Matrix.zeros(B.columns, A.rows) : null
  for (const [{ states, controls }, found] of isComplete ? parts : []) {
    for (const [i, row] of states.entries())
      for (const [j, column] of states.entries()) P!.set(row, column, found.P!.get(i, j))
    for (const [i, row] of controls.entries())
      for (const [j, column] of states.entries()) K!.set(row, column, found.K!.get(i, j))
  }
  const eigenvalues = isComplete
    ? wording.ordered({
        re: Float64Array.from(all.flatMap((found) => [...found.eigenvalues!.re])),
        im: Float64Array.from(all.flatMap((found) => [...found.eigenvalues!.im])),
      })
    : null
  const message = (): string => {
    const speakers = all.filter((found) => found.result === result && (result !== 'solved' || found.undetectable))
    if (speakers.length === 1) return speakers[0]!.message
    if (result === 'unstabilizable') return wording.unreached(unstabilizable)
    if (result === 'undetectable') return wording.undetectable(undetectable)
    if (result !== 'solved') return speakers[0]!.message
    return undetectable.length > 0 ? wording.uncosted(undetectable) : wording.stable(eigenvalues!)
  }
  return {
    result,
    message: message(),
    P,
    K,
    eigenvalues,
    // The whole's relative residual is at most that of its worst block.
    residual: isComplete ? Math.max(...all.map((found) => found.residual)) : Number.POSITIVE_INFINITY,
    iterations: Math.max(...all.map((found) => found.iterations)),
    ...(unstabilizable.length > 0 && { unstabilizable }),
    ...(undetectable.length > 0 && { undetectable }),
    ...(leastReached.length > 0 && { leastReached }),
  }
}
