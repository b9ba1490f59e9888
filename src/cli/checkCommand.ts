/** jacsense check: is the scene file sound, and does the engine keep its promises at the point? */
import type { Command } from 'commander'
import { checkEngine } from '../engine/checkEngine.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import { addEngineOptions, integer, type LinearizeFlags } from './options.ts'
import { setUp, signalOf, titleOf } from './prepare.ts'
import { progressLine } from './progress.ts'
import { textTable } from './table.ts'

type CheckFlags = Pick<LinearizeFlags, 'engine' | 'coordinates' | 'at' | 'seed' | 'json'>

export function addCheckCommand(program: Command, io: Io): void {
  addEngineOptions(
    program
      .command('check')
      .description('validate a scene file, and the engine at its home: pure, smooth, tangent that fits')
      .argument('<scene>', 'scene or URDF file, folder or name'),
  )
    .option('--seed <integer>', 'seed of the random states', integer, 1)
    .option('--json', 'print JSON and nothing else')
    .action(async (name: string, flags: CheckFlags) => {
      const setup = await setUp(name, flags, io)
      const { scene, engine, point } = setup
      const progress = progressLine(io, 'checking: input')
      try {
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
      } finally {
        engine.dispose()
      }
    })
}
