/** Settings of a controller from data of any origin, such as a link or a form. */
import { InputError } from '../scene/inputError.ts'
import { suggestion } from '../scene/nearest.ts'
import { CONTROLLERS, type ControllerSettings } from './controllerSettings.ts'

type Check = (value: unknown) => string | null // what was expected; null: it is that

const isWeight = (value: unknown) => typeof value === 'number' && value >= 0 && Number.isFinite(value)
const names: Check = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string') ? null : 'a list of names'
const weights: Check = (value) => {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  const all = isRecord ? Object.values(value) : [value]
  return all.every(isWeight) ? null : 'a finite number ≥ 0, or some by name'
}
const whole =
  (most: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most ? null : `a whole number, 1 … ${most}`

const CHECKS: Readonly<Record<Exclude<keyof ControllerSettings, 'controller'>, Check>> = {
  integral: names,
  qz: weights,
  outputs: names,
  measurementNoise: weights,
  processNoise: weights,
  horizon: (value) => (isWeight(value) && Number(value) > 0 && Number(value) <= 60 ? null : 'seconds > 0, at most 60'),
  qf: weights,
  iterations: whole(1000),
  every: whole(1000),
}

/** What it does not know is left out. Throws InputError, naming the setting. */
export function parseControllerSettings(value: unknown): ControllerSettings {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>
  const { controller } = given
  if (!CONTROLLERS.some((name) => name === controller))
    throw new InputError({
      path: 'controller',
      expected: `one of ${CONTROLLERS.join(', ')}`,
      found: `${JSON.stringify(controller) ?? 'none'}${suggestion(String(controller), CONTROLLERS)}`,
    })
  const settings: Record<string, unknown> = { controller }
  for (const [option, check] of Object.entries(CHECKS)) {
    const set = given[option]
    if (set === undefined) continue
    const expected = check(set)
    if (expected !== null)
      throw new InputError({ path: option, expected, found: (JSON.stringify(set) ?? String(set)).slice(0, 60) })
    settings[option] = set
  }
  return settings as unknown as ControllerSettings
}
