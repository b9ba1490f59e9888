/** jacsense check: is the scene file sound, does the engine keep its promises at the point, and do other engines agree with it? */
import type { Command } from 'commander'
import { checkEngine } from '../engine/checkEngine.ts'
import { InputError } from '../scene/inputError.ts'
import { type AgainstFlags, checkAgainst, readAgainst } from './against.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import { addEngineOptions, integer, type LinearizeFlags, positiveNumber, wholeNumber } from './options.ts'
import { type Setup, setUp, signalOf, titleOf } from './prepare.ts'
import { progressLine } from './progress.ts'
import { textTable } from './table.ts'

type CheckFlags = Pick<LinearizeFlags, 'engine' | 'coordinates' | 'at' | 'seed' | 'json' | 'tolerance' | 'folder'> &
  Pick<AgainstFlags, 'points'> & { readonly against?: string }

export function addCheckCommand(program: Command, io: Io): void {
  addEngineOptions(
    program
      .command('check')
      .description(
        'validate a scene file, and the engine at its home: pure, smooth, tangent that fits; or, with --against, ' +
          'whether other engines step and linearize the scene alike',
      )
      .argument('<scene>', 'scene or URDF file, folder or name'),
  )
    .option(
      '--against <engines>',
      'compare with these engines instead (mujoco, or mujoco,rapier): x⁺, A and B at points',
    )
    .option(
      '--points <n>',
      'random bent, moving points to compare at, beside the one of --at (default: 3)',
      wholeNumber(0),
    )
    .option(
      '--tolerance <share>',
      'relative error up to which engines agree (default: 1e-6; 5e-3 where one is of single precision)',
      positiveNumber,
    )
    .option('--seed <integer>', 'seed of the random states', integer, 1)
    .option('--json', 'print JSON and nothing else')
    .action(async (name: string, flags: CheckFlags) => {
      const against = flags.against === undefined ? null : readAgainst(flags.against, flags.engine)
      for (const option of ['points', 'tolerance'] as const)
        if (against === null && flags[option] !== undefined)
          throw new InputError({ path: `--${option}`, expected: '--against beside it', found: 'none' })
      const setup = await setUp(name, flags, io)
      try {
        if (against !== null) await checkAgainst(setup, { ...flags, against }, io)
        else await checkPromises(setup, flags, io)
      } finally {
        setup.engine.dispose()
      }
    })
}

/** Prints what `checkEngine` finds; throws NumericalFailure where a check fails. */
async function checkPromises(setup: Setup, flags: CheckFlags, io: Io): Promise<void> {
  const { scene, engine, point } = setup
  const progress = progressLine(io, 'checking: input')
  const options = { seed: flags.seed, ...signalOf(io), onProgress: progress.onProgress }
  const { passed, checks } = await checkEngine(engine, point, options).finally(progress.end)
  const file = { name: 'file', passed: true, detail: scene.file ?? 'in memory' }
  if (flags.json) printJson(io, { scene: scene.name, engine: engine.name, passed, checks: [file, ...checks] })
  else {
    const rows = [file, ...checks].map((check) => [check.name, check.passed ? 'ok' : 'FAILED', check.detail])
    io.stdout.write(`${titleOf(setup)}\n${textTable(['check', 'result', 'found'], rows, [0, 1, 2])}`)
  }
  const failed = checks.find((check) => !check.passed)
  if (failed) throw new NumericalFailure(`check: ${failed.name}: ${failed.detail}`)
}
