/** How a scene file includes a URDF file. */
import * as z from 'zod/mini'
import { described, keyed, list, name, text, vector, word } from '../schemaParts.ts'

const DRIVEN = '"all", "none", or a list of joint names of the URDF file'

export const robotSchema = keyed('a robot { "urdf": … }', {
  urdf: text('URDF file, by its path from the scene file. It stays inside the folder of the scene file.'),
  prefix: z.optional(
    name('Put in front of every name of the file, so that a robot can stand in a scene several times.'),
  ),
  position: z.optional(vector('m', 'Where the root link stands in the world; at home, if its base is free')),
  rpy: z.optional(
    vector(
      'rad',
      'Turn of the root link in the world: roll about x, then pitch about y, then yaw about z, axes fixed',
      '[roll, pitch, yaw]',
    ),
  ),
  base: z._default(word(['fixed', 'free'], 'Whether the root link is fixed to the world or moves freely.'), 'fixed'),
  inertia: z._default(
    word(
      ['file', 'recompute', 'shapes'],
      'file: as the URDF file says; recompute: of the collision shapes, uniformly filled, about the centre of mass in the file; ' +
        'shapes: the centre of mass too.',
    ),
    'file',
  ),
  actuators: z._default(
    described(
      z.union([z.enum(['all', 'none']), z.array(z.string())], DRIVEN),
      `Which hinges and sliders are driven: ${DRIVEN}. Each actuator is called like its joint.`,
    ),
    'all',
  ),
  ignore: z._default(
    described(
      list(word(['friction', 'meshes'], 'What is left out instead of being refused.'), 'words'),
      'What is left out instead of being refused: dry friction of joints, meshes to collide with.',
    ),
    [],
  ),
})

export type RobotInput = z.output<typeof robotSchema>
