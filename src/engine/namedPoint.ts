/** A state given by joint and control names, looked up in a layout: joint 'pole' is what is named 'pole.…'. */
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import type { NamedState } from '../scene/scene.ts'
import type { Layout, Point } from './engine.ts'

/**
 * What is not named is as in `base`; quaternions are scaled to length one. Throws InputError on a name or a length that is not
 * there, and on a quaternion of zeros.
 */
export function namedPoint(layout: Layout, state: NamedState, base: Point): Point {
  const x = base.x.slice()
  const u = base.u.slice()
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
      if (values?.length !== indices.length) {
        const names = indices.map((i) => layout.x[i]!.name).join(', ')
        throw new InputError({
          path: `${kind}.${joint}`,
          expected: `a list of ${indices.length} ${indices.length === 1 ? 'number' : 'numbers'} (${names})`,
          found: values?.length === undefined ? String(values) : String(values.length),
        })
      }
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
  return { x: unitQuaternions(x, layout), u }
}

/** Scales each quaternion of x to length one, in place. Throws InputError on one of zeros; `file` is named in it. */
export function unitQuaternions(x: Float64Array, layout: Layout, file: string | null = null): Float64Array {
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

/** 'pole' of 'pole.angle'. */
function jointOf(coordinate: string): string {
  return coordinate.slice(0, Math.max(0, coordinate.lastIndexOf('.')))
}

function refuseName(path: string, name: string, known: readonly string[]): never {
  throw new InputError({ path, expected: `one of ${listed(known)}`, found: `"${name}"${suggestion(name, known)}` })
}
