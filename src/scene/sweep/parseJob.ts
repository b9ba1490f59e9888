/** Jobs and rows of a sweep as they come from elsewhere, a queue or a file: checked as what a user writes is, before anything is done. */
import * as z from 'zod/mini'
import { problemsOf, shown } from '../problem.ts'
import { keyed } from '../schemaParts.ts'
import { schemaProblem } from '../schemaProblem.ts'
import { type RunSettings, runSchema } from './runSettings.ts'

/** Of one job or row as JSON. */
export const MAX_JOB_BYTES = 4 * 2 ** 20

const plain = z.union(
  [z.number(), z.string().check(z.maxLength(10_000)), z.boolean(), z.null()],
  'a number, a text, true, false or null',
)
const index = z.int('a whole number ≥ 0').check(z.minimum(0, 'a whole number ≥ 0'))
const who = {
  index,
  study: z.nullable(z.string('a text')),
  seed: z.int('a whole number'),
  parameters: z.record(z.string(), plain, 'parameters by name'),
}
const job = keyed('a job { "index", "settings", … }', {
  ...who,
  settings: runSchema,
  timeLimit: z
    .number('a number > 0 (s)')
    .check(z.positive('a number > 0 (s)'), z.maximum(1e6, 'a number ≤ 1000000 (s)')),
})
const row = keyed('a row { "index", "result", … }', {
  ...who,
  result: z.enum(['completed', 'diverged', 'failed'], '"completed", "diverged" or "failed"'),
  success: z.boolean('true or false'),
  reason: z.nullable(z.string('a text').check(z.maxLength(10_000, 'a shorter text'))),
  metrics: z.record(z.string(), plain, 'metrics by name'),
})

/** Throws InputError on anything but a job. */
export function parseJob(value: unknown, file: string | null = null): z.output<typeof job> {
  const parsed = job.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problemsOf(file))
  return parsed.data
}

/** Throws InputError on anything but the row of this job. */
export function parseRow(value: unknown, expected: number, file: string | null = null): z.output<typeof row> {
  const problem = problemsOf(file)
  const parsed = row.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problem)
  if (parsed.data.index !== expected) throw problem('index', String(expected), shown(parsed.data.index))
  return parsed.data
}

/** The settings of a run. Throws InputError on what is none. */
export function parseRun(value: unknown, file: string | null = null): RunSettings {
  const parsed = runSchema.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problemsOf(file))
  return parsed.data
}

/** JSON Schema of what a queued job holds: another one is another format. */
export function jobJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(job, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>
}
