/** States given by joint name in a file, checked against the scene: names, sizes, limits, quaternions. */
import { JOINT_COORDINATES } from './layout.ts'
import { listed, suggestion } from './nearest.ts'
import { pathText, type Problem, shown } from './problem.ts'
import type { Joint, NamedState, Scene } from './scene.ts'
import type { StateInput } from './schema.ts'

type Parts = Pick<Scene, 'joints' | 'actuators' | 'thrusters'>

/** The state as a scene holds it (single numbers become lists of one). `place` is its path in the file, such as 'home'. */
export function resolveState(state: StateInput, place: readonly string[], scene: Parts, problem: Problem): NamedState {
  const positions = resolveNumbers(state.positions, [...place, 'positions'], 'positions', scene, problem)
  const velocities = resolveNumbers(state.velocities, [...place, 'velocities'], 'velocities', scene, problem)
  for (const joint of scene.joints) {
    const q = positions[joint.name]
    if (q === undefined) continue
    const path = pathText([...place, 'positions', joint.name])
    if (joint.limits) checkWithin(q[0]!, joint.limits, path, unitOf(joint), problem)
    if (q.length >= 4 && Math.hypot(...q.slice(-4)) < 1e-9)
      throw problem(path, 'a quaternion (w, x, y, z) other than zero', shown(q.slice(-4)))
  }
  const controls = [...scene.actuators, ...scene.thrusters]
  const controlOf = byName(controls)
  for (const [name, value] of Object.entries(state.controls)) {
    const path = pathText([...place, 'controls', name])
    const control = controlOf.get(name)
    if (!control) throw unknownName(path, 'control', name, names(controls), problem)
    checkWithin(value, control.range, path, '', problem)
  }
  return { positions, velocities, controls: { ...state.controls } }
}

/** Throws where what home leaves out, and so is zero, is not allowed to be zero. */
export function checkImplicitZeros(home: NamedState, scene: Parts, problem: Problem): void {
  for (const joint of scene.joints) {
    const [low, high] = joint.limits ?? [0, 0]
    if (home.positions[joint.name] === undefined && (low > 0 || high < 0))
      throw problem(
        pathText(['home', 'positions', joint.name]),
        `a number from ${low} to ${high} (${unitOf(joint)}), the limits of the joint`,
        'nothing, which means 0',
      )
  }
  for (const { name, range } of [...scene.actuators, ...scene.thrusters])
    if (home.controls[name] === undefined && (range[0] > 0 || range[1] < 0))
      throw problem(
        pathText(['home', 'controls', name]),
        `a number from ${range[0]} to ${range[1]}, the range of the control`,
        'nothing, which means 0',
      )
}

/** `the name of a joint, one of … , found "pol" (did you mean "pole"?)`. */
export function unknownName(path: string, what: string, name: string, known: readonly string[], problem: Problem) {
  return problem(path, `the name of a ${what}, one of ${listed(known)}`, `${shown(name)}${suggestion(name, known)}`)
}

function resolveNumbers(
  values: Readonly<Record<string, number | number[]>>,
  place: readonly string[],
  kind: 'positions' | 'velocities',
  { joints }: Parts,
  problem: Problem,
): Record<string, readonly number[]> {
  const resolved: Record<string, readonly number[]> = {}
  const jointOf = byName(joints)
  for (const [name, value] of Object.entries(values)) {
    const path = pathText([...place, name])
    const joint = jointOf.get(name)
    if (!joint) throw unknownName(path, 'joint', name, names(joints), problem)
    const entries = JOINT_COORDINATES[joint.type][kind].map(([suffix]) => suffix)
    const list = typeof value === 'number' ? [value] : value
    if (entries.length === 0) throw problem(path, `no ${kind}: joint "${name}" is fixed`, shown(value))
    if (list.length !== entries.length) {
      const expected =
        entries.length === 1 ? 'one number' : `a list of ${entries.length} numbers [${entries.join(', ')}]`
      throw problem(path, `${expected} for a ${joint.type} joint`, shown(value))
    }
    resolved[name] = list
  }
  return resolved
}

function checkWithin(
  value: number,
  [low, high]: readonly [number, number],
  path: string,
  unit: string,
  problem: Problem,
) {
  if (value >= low && value <= high) return
  throw problem(path, `a number from ${low} to ${high}${unit === '' ? '' : ` (${unit})`}`, shown(value))
}

function unitOf(joint: Joint): string {
  return JOINT_COORDINATES[joint.type].positions[0]?.[1] ?? ''
}

function byName<T extends { readonly name: string }>(parts: readonly T[]): ReadonlyMap<string, T> {
  return new Map(parts.map((part) => [part.name, part]))
}

function names(parts: readonly { readonly name: string }[]): string[] {
  return parts.map(({ name }) => name)
}
