/** Which coordinates integral action is to leave no error in, and the weights of their integrals. */
import { Matrix } from 'ml-matrix'
import type { Layout } from '../engine/engine.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import type { Weights } from '../scene/scene.ts'
import { counted } from './format.ts'

export interface IntegralSettings {
  readonly integral?: readonly string[]
  readonly qz?: Weights // default 1
}

/**
 * Null without integral action. Throws InputError, naming `places`, on names that are no coordinates, more of them than controls, and
 * weights that are not theirs.
 */
export function integralCost(
  { integral: outputs, qz }: IntegralSettings,
  { dx, nu }: Layout,
  places: { readonly integral: string; readonly qz: string },
) {
  const fail = (path: string, expected: string, found: string): never => {
    throw new InputError({ path, expected, found })
  }
  if (outputs === undefined) {
    if (qz !== undefined) fail(places.qz, `${places.integral} beside it`, 'none')
    return null
  }
  const all = dx.map(({ name }) => name)
  for (const [k, name] of outputs.entries()) {
    if (!all.includes(name)) fail(places.integral, `some of ${listed(all)}`, `"${name}"${suggestion(name, all)}`)
    if (outputs.indexOf(name) < k) fail(places.integral, 'each coordinate once', `"${name}" twice`)
  }
  if (outputs.length > nu)
    fail(places.integral, `at most ${counted(nu, 'coordinate')}, one for each control`, `${outputs.length}`)
  if (Array.isArray(qz) && qz.length !== outputs.length)
    fail(places.qz, counted(outputs.length, 'weight'), `${qz.length}`)
  const given = (qz ?? 1) as number | readonly number[] | Readonly<Record<string, number>>
  const named = typeof given === 'number' || Array.isArray(given) ? {} : given
  for (const name of Object.keys(named))
    if (!outputs.includes(name))
      fail(`${places.qz} ${name}`, `a weight of one of ${listed(outputs)}`, `"${name}"${suggestion(name, outputs)}`)
  const Qz = outputs.map((name, k) =>
    typeof given === 'number' ? given : Array.isArray(given) ? given[k]! : (Reflect.get(named, name) ?? 0),
  ) as number[]
  const free = Qz.indexOf(0)
  if (free >= 0) fail(places.qz, `a weight > 0 of ${outputs[free]!}`, 'none')
  return { outputs, Qz: Matrix.diag(Qz) }
}
