/**
 * The scene file format, checked part by part: types, ranges and spelling. What takes the whole file to see (names that refer to
 * each other, the kinematic tree, inertias) is checked by resolveScene.ts. docs/scene-format.md says the same in words.
 */
import * as z from 'zod/mini'
import { CSS_COLORS } from './cssColors.ts'
import {
  closedRange,
  count,
  described,
  flag,
  keyed,
  name,
  nonnegative,
  nonzero,
  number,
  openRange,
  optionalList,
  positive,
  quotedList,
  text,
  vector,
  word,
} from './schemaParts.ts'
import { robotSchema } from './urdf/schemaRobot.ts'

const COLOR = 'a color as #rrggbb, #rgb or a CSS name such as steelblue'
const SHARE = 'a number from 0 to 1'
const RPY = '[roll, pitch, yaw]'

const color = z.string(COLOR).check(
  z.regex(/^(#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}|[a-z]+)$/, COLOR),
  z.refine((text) => text.startsWith('#') || CSS_COLORS.includes(text), COLOR),
)

const placement = {
  position: z.optional(
    vector('m', 'Centre of the shape in the frame of its body, or of the world for the environment'),
  ),
  rpy: z.optional(
    vector('rad', 'Turn of the shape: roll about x, then pitch about y, then yaw about z, axes fixed', RPY),
  ),
  color: z.optional(described(color, 'Color it is drawn in: "#rrggbb" or a CSS name.')),
  collide: z._default(flag('false: the shape is drawn, and counts for the inertia, but touches nothing.'), true),
  friction: z.optional(
    nonnegative('', 'Coulomb friction; a pair uses the larger of its two. Default: contact.friction'),
  ),
}

const radius = positive('m', 'Radius')

const box = keyed('a box', {
  type: z.literal('box'),
  size: described(
    z.tuple(
      [positive('m', 'Length along x'), positive('m', 'Length along y'), positive('m', 'Length along z')],
      'three numbers [x, y, z] > 0 (m)',
    ),
    'Full edge lengths, in m.',
  ),
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
  com: z.optional(
    vector('m', 'Centre of mass in the body frame. Default: that of the shapes where they give the inertia, else 0'),
  ),
  inertia: z.optional(
    described(
      z.union(
        [
          z.tuple([inertiaEntry, inertiaEntry, inertiaEntry]),
          z.tuple([inertiaEntry, inertiaEntry, inertiaEntry, inertiaEntry, inertiaEntry, inertiaEntry]),
        ],
        INERTIA,
      ),
      `${INERTIA} about the centre of mass, along the body's axes; ixy = −∫xy dm. Default: that of the shapes, uniformly filled.`,
    ),
  ),
  shapes: optionalList(bodyShape, 'shapes', 'What the body looks like, collides with, and is filled with.'),
})

const joint = keyed('a joint', {
  name: name('Name of the joint; its coordinates are called name.angle, name.position, name.x …'),
  type: word(['free', 'hinge', 'slider', 'ball', 'fixed'], 'What the joint lets move.'),
  parent: text('Body the joint hangs on, or "world".'),
  child: text('Body the joint carries. Every body is the child of exactly one joint.'),
  anchors: z.optional(
    keyed('where the joint sits', {
      parent: z.optional(vector('m', 'In the frame of the parent')),
      child: z.optional(vector('m', 'In the frame of the child')),
    }),
  ),
  rpy: z.optional(
    vector(
      'rad',
      'Turn of the joint frame in the frame of the parent: roll about x, then pitch about y, then yaw about z, axes fixed (URDF)',
      RPY,
    ),
  ),
  axis: z.optional(vector('', 'Axis in the joint frame, of any length > 0; needed for hinge and slider')),
  damping: z.optional(nonnegative('N·m·s/rad or N·s/m', 'Viscous damping of a hinge, slider or ball joint')),
  limits: z.optional(closedRange('rad or m', 'Limits [low, high] of a hinge or slider')),
})

const actuator = keyed('an actuator', {
  name: name('Name of the control.'),
  joint: text('The hinge or slider it drives.'),
  gear: z._default(nonzero('N or N·m per unit of control', 'Force or torque per control'), 1),
  range: z.optional(openRange('', 'Smallest and largest control; null: unbounded')),
})

const thruster = keyed('a thruster', {
  name: name('Name of the control.'),
  body: text('The body it pushes.'),
  position: z.optional(vector('m', 'Where the force acts, in the body frame')),
  direction: z.optional(vector('', 'Direction of the force in the body frame, of any length > 0. Default: z')),
  gear: z._default(nonzero('N per unit of control', 'Force per control'), 1),
  reactionTorque: z._default(
    number('N·m per N', 'Torque about the direction per force, signed by the sense of the rotor'),
    0,
  ),
  range: z.optional(openRange('', 'Smallest and largest control; null: unbounded')),
})

const closure = keyed('a closure', {
  name: name('Name of the closure.'),
  bodies: described(
    z.tuple([z.string('a text'), z.string('a text')], 'two names of bodies'),
    'The two bodies that meet; one of them may be "world".',
  ),
  anchors: described(
    z.tuple(
      [vector('m', 'In the frame of the first body'), vector('m', 'In the frame of the second body')],
      'two points [x, y, z] (m)',
    ),
    'Where they meet: a point in the frame of each, in m.',
  ),
})

const numbers = z.union([z.number(), z.array(z.number())], 'a number or a list of numbers')
const byName = 'by joint name: a number for hinge and slider, a list for'

export const namedState = keyed('a state { positions, velocities, controls }', {
  positions: z._default(
    described(
      z.record(z.string(), numbers, 'positions by joint name'),
      `Positions ${byName} ball (quaternion w, x, y, z) and free (x, y, z in m, then the quaternion). Unnamed: zero.`,
    ),
    {},
  ),
  velocities: z._default(
    described(
      z.record(z.string(), numbers, 'velocities by joint name'),
      `Velocities ${byName} ball (3, rad/s) and free (linear in the world, m/s, then angular in the body, rad/s).`,
    ),
    {},
  ),
  controls: z._default(
    described(
      z.record(z.string(), z.number('a number'), 'controls by name'),
      'Controls by actuator or thruster name. Unnamed: zero.',
    ),
    {},
  ),
})

const weight = z.number('a weight ≥ 0').check(z.nonnegative('a weight ≥ 0'))
function weights(of: string) {
  const schema = z.union(
    [weight, z.array(weight), z.record(z.string(), weight)],
    'a weight ≥ 0, a list of them, or weights ≥ 0 by coordinate name',
  )
  return described(
    schema,
    `Quadratic weights of ${of}: one number for all, a list with one each, or by name (unnamed: 0).`,
  )
}

const task = keyed('a control task', {
  Q: weights('the state deviations, by coordinate name (pole.angle, slide.velocity …)'),
  R: weights('the controls, by control name'),
  initial: z.optional(described(namedState, 'Where a run starts. What is not named is as at home.')),
  duration: positive('s', 'How long a run lasts', 1e6),
})

const cannon = keyed('options of the cannon engine', {
  coordinates: z._default(word(['reduced', 'maximal'], 'Joint coordinates, or 12 tangent numbers a body.'), 'reduced'),
  substeps: z._default(count('Physics steps in one control period', 1000, 'every control period takes that many'), 1),
  iterations: z._default(
    count(
      'Iterations of the stock Gauss–Seidel solver (maximal coordinates only)',
      100_000,
      'every physics step may take that many',
    ),
    50,
  ),
  contactStiffness: z._default(positive('N/m', 'Contact stiffness (SPOOK)'), 1e5),
  contactRelaxation: z._default(positive('steps', 'Contact relaxation (SPOOK)'), 3),
})

const rapier = keyed('options of the rapier engine', {
  substeps: z.optional(
    count(
      'Physics steps in one control period. Default: those of cannon',
      1000,
      'every control period takes that many',
    ),
  ),
  iterations: z.optional(
    count(
      'Solver iterations in each half of a physics step. Default: as many as its joints take',
      100_000,
      'every physics step may take that many',
    ),
  ),
  contactFrequency: z._default(positive('Hz', 'Natural frequency of the soft contact', 1e6), 30),
})

const contact = keyed('contact settings', {
  enabled: z._default(flag('false: nothing touches anything.'), true),
  friction: z._default(nonnegative('', 'Coulomb friction of shapes that do not say their own'), 0.5),
  restitution: z._default(
    described(
      z.number(SHARE).check(z.minimum(0, SHARE), z.maximum(1, SHARE)),
      'Share of the approach velocity given back by a contact, 0 to 1.',
    ),
    0,
  ),
})

const engines = keyed('engine options by engine name', { cannon: z.optional(cannon), rapier: z.optional(rapier) })

/** What a scene file may hold. Output: defaults of single values filled in, names not yet resolved. */
export const sceneSchema = keyed('a scene { "name", "bodies", "joints", … }', {
  $schema: z.optional(text('Where editors find the description of this format.')),
  name: name('Name of the scene.'),
  description: z._default(text('One or two sentences on what the scene shows.'), ''),
  gravity: z._default(vector('m/s²', 'Gravity in the world frame'), [0, 0, -9.81]),
  dt: z._default(positive('s', 'One control period', 10), 0.01),
  robots: optionalList(robotSchema, 'robots', 'Robots of URDF files.'),
  bodies: optionalList(body, 'bodies', 'Rigid bodies, at least one where there are no robots.'),
  joints: optionalList(
    joint,
    'joints',
    'Joints; they form a tree (or several) that starts at "world". Each body has exactly one.',
  ),
  closures: optionalList(
    closure,
    'closures',
    'Loops: points of two bodies that stay together. They have to meet at home.',
  ),
  actuators: optionalList(actuator, 'actuators', 'Motors on hinges and sliders: the first controls.'),
  thrusters: optionalList(thruster, 'thrusters', 'Forces fixed to bodies: the controls after the actuators.'),
  environment: optionalList(worldShape, 'shapes', 'Shapes of the world; they do not move.'),
  contact: z.optional(contact),
  home: z.optional(described(namedState, 'The state and controls the scene rests in.')),
  task: z.optional(task),
  engines: z.optional(described(engines, 'Options of single engines; the only place where engines differ.')),
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
