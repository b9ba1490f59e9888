/**
 * What one run of a sweep is, as plain data: scene, engine, point, estimator, controller, start, disturbances and what the controlled robot
 * differs in. Only types, ranges and spelling are checked here; names are looked up in the scene by experiment/sweep/resolveRun.ts.
 */
import * as z from 'zod/mini'
import { count, described, flag, keyed, list, nonnegative, number, positive, text, word } from '../schemaParts.ts'

/** Entries that one list or table of a run may hold. */
const MAX_ENTRIES = 10_000

const entries = <T extends z.ZodMiniType>(part: T, what: string) =>
  z
    .record(z.string(), part, what)
    .check(z.refine((value) => Object.keys(value).length <= MAX_ENTRIES, `at most ${MAX_ENTRIES} names`))

/** One number for all, or by name. */
function byName(part: z.ZodMiniType<number>, expected: string, description: string) {
  return z.optional(described(z.union([part, entries(part, expected)], expected), description))
}

const NONNEGATIVE = 'a number ≥ 0, or numbers ≥ 0 by name'
const atLeastZero = (description: string) =>
  byName(z.number(NONNEGATIVE).check(z.nonnegative(NONNEGATIVE)), NONNEGATIVE, description)
const POSITIVE = 'a number > 0, or numbers > 0 by name'
const aboveZero = (description: string) => byName(z.number(POSITIVE).check(z.positive(POSITIVE)), POSITIVE, description)
const WEIGHTS = 'a weight ≥ 0, a list of them, or weights ≥ 0 by name'
const weight = z.number(WEIGHTS).check(z.nonnegative(WEIGHTS))
const weights = (of: string) =>
  z.optional(
    described(
      z.union([weight, z.array(weight).check(z.maxLength(MAX_ENTRIES, WEIGHTS)), entries(weight, WEIGHTS)], WEIGHTS),
      `Quadratic weights of ${of}: one number for all, a list with one each, or by name (unnamed: 0).`,
    ),
  )
const maybe = z.optional
const integer = (description: string) => described(z.int('a whole number'), description)
const names = (description: string) =>
  maybe(described(list(z.string('a name'), 'names', 1).check(z.maxLength(MAX_ENTRIES, 'fewer names')), description))

const values = z.union(
  [z.number(), z.array(z.number()).check(z.maxLength(MAX_ENTRIES))],
  'a number or a list of numbers',
)
const state = keyed('a state { "positions", "velocities", "controls" }', {
  positions: maybe(described(entries(values, 'positions by joint name'), 'Positions by joint name, as in scenes.')),
  velocities: maybe(described(entries(values, 'velocities by joint name'), 'Velocities by joint name.')),
  controls: maybe(described(entries(z.number('a number'), 'controls by name'), 'Controls by name.')),
})

const AT = '"home", "equilibrium", "equilibrium:hold", or a state { "positions", "velocities", "controls" }'
const at = z.union([z.enum(['home', 'equilibrium', 'equilibrium:hold'], AT), state], {
  error: (issue) =>
    (issue.code === 'invalid_union' && typeof issue.input === 'object' ? state.def.error : AT) as string,
})

const SIGMA = 'a number ≥ 0, "estimate" or "none"'
const estimator = keyed('an estimator { "method", "maxCalls", … }', {
  method: maybe(word(['auto', 'dense', 'colored', 'rainbow', 'compressed', 'native'], 'How A and B are measured.')),
  scheme: maybe(word(['forward', 'central', 'five-point'], 'Difference scheme.')),
  maxCalls: maybe(count('Simulator steps that may be spent', 1e9, 'each takes time')),
  tolerance: maybe(positive('', 'Accuracy that rows are certified to, relative to their size')),
  noise: maybe(
    described(
      z.union([z.number(SIGMA).check(z.nonnegative(SIGMA)), z.enum(['estimate', 'none'], SIGMA)], SIGMA),
      'What is expected of the noise of a step: its standard deviation, "estimate" or "none".',
    ),
  ),
  robust: maybe(flag('true: some steps are grossly wrong; outvote them.')),
  refine: maybe(flag('true: detect the exact sparsity pattern first.')),
  seed: maybe(integer('Seed of the random directions. Default: that of the run.')),
  smoothing: aboveZero('Through contact: standard deviations of a cloud of rollouts, one number or by coordinate.'),
  samples: maybe(count('Rollouts of the cloud', 1e7, 'each takes a step')),
  addNoise: maybe(nonnegative('', 'Standard deviation of Gaussian noise added to what is measured, all outputs alike')),
  corrupt: maybe(
    keyed('gross errors { "share", "size" }', {
      share: described(
        z
          .number('a number from 0 to 1')
          .check(z.minimum(0, 'a number from 0 to 1'), z.maximum(1, 'a number from 0 to 1')),
        'Share of the measured values that are moved.',
      ),
      size: number('', 'By how much, to either side, in units of the outputs'),
    }),
  ),
  compare: maybe(flag('true: also tell the errors of A and B against dense central differences without noise.')),
})

const controller = keyed('a controller { "type", … }', {
  type: maybe(word(['none', 'lqr', 'lqg', 'ilqr', 'mpc'], 'What controls the scene. Default: lqr.')),
  Q: weights('the state deviations. Default: those of the task, else 1'),
  R: weights('the controls. Default: those of the task, else 1'),
  unreached: maybe(word(['keep', 'refuse'], 'What becomes of modes with cost that no control reaches.')),
  integral: names('Of lqr: coordinates that constant forces are to leave no error in.'),
  Qz: weights('their integrals. Default: 1'),
  outputs: names('Of lqg: coordinates that are measured. Default: all positions.'),
  measurementNoise: aboveZero('Of lqg: what the filter expects, standard deviations of outputs. Default: 1e-3.'),
  processNoise: atLeastZero('Of lqg: standard deviations of what a step adds unforeseen.'),
  horizon: maybe(positive('s', 'How long iLQR plans (default: the run) or MPC plans ahead (default: 1)', 1e6)),
  Qf: weights("the last state of a plan. Default: LQR's cost to go"),
  iterations: maybe(count('Iterations of iLQR at most, or of each plan of MPC', 1e5, 'each takes rollouts')),
  every: maybe(count('Steps from plan to plan of MPC', 1e6, 'a plan has fewer steps')),
})

const changes = (whose: string) =>
  maybe(
    described(
      keyed('changes { "mass", "friction", "damping", "addedDamping", "gear" }', {
        mass: aboveZero('Factor of mass and inertia, for all bodies or by body name.'),
        friction: atLeastZero(
          'Factor of Coulomb friction, for all shapes or by body name ("environment": of the world).',
        ),
        damping: atLeastZero('Factor of joint damping, for all joints or by joint name.'),
        addedDamping: atLeastZero(
          'Damping added to joints, in N·m·s/rad or N·s/m: for all hinges and sliders, or by joint name.',
        ),
        gear: aboveZero('Factor of the force per control, for all controls or by name.'),
      }),
      whose,
    ),
  )

const kick = keyed('a kick { "time", "coordinate", "amount" }', {
  time: nonnegative('s', 'When'),
  coordinate: text('Which coordinate of the state: "pole.velocity".'),
  amount: number('in the unit of the coordinate', 'What is added'),
})
const push = keyed('a push { "time", "control", "amount" }', {
  time: nonnegative('s', 'From when'),
  duration: maybe(positive('s', 'For how long. Default: until the end', 1e6)),
  control: text('Which control.'),
  amount: number('in the unit of the control', 'What is added to it, unasked for'),
})

const PLAIN = 'a number, a text, true or false'
const scene = z.union(
  [z.string().check(z.minLength(1), z.maxLength(4096)), z.record(z.string(), z.unknown())],
  'the name or path of a scene, or a scene { "name", "bodies", … }',
)

const shape = {
  engine: maybe(text('Physics engine. Default: cannon.')),
  coordinates: maybe(word(['reduced', 'maximal'], 'Joint coordinates, or 12 tangent numbers a body (cannon).')),
  engineOptions: maybe(
    described(
      z.record(z.string(), z.union([z.number(), z.string(), z.boolean()], PLAIN), 'engine options by name'),
      'Options of the engine, in the place of those of the scene.',
    ),
  ),
  at: maybe(described(at, 'The point of operation. Default: home.')),
  estimator: maybe(described(estimator, 'How A and B are found there.')),
  controller: maybe(described(controller, 'What controls the run. Default: LQR with the weights of the task.')),
  initial: maybe(described(state, "Where the run starts. Default: the task's initial state, else the point.")),
  offset: byName(
    z.number('numbers by coordinate'),
    'numbers by coordinate',
    'Added to the start, by coordinate of the state ("pole.angle").',
  ),
  duration: maybe(positive('s', "How long a run is. Default: the task's duration, else 5", 1e6)),
  kicks: maybe(
    described(list(kick, 'kicks').check(z.maxLength(1000, 'at most 1000 kicks')), 'Sudden changes of the state.'),
  ),
  pushes: maybe(
    described(
      list(push, 'pushes').check(z.maxLength(1000, 'at most 1000 pushes')),
      'Forces that the controller does not ask for.',
    ),
  ),
  latency: maybe(nonnegative('s', 'How late controls act, in whole control periods')),
  measurementNoise: atLeastZero(
    'Standard deviation of what the controller sees of the state, each in its unit: for all coordinates or by name.',
  ),
  model: changes('Changes of the scene, for the design and the run.'),
  plant: changes('Changes of the robot that is controlled; the design does not know of them.'),
  success: maybe(
    keyed('a criterion of success { "within", "last" }', {
      within: aboveZero(
        'Largest deviation from the point at the end, each in its unit: for all coordinates (default: 0.1) or by name.',
      ),
      last: maybe(
        described(
          z.number('a share > 0 and ≤ 1').check(z.positive('a share > 0 and ≤ 1'), z.maximum(1, 'a share > 0 and ≤ 1')),
          'The last share of the run in which that counts. Default: 0.1.',
        ),
      ),
    }),
  ),
  seed: maybe(
    integer('Seed of noise and directions. Default: drawn from that of the sweep and the number of the run.'),
  ),
}

const WHAT = 'the settings of a run { "scene", "controller", … }'

/** The settings of a whole run. */
export const runSchema = keyed(WHAT, {
  scene: described(scene, 'Name or path of a scene, or the scene itself.'),
  ...shape,
})
/** The same where axes may say the scene. */
export const partialRunSchema = keyed(WHAT, {
  scene: maybe(described(scene, 'Name or path of a scene, or the scene itself.')),
  ...shape,
})

export type RunSettings = z.output<typeof runSchema>
export type PartialRunSettings = z.output<typeof partialRunSchema>
export type ControllerSettings = NonNullable<RunSettings['controller']>
export type EstimatorSettings = NonNullable<RunSettings['estimator']>
export type Changes = NonNullable<RunSettings['plant']>
export type ByName = number | Readonly<Record<string, number>>

/** Settings whose keys are names that may hold dots: 'offset.pole.angle' means offset["pole.angle"]. */
export const NAMED: readonly string[] = [
  'offset',
  'measurementNoise',
  'success.within',
  'estimator.smoothing',
  ...['Q', 'R', 'Qf', 'Qz', 'measurementNoise', 'processNoise'].map((key) => `controller.${key}`),
]
