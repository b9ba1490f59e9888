/** The quadratic weights of a scene's task as matrices in an engine's coordinates. */
import { Matrix } from 'ml-matrix'
import type { Coordinate, Layout } from '../engine/engine.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import type { Weights } from '../scene/scene.ts'

export interface Cost {
  readonly Q: Matrix // [ndx × ndx], diagonal, ≥ 0
  readonly R: Matrix // [nu × nu], diagonal, ≥ 0
}

/** Where weights were read, for error messages. */
export interface WeightsPlace {
  readonly file?: string | null
  readonly path: string // 'task.Q'
}

/**
 * Q = diag over the layout's dx, R = diag over its u. A number weighs every coordinate, a list one each, a record by name
 * (missing: 0). Works for reduced and maximal layouts alike, with the names each of them has.
 * Throws InputError naming the weight on an unknown coordinate, a list of wrong length, a negative or non-finite weight.
 */
export function taskCost(
  task: { readonly Q: Weights; readonly R: Weights },
  layout: Layout,
  places: { readonly Q: WeightsPlace; readonly R: WeightsPlace } = { Q: { path: 'Q' }, R: { path: 'R' } },
): Cost {
  return {
    Q: Matrix.diag(weightVector(task.Q, layout.dx, places.Q)),
    R: Matrix.diag(weightVector(task.R, layout.u, places.R)),
  }
}

function weightVector(weights: Weights, coordinates: readonly Coordinate[], place: WeightsPlace): number[] {
  const { file = null, path } = place
  const checked = (value: number, where: string): number => {
    if (!(value >= 0 && Number.isFinite(value)))
      throw new InputError({ file, path: where, expected: 'a finite weight ≥ 0', found: String(value) })
    return value
  }
  if (typeof weights === 'number') return coordinates.map(() => checked(weights, path))
  if (isList(weights)) {
    if (weights.length !== coordinates.length)
      throw new InputError({
        file,
        path,
        expected: coordinates.length === 1 ? '1 weight' : `${coordinates.length} weights, one per coordinate`,
        found: `${weights.length}`,
      })
    return weights.map((value, k) => checked(value, `${path}[${k}]`))
  }
  const names = coordinates.map(({ name }) => name)
  for (const name of Object.keys(weights))
    if (!names.includes(name))
      throw new InputError({
        file,
        path: `${path}.${name}`,
        expected: `a weight of one of ${listed(names)}`,
        found: `"${name}"${suggestion(name, names)}`,
      })
  return names.map((name) => (Object.hasOwn(weights, name) ? checked(weights[name]!, `${path}.${name}`) : 0))
}

function isList(weights: Exclude<Weights, number>): weights is readonly number[] {
  return Array.isArray(weights)
}
