/** What a sweep varies, for tables and charts of its results; runs that differ in their seed only are the same but for chance. */
import { axisNameOf, type DrawnAxis, type GridAxis, studiesOf, type SweepFile } from '../../scene/sweep/sweepFile.ts'

export interface OutlinedAxis {
  readonly name: string
  readonly unit: string
  readonly isNumeric: boolean
  readonly isLog: boolean // better seen on a logarithmic scale
  readonly fromZero: readonly number[] | null // values that a logarithmic scale would show, but for the zero among them
  readonly isDrawn: boolean // at random
  readonly count: number // values of a grid; draws
}

export interface OutlinedStudy {
  readonly name: string | null
  readonly description: string
  readonly axes: readonly OutlinedAxis[] // grid before drawn
}

const WIDE = 30 // largest / smallest of listed values that a linear scale would crowd

export function outlineOf(sweep: SweepFile): OutlinedStudy[] {
  return studiesOf(sweep).map(([, { name, description, grid = [], sample }]) => ({
    name,
    description: description ?? '',
    axes: [
      ...grid
        .filter(isOfInterest)
        .map((axis) => outlined(axis, axis.values, axis.values?.length ?? (axis.range ?? axis.logRange)!.count)),
      ...(sample?.axes ?? []).filter(isOfInterest).map((axis) => outlined(axis, axis.choice, sample!.count, true)),
    ],
  }))
}

function isOfInterest({ set }: { readonly set: string | readonly string[] }): boolean {
  return !/(^|\.)seed$/.test(typeof set === 'string' ? set : set[0]!)
}

function outlined(
  axis: GridAxis | DrawnAxis,
  values: readonly unknown[] | undefined,
  count: number,
  isDrawn = false,
): OutlinedAxis {
  const { logRange, logUniform } = axis as Partial<GridAxis & DrawnAxis>
  const isNumeric =
    axis.labels === undefined && (values === undefined || values.every((value) => typeof value === 'number'))
  const numbers = isNumeric && values ? (values as readonly number[]) : []
  const positive = numbers.filter((value) => value > 0)
  const isWide = positive.length > 2 && Math.max(...positive) / Math.min(...positive) >= WIDE
  const isLog = logRange !== undefined || logUniform !== undefined || (isWide && positive.length === numbers.length)
  const fromZero = isWide && !isLog && Math.min(...numbers) === 0 ? numbers : null
  return { name: axisNameOf(axis), unit: axis.unit ?? '', isNumeric, isLog, fromZero, isDrawn, count }
}
