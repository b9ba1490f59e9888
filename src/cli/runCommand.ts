/** jacsense run: linearize, design, run the closed loop on the simulator, write a report. */
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { type Lqr, lqr } from '../control/lqr.ts'
import { lqrController } from '../control/lqrController.ts'
import { openLoop } from '../control/openLoop.ts'
import { type Metrics, measureRun } from '../experiment/metrics.ts'
import { pointFromNames } from '../experiment/point.ts'
import { type Kick, simulate, type Trajectory } from '../experiment/simulate.ts'
import { type Cost, taskCost } from '../experiment/taskCost.ts'
import { unstableModes } from '../experiment/unstableModes.ts'
import { eigenvalues } from '../linalg/eigenvalues.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { callsSentence, certificateSentence } from '../report/certificate.ts'
import type { Eigenvalue } from '../report/content.ts'
import { formatNumber } from '../report/format.ts'
import { linearizationJson, toPlain } from '../report/linearizationJson.ts'
import { writeReport } from '../report/writeReport.ts'
import type { Scene } from '../scene/scene.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import { designCost, designText, requireSolved } from './lqrCommand.ts'
import { addLinearizeOptions, kick, type LinearizeFlags, positiveNumber } from './options.ts'
import { linearizeAt, readPoint, requireCertificate, type Setup, setUp, signalOf, titleOf } from './prepare.ts'
import { progressLine } from './progress.ts'
import { matrixTable, textTable } from './table.ts'
import { versions } from './versions.ts'

interface RunFlags extends LinearizeFlags {
  readonly controller: 'none' | 'lqr'
  readonly duration?: number
  readonly kick?: readonly Kick[]
  readonly initial?: string
  readonly out?: string
}

const DURATION = 5 // s, where a scene has no task

export function addRunCommand(program: Command, io: Io): void {
  addLinearizeOptions(
    program
      .command('run')
      .description('run a closed loop on the simulator and write a report')
      .argument('<scene>', 'scene file, folder or name'),
  )
    .addOption(new Option('--controller <name>', 'what controls the scene').choices(['none', 'lqr']).default('lqr'))
    .option('--duration <seconds>', "how long (default: the task's duration, or 5)", positiveNumber)
    .option('--kick <time:coordinate:amount>', 'disturb a coordinate at a time; repeatable', kick)
    .option('--initial <state.json>', "where to start (default: the task's initial state, or the point)")
    .option('--out <folder>', 'where the report goes (default: out/<scene>)')
    .action(async (name: string, flags: RunFlags, command: Command) => {
      const setup = await setUp(name, flags, io)
      try {
        await runOn(setup, flags, commandLine(command), io)
      } finally {
        setup.engine.dispose()
      }
    })
}

async function runOn(setup: Setup, flags: RunFlags, command: string, io: Io): Promise<void> {
  const { scene, engine, point } = setup
  const { layout } = engine
  const withLqr = flags.controller === 'lqr'
  const cost = withLqr ? designCost(scene, layout) : costOf(scene, flags, layout)
  const x0 = await initialState(setup, flags)
  const lin = await linearizeAt(setup, flags, io)
  const design = withLqr ? lqr(lin, cost!) : null
  if (design) requireSolved(design)

  const progress = progressLine(io, 'simulating: step')
  const trajectory = await simulate(
    engine,
    design ? lqrController(lin, design.K!, engine.difference) : openLoop(point.u),
    {
      x0,
      duration: flags.duration ?? scene.task?.duration ?? DURATION,
      disturbances: flags.kick ?? [],
      xBar: point.x,
      uBar: point.u,
      ...signalOf(io),
      onProgress: progress.onProgress,
    },
  ).finally(progress.end)
  const metrics = measureRun(trajectory, cost ?? {})
  const files = await writeReport(flags.out ?? join('out', scene.name.replace(/[^\w.-]+/g, '-')), {
    scene: scene.name,
    description: scene.description,
    linearization: lin,
    openLoop: namedEigenvalues(lin),
    ...(design && { closedLoop: pairs(design.eigenvalues!), K: design.K! }),
    trajectory,
    metrics,
    versions: await versions(),
    command,
  })

  if (flags.json) printJson(io, runJson(setup, lin, design, trajectory, metrics, files))
  else io.stdout.write(runText(setup, lin, design, trajectory, metrics, files))
  if (trajectory.result === 'diverged') throw new NumericalFailure(trajectory.message)
  requireCertificate(lin)
}

/** The weights of the task, to tell what a run without feedback costs; null in coordinates that the task is not about. */
function costOf({ task, engines }: Scene, { coordinates }: RunFlags, layout: Linearization['layout']): Cost | null {
  const own = coordinates === undefined || coordinates === engines.cannon.coordinates
  return task !== null && own ? taskCost(task, layout) : null
}

async function initialState({ scene, engine, point }: Setup, { initial }: RunFlags): Promise<Float64Array> {
  if (initial !== undefined) return (await readPoint(initial, scene, engine)).x
  const { positions = {}, velocities = {} } = scene.task?.initial ?? {}
  const atPoint = Object.keys(positions).length + Object.keys(velocities).length === 0
  return atPoint ? point.x : pointFromNames(engine, scene.task!.initial).x
}

function runText(
  setup: Setup,
  lin: Linearization,
  design: Lqr | null,
  trajectory: Trajectory,
  metrics: Metrics,
  files: readonly string[],
): string {
  const { layout } = lin
  const states = metrics.coordinates.map(({ name, unit, finalDeviation, peakDeviation, rms, settlingTime }) => [
    name,
    unit,
    formatNumber(finalDeviation, 3),
    formatNumber(peakDeviation, 3),
    formatNumber(rms, 3),
    settlingTime === null ? 'not settled' : `${formatNumber(settlingTime, 3)} s`,
  ])
  const controls = metrics.controls.map(({ name, unit, peak, rms, saturatedFraction }) => [
    name,
    unit,
    formatNumber(peak, 3),
    formatNumber(rms, 3),
    `${formatNumber(100 * saturatedFraction, 3)} %`,
  ])
  const parts = [
    titleOf(setup),
    matrixTable('A', lin.A, layout.dx, layout.dx),
    matrixTable('B', lin.B, layout.dx, layout.u),
    design ? designText(lin, design) : '',
    `${certificateSentence(lin)}\n${callsSentence(lin)}\n`,
    `${trajectory.message} Controller: ${trajectory.controller}.${metrics.cost === null ? '' : ` Cost: ${formatNumber(metrics.cost, 6)}.`}\n`,
    textTable(['state', 'unit', 'final deviation', 'peak', 'RMS', 'settling time'], states.slice(0, 48), [0, 1]),
    states.length > 48 ? `… and ${states.length - 48} more states (all of them: --json)\n` : '',
    controls.length > 0 ? textTable(['control', 'unit', 'peak', 'RMS', 'at its limit'], controls, [0, 1]) : '',
    `report ${files[files.length - 1]}\n`,
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function runJson(
  { scene }: Setup,
  lin: Linearization,
  design: Lqr | null,
  { result, message, stoppedAt, controller, steps, disturbances }: Trajectory,
  metrics: Metrics,
  files: readonly string[],
): unknown {
  const run = { result, message, stoppedAt, steps, disturbances, metrics }
  const openLoopEigenvalues = pairs(eigenvalues(lin.A))
  const gain = design && { K: design.K, eigenvalues: pairs(design.eigenvalues!), residual: design.residual }
  return toPlain({ ...linearizationJson(lin, scene.name), controller, openLoopEigenvalues, lqr: gain, run, files })
}

/** Open-loop eigenvalues, the growing ones with the coordinate that moves most. */
function namedEigenvalues(lin: Linearization): Eigenvalue[] {
  const modes = unstableModes(lin)
  return pairs(eigenvalues(lin.A)).map((value) => {
    const near = modes.find(
      ({ eigenvalue: { re, im } }) => Math.hypot(re - value.re, im - Math.abs(value.im)) < 1e-6 * Math.hypot(re, im),
    )
    const coordinate = near?.coordinates[0]?.name
    return coordinate === undefined ? value : { ...value, coordinate }
  })
}

function pairs({ re, im }: { re: Float64Array; im: Float64Array }): { re: number; im: number }[] {
  return Array.from(re, (value, k) => ({ re: value, im: im[k]! }))
}

/** The command as it can be typed again. */
function commandLine(command: Command): string {
  const { parent } = command
  const args = (parent as unknown as { rawArgs?: string[] } | null)?.rawArgs?.slice(2) ?? []
  const quoted = args.map((text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`))
  return ['jacsense', ...quoted].join(' ')
}
