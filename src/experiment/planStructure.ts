/** A plan for a blackbox that is known by its structure file or its sparsity pattern alone. */
import { type Pattern, patternFromEntries } from '../linalg/pattern.ts'
import { InputError } from '../scene/inputError.ts'
import type { Structure } from '../scene/parseStructure.ts'
import { pathText } from '../scene/problem.ts'
import { type PrepareOptions, prepareSensing } from '../sensing/prepareSensing.ts'
import type { PlanContent } from './planFile.ts'

export type PreparedPlan = Pick<PlanContent, 'inputs' | 'outputs' | 'scene' | 'plan'>

/**
 * The plan of a structure; `pattern` is what a Matrix Market file that it names holds. Inputs with a `step` are moved by that: the
 * plan's relative step is then the largest of them beside its input's typical magnitude, which are made to fit. Throws InputError,
 * naming `file`, on what prepareSensing refuses.
 */
export function planStructure(
  structure: Structure,
  options: PrepareOptions,
  { pattern, file = null }: { pattern?: Pattern | undefined; file?: string | null } = {},
): PreparedPlan {
  const { inputs, outputs, sparsity, symmetric, groups, rowGroups, known, tied, ties } = structure
  const typical = inputs.map(({ at, scale }) => scale ?? Math.max(1, Math.abs(at)))
  const shares = inputs.flatMap(({ step }, j) => (step === null ? [] : [step / typical[j]!]))
  if (shares.length > 0 && options.step !== undefined)
    throw new InputError({
      path: '--step',
      expected: `steps in ${file ?? 'the structure'} or by this option, not both`,
      found: String(options.step),
    })
  const step = shares.length > 0 ? Math.max(...shares) : options.step
  const stated =
    sparsity !== null && 'entries' in sparsity
      ? patternFromEntries(outputs.length, inputs.length, sparsity.entries)
      : pattern
  const plan = refusedAsInput(file, () =>
    prepareSensing(
      {
        inputs: inputs.length,
        outputs: outputs.length,
        sparsity: stated,
        symmetric: symmetric ?? undefined,
        ties: ties ?? undefined,
        inputGroups: groups,
        rowGroups: rowGroups ?? undefined,
        known,
        tied: tied ?? undefined,
      },
      { ...options, step },
    ),
  )
  const scales = inputs.map((input, j) => (input.step === null ? typical[j]! : input.step / step!))
  inputs.forEach(({ name, at }, j) => {
    for (let t = 0; t < plan.directions; t++) {
      const move = plan.steps[t]! * scales[j]! * plan.D[t * inputs.length + j]!
      if (move !== 0 && at + move === at)
        throw new InputError({
          file,
          path: pathText(['inputs', j]),
          expected: `a step of "${name}" that does not vanish beside its value ${at}`,
          found: `a step of ${Math.abs(move)}`,
        })
    }
  })
  return {
    inputs: inputs.map((input, j) => ({
      name: input.name,
      unit: input.unit,
      at: input.at,
      scale: scales[j]!,
      step: input.step,
    })),
    outputs: outputs.map(({ name, unit, scale }) => ({ name, unit, scale })),
    scene: null,
    plan,
  }
}

/** What is known of a blackbox whose pattern alone is given: z1 … zn at 0, and y1 … ym. */
export function structureOfPattern({ rows, cols }: Pattern, symmetric: boolean): Structure {
  const named = (letter: string, count: number) => Array.from({ length: count }, (_, k) => `${letter}${k + 1}`)
  return {
    inputs: named('z', cols).map((name) => ({ name, unit: '', at: 0, scale: null, step: null })),
    outputs: named('y', rows).map((name) => ({ name, unit: '', scale: null })),
    sparsity: null,
    symmetric: symmetric ? true : null,
    groups: [],
    rowGroups: null,
    known: [],
    tied: null,
    ties: null,
  }
}

/** Runs `prepare`; what it says of sizes and options is about the file or the command line. */
export function refusedAsInput<T>(file: string | null, prepare: () => T): T {
  try {
    return prepare()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InputError({
      file,
      expected: 'a structure and options that a plan can be made of',
      found: `a conflict: ${error.message.replace(/^sensing: /, '')}`,
    })
  }
}
