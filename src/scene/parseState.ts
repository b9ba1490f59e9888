/** A state by joint names from the JSON value of a state file, checked against a scene. */
import { resolveState } from './namedState.ts'
import { problemsOf } from './problem.ts'
import type { NamedState, Scene } from './scene.ts'
import { namedState, type StateInput } from './schema.ts'
import { schemaProblem } from './schemaProblem.ts'

/**
 * Reads { positions, velocities, controls } as a scene's `home` is read: names, sizes, limits and ranges are checked. `file` is
 * named in errors. Throws InputError at the first thing that can't be used.
 */
export function parseState(value: unknown, scene: Scene, { file = null }: { file?: string | null } = {}): NamedState {
  return resolveState(checked(value, file), [], scene, problemsOf(file))
}

/** The same where there is no scene to check names and sizes against. */
export function parseLooseState(value: unknown, { file = null }: { file?: string | null } = {}): NamedState {
  const { positions, velocities, controls } = checked(value, file)
  const listed = (values: Readonly<Record<string, number | number[]>>) =>
    Object.fromEntries(Object.entries(values).map(([name, one]) => [name, typeof one === 'number' ? [one] : one]))
  return { positions: listed(positions), velocities: listed(velocities), controls }
}

function checked(value: unknown, file: string | null): StateInput {
  const parsed = namedState.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problemsOf(file))
  return parsed.data
}
