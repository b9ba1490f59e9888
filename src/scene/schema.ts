/**
 * The scene file format, checked part by part: types, ranges and spelling. What takes the whole file to see (names that refer to
 * each other, the kinematic tree, inertias) is checked by parseScene.ts. docs/scene-format.md says the same in words.
 */
import { z } from 'zod'
import { CSS_COLORS } from './cssColors.ts'
import {
  closedRange,
  count,
  flag,
  keyed,
  list,
  name,
  nonnegative,
  nonzero,
  number,
  openRange,
  positive,
  quotedList,
  text,
  vector,
  word,
} from './schemaParts.ts'
import { robotSchema } from './urdf/schemaRobot.ts'

const COLOR = 'a color as #rrggbb, #rgb or a CSS name such as steelblue'
const RPY = '[roll, pitch, yaw]'

const placement = {
  position: vector('m', 'Centre of the shape in the frame of its body, or of the world for the environment').optional(),
  rpy: vector(
    'rad',
    'Turn of the shape: roll about x, then pitch about y, then yaw about z, axes fixed',
    RPY,
  ).optional(),
  color: z
    .string(COLOR)
    .regex(/^(#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}|[a-z]+)$/, COLOR)
    .refine((color) => color.startsWith('#') || CSS_COLORS.includes(color), COLOR)
    .describe('Color it is drawn in: "#rrggbb" or a CSS name.')
    .optional(),
  collide: flag('false: the shape is drawn, and counts for the inertia, but touches nothing.').default(true),
  friction: nonnegative(
    '',
    'Coulomb friction; a pair uses the larger of its two. Default: contact.friction',
  ).optional(),
}

const radius = positive('m', 'Radius')

const box = keyed('a box', {
  type: z.literal('box'),
  size: z
    .tuple(
      [positive('m', 'Length along x'), positive('m', 'Length along y'), positive('m', 'Length along z')],
      'three numbers [x, y, z] > 0 (m)',
    )
    .describe('Full edge lengths, in m.'),
  ...placement,
})
const sphere = keyed('a sphere', { type: z.literal('sphere'), radius, ...placement })
const cylinder = keyed('a cylinder along its z axis', {
  type: z.literal('cylinder'),
  radius,
  length: positive('m', 'Length along z'),
  ...placement,
})
const capsule = keyed('a capsule along its z axis', {
  type: z.literal('capsule'),
  radius,
  length: positive('m', 'Length of the cylindrical part along z'),
  ...placement,
})
const plane = keyed('an unbounded plane with normal z', { type: z.literal('plane'), ...placement })

const bodyShape = z.discriminatedUnion('type', [box, sphere, cylinder, capsule], {
  error: (issue) =>
    issue.code === 'invalid_union'
      ? `${quotedList(['box', 'sphere', 'cylinder', 'capsule'])} (a plane belongs into "environment")`
      : 'a shape { "type": … }',
})
const worldShape = z.discriminatedUnion('type', [box, sphere, cylinder, capsule, plane], {
  error: (issue) =>
    issue.code === 'invalid_union'
      ? quotedList(['box', 'sphere', 'cylinder', 'capsule', 'plane'])
      : 'a shape { "type": … }',
})

const inertiaEntry = z.number('a number (kg·m²)')
const INERTIA = '[ixx, iyy, izz] or [ixx, iyy, izz, ixy, ixz, iyz] (kg·m²)'

const body = keyed('a body', {
  name: name('Name of the body.'),
  mass: positive('kg', 'Mass'),
  com: vector(
    'm',
    'Centre of mass in the body frame. Default: that of the shapes where they give the inertia, else 0',
  ).optional(),
  inertia: z
    .union(
      [
        z.tuple([inertiaEntry, inertiaEntry, inertiaEntry]),
        z.tuple([inertiaEntry, inertiaEntry, inertiaEntry, inertiaEntry, inertiaEntry, inertiaEntry]),
      ],
      INERTIA,
    )
    .describe(
      `${INERTIA} about the centre of mass, along the body's axes; ixy = −∫xy dm. Default: that of the shapes, uniformly filled.`,
    )
    .optional(),
  shapes: list(bodyShape, 'shapes')
    .default([])
    .describe('What the body looks like, collides with, and is filled with.'),
})

const joint = keyed('a joint', {
  name: name('Name of the joint; its coordinates are called name.angle, name.position, name.x …'),
  type: word(['free', 'hinge', 'slider', 'ball', 'fixed'], 'What the joint lets move.'),
  parent: text('Body the joint hangs on, or "world".'),
  child: text('Body the joint carries. Every body is the child of exactly one joint.'),
  anchors: keyed('where the joint sits', {
    parent: vector('m', 'In the frame of the parent').optional(),
    child: vector('m', 'In the frame of the child').optional(),
  }).optional(),
  rpy: vector(
    'rad',
    'Turn of the joint frame in the frame of the parent: roll about x, then pitch about y, then yaw about z, axes fixed (URDF)',
    RPY,
  ).optional(),
  axis: vector('', 'Axis in the joint frame, of any length > 0; needed for hinge and slider').optional(),
  damping: nonnegative('N·m·s/rad or N·s/m', 'Viscous damping of a hinge, slider or ball joint').optional(),
  limits: closedRange('rad or m', 'Limits [low, high] of a hinge or slider').optional(),
})

const actuator = keyed('an actuator', {
  name: name('Name of the control.'),
  joint: text('The hinge or slider it drives.'),
  gear: nonzero('N or N·m per unit of control', 'Force or torque per control').default(1),
  range: openRange('', 'Smallest and largest control; null: unbounded').optional(),
})

const thruster = keyed('a thruster', {
  name: name('Name of the control.'),
  body: text('The body it pushes.'),
  position: vector('m', 'Where the force acts, in the body frame').optional(),
  direction: vector('', 'Direction of the force in the body frame, of any length > 0. Default: z').optional(),
  gear: nonzero('N per unit of control', 'Force per control').default(1),
  reactionTorque: number('N·m per N', 'Torque about the direction per force, signed by the sense of the rotor').default(
    0,
  ),
  range: openRange('', 'Smallest and largest control; null: unbounded').optional(),
})

const closure = keyed('a closure', {
  name: name('Name of the closure.'),
  bodies: z
    .tuple([z.string('a text'), z.string('a text')], 'two names of bodies')
    .describe('The two bodies that meet; one of them may be "world".'),
  anchors: z
    .tuple(
      [vector('m', 'In the frame of the first body'), vector('m', 'In the frame of the second body')],
      'two points [x, y, z] (m)',
    )
    .describe('Where they meet: a point in the frame of each, in m.'),
})

const numbers = z.union([z.number(), z.array(z.number())], 'a number or a list of numbers')
const byName = 'by joint name: a number for hinge and slider, a list for'

export const namedState = keyed('a state { positions, velocities, controls }', {
  positions: z
    .record(z.string(), numbers, 'positions by joint name')
    .describe(
      `Positions ${byName} ball (quaternion w, x, y, z) and free (x, y, z in m, then the quaternion). Unnamed: zero.`,
    )
    .default({}),
  velocities: z
    .record(z.string(), numbers, 'velocities by joint name')
    .describe(
      `Velocities ${byName} ball (3, rad/s) and free (linear in the world, m/s, then angular in the body, rad/s).`,
    )
    .default({}),
  controls: z
    .record(z.string(), z.number('a number'), 'controls by name')
    .describe('Controls by actuator or thruster name. Unnamed: zero.')
    .default({}),
})

const weight = z.number('a weight ≥ 0').nonnegative('a weight ≥ 0')
function weights(of: string) {
  return z
    .union(
      [weight, z.array(weight), z.record(z.string(), weight)],
      'a weight ≥ 0, a list of them, or weights ≥ 0 by coordinate name',
    )
    .describe(`Quadratic weights of ${of}: one number for all, a list with one each, or by name (unnamed: 0).`)
}

const task = keyed('a control task', {
  Q: weights('the state deviations, by coordinate name (pole.angle, slide.velocity …)'),
  R: weights('the controls, by control name'),
  initial: namedState.describe('Where a run starts. What is not named is as at home.').optional(),
  duration: positive('s', 'How long a run lasts', 1e6),
})

const cannon = keyed('options of the cannon engine', {
  coordinates: word(['reduced', 'maximal'], 'Joint coordinates, or 12 tangent numbers a body.').default('reduced'),
  substeps: count('Physics steps in one control period', 1000, 'every control period takes that many').default(1),
  iterations: count(
    'Iterations of the stock Gauss–Seidel solver (maximal coordinates only)',
    100_000,
    'every physics step may take that many',
  ).default(50),
  contactStiffness: positive('N/m', 'Contact stiffness (SPOOK)').default(1e5),
  contactRelaxation: positive('steps', 'Contact relaxation (SPOOK)').default(3),
})

const rapier = keyed('options of the rapier engine', {
  substeps: count(
    'Physics steps in one control period. Default: those of cannon',
    1000,
    'every control period takes that many',
  ).optional(),
  iterations: count(
    'Solver iterations in each half of a physics step. Default: as many as its joints take',
    100_000,
    'every physics step may take that many',
  ).optional(),
  contactFrequency: positive('Hz', 'Natural frequency of the soft contact', 1e6).default(30),
})

/** What a scene file may hold. Output: defaults of single values filled in, names not yet resolved. */
export const sceneSchema = keyed('a scene { "name", "bodies", "joints", … }', {
  $schema: z.string('a text').describe('Where editors find the description of this format.').optional(),
  name: name('Name of the scene.'),
  description: text('One or two sentences on what the scene shows.').default(''),
  gravity: vector('m/s²', 'Gravity in the world frame').default([0, 0, -9.81]),
  dt: positive('s', 'One control period', 10).default(0.01),
  robots: list(robotSchema, 'robots').default([]).describe('Robots of URDF files.'),
  bodies: list(body, 'bodies').default([]).describe('Rigid bodies, at least one where there are no robots.'),
  joints: list(joint, 'joints')
    .default([])
    .describe('Joints; they form a tree (or several) that starts at "world". Each body has exactly one.'),
  closures: list(closure, 'closures')
    .default([])
    .describe('Loops: points of two bodies that stay together. They have to meet at home.'),
  actuators: list(actuator, 'actuators').default([]).describe('Motors on hinges and sliders: the first controls.'),
  thrusters: list(thruster, 'thrusters')
    .default([])
    .describe('Forces fixed to bodies: the controls after the actuators.'),
  environment: list(worldShape, 'shapes').default([]).describe('Shapes of the world; they do not move.'),
  contact: keyed('contact settings', {
    enabled: flag('false: nothing touches anything.').default(true),
    friction: nonnegative('', 'Coulomb friction of shapes that do not say their own').default(0.5),
    restitution: z
      .number('a number from 0 to 1')
      .min(0, 'a number from 0 to 1')
      .max(1, 'a number from 0 to 1')
      .describe('Share of the approach velocity given back by a contact, 0 to 1.')
      .default(0),
  }).optional(),
  home: namedState.describe('The state and controls the scene rests in.').optional(),
  task: task.optional(),
  engines: keyed('engine options by engine name', { cannon: cannon.optional(), rapier: rapier.optional() })
    .describe('Options of single engines; the only place where engines differ.')
    .optional(),
})

/** A checked scene file, names not yet resolved. */
export type SceneInput = z.output<typeof sceneSchema>
export type BodyInput = SceneInput['bodies'][number]
export type ClosureInput = SceneInput['closures'][number]
export type JointInput = SceneInput['joints'][number]
export type ShapeInput = SceneInput['environment'][number]
export type StateInput = z.output<typeof namedState>

/** Engine defaults for a scene that says nothing. */
export const CANNON_DEFAULTS = cannon.parse({})
export const RAPIER_DEFAULTS = rapier.parse({})
