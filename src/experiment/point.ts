/** A point of operation from the JSON value of a state file: by joint names, or as the vectors x and u of an engine. */
import type { Coordinate, Engine, Point } from '../engine/engine.ts'
import { InputError } from '../scene/inputError.ts'
import { reducedLayout } from '../scene/layout.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { parseState } from '../scene/parseState.ts'
import type { NamedState, Scene } from '../scene/scene.ts'
import { controlVector, reducedState } from '../scene/stateVector.ts'

/**
 * Either { positions, velocities, controls } by joint and control names, or { x: [nx], u: [nu] } in the engine's own order;
 * what is left out is as at home. Quaternions are scaled to length one. `file` is named in errors. Throws InputError on
 * anything else, and on names where the engine's coordinates are not joint coordinates.
 */
export function pointFrom(
  value: unknown,
  scene: Scene,
  engine: Engine,
  { file = null }: { file?: string | null } = {},
): Point {
  if (typeof value === 'object' && value !== null && ('x' in value || 'u' in value))
    return fromVectors(value, engine, file)
  return pointFromNames(parseState(value, scene, { file }), scene, engine, { file })
}

/**
 * The point of a state given by names; what it does not name is as at home. Throws InputError where the engine neither steps joint
 * coordinates nor converts them itself.
 */
export function pointFromNames(
  state: NamedState,
  scene: Scene,
  engine: Engine,
  { file = null }: { file?: string | null } = {},
): Point {
  if (engine.point !== undefined) return engine.point(state)
  const { layout, home } = engine
  const u = controlVector(scene, state, home.u)
  if (Object.keys(state.positions).length === 0 && Object.keys(state.velocities).length === 0)
    return { x: home.x.slice(), u }
  const reduced = reducedLayout(scene)
  if (layout.nx !== reduced.nx || layout.x.some(({ name }, i) => name !== reduced.x[i]!.name))
    throw new InputError({
      file,
      expected: `a state { "x": [${layout.nx} numbers], "u": [${layout.nu}] }, as the engine does not step joint coordinates`,
      found: 'a state by joint names',
    })
  return { x: reducedState(scene, state, home.x), u }
}

function fromVectors(value: object, { layout, home }: Engine, file: string | null): Point {
  const known = ['x', 'u']
  for (const key of Object.keys(value))
    if (!known.includes(key))
      throw new InputError({
        file,
        path: key,
        expected: `one of ${listed(known)}`,
        found: `"${key}"${suggestion(key, known)}`,
      })
  const { x, u } = value as { x?: unknown; u?: unknown }
  const point = {
    x: x === undefined ? home.x.slice() : vector(x, 'x', layout.x, file),
    u: u === undefined ? home.u.slice() : vector(u, 'u', layout.u, file),
  }
  layout.x.forEach(({ name }, i) => {
    if (i >= layout.nq || !name.endsWith('.qw')) return
    const norm = Math.hypot(...point.x.subarray(i, i + 4))
    if (!(norm > 1e-9))
      throw new InputError({
        file,
        path: `x[${i}]`,
        expected: 'a quaternion (w, x, y, z) other than zero',
        found: 'zero',
      })
    for (let k = i; k < i + 4; k++) point.x[k]! /= norm
  })
  return point
}

function vector(value: unknown, path: string, coordinates: readonly Coordinate[], file: string | null): Float64Array {
  const expected = `a list of ${coordinates.length} numbers`
  if (!Array.isArray(value)) throw new InputError({ file, path, expected, found: typeof value })
  if (value.length !== coordinates.length)
    throw new InputError({ file, path, expected, found: `a list of ${value.length}` })
  value.forEach((entry, k) => {
    if (typeof entry !== 'number' || !Number.isFinite(entry)) {
      const { name, unit } = coordinates[k]!
      const what = `a finite number (${name}${unit === '' ? '' : `, ${unit}`})`
      throw new InputError({ file, path: `${path}[${k}]`, expected: what, found: String(JSON.stringify(entry)) })
    }
  })
  return Float64Array.from(value)
}
