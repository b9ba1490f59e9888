/** The runs of a sweep, in their order: studies one after the other, grids with the last axis fastest, all draws at each point of a grid. */
import { random } from '../../linalg/random.ts'
import { InputError } from '../../scene/inputError.ts'
import { problemsOf } from '../../scene/problem.ts'
import type { PartialRunSettings, RunSettings } from '../../scene/sweep/runSettings.ts'
import { parseSettingPath, type SettingPath, withSetting } from '../../scene/sweep/settingPath.ts'
import {
  axisNameOf,
  type DrawnAxis,
  type GridAxis,
  MAX_RUNS,
  type Study,
  type SweepFile,
  studiesOf,
} from '../../scene/sweep/sweepFile.ts'
import type { Plain, SweepJob } from './job.ts'

const TIME_LIMIT = 60 // s

/** An axis with its values drawn. */
export interface ExpandedAxis {
  readonly name: string
  readonly unit: string
  readonly paths: readonly SettingPath[]
  readonly place: string // in the file: 'grid[0]'
  readonly count: number
  readonly isDrawn: boolean // numbers drawn at random: the least and the largest stand for all
  valueAt(k: number): unknown
  placeOf(k: number): string // 'grid[0].values[2]'
  labelAt(k: number): Plain
}

export interface ExpandedStudy {
  readonly name: string | null
  readonly description: string | null
  readonly place: string
  readonly first: number // index of its first run
  readonly count: number // runs
  readonly base: PartialRunSettings
  readonly ownBase: PartialRunSettings // of the study alone
  readonly grid: readonly ExpandedAxis[]
  readonly drawn: readonly ExpandedAxis[]
  readonly draws: number
  /** The settings at these positions on its axes, grid before drawn. */
  settingsAt(positions: readonly number[]): Record<string, unknown>
}

export interface ExpandedSweep {
  readonly studies: readonly ExpandedStudy[]
  readonly count: number // runs
  readonly seed: number
  job(index: number): SweepJob
}

/** Throws InputError on more runs than a sweep may have, and on settings that lead nowhere. */
export function expandSweep(sweep: SweepFile, { file = null }: { file?: string | null } = {}): ExpandedSweep {
  const { seed = 1, timeLimit = TIME_LIMIT } = sweep
  const studies: ExpandedStudy[] = []
  let count = 0
  for (const [k, [place, study]] of studiesOf(sweep).entries()) {
    const expanded = expandStudy(sweep, study, { place, k, first: count, seed, file })
    count += expanded.count
    if (count > MAX_RUNS)
      throw new InputError({ file, path: place.slice(0, -1), expected: `at most ${MAX_RUNS} runs`, found: 'more' })
    studies.push(expanded)
  }
  return {
    studies,
    count,
    seed,
    job(index) {
      const study = studies.findLast(({ first }) => first <= index)!
      const positions = positionsOf(study, index - study.first)
      const axes = [...study.grid, ...study.drawn]
      const settings = study.settingsAt(positions) as RunSettings
      return {
        index,
        study: study.name,
        seed: settings.seed ?? random(seed, index).integer(2 ** 31 - 1),
        parameters: Object.fromEntries(axes.map((axis, a) => [axis.name, axis.labelAt(positions[a]!)])),
        settings,
        timeLimit,
      }
    },
  }
}

/** Where on its axes a run of a study lies. */
function positionsOf({ grid, drawn, draws }: ExpandedStudy, index: number): number[] {
  const positions: number[] = []
  const draw = index % draws
  let rest = (index - draw) / draws
  for (const { count } of grid.toReversed()) {
    positions.unshift(rest % count)
    rest = Math.floor(rest / count)
  }
  return [...positions, ...drawn.map(() => draw)]
}

interface StudyPlace {
  readonly place: string
  readonly k: number
  readonly first: number
  readonly seed: number
  readonly file: string | null
}

function expandStudy(sweep: SweepFile, study: Study, { place, k, first, seed, file }: StudyPlace): ExpandedStudy {
  const draws = study.sample?.count ?? 1
  const grid = (study.grid ?? []).map((axis, a) => gridAxis(axis, `${place}grid[${a}]`, file))
  const drawn = (study.sample?.axes ?? []).map((axis, a) =>
    // A stream for each axis: another axis beside it does not change what is drawn.
    drawnAxis(axis, draws, { place: `${place}sample.axes[${a}]`, seed, stream: 1000 * (k + 1) + a, file }),
  )
  const base = { ...sweep.base, ...study.base }
  const axes = [...grid, ...drawn]
  return {
    name: study.name,
    description: study.description ?? null,
    place,
    first,
    count: grid.reduce((product, axis) => product * axis.count, draws),
    base,
    ownBase: study.base ?? {},
    grid,
    drawn,
    draws,
    settingsAt(positions) {
      let settings: Record<string, unknown> = base
      for (const [a, axis] of axes.entries())
        for (const path of axis.paths)
          settings = withSetting(
            settings,
            path,
            axis.valueAt(positions[a]!),
            (expected, found) => new InputError({ file, path: `${axis.place}.set`, expected, found }),
          )
      return settings
    },
  }
}

function common(axis: GridAxis | DrawnAxis, place: string, file: string | null) {
  const { set, unit = '' } = axis
  const paths = (typeof set === 'string' ? [set] : set).map((text) =>
    parseSettingPath(text, `${place}.set`, problemsOf(file)),
  )
  return { name: axisNameOf(axis), unit, paths, place }
}

function gridAxis(axis: GridAxis, place: string, file: string | null): ExpandedAxis {
  const { values, labels, range, logRange } = axis
  const shared = common(axis, place, file)
  if (values)
    return {
      ...shared,
      count: values.length,
      isDrawn: false,
      valueAt: (k) => values[k],
      placeOf: (k) => `${place}.values[${k}]`,
      labelAt: (k) => labels?.[k] ?? (values[k] as Plain),
    }
  const { from, to, count, whole = false } = (range ?? logRange)!
  const valueAt = (k: number): number => {
    if (k === 0) return whole ? Math.round(from) : from
    if (k === count - 1) return whole ? Math.round(to) : to
    const share = k / (count - 1)
    // Fifteen digits: the same value on machines whose powers differ in the last bit, and 0.3 instead of 0.30000000000000004.
    const value = Number((range ? from + share * (to - from) : from * (to / from) ** share).toPrecision(15))
    return whole ? Math.round(value) : value
  }
  const key = range ? 'range' : 'logRange'
  return { ...shared, count, isDrawn: false, valueAt, placeOf: () => `${place}.${key}`, labelAt: valueAt }
}

function drawnAxis(
  axis: DrawnAxis,
  draws: number,
  { place, seed, stream, file }: { place: string; seed: number; stream: number; file: string | null },
): ExpandedAxis {
  const { uniform, logUniform, normal, choice, labels } = axis
  const source = random(seed, stream)
  const draw = (): number => {
    if (choice) return source.integer(choice.length)
    if (normal) return normal.mean + normal.deviation * source.normal()
    const [low, high] = (uniform ?? logUniform)!
    const share = source.uniform()
    return uniform ? low + share * (high - low) : low * (high / low) ** share
  }
  const drawn = Float64Array.from({ length: draws }, () => (choice ? draw() : Number(draw().toPrecision(15))))
  const shared = common(axis, place, file)
  const kind = uniform ? 'uniform' : logUniform ? 'logUniform' : normal ? 'normal' : 'choice'
  return {
    ...shared,
    count: draws,
    isDrawn: choice === undefined,
    valueAt: (k) => (choice ? choice[drawn[k]!] : drawn[k]),
    placeOf: (k) => (choice ? `${place}.choice[${drawn[k]}]` : `${place}.${kind}`),
    labelAt: (k) => (choice ? (labels?.[drawn[k]!] ?? (choice[drawn[k]!] as Plain)) : drawn[k]!),
  }
}
