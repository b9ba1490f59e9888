/** The noise a Kalman filter is designed for, from deviations by name: W of the state, V of the outputs that are measured. */
import { Matrix } from 'ml-matrix'
import type { Layout } from '../engine/engine.ts'
import { kindOf } from '../linearization/smoothing.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'

type NamedDeviations = number | Readonly<Record<string, number>>

export interface FilterDeviations {
  readonly outputs?: readonly string[] // default: all positions
  readonly measurementNoise?: NamedDeviations // default MEASUREMENT_NOISE
  readonly processNoise?: NamedDeviations // default PROCESS_NOISE
}

/** What the caller's settings are called in errors. */
export type FilterPlaces = Readonly<Record<keyof FilterDeviations, string>>

const MEASUREMENT_NOISE = 1e-3
const PROCESS_NOISE = { positions: 1e-4, velocities: 1e-2, activations: 1e-2 }
const KINDS = Object.keys(PROCESS_NOISE)

/** Throws InputError on names that are no coordinates, and on outputs without noise. */
export function filterNoise(given: FilterDeviations, layout: Layout, places: FilterPlaces) {
  const { dx, nv, ndx } = layout
  const all = dx.map(({ name }) => name)
  const outputs = given.outputs ?? all.slice(0, nv)
  if (outputs.length === 0)
    throw new InputError({ path: places.outputs, expected: 'at least one coordinate', found: 'none' })
  for (const [k, name] of outputs.entries()) {
    if (!all.includes(name))
      throw new InputError({
        path: places.outputs,
        expected: `some of ${listed(all)}`,
        found: `"${name}"${suggestion(name, all)}`,
      })
    if (outputs.indexOf(name) < k)
      throw new InputError({ path: places.outputs, expected: 'each coordinate once', found: `"${name}" twice` })
  }
  const of = (place: string, deviations: NamedDeviations, allowed: readonly string[]) => {
    const known = [...KINDS, ...allowed]
    for (const name of Object.keys(typeof deviations === 'number' ? {} : deviations))
      if (!known.includes(name))
        throw new InputError({
          path: `${place} ${name}`,
          expected: `a deviation of one of ${listed(known)}`,
          found: `"${name}"${suggestion(name, known)}`,
        })
    return allowed.map((name) => {
      if (typeof deviations === 'number') return deviations
      const kind = kindOf(all.indexOf(name), { nv, ndx })
      return Object.hasOwn(deviations, name)
        ? deviations[name]!
        : Object.hasOwn(deviations, kind)
          ? deviations[kind]!
          : 0
    })
  }
  const sigmas = of(places.measurementNoise, given.measurementNoise ?? MEASUREMENT_NOISE, outputs)
  const exact = sigmas.indexOf(0)
  if (exact >= 0)
    throw new InputError({
      path: places.measurementNoise,
      expected: `a deviation > 0 of ${outputs[exact]!}`,
      found: 'none',
    })
  const drifts = of(places.processNoise, given.processNoise ?? PROCESS_NOISE, all)
  const squared = (values: readonly number[]) => Matrix.diag(values.map((value) => value * value))
  return {
    outputs,
    sigma: Object.fromEntries(outputs.map((name, k) => [name, sigmas[k]!])),
    W: squared(drifts),
    V: squared(sigmas),
  }
}
