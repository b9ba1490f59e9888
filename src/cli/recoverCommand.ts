/** jacsense recover: the Jacobian from what was measured elsewhere, with its certificate. */
import { extname } from 'node:path'
import type { Command } from 'commander'
import { type NextPlan, nextPlans } from '../experiment/nextPlans.ts'
import { type MeasuringPlan, openPlanFile } from '../experiment/planFile.ts'
import { pointOfPlan } from '../experiment/planScene.ts'
import { jacobianFromValues, type PointTable, pointTable } from '../experiment/pointTable.ts'
import { unseenOutputs } from '../experiment/unseenOutputs.ts'
import { linearizationFromSteps } from '../linearization/linearizationFromSteps.ts'
import { callsSentence, certificateSentence, notesBeside } from '../experiment/certificate.ts'
import { compactJson } from '../report/compactJson.ts'
import { counted, withUnit } from '../experiment/format.ts'
import { jacobianCsv } from '../experiment/jacobianCsv.ts'
import { jacobianJson } from '../report/jacobianJson.ts'
import { linearizationJson } from '../experiment/linearizationJson.ts'
import { shownJacobian, shownMatrices } from '../experiment/rounding.ts'
import { writeFiles } from '../report/writeFiles.ts'
import { InputError } from '../scene/inputError.ts'
import { parseJson } from '../scene/parseJson.ts'
import { parseMeasurements } from '../scene/parseMeasurements.ts'
import type { Quality } from '../sensing/quality.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import { checkOutFiles } from './outFile.ts'
import { openedSource } from './planSource.ts'
import { defectText, setUp } from './prepare.ts'
import { readText } from './readText.ts'
import { shellLine } from './shellLine.ts'
import { matrixTable } from './table.ts'

interface RecoverFlags {
  readonly out?: string
  readonly json?: true
}

/** What a plan and its measurements gave, in the forms it is told in. */
interface Recovered {
  readonly quality: Quality
  readonly sentence: string // the certificate
  readonly text: string // tables, for people
  readonly json: object
  readonly csv: string // of the whole Jacobian
}

export function addRecoverCommand(program: Command, io: Io): void {
  program
    .command('recover')
    .description(
      'the Jacobian (A and B of a scene) from what was measured elsewhere at the points of "jacsense plan", with its certificate',
    )
    .argument('<plan.json>', 'the plan')
    .argument(
      '<measurements.csv>',
      'a header with the names of the measured values, in any order, and a row for each point: in the planned order, or with ' +
        'its number in a column "index"; other columns may stand beside',
    )
    .option(
      '--out <file>',
      'also write it to a file: .json as --json prints it, .csv the matrix alone, only where it is certified',
    )
    .option('--json', 'print JSON and nothing else')
    .action(async (planFile: string, measured: string, flags: RecoverFlags) => {
      const { out } = flags
      if (out !== undefined)
        await checkOutFiles([{ option: '--out', file: out, endings: ['.json', '.csv'] }], [planFile, measured])
      const plan = openPlanFile(parseJson(await readText(planFile), planFile), { file: planFile })
      const recovered = await (plan.scene === null ? recoverPlain : recoverScene)(plan, planFile, measured, io)
      const { quality, sentence, text, csv } = recovered
      const next = nextPlans(plan, quality).map((one) => ({ when: one.when, command: commandOf(one, plan, planFile) }))
      const json = { ...recovered.json, next }
      const isJson = out !== undefined && extname(out).toLowerCase() === '.json'
      if (out !== undefined && (isJson || quality.certified))
        await writeFiles([[out, isJson ? compactJson(json) : csv]])
      if (flags.json) printJson(io, json)
      else {
        const advice = next.map(({ when, command }) => `next  ${when}${command === null ? '' : `: ${command}`}\n`)
        io.stdout.write(`${text}${advice.join('')}`)
      }
      if (!quality.certified)
        throw new NumericalFailure(
          `recover: ${sentence}${out !== undefined && !isJson ? ` ${out} is not written.` : ''}`,
        )
    })
}

async function recoverPlain(plan: MeasuringPlan, planFile: string, measured: string): Promise<Recovered> {
  const { inputs, outputs } = plan
  const table = pointTable(plan)
  const { values, resolution, unseen } = await readMeasurements(measured, table)
  const found = jacobianFromValues(plan, values, resolution)
  const { J, quality } = found
  const sentence = certificateSentence({ quality, layout: { dx: outputs } })
  const shown = shownJacobian(J, quality)
  const place = inputs.slice(0, 8).map(({ name, unit, at }) => `${name} ${withUnit(at, unit, 6)}`)
  const more = inputs.length > place.length ? ` and ${inputs.length - place.length} more` : ''
  return {
    quality,
    sentence,
    text:
      `${planFile}: ${counted(outputs.length, 'output')}, ${counted(inputs.length, 'input')}\n` +
      `at    ${place.join(', ')}${more}\n\n${matrixTable('J', shown.J, outputs, inputs)}\n` +
      closing(sentence, quality, [shown.note, unseen]),
    json: jacobianJson(plan, { J, quality: withNote(quality, unseen) }),
    csv: jacobianCsv(J.to2DArray(), outputs, inputs),
  }
}

async function recoverScene(plan: MeasuringPlan, planFile: string, measured: string, io: Io): Promise<Recovered> {
  const { name, engine: engineName, coordinates } = plan.scene!
  const { scene, engine } = await setUp(
    openedSource(plan.source, planFile),
    { engine: engineName, at: 'home', ...(coordinates && { coordinates }) },
    io,
  )
  try {
    const point = pointOfPlan(plan, scene, engine, planFile)
    const { values, resolution, unseen } = await readMeasurements(measured, pointTable(plan, { engine, point }))
    const lin = refusedAsMeasured(measured, () =>
      linearizationFromSteps(engine, point, plan.plan, values, { resolution }),
    )
    const { quality, layout } = lin
    const sentence = certificateSentence(lin)
    const { A, B, note } = shownMatrices(lin)
    const J = lin.A.to2DArray().map((row, i) => [...row, ...lin.B.getRow(i)])
    return {
      quality,
      sentence,
      text:
        `${name}: measured elsewhere, ${counted(layout.ndx, 'state')}, ${counted(layout.nu, 'control')}, dt = ${lin.dt} s\n\n` +
        `${matrixTable('A', A, layout.dx, layout.dx)}\n${matrixTable('B', B, layout.dx, layout.u)}\n${defectText(lin)}` +
        closing(sentence, quality, [note, unseen]),
      json: linearizationJson({ ...lin, quality: withNote(quality, unseen) }, name),
      csv: jacobianCsv(J, layout.dx, [...layout.dx, ...layout.u]),
    }
  } finally {
    engine.dispose()
  }
}

async function readMeasurements(file: string, table: PointTable) {
  const { count, columns, values, answers, tolerance } = table
  const expected = { count, columns: answers, planned: { columns, values, tolerance } }
  const measured = parseMeasurements(await readText(file), expected, file)
  return { ...measured, unseen: unseenOutputs(table, measured, file) }
}

function withNote(quality: Quality, note: string | null): Quality {
  return note === null ? quality : { ...quality, notes: [...quality.notes, note] }
}

/** Quaternions that are none are the file's fault. */
function refusedAsMeasured<T>(file: string, recover: () => T): T {
  try {
    return recover()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const found = error.message.replace('linearizationFromSteps: ', '')
    throw new InputError({ file, expected: 'states of the scene', found })
  }
}

function closing(sentence: string, quality: Quality, more: readonly (string | null)[]): string {
  const notes = [...more.filter((note) => note !== null && note !== ''), ...notesBeside({ quality })]
  return `cost  ${callsSentence({ quality }, 'evaluation')}\n${sentence}\n${notes.map((one) => `note  ${one}\n`).join('')}`
}

/** The command that makes a next plan; null where no option of it helps. */
function commandOf({ options }: NextPlan, { source }: MeasuringPlan, planFile: string): string | null {
  if (options === null) return null
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  )
  const out = planFile.replace(/(\.json)?$/i, '-2.json')
  return shellLine(['jacsense', 'plan', openedSource(source, planFile), ...words, '--out', out])
}
