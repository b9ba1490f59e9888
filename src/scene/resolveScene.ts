/** From the JSON value of a scene file to the Scene that engines build from: defaults filled in, names resolved, everything checked. */
import { maximalLayout, reducedLayout } from './layout.ts'
import { listed, suggestion } from './nearest.ts'
import { checkImplicitZeros, resolveState, unknownName } from './namedState.ts'
import { composePoses, IDENTITY, placedPoint, turnedVector } from './pose.ts'
import { pathText, type Problem, problemsOf, shown } from './problem.ts'
import { type Frames, resolveClosures } from './resolveClosures.ts'
import { quatFromRpy } from './rotation.ts'
import type {
  Body,
  Inertia,
  Joint,
  JointActuator,
  NamedState,
  Scene,
  Shape,
  Task,
  Thruster,
  Vec3,
  Weights,
} from './scene.ts'
import {
  type BodyInput,
  CANNON_DEFAULTS,
  type JointInput,
  RAPIER_DEFAULTS,
  type SceneInput,
  type ShapeInput,
  sceneSchema,
} from './schema.ts'
import { schemaProblem } from './schemaProblem.ts'
import { inertiaFault, shapesCentroid, shapesInertia } from './shapeInertia.ts'
import { checkUnique, resolveTree } from './tree.ts'
import type { NamedJoint, RobotParts } from './urdf/placeRobot.ts'

const ZERO: Vec3 = [0, 0, 0]

/** The robots that a scene file includes, read and placed (includeRobots.ts). Asked only where there are some. */
export type Include = (input: SceneInput, problem: Problem) => readonly RobotParts[]

/** `parseScene`, without the reader of URDF: `include` has it. */
export function resolveScene(value: unknown, file: string | null, include: Include): Scene {
  const problem = problemsOf(file)
  const parsed = sceneSchema.safeParse(value)
  if (!parsed.success) throw schemaProblem(parsed.error.issues, value, problem)
  const input = parsed.data
  if (input.bodies.length + input.robots.length === 0)
    throw problem('bodies', 'a list of bodies, 1 at least, or "robots"', shown(input.bodies))

  const friction = input.contact?.friction ?? 0.5
  const fileBodies = input.bodies.map((body, b) => resolveBody(body, `bodies[${b}]`, friction, problem))
  const robots = input.robots.length > 0 ? include(input, problem) : []
  const own = input.bodies.map(({ name }) => [name, { body: name, pose: IDENTITY }] as const)
  const frames: Frames = new Map([...own, ...robots.flatMap((robot) => [...robot.frames])])
  const fileJoints = input.joints.map((joint, j) => onFrame(resolveJoint(joint, `joints[${j}]`, problem), frames))
  const named = {
    bodies: [...fileBodies, ...robots.flatMap((robot) => robot.bodies)],
    joints: [...fileJoints, ...robots.flatMap((robot) => robot.joints)],
  }
  const bodyNameOf = (name: string) => frames.get(name)?.body ?? name
  const closed = input.closures.map(({ bodies: [a, b] }) => [bodyNameOf(a), bodyNameOf(b)] as const)
  const tree = resolveTree({ ...named, closures: closed }, problem)
  const { actuators, thrusters } = input
  const moving = [...frames].flatMap(([name, { body }]) => (body === 'world' ? [] : [name]))
  checkControls(input, named.joints, moving, problem)

  const bodies = tree.order.map((b) => named.bodies[b]!)
  const place = new Map(tree.order.map((b, k) => [b, k]))
  const joints = tree.order.map((b, k): Joint => {
    const parent = tree.parentOf[b]!
    return { ...named.joints[tree.jointOf[b]!]!, parent: parent < 0 ? -1 : place.get(parent)!, child: k }
  })
  const jointIndex = new Map(joints.map(({ name }, k) => [name, k]))
  const bodyIndex = new Map(bodies.map(({ name }, k) => [name, k]))
  const parts = {
    joints,
    actuators: [
      ...actuators.map(({ range, ...actuator }) => ({ ...actuator, range: openRange(range) })),
      ...robots.flatMap((robot) => robot.actuators),
    ].map(({ joint, ...actuator }): JointActuator => ({ ...actuator, joint: jointIndex.get(joint)! })),
    thrusters: thrusters.map(
      ({ name, body, position = ZERO, direction = [0, 0, 1], gear, reactionTorque, range }): Thruster => {
        const frame = frames.get(body)!
        return {
          name,
          body: bodyIndex.get(frame.body)!,
          position: placedPoint(frame.pose, position),
          direction: turnedVector(frame.pose.rotation, normalized(direction)),
          gear,
          reactionTorque,
          range: openRange(range),
        }
      },
    ),
  }
  const stated = resolveState(input.home ?? { positions: {}, velocities: {}, controls: {} }, ['home'], parts, problem)
  const resting = Object.assign({}, ...robots.map((robot) => robot.positions)) as NamedState['positions']
  const home = { ...stated, positions: { ...resting, ...stated.positions } }
  checkImplicitZeros(home, parts, problem)
  const scene: Scene = {
    name: input.name,
    description: input.description,
    file,
    gravity: input.gravity,
    dt: input.dt,
    bodies,
    ...parts,
    closures: resolveClosures(input.closures, frames, { bodies, joints, home }, problem),
    environment: [
      ...input.environment.map((shape) => resolveShape(shape, friction)),
      ...robots.flatMap((robot) => robot.environment),
    ],
    contact: { enabled: input.contact?.enabled ?? true, restitution: input.contact?.restitution ?? 0 },
    home,
    task: null,
    engines: resolveEngines(input),
  }
  return input.task ? { ...scene, task: resolveTask(input.task, scene, problem) } : scene
}

function resolveEngines({ engines }: SceneInput): Scene['engines'] {
  const cannon = engines?.cannon ?? CANNON_DEFAULTS
  const { substeps = cannon.substeps, iterations = null, contactFrequency } = engines?.rapier ?? RAPIER_DEFAULTS
  return { cannon, rapier: { substeps, iterations, contactFrequency } }
}

function resolveShape(shape: ShapeInput, friction: number): Shape {
  const placement = {
    position: shape.position ?? ZERO,
    rotation: quatFromRpy(shape.rpy ?? ZERO),
    color: shape.color ?? null,
    collide: shape.collide,
    friction: shape.friction ?? friction,
  }
  switch (shape.type) {
    case 'box':
      return { type: shape.type, size: shape.size, ...placement }
    case 'sphere':
      return { type: shape.type, radius: shape.radius, ...placement }
    case 'cylinder':
    case 'capsule':
      return { type: shape.type, radius: shape.radius, length: shape.length, ...placement }
    case 'plane':
      return { type: shape.type, ...placement }
  }
}

function resolveBody(body: BodyInput, path: string, friction: number, problem: Problem): Body {
  const shapes = body.shapes.map((shape) => resolveShape(shape, friction))
  const { name, mass } = body
  if (body.inertia === undefined) {
    const centroid = shapesCentroid(shapes)
    if (centroid === null)
      throw problem(`${path}.inertia`, '[ixx, iyy, izz] (kg·m²), or shapes to compute it from', 'neither')
    const com = body.com ?? centroid
    return { name, mass, com, inertia: shapesInertia(shapes, mass, com), shapes }
  }
  const [xx, yy, zz, xy = 0, xz = 0, yz = 0] = body.inertia
  const inertia: Inertia = [xx, yy, zz, xy, xz, yz]
  const fault = inertiaFault(inertia)
  if (fault !== null)
    throw problem(
      `${path}.inertia`,
      'principal moments > 0 (kg·m²), none larger than the sum of the others',
      `${shown(body.inertia)}: ${fault}`,
    )
  return { name, mass, com: body.com ?? ZERO, inertia, shapes }
}

/** A joint that hangs on a link of a robot, on the body that the link belongs to. */
function onFrame(joint: NamedJoint, frames: Frames): NamedJoint {
  const frame = frames.get(joint.parent)
  if (!frame || frame.pose === IDENTITY) return joint
  const { position, rotation } = composePoses(frame.pose, { position: joint.parentAnchor, rotation: joint.rotation })
  return { ...joint, parent: frame.body, parentAnchor: position, rotation }
}

function resolveJoint(joint: JointInput, path: string, problem: Problem): NamedJoint {
  const { name, type, parent, child, axis, limits } = joint
  const turnsAboutAxis = type === 'hinge' || type === 'slider'
  const refuse = (key: 'anchors' | 'rpy' | 'axis' | 'damping' | 'limits', why: string) => {
    if (joint[key] !== undefined) throw problem(`${path}.${key}`, `nothing: ${why}`, shown(joint[key]))
  }
  if (type === 'free') {
    refuse('anchors', 'a free joint moves the frame of its child in the world')
    refuse('rpy', 'a free joint moves the frame of its child in the world')
  }
  if (type === 'free' || type === 'fixed') refuse('damping', `a ${type} joint has no damping`)
  if (!turnsAboutAxis) {
    refuse('axis', `a ${type} joint has no axis`)
    refuse('limits', `a ${type} joint has no limits`)
  } else if (axis === undefined) {
    throw problem(`${path}.axis`, `the axis [x, y, z] of the ${type}`, 'nothing')
  } else if (!(Math.hypot(...axis) > 1e-9)) {
    throw problem(`${path}.axis`, 'a vector of length > 0', shown(axis))
  }
  if (limits && !(limits[0] < limits[1]))
    throw problem(`${path}.limits`, `[low, high] with low < high (${type === 'slider' ? 'm' : 'rad'})`, shown(limits))
  return {
    name,
    type,
    parent,
    child,
    parentAnchor: joint.anchors?.parent ?? ZERO,
    rotation: quatFromRpy(joint.rpy ?? ZERO),
    childAnchor: joint.anchors?.child ?? ZERO,
    axis: turnsAboutAxis ? normalized(axis!) : [0, 0, 1],
    damping: joint.damping ?? 0,
    limits: limits ?? null,
  }
}

/** Names of actuators and thrusters, what they act on, directions and ranges. */
function checkControls(
  { actuators, thrusters }: SceneInput,
  joints: readonly NamedJoint[],
  bodies: readonly string[],
  problem: Problem,
): void {
  const jointOf = new Map(joints.map((joint) => [joint.name, joint]))
  const bodyNames = new Set(bodies)
  const actuatorOf = new Map(actuators.map(({ name }, k) => [name, k]))
  checkUnique(
    'actuators',
    actuators.map(({ name }) => name),
    'control',
    problem,
  )
  checkUnique(
    'thrusters',
    thrusters.map(({ name }) => name),
    'control',
    problem,
  )
  actuators.forEach(({ joint, range }, k) => {
    const driven = jointOf.get(joint)
    if (!driven) throw unknownName(`actuators[${k}].joint`, 'joint', joint, [...jointOf.keys()], problem)
    if (driven.type !== 'hinge' && driven.type !== 'slider')
      throw problem(`actuators[${k}].joint`, 'a hinge or slider', `"${joint}", a ${driven.type} joint`)
    checkRange(range, `actuators[${k}].range`, problem)
  })
  thrusters.forEach(({ name, body, direction, range }, k) => {
    const namesake = actuatorOf.get(name)
    if (namesake !== undefined)
      throw problem(
        `thrusters[${k}].name`,
        'a name that no other control has',
        `"${name}", the name of actuators[${namesake}] too`,
      )
    if (!bodyNames.has(body)) throw unknownName(`thrusters[${k}].body`, 'body', body, [...bodyNames], problem)
    if (direction && !(Math.hypot(...direction) > 1e-9))
      throw problem(`thrusters[${k}].direction`, 'a vector of length > 0', shown(direction))
    checkRange(range, `thrusters[${k}].range`, problem)
  })
}

type FileRange = readonly [number | null, number | null] | undefined

function openRange(range: FileRange): readonly [number, number] {
  return [range?.[0] ?? -Infinity, range?.[1] ?? Infinity]
}

function checkRange(range: FileRange, path: string, problem: Problem): void {
  const [low, high] = openRange(range)
  if (!(low < high)) throw problem(path, '[low, high] with low < high', shown(range))
}

function resolveTask(task: NonNullable<SceneInput['task']>, scene: Scene, problem: Problem): Task {
  const layout = scene.engines.cannon.coordinates === 'maximal' ? maximalLayout(scene) : reducedLayout(scene)
  const initial = task.initial ?? { positions: {}, velocities: {}, controls: {} }
  return {
    Q: resolveWeights(task.Q, ['task', 'Q'], layout.dx, 'state coordinate', problem),
    R: resolveWeights(task.R, ['task', 'R'], layout.u, 'control', problem),
    initial: resolveState(initial, ['task', 'initial'], scene, problem),
    duration: task.duration,
  }
}

function resolveWeights(
  weights: number | number[] | Record<string, number>,
  path: readonly string[],
  coordinates: readonly { readonly name: string }[],
  what: string,
  problem: Problem,
): Weights {
  if (typeof weights === 'number') return weights
  const known = coordinates.map(({ name }) => name)
  if (Array.isArray(weights)) {
    if (weights.length !== known.length)
      throw problem(
        pathText(path),
        `${known.length === 1 ? '1 weight' : `${known.length} weights`}, one for each of ${listed(known)}`,
        `a list of ${weights.length}`,
      )
    return weights
  }
  const isKnown = new Set(known)
  for (const name of Object.keys(weights))
    if (!isKnown.has(name))
      throw problem(
        pathText([...path, name]),
        `the name of a ${what}, one of ${listed(known)}`,
        `${shown(name)}${suggestion(name, known)}`,
      )
  return weights
}

/** The vector scaled to length one; exact for unit axes. */
function normalized([x, y, z]: Vec3): Vec3 {
  const length = Math.hypot(x, y, z)
  return [x / length, y / length, z / length]
}
