/** The quadratic weights a command works with: --q and --r, else those of the scene's task, else all 1. */
import type { Layout } from '../engine/engine.ts'
import { type Cost, taskCost } from '../experiment/taskCost.ts'
import { isMjcf, type Mjcf } from '../engine/mujoco/mjcf.ts'
import { InputError } from '../scene/inputError.ts'
import { listed } from '../scene/nearest.ts'
import type { Scene, Weights } from '../scene/scene.ts'

export interface WeightFlags {
  readonly q?: Weights
  readonly r?: Weights
  readonly unreached?: 'keep' | 'refuse'
  readonly coordinates?: 'reduced' | 'maximal'
}

const PLAIN = { Q: 1, R: 1 } // where a scene has no task

/** Q and R for LQR. Throws InputError where there is nothing to control, and on weights that do not fit the coordinates. */
export function designCost(scene: Scene | Mjcf, layout: Layout, flags: WeightFlags): Cost {
  if (layout.nu === 0)
    throw new InputError({
      file: scene.file,
      path: 'actuators',
      expected: 'at least one control for LQR',
      found: 'none',
    })
  const { q, r } = flags
  const { Q, R } = scene.task ?? PLAIN
  if (q === undefined && !isMjcf(scene) && !fitsCoordinates(Q, scene, flags)) {
    const { coordinates } = flags
    throw new InputError({
      file: scene.file,
      path: 'task.Q',
      expected: `weights in ${coordinates} coordinates (${listed(layout.dx.map(({ name }) => name))}); --q gives them, such as --q 1`,
      found: `weights in ${scene.engines.cannon.coordinates} coordinates`,
    })
  }
  const file = (flag: Weights | undefined) => (flag === undefined ? scene.file : null)
  return taskCost({ Q: q ?? Q, R: r ?? R }, layout, {
    Q: { file: file(q), path: q === undefined ? 'task.Q' : '--q' },
    R: { file: file(r), path: r === undefined ? 'task.R' : '--r' },
  })
}

/** What becomes of modes with cost that stay as they are whatever control does: one weight for all coordinates means none of them. */
export function unreachedOf(scene: Scene | Mjcf, { q, unreached }: WeightFlags): 'keep' | 'refuse' {
  return unreached ?? (typeof (q ?? scene.task?.Q ?? PLAIN.Q) === 'number' ? 'keep' : 'refuse')
}

/** The weights that tell what a run costs; null where there are none, or the task's are about other coordinates. */
export function runCost(scene: Scene | Mjcf, layout: Layout, flags: WeightFlags): Cost | null {
  if (scene.task === null && flags.q === undefined && flags.r === undefined) return null
  if (layout.nu === 0) return null
  if (flags.q === undefined && !fitsCoordinates((scene.task ?? PLAIN).Q, scene, flags)) return null
  return designCost(scene, layout, flags)
}

/** One number fits any coordinates; lists and names are about those of the scene. */
function fitsCoordinates(Q: Weights, scene: Scene | Mjcf, { coordinates }: WeightFlags): boolean {
  return (
    typeof Q === 'number' ||
    isMjcf(scene) ||
    coordinates === undefined ||
    coordinates === scene.engines.cannon.coordinates
  )
}
