import { spanInto } from './perturb.ts'
import type { Measurements, Plan } from './plan.ts'
import { callsPerDirection } from './stencil.ts'
import type { Session } from './session.ts'

/** Directions are measured in blocks of so many, so that memory stays small. */
const BLOCK = 256

/** Writes entries J[rows, columns] by moving each of the columns alone, with the plan's held-out step. */
export async function perturbedAlone(
  session: Session,
  plan: Plan,
  { at, scale }: Measurements,
  into: {
    readonly J: Float64Array // [m × n]
    readonly rows: readonly number[]
    readonly columns: readonly number[]
    readonly purpose: 'repair' | 'fallback'
  },
): Promise<void> {
  const { J, rows, columns, purpose } = into
  const { inputs: n, outputs: m, scheme } = plan
  const step = plan.heldOutSteps[0]!
  const span = new Float64Array(n)
  session.expect(columns.length * callsPerDirection(scheme))
  for (let from = 0; from < columns.length; from += BLOCK) {
    const block = columns.slice(from, from + BLOCK)
    const D = new Float64Array(block.length * n)
    for (let t = 0; t < block.length; t++) D[t * n + block[t]!] = 1
    const steps = new Float64Array(block.length).fill(step)
    const answers = await session.differences(purpose, D, steps, block.length)
    for (let t = 0; t < block.length; t++) {
      spanInto(span, at, scale, D, t * n, step, scheme)
      for (const i of rows) J[i * n + block[t]!] = answers[t * m + i]! / span[block[t]!]!
    }
  }
}
