/** A URDF file as a scene of its own. */
import { parseScene } from './parseScene.ts'
import type { Scene } from './scene.ts'
import type { RobotInput } from './urdf/schemaRobot.ts'

export interface ParseUrdfOptions extends Partial<Omit<RobotInput, 'urdf' | 'prefix'>> {
  /** Named in errors; the scene is called after it. */
  readonly file?: string | null
}

/**
 * The scene of a URDF text (docs/urdf.md): gravity −9.81 m/s² along z, a control period of 0.01 s, no floor, the root link fixed to the
 * world, and an actuator with the joint's effort as its range on every hinge and slider. Joints stand at 0, or in the middle of their
 * range where 0 is not inside it. Options are those of a robot in a scene file; a scene that includes the file has all the others.
 * Throws InputError naming line and link or joint on what is no URDF, or can't be simulated.
 */
export function parseUrdf(text: string, { file = null, ...robot }: ParseUrdfOptions = {}): Scene {
  const urdf = (file ?? 'robot.urdf').replace(/^.*[/\\]/, '')
  const stem = urdf.replace(/\.urdf$/i, '').replace(/[^\w-]/g, '_')
  const name = /^[A-Za-z]/.test(stem) && !(stem in {}) ? stem : `robot_${stem}`
  const value = { name, description: `The robot of ${urdf}.`, robots: [{ urdf, ...robot }] }
  return parseScene(value, { file, files: new Map([[urdf, text]]) })
}
