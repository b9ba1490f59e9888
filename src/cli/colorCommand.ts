/** jacsense color: how many directions a sparsity pattern needs. */
import { type Command, Option } from 'commander'
import type { Pattern } from '../linalg/pattern.ts'
import { countNonzeros, densePattern } from '../linalg/pattern.ts'
import { InputError } from '../scene/inputError.ts'
import { type ColumnColoring, colorColumns } from '../sensing/colorColumns.ts'
import {
  colorSymmetric,
  SYMMETRIC_RULES,
  type SymmetricColoring,
  type SymmetricProblem,
} from '../sensing/colorSymmetric.ts'
import { COLUMN_ORDERS } from '../sensing/columnOrders.ts'
import { patternFromJacobian } from '../sensing/patternFromJacobian.ts'
import { type Io, printJson } from './io.ts'
import { addLinearizeOptions, type LinearizeFlags } from './options.ts'
import { linearizeAt, requireCertificate, setUp } from './prepare.ts'
import { isMatrixMarket, readPattern } from './readPattern.ts'
import { textTable } from './table.ts'

interface ColorFlags extends LinearizeFlags {
  readonly problem: 'column' | SymmetricProblem
  readonly order: ColumnColoring['order'] | 'best'
}

/** Entries this far below the largest of their row are rounding. */
const DIRT = 1e-8

export function addColorCommand(program: Command, io: Io): void {
  addLinearizeOptions(
    program
      .command('color')
      .description(
        'color a sparsity pattern, of a Matrix Market file or of a scene at a point: as many colors as directions are needed',
      )
      .argument('<file.mtx|scene>', 'a .mtx or .mtx.gz file, or a scene or URDF file, folder or name'),
  )
    .addOption(
      new Option(
        '--problem <kind>',
        'column: any Jacobian; star: a symmetric one, entries read directly; acyclic: a symmetric one, by substitution',
      )
        .choices(['column', ...Object.keys(SYMMETRIC_RULES)])
        .default('column'),
    )
    .addOption(new Option('--order <name>', 'order of the columns').choices([...COLUMN_ORDERS, 'best']).default('best'))
    .action(async (source: string, flags: ColorFlags, command: Command) => {
      const isFile = isMatrixMarket(source)
      refuseIdle(command, isFile, flags)
      const pattern = isFile ? await readPattern(source) : await patternOfScene(source, flags, io)
      const { numColors, order, lowerBound, optimal } = colorAs(flags.problem, pattern, flags.order, source)
      const summary = {
        rows: pattern.rows,
        columns: pattern.cols,
        nonzeros: countNonzeros(pattern),
        problem: flags.problem,
        order,
        colors: numColors,
        lowerBound,
        optimal,
      }
      if (flags.json) printJson(io, isFile ? summary : { ...summary, pattern: flags.refine ? 'sensed' : 'stated' })
      else {
        const header = Object.keys(summary).map((key) => (key === 'lowerBound' ? 'lower bound' : key))
        const cells = Object.values(summary).map((value) =>
          value === true ? 'yes' : value === false ? 'not known' : String(value),
        )
        io.stdout.write(`${textTable(header, [cells], [])}${isFile ? '' : patternNote(flags, optimal)}`)
      }
    })
}

/** What the pattern of a scene is, and so what the numbers are about. */
function patternNote({ refine }: ColorFlags, optimal: boolean): string {
  const pattern = refine
    ? 'pattern: the entries of A and B that are not zero at this point, as sensed'
    : 'pattern: what the engine says can influence what, a superset of what does (--refine finds that)'
  return `${pattern}\n${optimal ? 'optimal: no coloring of this pattern has fewer colors\n' : ''}`
}

/** Throws InputError on options that were given and would do nothing. */
function refuseIdle(command: Command, isFile: boolean, { refine }: ColorFlags): void {
  const idle = isFile
    ? ['engine', 'coordinates', 'at', 'method', 'scheme', 'seed', 'refine', 'workers']
    : refine
      ? []
      : ['method', 'scheme', 'seed', 'workers']
  const given = idle.find((name) => command.getOptionValueSource(name) === 'cli')
  if (given === undefined) return
  const expected = isFile ? 'a scene with this option' : '--refine with this option, for without it nothing is measured'
  throw new InputError({ path: `--${given}`, expected, found: isFile ? 'a Matrix Market file' : 'no --refine' })
}

function colorAs(
  problem: ColorFlags['problem'],
  pattern: Pattern,
  order: ColorFlags['order'],
  source: string,
): ColumnColoring | SymmetricColoring {
  if (problem === 'column') return colorColumns(pattern, { order })
  try {
    return colorSymmetric(pattern, { problem, order })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InputError({
      file: source,
      expected: `a symmetric pattern, for --problem ${problem}`,
      found: error.message.replace('colorSymmetric: ', ''),
    })
  }
}

/** What the engine says can influence what; with --refine, what a sensed Jacobian shows does. */
async function patternOfScene(name: string, flags: ColorFlags, io: Io): Promise<Pattern> {
  const setup = await setUp(name, flags, io)
  const { engine, point } = setup
  try {
    if (!flags.refine) {
      const { ndx, nu } = engine.layout
      return engine.structure?.(point.x, point.u) ?? densePattern(ndx, ndx + nu)
    }
    const lin = await linearizeAt(setup, flags, io)
    requireCertificate(lin)
    const J = lin.A.to2DArray().map((row, i) => [...row, ...lin.B.getRow(i)])
    return patternFromJacobian(J, { relative: DIRT, cols: engine.layout.ndx + engine.layout.nu })
  } finally {
    engine.dispose()
  }
}
