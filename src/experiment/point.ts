/** A point of operation from the JSON value of a state file: by joint names, or as the vectors x and u of an engine. */
import type { Coordinate, Engine, Point } from '../engine/engine.ts'
import { isMjcf, type Mjcf } from '../engine/mujoco/mjcf.ts'
import { namedPoint, unitQuaternions } from '../engine/namedPoint.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { parseLooseState, parseState } from '../scene/parseState.ts'
import type { NamedState, Scene } from '../scene/scene.ts'

/**
 * Either { positions, velocities, controls } by joint and control names, checked as a scene's home is, or { x: [nx], u: [nu] } in
 * the engine's own order; what is left out is as at home. Quaternions are scaled to length one. `file` is named in errors. Throws
 * InputError on anything else, and on joint names where the engine can't place them.
 */
export function pointFrom(
  engine: Engine,
  scene: Scene | Mjcf,
  value: unknown,
  { file = null }: { file?: string | null } = {},
): Point {
  if (typeof value === 'object' && value !== null && ('x' in value || 'u' in value))
    return fromVectors(value, engine, file)
  const state = isMjcf(scene) ? parseLooseState(value, { file }) : parseState(value, scene, { file })
  return pointFromNames(engine, state)
}

/**
 * The point of a state given by names; what it does not name is as at home. Where the engine has no way of its own, names are
 * looked up in its layout: joint 'pole' is what is named 'pole.…'. Throws InputError on a name or a length that is not there.
 */
export function pointFromNames(engine: Engine, state: NamedState): Point {
  if (engine.point !== undefined) return engine.point(state)
  return namedPoint(engine.layout, state, engine.home)
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
  return {
    x: x === undefined ? home.x.slice() : unitQuaternions(vector(x, 'x', layout.x, file), layout, file),
    u: u === undefined ? home.u.slice() : vector(u, 'u', layout.u, file),
  }
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
