/** What single precision can't hold of a scene. */
import { InputError } from '../../scene/inputError.ts'
import type { Scene } from '../../scene/scene.ts'
import type { TreeModel } from '../treeModel.ts'

// products of two, and their inverses, have to be numbers in single precision
const LEAST = 1e-15
const MOST = 1e15

/** Throws InputError naming the first mass, inertia or damping that Rapier would lose. */
export function checkSingle({ file, bodies, joints }: Scene, model: TreeModel): void {
  const refuse = (path: string, value: number) =>
    new InputError({
      file,
      path,
      expected: `0 or from ${LEAST} to ${MOST} (the engine "rapier" computes in single precision)`,
      found: String(value),
    })
  const fits = (value: number) => value >= LEAST && value <= MOST
  bodies.forEach(({ name, mass }, i) => {
    if (!fits(mass)) throw refuse(`mass of body "${name}"`, mass)
    for (const moment of model.inertia.subarray(3 * i, 3 * i + 3))
      if (!fits(moment)) throw refuse(`inertia of body "${name}"`, moment)
  })
  for (const { name, damping } of joints)
    if (damping !== 0 && !fits(damping)) throw refuse(`damping of joint "${name}"`, damping)
}
