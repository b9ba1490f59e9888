/** jacsense check --against: the same scene at the same points in several engines, step and linearization side by side. */
import { BlackboxError } from '../blackbox/blackboxError.ts'
import { createEngine, ENGINE_NAMES } from '../engine/createEngine.ts'
import type { Engine } from '../engine/engine.ts'
import { isMjcf } from '../engine/mujoco/mjcf.ts'
import { bentStates } from '../experiment/bentStates.ts'
import { compareEngines, type EngineComparison, type PointComparison } from '../linearization/compareEngines.ts'
import { certificateSentence } from '../experiment/certificate.ts'
import { counted, formatNumber } from '../experiment/format.ts'
import { toPlain } from '../experiment/linearizationJson.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import type { LinearizeFlags } from './options.ts'
import { pointTable } from './pointTable.ts'
import { notANumber, type Setup, signalOf, titleOf } from './prepare.ts'
import { progressLine } from './progress.ts'
import { textTable } from './table.ts'

export type AgainstFlags = Pick<LinearizeFlags, 'engine' | 'coordinates' | 'seed' | 'json' | 'tolerance'> & {
  readonly against: readonly string[]
  readonly points?: number
}

/** Prints the comparison of the setup's engine with the others; throws NumericalFailure where they do not agree. */
export async function checkAgainst(setup: Setup, flags: AgainstFlags, io: Io): Promise<void> {
  const { scene, engine, point, where } = setup
  if (isMjcf(scene))
    throw new InputError({
      path: '--against',
      expected: 'a scene or URDF file, which several engines open',
      found: `the MJCF model ${scene.file ?? scene.name}, which "mujoco" alone opens`,
    })
  const others: Engine[] = []
  try {
    const { coordinates, seed } = flags
    for (const name of flags.against)
      others.push(await createEngine(scene, { engine: name, ...(coordinates && { coordinates }) }))
    const teller = [engine, ...others].find(({ nearSwitches }) => nearSwitches !== undefined) ?? engine
    const bent = bentStates(scene, teller, { seed, ...(flags.points !== undefined && { count: flags.points }) })
    const names = [where, ...bent.map((_, k) => `bent ${k + 1}`)]
    const comparisons = await compared(setup, others, [point, ...bent], flags, io)
    const agree = comparisons.every((comparison) => comparison.agree)
    if (flags.json) printJson(io, comparisonJson(setup, comparisons, names, seed, agree))
    else {
      io.stdout.write(`${titleOf(setup)}${pointTable(setup)}`)
      for (const comparison of comparisons) io.stdout.write(`\n${comparisonText(comparison, names)}`)
    }
    if (!agree) throw new NumericalFailure(`check: ${comparisons.flatMap((one) => failuresOf(one, names)).join('; ')}`)
  } finally {
    for (const other of others) other.dispose()
  }
}

/** Reads 'mujoco,rapier': engines other than `engine`, none twice. Throws InputError. */
export function readAgainst(text: string, engine: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  const known = ENGINE_NAMES.filter((name) => name !== engine)
  names.forEach((name, k) => {
    const refuse = (found: string) =>
      new InputError({ path: '--against', expected: `one or more of ${listed(known)}, with commas between`, found })
    if (name === engine) throw refuse(`"${name}", which is what --engine says`)
    if (!known.includes(name)) throw refuse(`"${name}"${suggestion(name, known)}`)
    if (names.indexOf(name) < k) throw refuse(`"${name}" twice`)
  })
  return names
}

async function compared(
  { scene, engine }: Setup,
  others: readonly Engine[],
  points: readonly Setup['point'][],
  { seed, tolerance }: AgainstFlags,
  io: Io,
): Promise<EngineComparison[]> {
  const progress = progressLine(io, 'comparing: linearization')
  try {
    return await compareEngines(engine, others, points, {
      seed,
      tolerance,
      ...signalOf(io),
      onProgress: progress.onProgress,
    })
  } catch (error) {
    throw error instanceof BlackboxError ? notANumber(error, scene, engine) : error
  } finally {
    progress.end()
  }
}

/** One line for each point, then what differs most, and what that may come from. */
function comparisonText({ engines, tolerance, points }: EngineComparison, names: readonly string[]): string {
  const [own, other] = engines
  const rows = points.map((point, k) => [
    names[k]!,
    formatNumber(point.relativeA, 2),
    point.worstB === null ? '' : formatNumber(point.relativeB, 2),
    formatNumber(point.relativeStep, 2),
    ...point.linearizations.map(({ quality }) => `${quality.calls}${quality.certified ? '' : ' (uncertified)'}`),
    lawsCell(point),
    point.verdict,
  ])
  const header = ['at', 'A − I', 'B', 'x⁺', `steps of ${own}`, `steps of ${other}`, 'contacts', 'verdict']
  const told = shownPoints(points)
  const title = `${own} against ${other}: relative errors, tolerance ${formatNumber(tolerance, 2)}\n`
  const largest = textTable(
    ['largest difference', '', 'of', '', own, other, 'difference'],
    told.flatMap((k) => largestRows(points[k]!, names[k]!)),
    [0, 1, 2, 3],
  )
  return `${title}${textTable(header, rows, [0, 6, 7])}\n${largest}${notes({ engines, points }, names)}`
}

/** Those that do not agree; where all do, the one with the largest error. */
function shownPoints(points: readonly PointComparison[]): number[] {
  const off = points.flatMap(({ verdict }, k) => (verdict === 'agree' ? [] : [k]))
  if (off.length > 0) return off
  const errors = points.map(({ relativeA, relativeB, relativeStep }) => Math.max(relativeA, relativeB, relativeStep))
  return points.length === 0 ? [] : [errors.indexOf(Math.max(...errors))]
}

function largestRows({ worstA, worstB, step }: PointComparison, name: string): string[][] {
  const digits = (value: number) => formatNumber(value, 6)
  const entry = (what: string, worst: typeof worstA) =>
    worst === null
      ? []
      : [
          [
            name,
            what,
            `∂ ${worst.row} / ∂ ${worst.column}`,
            '',
            digits(worst.value),
            digits(worst.reference),
            formatNumber(worst.difference, 2),
          ],
        ]
  const moved = step.reduce((a, b) => (b.difference > a.difference ? b : a), step[0]!)
  return [
    ...entry('A', worstA),
    ...entry('B', worstB),
    ...(moved
      ? [
          [
            name,
            'x⁺ ⊖ x',
            moved.name,
            moved.unit,
            digits(moved.value),
            digits(moved.reference),
            formatNumber(moved.difference, 2),
          ],
        ]
      : []),
  ]
}

/** '2 closed, 1 near', '' where none, '?' where no engine can tell. */
function lawsCell({ closedSwitches, nearSwitches }: PointComparison): string {
  if (closedSwitches === null && nearSwitches === null) return '?'
  const parts = [
    [closedSwitches?.length ?? 0, 'closed'],
    [nearSwitches?.length ?? 0, 'near'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} ${what}`)
    .join(', ')
}

function notes({ engines, points }: Pick<EngineComparison, 'engines' | 'points'>, names: readonly string[]): string {
  const lines: string[] = []
  points.forEach((point, k) => {
    if (point.verdict === 'agree') return
    const { closedSwitches, nearSwitches } = point
    if (closedSwitches !== null && closedSwitches.length > 0)
      lines.push(
        `${names[k]}: ${engines.join(' and ')} have contacts and joint limits by laws of their own: ${someOf(closedSwitches)}`,
      )
    if (nearSwitches !== null && nearSwitches.length > 0)
      lines.push(`${names[k]}: open, but within reach of the period, so that one may feel it: ${someOf(nearSwitches)}`)
    for (const lin of point.linearizations)
      if (!lin.quality.certified) lines.push(`${names[k]}: ${lin.engine}: ${certificateSentence(lin)}`)
  })
  return lines.map((line) => `note  ${line}\n`).join('')
}

/** The first four in words. */
function someOf(switches: readonly string[]): string {
  const more = switches.length > 4 ? ` and ${switches.length - 4} more` : ''
  return `${switches.slice(0, 4).join(', ')}${more}`
}

/** 'cannon and mujoco differ at home (3 contacts or limits there), bent 2'. */
function failuresOf({ engines, points }: EngineComparison, names: readonly string[]): string[] {
  const at = (verdict: PointComparison['verdict']) =>
    points.flatMap((point, k) => {
      if (point.verdict !== verdict) return []
      const laws = point.closedSwitches?.length ?? 0
      return [`${names[k]}${laws > 0 ? ` (${counted(laws, 'contact or limit', 'contacts or limits')} there)` : ''}`]
    })
  const both = engines.join(' and ')
  const [differ, unsure] = [at('differ'), at('unsure')]
  return [
    ...(differ.length > 0 ? [`${both} differ at ${differ.join(', ')}`] : []),
    ...(unsure.length > 0 ? [`${both} can't be compared at ${unsure.join(', ')}: not certified`] : []),
  ]
}

function comparisonJson(
  { scene }: Setup,
  comparisons: readonly EngineComparison[],
  names: readonly string[],
  seed: number,
  passed: boolean,
): unknown {
  return toPlain({
    scene: scene.name,
    passed,
    seed,
    comparisons: comparisons.map(({ points, ...rest }) => ({
      ...rest,
      points: points.map(({ linearizations, ...point }, k) => ({
        at: names[k],
        ...point,
        x: linearizations[0].xBar,
        u: linearizations[0].uBar,
        linearizations: linearizations.map(({ engine, quality }) => ({ engine, quality })),
      })),
    })),
  })
}
