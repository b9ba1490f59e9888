/** What an estimator is designed for: which coordinates are measured, with which noise, and what steps add unforeseen. */
import { Matrix } from 'ml-matrix'
import type { Layout } from '../engine/engine.ts'
import { kindOf } from '../linearization/smoothing.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import type { Called, ControllerSettings, NamedDeviations } from './controllerSettings.ts'

export const MEASUREMENT_NOISE = 1e-3
export const PROCESS_NOISE = { positions: 1e-4, velocities: 1e-2, activations: 1e-2 }
const KINDS = Object.keys(PROCESS_NOISE)

/** Throws InputError on names that are no coordinates, and on outputs without noise. */
export function estimatorNoise(
  settings: Pick<ControllerSettings, 'outputs' | 'measurementNoise' | 'processNoise'>,
  layout: Layout,
  called: Called = (option) => option,
) {
  const { dx, nv, ndx } = layout
  const all = dx.map(({ name }) => name)
  const outputs = settings.outputs ?? all.slice(0, nv)
  const fail = (path: string, expected: string, found: string): never => {
    throw new InputError({ path, expected, found })
  }
  if (outputs.length === 0) fail(called('outputs'), 'at least one coordinate', 'none')
  for (const [k, name] of outputs.entries()) {
    if (!all.includes(name)) fail(called('outputs'), `some of ${listed(all)}`, `"${name}"${suggestion(name, all)}`)
    if (outputs.indexOf(name) < k) fail(called('outputs'), 'each coordinate once', `"${name}" twice`)
  }
  const of = (option: string, given: NamedDeviations, allowed: readonly string[]) => {
    const known = [...KINDS, ...allowed]
    for (const name of Object.keys(typeof given === 'number' ? {} : given))
      if (!known.includes(name))
        fail(`${option} ${name}`, `a deviation of one of ${listed(known)}`, `"${name}"${suggestion(name, known)}`)
    return allowed.map((name) => {
      if (typeof given === 'number') return given
      const kind = kindOf(all.indexOf(name), { nv, ndx })
      return Object.hasOwn(given, name) ? given[name]! : Object.hasOwn(given, kind) ? given[kind]! : 0
    })
  }
  const sigmas = of(called('measurementNoise'), settings.measurementNoise ?? MEASUREMENT_NOISE, outputs)
  const exact = sigmas.indexOf(0)
  if (exact >= 0) fail(called('measurementNoise'), `a deviation > 0 of ${outputs[exact]!}`, 'none')
  const drifts = of(called('processNoise'), settings.processNoise ?? PROCESS_NOISE, all)
  const squared = (values: readonly number[]) => Matrix.diag(values.map((value) => value * value))
  return {
    outputs,
    sigma: Object.fromEntries(outputs.map((name, k) => [name, sigmas[k]!])),
    W: squared(drifts),
    V: squared(sigmas),
  }
}
