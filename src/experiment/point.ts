/** A point of operation from the JSON value of a state file: by joint names, or as the vectors x and u of an engine. */
import type { Coordinate, Engine, Layout, Point } from '../engine/engine.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import { parseState } from '../scene/parseState.ts'
import type { NamedState, Scene } from '../scene/scene.ts'

/**
 * Either { positions, velocities, controls } by joint and control names, checked as a scene's home is, or { x: [nx], u: [nu] } in
 * the engine's own order; what is left out is as at home. Quaternions are scaled to length one. `file` is named in errors. Throws
 * InputError on anything else, and on joint names where the engine can't place them.
 */
export function pointFrom(
  engine: Engine,
  scene: Scene,
  value: unknown,
  { file = null }: { file?: string | null } = {},
): Point {
  if (typeof value === 'object' && value !== null && ('x' in value || 'u' in value))
    return fromVectors(value, engine, file)
  return pointFromNames(engine, parseState(value, scene, { file }))
}

/**
 * The point of a state given by names; what it does not name is as at home. Where the engine has no way of its own, names are
 * looked up in its layout: joint 'pole' is what is named 'pole.…'. Throws InputError on a name or a length that is not there.
 */
export function pointFromNames(engine: Engine, state: NamedState): Point {
  if (engine.point !== undefined) return engine.point(state)
  const { layout, home } = engine
  const x = home.x.slice()
  const u = home.u.slice()
  for (const [kind, from, to] of [
    ['positions', 0, layout.nq],
    ['velocities', layout.nq, layout.nx],
  ] as const)
    for (const [joint, values] of Object.entries(state[kind])) {
      const indices = layout.x.flatMap(({ name }, i) => (i >= from && i < to && jointOf(name) === joint ? [i] : []))
      if (indices.length === 0) {
        const joints = [...new Set(layout.x.map(({ name }) => jointOf(name)))]
        refuseName(`${kind}.${joint}`, joint, joints)
      }
      if (values.length !== indices.length)
        throw new InputError({
          path: `${kind}.${joint}`,
          expected: `${indices.length} numbers (${indices.map((i) => layout.x[i]!.name).join(', ')})`,
          found: `${values.length}`,
        })
      indices.forEach((i, k) => {
        x[i] = values[k]!
      })
    }
  for (const [control, value] of Object.entries(state.controls)) {
    const names = layout.u.map(({ name }) => name)
    const k = names.indexOf(control)
    if (k < 0) refuseName(`controls.${control}`, control, names)
    u[k] = value
  }
  return { x: unitQuaternions(x, layout, null), u }
}

/** 'pole' of 'pole.angle'. */
function jointOf(coordinate: string): string {
  return coordinate.slice(0, Math.max(0, coordinate.lastIndexOf('.')))
}

function refuseName(path: string, name: string, known: readonly string[]): never {
  throw new InputError({ path, expected: `one of ${listed(known)}`, found: `"${name}"${suggestion(name, known)}` })
}

/** Scales each quaternion of x to length one, in place. */
function unitQuaternions(x: Float64Array, layout: Layout, file: string | null): Float64Array {
  layout.x.forEach(({ name }, i) => {
    if (i >= layout.nq || !name.endsWith('.qw')) return
    const norm = Math.hypot(...x.subarray(i, i + 4))
    if (!(norm > 1e-9))
      throw new InputError({
        file,
        path: `x[${i}]`,
        expected: 'a quaternion (w, x, y, z) other than zero',
        found: 'zero',
      })
    for (let k = i; k < i + 4; k++) x[k]! /= norm
  })
  return x
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
