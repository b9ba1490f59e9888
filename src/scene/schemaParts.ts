/**
 * Building blocks of the file schemas. Every part carries what it expects, with its unit, twice: as the message of each of its
 * issues (schemaProblem.ts puts it into the InputError) and as the description that editors show. Of zod, the small entry: a page
 * that reads scenes loads no more of it than it uses.
 */
import * as z from 'zod/mini'

/** The part with the description that editors show. */
export function described<T extends z.ZodMiniType>(part: T, description: string): T {
  return part.check(z.describe(description))
}

/** Any finite number. */
export function number(unit: string, description: string) {
  return described(z.number(withUnit('a number', unit)), describedUnit(description, unit))
}

/** A finite number ≥ 0. */
export function nonnegative(unit: string, description: string) {
  const expected = withUnit('a number ≥ 0', unit)
  return described(z.number(expected).check(z.nonnegative(expected)), describedUnit(description, unit))
}

/** A finite number > 0, and ≤ `most` where a larger one can't be meant. */
export function positive(unit: string, description: string, most?: number) {
  const expected = withUnit('a number > 0', unit)
  const schema = z.number(expected).check(z.positive(expected))
  if (most === undefined) return described(schema, describedUnit(description, unit))
  const bounded = schema.check(z.maximum(most, withUnit(`a number ≤ ${most}`, unit)))
  return described(bounded, describedUnit(`${description}. At most ${most}`, unit))
}

/** A finite number that is not zero. */
export function nonzero(unit: string, description: string) {
  const expected = withUnit('a number other than 0', unit)
  const schema = z.number(expected).check(z.refine((value) => value !== 0, expected))
  return described(schema, describedUnit(`${description}. Not 0`, unit))
}

/** A whole number ≥ 1, and ≤ `most`: what a larger one would cost is said in the description. */
export function count(description: string, most: number, why: string) {
  const expected = 'a whole number ≥ 1'
  const schema = z.int(expected).check(z.minimum(1, expected), z.maximum(most, `a whole number ≤ ${most} (${why})`))
  return described(schema, `${description}. At most ${most}.`)
}

/** [x, y, z]. */
export function vector(unit: string, description: string, names = '[x, y, z]') {
  const entry = z.number(withUnit('a number', unit))
  const schema = z.tuple([entry, entry, entry], withUnit(`three numbers ${names}`, unit))
  return described(schema, describedUnit(description, unit))
}

/** [low, high] where null leaves a side unbounded. */
export function openRange(unit: string, description: string) {
  const entry = z.nullable(z.number(withUnit('a number, or null where unbounded,', unit)))
  return described(z.tuple([entry, entry], withUnit('two numbers [low, high]', unit)), describedUnit(description, unit))
}

/** [low, high]. */
export function closedRange(unit: string, description: string) {
  const entry = z.number(withUnit('a number', unit))
  return described(z.tuple([entry, entry], withUnit('two numbers [low, high]', unit)), describedUnit(description, unit))
}

export function flag(description: string) {
  return described(z.boolean('true or false'), description)
}

export function text(description: string) {
  return described(z.string('a text'), description)
}

/** A name that coordinates and the command line can be built from: 'pole' → 'pole.angle'. */
export function name(description: string) {
  const expected = 'a name of letters, digits, _ and - that starts with a letter'
  const schema = z.string(expected).check(
    z.regex(/^[A-Za-z][\w-]*$/, expected),
    z.refine((value) => !(value in {}), 'a name that JavaScript does not use itself'),
  )
  return described(schema, description)
}

/** One of a few words. */
export function word<const T extends readonly string[]>(words: T, description: string) {
  return described(z.enum(words, quotedList(words)), description)
}

/** An object with these keys and no others. The issue of an unknown key carries the known keys as its message. */
export function keyed<T extends z.core.$ZodShape>(what: string, shape: T) {
  const known = Object.keys(shape).join(', ')
  const schema = z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : what) })
  return described(schema, what)
}

/** A list of at least `min` parts. */
export function list<T extends z.ZodMiniType>(part: T, what: string, min = 0) {
  const expected = `a list of ${what}${min > 0 ? `, ${min} at least` : ''}`
  return z.array(part, expected).check(z.minLength(min, expected))
}

/** A list of parts that may be left out: an empty one. */
export function optionalList<T extends z.ZodMiniType>(part: T, what: string, description: string) {
  return described(z._default(list(part, what), []), description)
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
