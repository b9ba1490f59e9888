/** Weights of integrals: which coordinates are to have no error at rest, and what their integrals cost. */
import { Matrix } from 'ml-matrix'
import type { Layout } from '../engine/engine.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import type { Called, ControllerSettings } from './controllerSettings.ts'
import { counted } from './format.ts'

/** null without integrals. Throws InputError on names that are no coordinates, more of them than controls, and weights that are not theirs. */
export function integralCost(
  { integral: outputs, qz }: Pick<ControllerSettings, 'integral' | 'qz'>,
  { dx, nu }: Layout,
  called: Called = (option) => option,
) {
  const fail = (path: string, expected: string, found: string): never => {
    throw new InputError({ path, expected, found })
  }
  const [ofIntegral, ofWeights] = [called('integral'), called('qz')]
  if (outputs === undefined) {
    if (qz !== undefined) fail(ofWeights, `${ofIntegral} beside it`, 'none')
    return null
  }
  const all = dx.map(({ name }) => name)
  for (const [k, name] of outputs.entries()) {
    if (!all.includes(name)) fail(ofIntegral, `some of ${listed(all)}`, `"${name}"${suggestion(name, all)}`)
    if (outputs.indexOf(name) < k) fail(ofIntegral, 'each coordinate once', `"${name}" twice`)
  }
  if (outputs.length > nu)
    fail(ofIntegral, `at most ${counted(nu, 'coordinate')}, one for each control`, `${outputs.length}`)
  if (Array.isArray(qz) && qz.length !== outputs.length)
    fail(ofWeights, counted(outputs.length, 'weight'), `${qz.length}`)
  const given = (qz ?? 1) as number | readonly number[] | Readonly<Record<string, number>>
  const named = typeof given === 'number' || Array.isArray(given) ? {} : given
  for (const name of Object.keys(named))
    if (!outputs.includes(name))
      fail(`${ofWeights} ${name}`, `a weight of one of ${listed(outputs)}`, `"${name}"${suggestion(name, outputs)}`)
  const Qz = outputs.map((name, k) =>
    typeof given === 'number' ? given : Array.isArray(given) ? given[k]! : (Reflect.get(named, name) ?? 0),
  ) as number[]
  const free = Qz.indexOf(0)
  if (free >= 0) fail(ofWeights, `a weight > 0 of ${outputs[free]!}`, 'none')
  return { outputs, Qz: Matrix.diag(Qz) }
}
