/** How a scene file includes a URDF file. */
import { z } from 'zod'
import { keyed, list, name, text, vector, word } from '../schemaParts.ts'

const DRIVEN = '"all", "none", or a list of joint names of the URDF file'

export const robotSchema = keyed('a robot { "urdf": … }', {
  urdf: text('URDF file, by its path from the scene file. It stays inside the folder of the scene file.'),
  prefix: name(
    'Put in front of every name of the file, so that a robot can stand in a scene several times.',
  ).optional(),
  position: vector('m', 'Where the root link stands in the world; at home, if its base is free').optional(),
  rpy: vector(
    'rad',
    'Turn of the root link in the world: roll about x, then pitch about y, then yaw about z, axes fixed',
    '[roll, pitch, yaw]',
  ).optional(),
  base: word(['fixed', 'free'], 'Whether the root link is fixed to the world or moves freely.').default('fixed'),
  inertia: word(
    ['file', 'recompute', 'shapes'],
    'file: as the URDF file says; recompute: of the collision shapes, uniformly filled, about the centre of mass in the file; ' +
      'shapes: the centre of mass too.',
  ).default('file'),
  actuators: z
    .union([z.enum(['all', 'none']), z.array(z.string())], DRIVEN)
    .describe(`Which hinges and sliders are driven: ${DRIVEN}. Each actuator is called like its joint.`)
    .default('all'),
  ignore: list(word(['friction', 'meshes'], 'What is left out instead of being refused.'), 'words')
    .describe('What is left out instead of being refused: dry friction of joints, meshes to collide with.')
    .default([]),
})

export type RobotInput = z.output<typeof robotSchema>
