/** jacsense run: linearize, design, run the closed loop on the simulator, write a report. */
import { join } from 'node:path'
import type { Command } from 'commander'
import { disturbancesOf } from '../experiment/disturbancesOf.ts'
import { type Metrics, measureRun } from '../experiment/metrics.ts'
import { pointFromNames } from '../experiment/point.ts'
import type { Estimation } from '../experiment/recordEstimates.ts'
import { type Kick, scheduleRun, simulate, type Trajectory } from '../experiment/simulate.ts'
import { unstableModes } from '../experiment/unstableModes.ts'
import { eigenvalues } from '../linalg/eigenvalues.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { callsSentence, certificateSentence } from '../experiment/certificate.ts'
import type { Eigenvalue } from '../report/content.ts'
import { counted, formatNumber } from '../experiment/format.ts'
import { linearizationJson, toPlain } from '../experiment/linearizationJson.ts'
import { CONTROL_HEADER, controlRows, STATE_HEADER, stateRows } from '../report/metricRows.ts'
import { settlingSentence } from '../report/outcome.ts'
import { shownMatrices } from '../experiment/rounding.ts'
import { writeReport } from '../report/writeReport.ts'
import { InputError } from '../scene/inputError.ts'
import {
  addControllerOptions,
  type Chosen,
  checkControllerFlags,
  chooseController,
  type ControllerFlags,
} from './chooseController.ts'
import { estimationJson, estimationText, filterText } from './estimator.ts'
import { integrals } from './integral.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import { designText } from './lqrCommand.ts'
import { addLinearizeOptions, addWeightOptions, kick, type Push, positiveNumber, push } from './options.ts'
import { checkOutFolder } from './outFolder.ts'
import { optimizationOf, planJson, planText } from './planText.ts'
import { pointTable } from './pointTable.ts'
import {
  defectText,
  linearizeAt,
  readPoint,
  requireCertificate,
  type Setup,
  setUp,
  signalOf,
  titleOf,
} from './prepare.ts'
import { progressLine } from './progress.ts'
import { shellLine } from './shellLine.ts'
import { matrixTable, textTable } from './table.ts'
import { versions } from './versions.ts'
import { designCost, runCost } from './weights.ts'

interface RunFlags extends ControllerFlags {
  readonly duration?: number
  readonly kick?: readonly Kick[]
  readonly push?: readonly Push[]
  readonly initial?: string
  readonly out?: string
}

const DURATION = 5 // s, where a scene has no task

export function addRunCommand(program: Command, io: Io): void {
  addControllerOptions(
    addWeightOptions(
      addLinearizeOptions(
        program
          .command('run')
          .description('run a closed loop on the simulator and write a report')
          .argument('<scene>', 'scene or URDF file, folder or name'),
      ),
    ),
  )
    .option(
      '--duration <seconds>',
      "how long, in whole control periods (default: the task's duration, or 5)",
      positiveNumber,
    )
    .option(
      '--kick <time:coordinate:amount>',
      'add an amount to a state coordinate at a time in s; in the unit of the coordinate: rad, rad/s, m, m/s; repeatable',
      kick,
    )
    .option(
      '--push <time:control:amount>',
      'add an amount that the controller does not ask for to a control from a time in s on, or from..to; in the unit of the control: N, N·m; repeatable',
      push,
    )
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
  const out = flags.out ?? join('out', scene.name.replace(/[^\w.-]+/g, '-'))
  const isControlled = flags.controller !== 'none'
  // Everything that can be wrong with the arguments is found before the long work begins.
  checkControllerFlags(flags, layout)
  const cost = isControlled ? designCost(scene, layout, flags) : runCost(scene, layout, flags)
  const x0 = await initialState(setup, flags)
  const { duration, disturbances } = checkedRun(setup, flags)
  await checkOutFolder(out)
  const lin = await linearizeAt(setup, flags, io)
  const chosen = await chooseController(setup, flags, { cost, x0, duration, lin }, io)
  const { design, optimum, estimator } = chosen

  const progress = progressLine(io, 'simulating: step')
  const trajectory = await simulate(engine, chosen.controller, {
    x0,
    duration,
    disturbances,
    xBar: point.x,
    uBar: point.u,
    ...(estimator && { measurement: estimator.measurement }),
    ...signalOf(io),
    onProgress: progress.onProgress,
  }).finally(progress.end)
  const metrics = measureRun(trajectory, cost ?? {})
  const estimation = estimator?.recorder.estimation(trajectory, estimator.filter, estimator.V)
  const files = await writeReport(out, {
    scene: scene.name,
    description: scene.description,
    linearization: lin,
    openLoop: namedEigenvalues(lin),
    ...(design?.K && { closedLoop: closedLoopOf(chosen), K: design.K }),
    ...(design?.integral?.Kz && {
      integral: { Kz: design.integral.Kz, columns: integrals(lin.layout, design.integral.outputs) },
    }),
    ...(estimation && { estimation }),
    ...(optimum && { optimization: optimizationOf(optimum) }),
    trajectory,
    metrics,
    versions: await versions(),
    command,
  })

  if (flags.json) printJson(io, runJson(setup, lin, chosen, { trajectory, metrics, estimation }, files))
  else io.stdout.write(runText(setup, duration, lin, chosen, { trajectory, metrics, estimation }, files))
  if (trajectory.result === 'diverged') throw new NumericalFailure(trajectory.message)
  // Without feedback nothing rests on the linearization; the report says that it is not certified.
  if (isControlled) requireCertificate(lin)
  if (optimum && optimum.result !== 'solved') throw new NumericalFailure(`ilqr: ${optimum.result}: ${optimum.message}`)
}

/** How long the run is, in s, and what disturbs it. Throws InputError, naming the option, on what can't be used. */
function checkedRun({ scene, engine }: Setup, { duration, kick: kicks = [], push: pushes = [] }: RunFlags) {
  const seconds = duration ?? scene.task?.duration ?? DURATION
  const disturbances = disturbancesOf({ kicks, pushes }, seconds, engine.dt)
  try {
    scheduleRun(engine, { duration: seconds, disturbances })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    const { path, expected, found } = error
    const k = /^disturbances\[(\d+)\]\.(\w+)$/.exec(path)
    if (k === null)
      throw duration === undefined
        ? new InputError({ file: scene.file, path: 'task.duration', expected, found })
        : new InputError({ path: '--duration', expected, found })
    const event = disturbances[Number(k[1])]!
    const [option, name] = 'control' in event ? ['--push', event.control] : ['--kick', event.coordinate]
    throw new InputError({ path: `${option} ${event.time}:${name}:${event.amount}: ${k[2]}`, expected, found })
  }
  return { duration: seconds, disturbances }
}

async function initialState({ scene, engine, point }: Setup, { initial }: RunFlags): Promise<Float64Array> {
  if (initial !== undefined) return (await readPoint(initial, scene, engine, '--initial')).x
  const { positions = {}, velocities = {} } = scene.task?.initial ?? {}
  const atPoint = Object.keys(positions).length + Object.keys(velocities).length === 0
  return atPoint ? point.x : pointFromNames(engine, scene.task!.initial).x
}

interface Outcome {
  readonly trajectory: Trajectory
  readonly metrics: Metrics
  readonly estimation: Estimation | undefined
}

function runText(
  setup: Setup,
  duration: number, // s, as asked for
  lin: Linearization,
  chosen: Chosen,
  { trajectory, metrics, estimation }: Outcome,
  files: readonly string[],
): string {
  const { design, estimator } = chosen
  const { layout, quality } = lin
  const { A, B, note } = shownMatrices(lin, design?.K ?? null)
  const { dt, steps, controller, result, message } = trajectory
  const states = stateRows(metrics)
  const controls = controlRows(metrics)
  const unused = design === null && !quality.certified ? ' The run without feedback does not use it.' : ''
  const rounded =
    result === 'completed' && Math.abs(steps * dt - duration) > 1e-6 * dt
      ? `${duration} s is no multiple of dt: rounded to ${steps} steps. `
      : ''
  const parts = [
    `${titleOf(setup)}${pointTable(setup) && `\n${pointTable(setup).trimEnd()}\n`}`,
    matrixTable('A', A, layout.dx, layout.dx),
    matrixTable('B', B, layout.dx, layout.u),
    design ? designText(lin, design) : defectText(lin),
    estimator && estimation ? filterText(lin, estimator, estimation) : '',
    planText(chosen),
    `cost  ${callsSentence(lin)}\n${certificateSentence(lin)}${unused}\n${note && `note  ${note}\n`}`,
    `${message} ${rounded}Controller: ${controller}.${metrics.cost === null ? '' : ` Cost: ${formatNumber(metrics.cost, 6)}.`}\n` +
      `${settlingSentence(trajectory, metrics)}\n`.trimStart(),
    textTable(STATE_HEADER, states.slice(0, 48), [0, 1]),
    states.length > 48 ? `… and ${counted(states.length - 48, 'more state')} (all of them: --json)\n` : '',
    estimation ? estimationText(estimation) : '',
    controls.length > 0 ? textTable(CONTROL_HEADER, controls, [0, 1]) : '',
    `report ${files[files.length - 1]}\n`,
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function runJson(
  { scene }: Setup,
  lin: Linearization,
  chosen: Chosen,
  { trajectory, metrics, estimation }: Outcome,
  files: readonly string[],
): unknown {
  const { result, message, stoppedAt, controller, steps, dt, disturbances } = trajectory
  const run = { result, message, duration: steps * dt, stoppedAt, steps, disturbances, metrics }
  const openLoopEigenvalues = pairs(eigenvalues(lin.A))
  const { design, estimator } = chosen
  const estimated = estimator && estimation && estimationJson(estimator, estimation)
  const gain = design?.K && {
    K: design.K,
    ...(design.integral && { integral: design.integral }),
    eigenvalues: pairs(design.eigenvalues!),
    residual: design.residual,
  }
  const whole = { ...linearizationJson(lin, scene.name), controller, openLoopEigenvalues, lqr: gain ?? null }
  return toPlain({ ...whole, ...planJson(chosen), ...estimated, run, files })
}

/** Of A − BK, and of the filter's A − ALC where there is one: a loop has both. */
function closedLoopOf({ design, estimator }: Chosen): Eigenvalue[] {
  return [...pairs(design!.eigenvalues!), ...(estimator ? pairs(estimator.filter.eigenvalues!) : [])]
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
  return shellLine(['jacsense', ...args])
}
