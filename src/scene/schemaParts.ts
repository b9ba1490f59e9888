/**
 * Building blocks of the file schemas. Every part carries what it expects, with its unit, twice: as the message of each of its
 * issues (schemaProblem.ts puts it into the InputError) and as the description that editors show.
 */
import { z } from 'zod'

/** Any finite number. */
export function number(unit: string, description: string) {
  return z.number(withUnit('a number', unit)).describe(describedUnit(description, unit))
}

/** A finite number ≥ 0. */
export function nonnegative(unit: string, description: string) {
  const expected = withUnit('a number ≥ 0', unit)
  return z.number(expected).nonnegative(expected).describe(describedUnit(description, unit))
}

/** A finite number > 0, and ≤ `most` where a larger one can't be meant. */
export function positive(unit: string, description: string, most?: number) {
  const expected = withUnit('a number > 0', unit)
  const schema = z.number(expected).positive(expected)
  if (most === undefined) return schema.describe(describedUnit(description, unit))
  return schema
    .max(most, withUnit(`a number ≤ ${most}`, unit))
    .describe(describedUnit(`${description}. At most ${most}`, unit))
}

/** A finite number that is not zero. */
export function nonzero(unit: string, description: string) {
  const expected = withUnit('a number other than 0', unit)
  return z
    .number(expected)
    .refine((value) => value !== 0, expected)
    .describe(describedUnit(`${description}. Not 0`, unit))
}

/** A whole number ≥ 1, and ≤ `most`: what a larger one would cost is said in the description. */
export function count(description: string, most: number, why: string) {
  const expected = 'a whole number ≥ 1'
  return z
    .int(expected)
    .min(1, expected)
    .max(most, `a whole number ≤ ${most} (${why})`)
    .describe(`${description}. At most ${most}.`)
}

/** [x, y, z]. */
export function vector(unit: string, description: string, names = '[x, y, z]') {
  const entry = z.number(withUnit('a number', unit))
  return z
    .tuple([entry, entry, entry], withUnit(`three numbers ${names}`, unit))
    .describe(describedUnit(description, unit))
}

/** [low, high] where null leaves a side unbounded. */
export function openRange(unit: string, description: string) {
  const entry = z.number(withUnit('a number, or null where unbounded,', unit)).nullable()
  return z.tuple([entry, entry], withUnit('two numbers [low, high]', unit)).describe(describedUnit(description, unit))
}

/** [low, high]. */
export function closedRange(unit: string, description: string) {
  const entry = z.number(withUnit('a number', unit))
  return z.tuple([entry, entry], withUnit('two numbers [low, high]', unit)).describe(describedUnit(description, unit))
}

export function flag(description: string) {
  return z.boolean('true or false').describe(description)
}

export function text(description: string) {
  return z.string('a text').describe(description)
}

/** A name that coordinates and the command line can be built from: 'pole' → 'pole.angle'. */
export function name(description: string) {
  const expected = 'a name of letters, digits, _ and - that starts with a letter'
  return z
    .string(expected)
    .regex(/^[A-Za-z][\w-]*$/, expected)
    .refine((value) => !(value in {}), 'a name that JavaScript does not use itself')
    .describe(description)
}

/** One of a few words. */
export function word<const T extends readonly string[]>(words: T, description: string) {
  return z.enum(words, quotedList(words)).describe(description)
}

/** An object with these keys and no others. The issue of an unknown key carries the known keys as its message. */
export function keyed<T extends z.ZodRawShape>(what: string, shape: T) {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : what) }).describe(what)
}

/** A list of at least `min` parts. */
export function list<T extends z.ZodType>(part: T, what: string, min = 0) {
  const expected = `a list of ${what}${min > 0 ? `, ${min} at least` : ''}`
  return z.array(part, expected).min(min, expected)
}

export function quotedList(words: readonly string[]): string {
  return words.map((one) => `"${one}"`).join(', ')
}

function withUnit(what: string, unit: string): string {
  return unit === '' ? what : `${what} (${unit})`
}

/** The unit stands at the end of the first sentence. */
function describedUnit(description: string, unit: string): string {
  const [first, ...rest] = description.split('. ')
  return `${[unit === '' ? first : `${first}, in ${unit}`, ...rest].join('. ')}.`
}
