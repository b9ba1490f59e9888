/**
 * Plan files: a sensing plan with the names, units, point and scales it is for, so that points can be evaluated anywhere and the
 * answers be understood later. Only data: reading one runs nothing. The plan is checked further where plans are known (sensing/).
 */
import * as z from 'zod/mini'
import { MAX_COORDINATES } from './parseStructure.ts'
import { problemsOf, shown } from './problem.ts'
import { keyed, list } from './schemaParts.ts'
import { schemaProblem } from './schemaProblem.ts'

export const PLAN_FORMAT = 'jacsense-plan'
/** Raised whenever a file of the version before would be read differently. */
export const PLAN_VERSION = 1

/** Numbers that one list of a plan may hold. */
export const MAX_NUMBERS = 1e7
const MAX_DEPTH = 12
const MAX_TEXT = 10_000

const text = z.string('a text').check(z.maxLength(MAX_TEXT, `at most ${MAX_TEXT} characters`))
const number = z.number('a number')
const positive = number.check(z.positive('a number > 0'))
const count = z.int('a whole number ≥ 0').check(z.minimum(0, 'a whole number ≥ 0'))
const numbers = listOf((value) => typeof value === 'number' && Number.isFinite(value), 'a list of numbers')

/** A list too long for zod to walk through in reasonable time. */
function listOf(isEntry: (value: unknown) => boolean, what: string) {
  const isList = (value: unknown): boolean =>
    Array.isArray(value) && value.length <= MAX_NUMBERS && value.every(isEntry)
  return z.custom<readonly number[]>(isList, what)
}

/** Finite numbers, texts, true, false, null, and lists and objects of them, not too deep. */
function isPlain(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string') return value.length <= MAX_TEXT
  if (typeof value !== 'object' || depth > MAX_DEPTH) return false
  const parts = Array.isArray(value) ? value : Object.values(value)
  return parts.length <= MAX_NUMBERS && parts.every((part) => isPlain(part, depth + 1))
}

const plain = z.custom<unknown>((value) => isPlain(value), 'plain data')

/** What all methods have in common is checked here; what is a method's own (its decoder) has to be plain data. */
const plan = z.catchall(
  z.object(
    {
      inputs: count,
      outputs: count,
      method: text,
      scheme: text,
      directions: count,
      D: numbers,
      steps: numbers,
      heldOutDirections: count,
      heldOut: numbers,
      heldOutSteps: numbers,
      decoder: z.catchall(z.object({ method: text }, 'a decoder { "method": … }'), plain),
      ties: plain,
      tolerance: positive,
      seed: z.int('a whole number'),
      notes: list(text, 'texts'),
      fingerprint: text,
    },
    'a plan { "inputs", "outputs", "method", … }',
  ),
  plain,
)

const coordinate = { name: text, unit: text }
const most = <T extends z.ZodMiniType>(part: T, what: string) =>
  list(part, what).check(z.maxLength(2 * MAX_COORDINATES, `at most ${2 * MAX_COORDINATES} ${what}`))

const planFileSchema = keyed('a plan file { "format", "version", … }', {
  format: z.literal(PLAN_FORMAT, `"${PLAN_FORMAT}"`),
  version: z.literal(PLAN_VERSION, String(PLAN_VERSION)),
  writer: text, // 'jacsense 0.1.0'
  source: text, // the structure, pattern or scene it was made from; paths from the folder of the plan file
  options: z.record(
    z.string(),
    z.union([text, number, z.boolean()], 'a text, a number, true or false'),
    'options by name',
  ), // as on the command line
  inputs: most(keyed('an input', { ...coordinate, at: number, scale: positive, step: z.nullable(positive) }), 'inputs'), // [n]; step: where the structure states it, in the input's unit
  outputs: most(keyed('an output', { ...coordinate, scale: z.nullable(positive) }), 'outputs'), // [m]
  /** Of plans for the step of a scene, whose inputs are then (δx, δu): where x and u are taken from. */
  scene: z.nullable(
    keyed('a scene', {
      name: text,
      engine: text, // whose coordinates, structure and sizes the plan is made with
      coordinates: z.nullable(z.enum(['reduced', 'maximal'], '"reduced" or "maximal"')),
      fingerprint: text,
      dt: positive, // s
      x: numbers, // [nx]
      u: numbers, // [nu]
    }),
  ),
  plan,
  fingerprint: text, // of all of the above
})

/** What a plan file holds. */
export type PlanFile = z.output<typeof planFileSchema>

/**
 * Checks the JSON value of a plan file: format, version, and all values by type and size. Throws InputError at the first thing that
 * can't be used. Whether it was changed since it was written, only its fingerprint tells.
 */
export function parsePlanFile(value: unknown, { file = null }: { file?: string | null } = {}): PlanFile {
  const problem = problemsOf(file)
  const { format, version } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (format !== PLAN_FORMAT) throw problem('format', `"${PLAN_FORMAT}", as "jacsense plan" writes it`, shown(format))
  if (version !== PLAN_VERSION)
    throw problem('version', `${PLAN_VERSION}, the version of plan files that this jacsense reads`, shown(version))
  const parsed = planFileSchema.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problem)
  return parsed.data
}
