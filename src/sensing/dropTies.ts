/**
 * When a Jacobian that leans on ties fails its certificate, the ties may not hold: measures what they stood in for. Columns that
 * the tied plan perturbed alone are known in every row already, and are not measured again.
 */
import { densePattern, type Pattern } from '../linalg/pattern.ts'
import { fingerprint } from './fingerprint.ts'
import type { Measurements, Plan } from './plan.ts'
import { callsPerDirection } from './stencil.ts'
import { colored } from './recover/colored.ts'
import type { Session } from './session.ts'

export interface Untied {
  readonly plan: Plan // without ties, the same held-out directions
  readonly measurements: Measurements
}

/**
 * A plan without ties and its measurements; counted as repair. `sparsity`: superset of the nonzeros, null where unknown. null when
 * maxCalls leaves too few evaluations.
 */
export async function dropTies(
  session: Session,
  plan: Plan,
  measurements: Measurements,
  sparsity: Pattern | null,
): Promise<Untied | null> {
  const { inputs: n, outputs: m } = plan
  const whole = sparsity ?? densePattern(m, n)
  const alone = directionsAlone(plan)
  const rest = withoutColumns(whole, alone)
  const design = colored.design({ inputs: n, outputs: m, sparsity: rest, symmetric: null, reading: 'direct' })
  if (design.decoder.method !== 'colored') throw new RangeError('sensing: a coloring without a colored decoder')
  if (design.directions * callsPerDirection(plan.scheme) > session.remaining()) return null

  session.expect(design.directions * callsPerDirection(plan.scheme))
  await session.ensureBase()
  const step = plan.heldOutSteps[0] ?? plan.steps[0]!
  const steps = new Array<number>(design.directions).fill(step)
  const answers = await session.differences('repair', design.D, steps, design.directions)

  // the directions kept come first, then the new ones
  const kept = [...new Set(alone.values())].sort((a, b) => a - b)
  const colors = Array.from({ length: n }, (_, j) => {
    const direction = alone.get(j)
    if (direction !== undefined) return kept.indexOf(direction)
    const color = design.decoder.method === 'colored' ? design.decoder.colors[j]! : -1
    return color < 0 ? -1 : kept.length + color
  })
  const slice = (values: readonly number[], width: number): number[] =>
    kept.flatMap((t) => values.slice(t * width, (t + 1) * width))
  const untied = {
    ...plan,
    method: 'colored' as const,
    directions: kept.length + design.directions,
    D: [...slice(plan.D, n), ...design.D],
    steps: [...kept.map((t) => plan.steps[t]!), ...steps],
    decoder: {
      method: 'colored' as const,
      numColors: kept.length + design.directions,
      colors,
      colPtr: Array.from(whole.colPtr),
      rowIdx: Array.from(whole.rowIdx),
      elimination: null,
    },
    ties: null,
    notes: [...plan.notes, `without ties ${kept.length} columns kept, ${design.notes.join('; ')} for the others`],
  }
  const mark = fingerprint(`untied ${plan.fingerprint}`, untied.D, untied.steps, whole.colPtr, whole.rowIdx)
  return {
    plan: { ...untied, fingerprint: mark },
    measurements: {
      ...measurements,
      fingerprint: mark,
      outputScale: Array.from(session.outputScale),
      Y: [...slice(measurements.Y, m), ...answers],
    },
  }
}

/** For each column that some direction moves alone, that direction. */
function directionsAlone({ directions, inputs: n, D }: Plan): Map<number, number> {
  const alone = new Map<number, number>()
  for (let t = 0; t < directions; t++) {
    const moved: number[] = []
    for (let j = 0; j < n && moved.length < 2; j++) if (D[t * n + j] !== 0) moved.push(j)
    if (moved.length === 1) alone.set(moved[0]!, t)
  }
  return alone
}

function withoutColumns({ rows, cols, colPtr, rowIdx }: Pattern, dropped: ReadonlyMap<number, number>): Pattern {
  const keptPtr = new Int32Array(cols + 1)
  const kept: number[] = []
  for (let j = 0; j < cols; j++) {
    if (!dropped.has(j)) for (let k = colPtr[j]!; k < colPtr[j + 1]!; k++) kept.push(rowIdx[k]!)
    keptPtr[j + 1] = kept.length
  }
  return { rows, cols, colPtr: keptPtr, rowIdx: Int32Array.from(kept) }
}
