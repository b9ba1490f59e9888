/** jacsense plan: what to evaluate elsewhere, on a robot or in a simulator that jacsense can't call, for `recover` to take back. */
import { type Command, Option } from 'commander'
import { type MeasuringPlan, sealPlanFile } from '../experiment/planFile.ts'
import { planScene } from '../experiment/planScene.ts'
import { type PreparedPlan, planStructure } from '../experiment/planStructure.ts'
import { type PointTable, pointTable } from '../experiment/pointTable.ts'
import { compactJson } from '../report/compactJson.ts'
import { counted } from '../experiment/format.ts'
import { pointsCsv } from '../report/pointsCsv.ts'
import { writeFiles } from '../report/writeFiles.ts'
import { InputError } from '../scene/inputError.ts'
import { MAX_NUMBERS } from '../scene/parsePlanFile.ts'
import { DESIGNS } from '../sensing/designs.ts'
import type { PrepareOptions } from '../sensing/prepareSensing.ts'
import { DECODINGS } from '../sensing/rainbow/solveEquations.ts'
import { recoveries } from '../sensing/recover/recoveries.ts'
import { WEIGHINGS } from '../sensing/weighing.ts'
import { type Io, printJson } from './io.ts'
import { addEngineOptions, integer, type LinearizeFlags, positiveNumber, schemeOption, wholeNumber } from './options.ts'
import { checkOutFiles } from './outFile.ts'
import { type PlanSource, readSource, storedSource } from './planSource.ts'
import { setUp } from './prepare.ts'
import { shellLine } from './shellLine.ts'
import { packageVersion } from '../experiment/packageVersion.ts'

interface PlanFlags extends PrepareOptions, Pick<LinearizeFlags, 'engine' | 'coordinates' | 'at'> {
  readonly out: string
  readonly points?: string
  readonly symmetric?: true
  readonly ties: boolean
  readonly json?: true
}

export function addPlanCommand(program: Command, io: Io): void {
  addEngineOptions(
    program
      .command('plan')
      .description(
        'plan measurements for a robot, or a simulator that jacsense can not call: writes the plan and a table of points to ' +
          'evaluate; "jacsense recover" takes the answers',
      )
      .argument(
        '<source>',
        'structure file .json that names inputs and outputs; or sparsity pattern .mtx, .mtx.gz; or scene or URDF file, folder or name',
      ),
  )
    .option('--out <plan.json>', 'where the plan goes', 'plan.json')
    .option('--points <points.csv>', 'where the points go (default: beside the plan, plan.points.csv)')
    .addOption(
      new Option('--method <name>', 'how the Jacobian is measured')
        .choices(['auto', ...Object.keys(recoveries)])
        .default('auto'),
    )
    .addOption(schemeOption())
    .option(
      '--step <number>',
      'difference step, relative to the typical magnitude of each input; larger for what is noisy (default: for exact values)',
      positiveNumber,
    )
    .option('--held-out <n>', 'random directions that check the result (default: 2)', wholeNumber(0, 1000))
    .option('--tolerance <number>', 'of the check, relative (default: what the step allows)', positiveNumber)
    .option('--seed <integer>', 'seed of the random directions', integer, 1)
    .option('--sparsity-level <n>', 'of compressed: entries that a row may have', wholeNumber(1))
    .option(
      '--directions <n>',
      'of compressed, instead of a sparsity level, and of rainbow: how many directions',
      wholeNumber(1),
    )
    .option('--repeats <n>', 'of rainbow: how often each color is measured, against noise', wholeNumber(1))
    .addOption(new Option('--weighing <name>', 'of rainbow: how colors share the directions').choices(WEIGHINGS))
    .addOption(
      new Option(
        '--decoding <name>',
        'of rainbow: least-squares against noise, least-absolute against gross errors, sparsest for an unknown pattern',
      ).choices(DECODINGS),
    )
    .addOption(new Option('--design <name>', 'of compressed: how directions are drawn').choices(DESIGNS))
    .addOption(
      new Option('--reading <name>', 'of symmetric parts: entries read directly, or by substitution').choices([
        'auto',
        'direct',
        'substitution',
      ]),
    )
    .option('--symmetric', 'of a pattern: the Jacobian is symmetric')
    .option('--no-ties', "of a scene: measure what the engine's equations of motion tell beforehand, too")
    .option('--json', 'print JSON and nothing else')
    .action(async (source: string, flags: PlanFlags, command: Command) => {
      const { out, points = out.replace(/(\.json)?$/i, '.points.csv') } = flags
      await checkOutFiles(
        [
          { option: '--out', file: out, endings: ['.json'] },
          { option: '--points', file: points, endings: ['.csv'] },
        ],
        [source],
      )
      const read = await readSource(source, flags)
      refuseIdle(command, read.kind)
      const { prepared, table } = await prepare(source, read, flags, io)
      const size = Math.max(prepared.plan.D.length, table.values.length)
      if (size > MAX_NUMBERS)
        throw new InputError({
          file: source,
          expected: `a plan of at most ${MAX_NUMBERS} numbers; a sparsity pattern makes it smaller`,
          found: String(size),
        })
      const plan = sealPlanFile({
        writer: `jacsense ${await packageVersion()}`,
        source: await storedSource(source, out),
        options: givenOptions(command),
        ...prepared,
      })
      await writeFiles([
        [out, compactJson(plan)],
        [points, pointsCsv(table)],
      ])
      if (flags.json) printJson(io, summary(plan, table, out, points))
      else io.stdout.write(planText(source, plan, table, out, points))
    })
}

async function prepare(
  source: string,
  read: PlanSource,
  flags: PlanFlags,
  io: Io,
): Promise<{ prepared: PreparedPlan; table: PointTable }> {
  if (read.kind !== 'scene') {
    const prepared = planStructure(read.structure, flags, { pattern: read.pattern, file: source })
    return { prepared, table: pointTable(prepared) }
  }
  const { scene, engine, point } = await setUp(source, flags, io)
  try {
    const prepared = planScene(scene, engine, point, { ...flags, structure: flags.ties ? {} : { ties: 'none' } })
    return { prepared, table: pointTable(prepared, { engine, point }) }
  } finally {
    engine.dispose()
  }
}

/** Throws InputError on options that were given and would do nothing. */
function refuseIdle(command: Command, kind: PlanSource['kind']): void {
  const idle = {
    structure: ['engine', 'coordinates', 'at', 'ties', 'symmetric'],
    pattern: ['engine', 'coordinates', 'at', 'ties'],
    scene: ['symmetric'],
  }
  const given = command.options.find(
    (option) => idle[kind].includes(option.attributeName()) && isGiven(command, option.attributeName()),
  )
  if (given === undefined) return
  const expected = given.attributeName() === 'symmetric' ? 'a pattern with this option' : 'a scene with this option'
  const found = { structure: 'a structure file, which says such things itself', pattern: 'a pattern', scene: 'a scene' }
  throw new InputError({ path: given.long!, expected, found: found[kind] })
}

function isGiven(command: Command, name: string): boolean {
  return command.getOptionValueSource(name) === 'cli'
}

/** What was asked for beside the defaults, so that `recover` can say what to ask for next. */
function givenOptions(command: Command): MeasuringPlan['options'] {
  const given: Record<string, string | number | boolean> = {}
  for (const option of command.options) {
    const name = option.attributeName()
    if (['out', 'points', 'json'].includes(name) || !isGiven(command, name)) continue
    const value: unknown = command.getOptionValue(name)
    given[option.long!.slice(2)] = option.negate ? true : (value as string | number | boolean)
  }
  return given
}

function summary({ plan, fingerprint }: MeasuringPlan, table: PointTable, out: string, points: string): unknown {
  const { method, scheme, directions, heldOutDirections, tolerance, seed, notes } = plan
  return {
    plan: out,
    points,
    evaluations: table.count,
    set: table.columns.map(({ name }) => name),
    measure: table.answers.map(({ name }) => name),
    method,
    scheme,
    directions,
    heldOutDirections,
    tolerance,
    seed,
    notes,
    fingerprint,
  }
}

function planText(
  source: string,
  { plan, inputs, outputs, scene }: MeasuringPlan,
  { count, columns, answers }: PointTable,
  out: string,
  points: string,
): string {
  const { method, scheme, directions, heldOutDirections, notes } = plan
  const names = (list: PointTable['columns']) => {
    const shown = list.slice(0, 12).map(({ name, unit }) => (unit === '' ? name : `${name} [${unit}]`))
    return list.length > shown.length ? `${shown.join(', ')} and ${list.length - shown.length} more` : shown.join(', ')
  }
  const checks = counted(heldOutDirections, 'random one', 'random ones')
  const answer = scene === null ? 'measure' : `after ${scene.dt} s`
  const lines = [
    [scene?.name ?? source, `${counted(outputs.length, 'output')}, ${counted(inputs.length, 'input')}`],
    [
      out,
      `method ${method}, ${scheme} differences: ${counted(directions, 'direction')}, and ${checks} to check them on`,
    ],
    [points, `${counted(count, 'point')} to evaluate`],
    ['set', names(columns)],
    [answer, names(answers)],
    [
      'then',
      `${shellLine(['jacsense', 'recover', out, 'measurements.csv'])}, with a row for each point and a column for each measured value`,
    ],
    ...notes.map((note) => ['note', note]),
  ]
  const width = Math.max(...lines.map(([head]) => head!.length))
  return lines.map(([head, text]) => `${head!.padEnd(width)}  ${text}\n`).join('')
}
