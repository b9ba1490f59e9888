/** A linearization as plain JSON: what `jacsense linearize --json` prints and `linearization.json` holds. */
import type { Linearization } from '../linearization/linearization.ts'
import { defectOf } from './rounding.ts'

export interface LinearizationJson {
  readonly scene: string
  readonly engine: string
  readonly dt: number // s
  readonly states: readonly string[] // names of dx, the rows of A and B
  readonly units: readonly string[] // of dx
  readonly controls: readonly string[] // columns of B
  readonly controlUnits: readonly string[]
  readonly A: readonly (readonly number[])[] // [ndx × ndx]
  readonly B: readonly (readonly number[])[] // [ndx × nu]
  readonly c: readonly number[] // [ndx]
  readonly equilibrium: boolean // c is zero up to rounding and 1e-7 a second
  readonly xBar: readonly number[] // [nx]
  readonly uBar: readonly number[] // [nu]
  readonly quality: Readonly<Record<string, unknown>> // Quality with arrays and numbers made plain
}

export function linearizationJson(lin: Linearization, scene: string): LinearizationJson {
  return toPlain({
    scene,
    engine: lin.engine,
    dt: lin.dt,
    states: lin.layout.dx.map(({ name }) => name),
    units: lin.layout.dx.map(({ unit }) => unit),
    controls: lin.layout.u.map(({ name }) => name),
    controlUnits: lin.layout.u.map(({ unit }) => unit),
    A: lin.A.to2DArray(),
    B: lin.B.to2DArray(),
    c: Array.from(lin.c),
    equilibrium: defectOf(lin).length === 0,
    xBar: Array.from(lin.xBar),
    uBar: Array.from(lin.uBar),
    quality: lin.quality,
  }) as LinearizationJson
}

/** Makes a value fit for JSON: typed arrays become arrays, matrices nested arrays, NaN and infinities null. */
export function toPlain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (value === null || typeof value !== 'object') return value
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>, toPlain)
  if (Array.isArray(value)) return value.map(toPlain)
  if ('to2DArray' in value && typeof value.to2DArray === 'function') return toPlain(value.to2DArray())
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toPlain(entry)]))
}
