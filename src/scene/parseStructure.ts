/**
 * Structure files: what is known of a blackbox that jacsense can't call. Inputs with the point and their typical sizes, outputs,
 * and what can influence what, all by name. docs/measure-elsewhere.md says the same in words.
 */
import * as z from 'zod/mini'
import type { Coordinate } from './layout.ts'
import { listed, suggestion } from './nearest.ts'
import { pathText, type Problem, problemsOf } from './problem.ts'
import { keyed, list, positive } from './schemaParts.ts'
import { schemaProblem } from './schemaProblem.ts'

export interface StructureInput extends Coordinate {
  readonly at: number // the point
  readonly scale: number | null // typical magnitude; null: max(1, |at|)
  readonly step: number | null // in the input's unit; null: that of the plan
}

export interface StructureOutput extends Coordinate {
  readonly scale: number | null // typical magnitude; null: the largest value seen
}

export interface Term {
  readonly index: number
  readonly value: number
}

/** What a structure file says, names resolved to numbers from 0. */
export interface Structure {
  readonly inputs: readonly StructureInput[] // [n]
  readonly outputs: readonly StructureOutput[] // [m]
  /** The entries that may be nonzero (output, input), or a Matrix Market file that holds them; null: any. */
  readonly sparsity: { readonly entries: readonly (readonly [number, number])[] } | { readonly file: string } | null
  readonly symmetric: true | readonly { readonly rows: readonly number[]; readonly columns: readonly number[] }[] | null
  readonly groups: readonly (readonly number[])[] // inputs whose effects are certified at a scale of their own
  readonly rowGroups: readonly (readonly number[])[] | null // outputs that share their entries
  readonly known: readonly StructureEntry[] // entries by their values
  readonly tied: TiedEntries | null // entries that share parameters
  readonly ties: {
    readonly rows: number
    readonly cols: number
    readonly tiedColumns: readonly TiedColumn[]
    readonly tiedRows: readonly TiedRow[]
  } | null
}

interface StructureEntry {
  readonly row: number
  readonly column: number
  readonly value: number
}

type TiedEntries = (typeof NAMED)[number] | readonly (readonly (Omit<StructureEntry, 'value'> & { factor: number })[])[]

interface TiedColumn {
  readonly column: number
  readonly from: readonly Term[]
  readonly known: readonly Term[]
  readonly reason: string
}

interface TiedRow extends Omit<TiedColumn, 'column'> {
  readonly row: number
}

/** Inputs or outputs that a file may name. */
export const MAX_COORDINATES = 5000
const MAX_ENTRIES = 5e6
/** Columns of the table of points that are no inputs. */
export const RESERVED: readonly string[] = ['index', 'for']

const NAMED = ['toeplitz', 'hankel', 'circulant'] as const

const NAME = 'a name of 1 to 200 characters in one line, no blank at either end'
const label = z.string(NAME).check(
  z.regex(/^(?=.{1,200}$)\S(.*\S)?$/u, NAME),
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  z.refine((name) => !/[\u0000-\u001f\u007f]/.test(name), NAME),
  z.refine((name) => !(name in {}), 'a name that JavaScript does not use itself'),
)
const unit = z._default(z.string('a unit as text').check(z.maxLength(40, 'a unit of at most 40 characters')), '')
const number = z.number('a number')

const input = keyed('an input { "name": …, "at": … }', {
  name: label.check(z.refine((name) => !RESERVED.includes(name), `a name other than ${RESERVED.join(' and ')}`)),
  unit,
  at: number,
  scale: z.optional(positive('', 'Typical magnitude')),
  step: z.optional(positive('', 'How far it is moved, in its unit')),
})
const output = z.union(
  [
    z.pipe(
      label,
      z.transform((name: string) => ({ name, unit: '', scale: undefined })),
    ),
    keyed('an output { "name": … }', { name: label, unit, scale: z.optional(positive('', 'Typical magnitude')) }),
  ],
  'a name, or an output { "name": …, "unit": …, "scale": … }',
)
const names = list(z.string('a name'), 'names')
const factors = z._default(z.record(z.string(), number, 'numbers by name { "name": … }'), {})
const texted = (otherwise: string) => z._default(z.string('a text'), otherwise)
const coordinates = <T extends z.ZodMiniType>(part: T, what: string) =>
  list(part, what, 1).check(z.maxLength(MAX_COORDINATES, `at most ${MAX_COORDINATES} ${what}`))

const SPARSITY = 'a Matrix Market file, { "output": ["input", …], … } or a list of ["output", "input"]'
const KNOWN = 'entries ["output", "input", value]'
const knownEntry = z.tuple(
  [z.string('the name of an output'), z.string('the name of an input'), number],
  'an entry ["output", "input", value]',
)
const TIED = `"${NAMED.join('", "')}", or lists of entries ["output", "input"] or ["output", "input", factor]`
const structureSchema = keyed('a structure { "inputs", "outputs", … }', {
  description: texted(''),
  inputs: coordinates(input, 'inputs'),
  outputs: coordinates(output, 'outputs'),
  sparsity: z.optional(
    z.union(
      [
        z.string(),
        z.array(z.tuple([z.string(), z.string()])).check(z.maxLength(MAX_ENTRIES, `at most ${MAX_ENTRIES} entries`)),
        z.record(z.string(), names),
      ],
      SPARSITY,
    ),
  ),
  symmetric: z.optional(
    z.union(
      [z.literal(true), z.array(keyed('a block { "outputs": […], "inputs": […] }', { outputs: names, inputs: names }))],
      'true, or a list of blocks { "outputs": […], "inputs": […] }',
    ),
  ),
  groups: z._default(list(names, 'lists of inputs'), []),
  rowGroups: z.optional(list(names, 'lists of outputs')),
  known: z._default(list(knownEntry, KNOWN).check(z.maxLength(MAX_ENTRIES, `at most ${MAX_ENTRIES} entries`)), []),
  tied: z.optional(
    z.union(
      [
        z.enum(NAMED),
        z.array(z.array(z.union([z.tuple([z.string(), z.string()]), z.tuple([z.string(), z.string(), number])]))),
      ],
      TIED,
    ),
  ),
  ties: z.optional(
    keyed('ties { "inputs": […], "outputs": […] }', {
      inputs: z._default(
        list(
          keyed('a tied input { "name": …, "from": { "input": factor }, "known": { "output": value } }', {
            name: z.string('the name of an input'),
            from: factors,
            known: factors,
            reason: texted('stated'),
          }),
          'tied inputs',
        ),
        [],
      ),
      outputs: z._default(
        list(
          keyed('a tied output { "name": …, "from": { "output": factor }, "known": { "input": value } }', {
            name: z.string('the name of an output'),
            from: factors,
            known: factors,
            reason: texted('stated'),
          }),
          'tied outputs',
        ),
        [],
      ),
    }),
  ),
})

/** Whether a JSON value means a structure and not a scene: it has inputs or outputs, and no bodies. */
export function isStructure(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !('bodies' in value) && ('inputs' in value || 'outputs' in value)
  )
}

/** Checks the JSON value of a structure file and resolves its names. Throws InputError at the first thing that can't be used. */
export function parseStructure(value: unknown, { file = null }: { file?: string | null } = {}): Structure {
  const problem = problemsOf(file)
  const parsed = structureSchema.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problem)
  const { inputs, outputs, sparsity, symmetric, groups, rowGroups, known, tied, ties } = parsed.data
  const inputOf = finder('inputs', inputs, problem)
  const outputOf = finder('outputs', outputs, problem)
  const terms = (values: Readonly<Record<string, number>>, find: Finder, path: Path): Term[] =>
    Object.entries(values).map(([name, value]) => ({ index: find(name, [...path, name]), value }))

  return {
    inputs: inputs.map(({ scale = null, step = null, ...rest }) => ({ ...rest, scale, step })),
    outputs: outputs.map(({ scale = null, ...rest }) => ({ ...rest, scale })),
    sparsity:
      sparsity === undefined
        ? null
        : typeof sparsity === 'string'
          ? { file: sparsity }
          : { entries: entriesOf(sparsity) },
    symmetric:
      symmetric === undefined || symmetric === true
        ? (symmetric ?? null)
        : symmetric.map((block, k) => ({
            rows: block.outputs.map((name, i) => outputOf(name, ['symmetric', k, 'outputs', i])),
            columns: block.inputs.map((name, j) => inputOf(name, ['symmetric', k, 'inputs', j])),
          })),
    groups: groups.map((group, k) => group.map((name, j) => inputOf(name, ['groups', k, j]))),
    rowGroups: rowGroups?.map((group, k) => group.map((name, i) => outputOf(name, ['rowGroups', k, i]))) ?? null,
    known: known.map(([i, j, value], k) => ({
      row: outputOf(i, ['known', k, 0]),
      column: inputOf(j, ['known', k, 1]),
      value,
    })),
    tied:
      tied === undefined || typeof tied === 'string'
        ? (tied ?? null)
        : tied.map((group, g) =>
            group.map(([i, j, factor = 1], k) => ({
              row: outputOf(i, ['tied', g, k, 0]),
              column: inputOf(j, ['tied', g, k, 1]),
              factor,
            })),
          ),
    ties:
      ties === undefined
        ? null
        : {
            rows: outputs.length,
            cols: inputs.length,
            tiedColumns: ties.inputs.map(({ name, from, known, reason }, k) => ({
              column: inputOf(name, ['ties', 'inputs', k, 'name']),
              from: terms(from, inputOf, ['ties', 'inputs', k, 'from']),
              known: terms(known, outputOf, ['ties', 'inputs', k, 'known']),
              reason,
            })),
            tiedRows: ties.outputs.map(({ name, from, known, reason }, k) => ({
              row: outputOf(name, ['ties', 'outputs', k, 'name']),
              from: terms(from, outputOf, ['ties', 'outputs', k, 'from']),
              known: terms(known, inputOf, ['ties', 'outputs', k, 'known']),
              reason,
            })),
          },
  }

  function entriesOf(stated: readonly (readonly [string, string])[] | Readonly<Record<string, string[]>>) {
    if (Array.isArray(stated))
      return (stated as readonly (readonly [string, string])[]).map(([i, j], k): [number, number] => [
        outputOf(i, ['sparsity', k, 0]),
        inputOf(j, ['sparsity', k, 1]),
      ])
    return Object.entries(stated as Readonly<Record<string, string[]>>).flatMap(([name, row]) => {
      const i = outputOf(name, ['sparsity', name])
      return row.map((one, k): [number, number] => [i, inputOf(one, ['sparsity', name, k])])
    })
  }
}

type Path = readonly PropertyKey[]
type Finder = (name: string, path: Path) => number

/** Looks names up. Throws InputError where one stands twice in the list. */
function finder(list: string, coordinates: readonly Coordinate[], problem: Problem): Finder {
  const places = new Map<string, number>()
  coordinates.forEach(({ name }, k) => {
    if (places.has(name)) throw problem(pathText([list, k, 'name']), 'each name once', `"${name}" a second time`)
    places.set(name, k)
  })
  return (name, path) => {
    const place = places.get(name)
    if (place !== undefined) return place
    const known = [...places.keys()]
    throw problem(pathText(path), `one of the ${list} ${listed(known)}`, `"${name}"${suggestion(name, known)}`)
  }
}
