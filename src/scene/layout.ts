/** The coordinates of a scene: sizes, names and units of state, tangent and control vectors, reduced (joint) or maximal (body). */
import type { Joint, Scene } from './scene.ts'

/** One scalar of a state, tangent or control vector. */
export interface Coordinate {
  readonly name: string // 'pole.angle'
  readonly unit: string // 'rad', '' where there is none
}

/** One control, with the range its actuator can deliver (u is saturated by `simulate`, never by the engine). */
export interface ControlCoordinate extends Coordinate {
  readonly range: readonly [number, number] // same unit; ±Infinity where unbounded
}

/** Sizes, names and units of what an engine steps. States hold positions first, then velocities, then activations (if any). */
export interface Layout {
  readonly nq: number // position entries of x (a quaternion counts 4)
  readonly nv: number // tangent entries of the positions = velocity entries
  readonly nx: number // entries of x
  readonly ndx: number // entries of dx
  readonly nu: number // entries of u
  readonly x: readonly Coordinate[] // [nx]
  readonly dx: readonly Coordinate[] // [ndx]
  readonly u: readonly ControlCoordinate[] // [nu]
}

type JointNames = Record<'positions' | 'tangent' | 'velocities', readonly (readonly [suffix: string, unit: string])[]>

const ORIENTATION = [
  ['qw', ''],
  ['qx', ''],
  ['qy', ''],
  ['qz', ''],
] as const
const PLACE = [
  ['x', 'm'],
  ['y', 'm'],
  ['z', 'm'],
] as const
const ROTATION = [
  ['rx', 'rad'],
  ['ry', 'rad'],
  ['rz', 'rad'],
] as const
const LINEAR = [
  ['vx', 'm/s'],
  ['vy', 'm/s'],
  ['vz', 'm/s'],
] as const
const ANGULAR = [
  ['wx', 'rad/s'],
  ['wy', 'rad/s'],
  ['wz', 'rad/s'],
] as const

const FREE: JointNames = {
  positions: [...PLACE, ...ORIENTATION],
  tangent: [...PLACE, ...ROTATION],
  velocities: [...LINEAR, ...ANGULAR],
}

/** Coordinates of each joint type, in order; orientations as (w, x, y, z). */
export const JOINT_COORDINATES: Readonly<Record<Joint['type'], JointNames>> = {
  free: FREE,
  hinge: { positions: [['angle', 'rad']], tangent: [['angle', 'rad']], velocities: [['velocity', 'rad/s']] },
  slider: { positions: [['position', 'm']], tangent: [['position', 'm']], velocities: [['velocity', 'm/s']] },
  ball: { positions: ORIENTATION, tangent: ROTATION, velocities: ANGULAR },
  fixed: { positions: [], tangent: [], velocities: [] },
}

/** Joint coordinates: positions of all joints in tree order, then their velocities. */
export function reducedLayout(scene: Scene): Layout {
  return layoutOf(
    scene,
    scene.joints.map((joint) => [joint.name, JOINT_COORDINATES[joint.type]]),
  )
}

/** Body coordinates: place and orientation of every body (of its frame), then linear (world) and angular (body frame) velocities. */
export function maximalLayout(scene: Scene): Layout {
  return layoutOf(
    scene,
    scene.bodies.map((body) => [body.name, FREE]),
  )
}

function layoutOf(scene: Scene, parts: readonly (readonly [string, JointNames])[]): Layout {
  const named = (kind: keyof JointNames): Coordinate[] =>
    parts.flatMap(([part, names]) => names[kind].map(([suffix, unit]) => ({ name: `${part}.${suffix}`, unit })))
  const positions = named('positions')
  const tangent = named('tangent')
  const velocities = named('velocities')
  const u = [
    ...scene.actuators.map(({ name, joint, gear, range }) => ({
      name,
      unit: unitOfControl(gear, scene.joints[joint]!.type === 'slider' ? 'N' : 'N·m'),
      range,
    })),
    ...scene.thrusters.map(({ name, gear, range }) => ({ name, unit: unitOfControl(gear, 'N'), range })),
  ]
  const x = [...positions, ...velocities]
  const dx = [...tangent, ...velocities]
  return { nq: positions.length, nv: tangent.length, nx: x.length, ndx: dx.length, nu: u.length, x, dx, u }
}

/** The force gear·u has a unit; u itself has it at a gear of 1, and else is whatever the gear is given per. */
function unitOfControl(gear: number, unit: string): string {
  return gear === 1 ? unit : ''
}
