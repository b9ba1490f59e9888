/**
 * Sweep files: settings of runs, and the axes along which they vary, on a grid or by a seeded sample. Only data: reading one runs nothing.
 * docs/sweeps.md says the same in words.
 */
import * as z from 'zod/mini'
import { problemsOf, shown } from '../problem.ts'
import { described, flag, keyed, list, name, number, positive, text } from '../schemaParts.ts'
import { schemaProblem } from '../schemaProblem.ts'
import { partialRunSchema } from './runSettings.ts'
import { parseSettingPath } from './settingPath.ts'

export const SWEEP_FORMAT = 'jacsense-sweep'
/** Raised whenever a file of the version before would be read differently. */
export const SWEEP_VERSION = 1

export const MAX_RUNS = 1_000_000
const MAX_VALUES = 100_000
const MAX_AXES = 32
const MAX_STUDIES = 100

const maybe = z.optional
const count = (what: string, most: number) => {
  const expected = `a whole number from 1 to ${most}`
  return described(z.int(expected).check(z.minimum(1, expected), z.maximum(most, expected)), what)
}
const SET = 'a setting such as "controller.R", or a list of them'
const setting = z.string(SET).check(z.minLength(1, SET), z.maxLength(500, SET))
const axisName = z
  .string('a name')
  .check(z.minLength(1, 'a name of 1 to 60 characters'), z.maxLength(60, 'a name of 1 to 60 characters'))
const labels = {
  set: described(
    z.union([setting, list(setting, 'settings', 1).check(z.maxLength(100, SET))], SET),
    'The setting that varies; of several, all get the same value.',
  ),
  name: maybe(described(axisName, 'What it is called in the results. Default: the setting.')),
  unit: maybe(described(z.string('a unit').check(z.maxLength(20, 'a unit')), 'Its unit, for the results.')),
}
const steps = keyed('a range { "from", "to", "count" }', {
  from: number('', 'First value'),
  to: number('', 'Last value'),
  count: count('How many values, both ends included.', MAX_VALUES),
  whole: maybe(flag('true: rounded to whole numbers.')),
})
const choices = list(z.unknown(), 'values', 1).check(z.maxLength(MAX_VALUES, `at most ${MAX_VALUES} values`))
const labelled = maybe(
  described(list(axisName, 'labels', 1), 'What values that are neither number nor text are called in the results.'),
)
const pair = z.tuple([z.number('a number'), z.number('a number')], 'two numbers [low, high]')

const axis = keyed('an axis { "set", "values" } or { "set", "range" }', {
  ...labels,
  values: maybe(described(choices, 'The values, one after the other.')),
  labels: labelled,
  range: maybe(described(steps, 'Values at even distances.')),
  logRange: maybe(described(steps, 'Values at even ratios.')),
})
const drawn = keyed('an axis { "set", "uniform" }, "logUniform", "normal" or "choice"', {
  ...labels,
  uniform: maybe(described(pair, 'Uniform between two numbers.')),
  logUniform: maybe(described(pair, 'Uniform between two numbers > 0 in the logarithm.')),
  normal: maybe(
    described(
      keyed('a normal distribution { "mean", "deviation" }', {
        mean: number('', 'Mean'),
        deviation: positive('', 'Standard deviation'),
      }),
      'Normal.',
    ),
  ),
  choice: maybe(described(choices, 'One of these, each as likely.')),
  labels: labelled,
})
const grid = maybe(
  described(
    list(axis, 'axes').check(z.maxLength(MAX_AXES, `at most ${MAX_AXES} axes`)),
    'Axes of a grid: every value of each with every value of the others, the last axis fastest.',
  ),
)
const sample = maybe(
  described(
    keyed('a sample { "count", "axes" }', {
      count: count('How many draws; a grid beside it has all of them at each of its points.', MAX_RUNS),
      axes: described(
        list(drawn, 'axes', 1).check(z.maxLength(MAX_AXES, `at most ${MAX_AXES} axes`)),
        'What is drawn, each axis by itself.',
      ),
    }),
    'A seeded random sample.',
  ),
)
const study = keyed('a study { "name", "grid" } or { "name", "sample" }', {
  name: described(axisName, 'Name of the study.'),
  description: maybe(text('A sentence on what it asks.')),
  base: maybe(described(partialRunSchema, 'Settings in the place of those of the sweep, whole keys at a time.')),
  grid,
  sample,
})

export const sweepSchema = keyed('a sweep { "format", "version", "name", "base", … }', {
  $schema: maybe(text('Where editors find the description of this format.')),
  format: z.literal(SWEEP_FORMAT, `"${SWEEP_FORMAT}"`),
  version: z.literal(SWEEP_VERSION, String(SWEEP_VERSION)),
  name: name('Name of the sweep; its results go into a folder of this name.'),
  description: maybe(text('A sentence or two on what it asks.')),
  seed: maybe(described(z.int('a whole number'), 'Seed of samples and of the seeds of runs. Default: 1.')),
  timeLimit: maybe(positive('s', 'How long one run may take, by the clock, before it is given up. Default: 60', 1e6)),
  base: described(partialRunSchema, 'Settings of all runs.'),
  grid,
  sample,
  studies: maybe(
    described(
      list(study, 'studies', 1).check(z.maxLength(MAX_STUDIES, `at most ${MAX_STUDIES} studies`)),
      'Several studies in one sweep, in the place of "grid" and "sample".',
    ),
  ),
})

export type SweepFile = z.output<typeof sweepSchema>
export type GridAxis = z.output<typeof axis>
export type DrawnAxis = z.output<typeof drawn>
export type Study = Omit<z.output<typeof study>, 'name'> & { readonly name: string | null }

/**
 * Checks the JSON value of a sweep file: format, version, spelling, types, ranges, and that each axis says how it varies. What names in it
 * mean is checked when scenes are there. Throws InputError at the first thing that can't be used.
 */
export function parseSweep(value: unknown, { file = null }: { file?: string | null } = {}): SweepFile {
  const problem = problemsOf(file)
  const { format, version } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    if (format !== SWEEP_FORMAT) throw problem('format', `"${SWEEP_FORMAT}"`, shown(format))
    if (version !== SWEEP_VERSION)
      throw problem('version', `${SWEEP_VERSION}, the version of sweep files that this jacsense reads`, shown(version))
  }
  const parsed = sweepSchema.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problem)
  const sweep = parsed.data
  if (sweep.studies && (sweep.grid ?? sweep.sample) !== undefined)
    throw problem(sweep.grid ? 'grid' : 'sample', 'either studies, or a grid and a sample', 'both')
  if (!sweep.studies && (sweep.grid ?? sweep.sample) === undefined)
    throw problem('', 'a "grid", a "sample" or "studies"', 'none of them')
  for (const [place, one] of studiesOf(sweep)) checkAxes(place, one, problem)
  const names = (sweep.studies ?? []).map((one) => one.name)
  names.forEach((one, k) => {
    if (names.indexOf(one) < k)
      throw problem(`studies[${k}].name`, 'no other study of this name', `studies[${names.indexOf(one)}] has it too`)
  })
  return sweep
}

/** Its studies with their places in the file; a sweep without a list of them is one without a name. */
export function studiesOf({ grid, sample, studies }: SweepFile): [place: string, study: Study][] {
  if (studies) return studies.map((one, k) => [`studies[${k}].`, one])
  return [['', { name: null, ...(grid && { grid }), ...(sample && { sample }) } as Study]]
}

const GRID_KINDS = ['values', 'range', 'logRange'] as const
const DRAWN_KINDS = ['uniform', 'logUniform', 'normal', 'choice'] as const

function checkAxes(place: string, { grid = [], sample, name: study }: Study, problem: ReturnType<typeof problemsOf>) {
  if (study !== null && grid.length === 0 && sample === undefined)
    throw problem(place.slice(0, -1), 'a "grid" or a "sample"', 'neither')
  const taken = new Map<string, string>()
  const settings = new Map<string, string>()
  const all: [string, GridAxis | DrawnAxis, readonly string[]][] = [
    ...grid.map((one, k) => [`${place}grid[${k}]`, one, GRID_KINDS] as [string, GridAxis, readonly string[]]),
    ...(sample?.axes ?? []).map(
      (one, k) => [`${place}sample.axes[${k}]`, one, DRAWN_KINDS] as [string, DrawnAxis, readonly string[]],
    ),
  ]
  for (const [path, one, kinds] of all) {
    const given = kinds.filter((kind) => Reflect.get(one, kind) !== undefined)
    const expected = `one of ${kinds.map((kind) => `"${kind}"`).join(', ')}`
    if (given.length !== 1)
      throw problem(
        path,
        expected,
        given.length === 0 ? 'none of them' : given.map((kind) => `"${kind}"`).join(' and '),
      )
    checkKind(path, one, problem)
    const paths = typeof one.set === 'string' ? [one.set] : one.set
    paths.forEach((text, k) => {
      const where = typeof one.set === 'string' ? `${path}.set` : `${path}.set[${k}]`
      const key = JSON.stringify(parseSettingPath(text, where, problem))
      const other = settings.get(key)
      if (other !== undefined) throw problem(where, 'a setting that no other axis sets', `"${text}", as ${other} does`)
      settings.set(key, path)
    })
    const called = axisNameOf(one)
    const twin = taken.get(called)
    if (twin !== undefined) throw problem(`${path}.name`, 'no other axis of this name', `"${called}", as ${twin}`)
    taken.set(called, path)
  }
}

/** What an axis is called in the results. */
export function axisNameOf({ name: given, set }: GridAxis | DrawnAxis): string {
  return given ?? (typeof set === 'string' ? set : set[0]!).slice(0, 60)
}

function checkKind(path: string, one: GridAxis | DrawnAxis, problem: ReturnType<typeof problemsOf>): void {
  const { values, logRange, uniform, logUniform, choice } = one as Partial<GridAxis & DrawnAxis>
  if (logRange && !(logRange.from > 0 && logRange.to > 0))
    throw problem(
      `${path}.logRange.${logRange.from > 0 ? 'to' : 'from'}`,
      'a number > 0',
      shown(Math.min(logRange.from, logRange.to)),
    )
  const interval = uniform ?? logUniform
  const key = uniform ? 'uniform' : 'logUniform'
  if (interval && !(interval[0] < interval[1])) throw problem(`${path}.${key}`, 'low < high', shown(interval))
  if (logUniform && !(logUniform[0] > 0)) throw problem(`${path}.logUniform[0]`, 'a number > 0', shown(logUniform[0]))
  const list = values ?? choice
  const listKey = values ? 'values' : 'choice'
  if (one.labels && !list)
    throw problem(`${path}.labels`, `"${'values' in one || 'range' in one ? 'values' : 'choice'}" beside them`, 'none')
  if (list && one.labels && one.labels.length !== list.length)
    throw problem(`${path}.labels`, `${list.length} labels, one for each value`, `${one.labels.length}`)
  list?.forEach((value, k) => {
    const isPlain = ['number', 'string', 'boolean'].includes(typeof value)
    if (!isPlain && !one.labels)
      throw problem(`${path}.labels`, `labels: ${listKey}[${k}] is neither number nor text`, 'none')
  })
}
