/** A state by joint names from the JSON value of a state file, checked against a scene. */
import { resolveState } from './namedState.ts'
import { problemsOf } from './problem.ts'
import type { NamedState, Scene } from './scene.ts'
import { namedState } from './schema.ts'
import { schemaProblem } from './schemaProblem.ts'

/**
 * Reads { positions, velocities, controls } as a scene's `home` is read: names, sizes, limits and ranges are checked. `file` is
 * named in errors. Throws InputError at the first thing that can't be used.
 */
export function parseState(value: unknown, scene: Scene, { file = null }: { file?: string | null } = {}): NamedState {
  const problem = problemsOf(file)
  const parsed = namedState.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problem)
  return resolveState(parsed.data, [], scene, problem)
}
