/** What a controller gets to see of the state: the state with seeded noise. */
import type { Engine } from '../engine/engine.ts'
import { random } from '../linalg/random.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'

export interface MeasurementNoise {
  /** Standard deviation of every entry of dx in its own unit, or by name; entries that are not named are measured exactly. */
  readonly sigma: number | Readonly<Record<string, number>>
  readonly seed?: number // default 1
}

/**
 * x → x ⊕ noise, normal, independent from step to step and from entry to entry; the array it returns is used again. Throws InputError
 * on a name that is not there and on a deviation that is not a finite number ≥ 0.
 */
export function measurementNoise(
  engine: Pick<Engine, 'layout' | 'integrate'>,
  { sigma, seed = 1 }: MeasurementNoise,
): (x: Float64Array) => Float64Array {
  const { layout } = engine
  const names = layout.dx.map(({ name }) => name)
  const deviations = new Float64Array(layout.ndx)
  for (const [name, value] of Object.entries(typeof sigma === 'number' ? {} : sigma)) {
    const index = names.indexOf(name)
    if (index < 0)
      throw new InputError({
        path: 'measurement.sigma',
        expected: `one of ${listed(names)}`,
        found: `"${name}"${suggestion(name, names)}`,
      })
    deviations[index] = value
  }
  if (typeof sigma === 'number') deviations.fill(sigma)
  const bad = deviations.findIndex((value) => !(value >= 0 && Number.isFinite(value)))
  if (bad >= 0)
    throw new InputError({
      path: `measurement.sigma.${names[bad]}`,
      expected: 'a finite number ≥ 0',
      found: String(deviations[bad]),
    })
  const source = random(seed)
  const noise = new Float64Array(layout.ndx)
  const seen = new Float64Array(layout.nx)
  return (x) => {
    for (let i = 0; i < noise.length; i++) noise[i] = deviations[i]! > 0 ? deviations[i]! * source.normal() : 0
    engine.integrate(x, noise, seen)
    return seen
  }
}
