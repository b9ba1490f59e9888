/**
 * The kinematic forest of a scene as flat arrays, every body described by its inertial frame: origin at the centre of mass,
 * axes along the principal axes of inertia. Read by the kinematics and by the joint solver; never changed after it is built.
 */
import { JOINT_COORDINATES } from '../scene/layout.ts'
import { principalAxes } from '../scene/shapeInertia.ts'
import type { Body, JointType, Quat, Scene, Vec3 } from '../scene/scene.ts'
import { multiplyQuats, rotateByInverse } from './rotation.ts'

export interface TreeModel {
  readonly numBodies: number
  readonly nq: number
  readonly nv: number
  readonly type: readonly JointType[] // [numBodies] of the joint above each body
  readonly parent: Int32Array // [numBodies] −1 for the world
  readonly root: Int32Array // [numBodies] index of the first body of the tree, or of the trees that closures join
  readonly treeEnd: Int32Array // [numBodies] one past the last body of the same
  readonly qIndex: Int32Array // [numBodies] first position entry in x
  readonly vIndex: Int32Array // [numBodies] first velocity entry, counted from 0
  readonly mass: Float64Array // [numBodies] kg
  readonly inertia: Float64Array // [3 · numBodies] principal moments, kg·m²
  readonly com: Float64Array // [3 · numBodies] centre of mass in the body frame, m
  readonly principal: Float64Array // [4 · numBodies] inertial frame in the body frame, quaternion
  readonly parentAnchor: Float64Array // [3 · numBodies] in the parent's inertial frame, m
  readonly childAnchor: Float64Array // [3 · numBodies] in the child's inertial frame, m
  readonly rotation: Float64Array // [4 · numBodies] joint frame in the parent's inertial frame
  readonly axis: Float64Array // [3 · numBodies] hinge or slider axis in the child's inertial frame, unit
  readonly damping: Float64Array // [numBodies] N·m·s/rad or N·s/m
  readonly closed: ReadonlySet<number> // closures between bodies i < j, as i · numBodies + j
}

export function createTreeModel(scene: Scene): TreeModel {
  const { bodies, joints } = scene
  const n = bodies.length
  const frames = bodies.map(inertialFrame)
  const model = {
    numBodies: n,
    type: joints.map((joint) => joint.type),
    parent: Int32Array.from(joints, (joint) => joint.parent),
    root: new Int32Array(n),
    treeEnd: new Int32Array(n),
    qIndex: new Int32Array(n),
    vIndex: new Int32Array(n),
    mass: Float64Array.from(bodies, (body) => body.mass),
    inertia: Float64Array.from(frames.flatMap((frame) => [...frame.moments])),
    com: Float64Array.from(bodies.flatMap((body) => [...body.com])),
    principal: Float64Array.from(frames.flatMap((frame) => [...frame.rotation])),
    parentAnchor: new Float64Array(3 * n),
    childAnchor: new Float64Array(3 * n),
    rotation: new Float64Array(4 * n),
    axis: new Float64Array(3 * n),
    damping: Float64Array.from(joints, (joint) => joint.damping),
    closed: new Set(scene.closures.map(({ bodies: [i, j] }) => (j < 0 ? -1 : Math.min(i, j) * n + Math.max(i, j)))),
  }
  let nq = 0
  let nv = 0
  for (let i = 0; i < n; i++) {
    const joint = joints[i]!
    const p = joint.parent
    model.root[i] = p < 0 ? i : model.root[p]!
    model.qIndex[i] = nq
    model.vIndex[i] = nv
    nq += JOINT_COORDINATES[joint.type].positions.length
    nv += JOINT_COORDINATES[joint.type].velocities.length
    const own = frames[i]!.rotation
    const above: Quat = p < 0 ? [1, 0, 0, 0] : frames[p]!.rotation
    const anchorInParent = p < 0 ? joint.parentAnchor : subtract(joint.parentAnchor, bodies[p]!.com)
    model.parentAnchor.set(rotateByInverse(above, anchorInParent), 3 * i)
    model.childAnchor.set(rotateByInverse(own, subtract(joint.childAnchor, bodies[i]!.com)), 3 * i)
    model.rotation.set(multiplyQuats([above[0], -above[1], -above[2], -above[3]], joint.rotation), 4 * i)
    model.axis.set(rotateByInverse(own, joint.axis), 3 * i)
  }
  joinTrees(model.root, scene)
  for (let i = n - 1; i >= 0; i--) {
    const last = i + 1 < n && model.root[i + 1] === model.root[i] ? model.treeEnd[i + 1]! : i + 1
    model.treeEnd[i] = last
  }
  return { ...model, nq, nv }
}

/** Trees that closures join become one: all their bodies take the first root. */
function joinTrees(root: Int32Array, { closures }: Scene): void {
  for (const { bodies } of closures) {
    if (bodies[1] < 0) continue
    const [first, second] = bodies.map((body) => root[body]!).sort((a, b) => a - b) as [number, number]
    for (let i = second; i < root.length; i++) if (root[i] === second) root[i] = first
  }
}

/** Principal moments of a body's inertia, and the rotation of its principal axes in the body frame (identity where already diagonal). */
function inertialFrame(body: Body): { moments: Vec3; rotation: Quat } {
  const { moments, axes } = principalAxes(body.inertia)
  return { moments, rotation: quatFromAxes(...axes) }
}

/** Quaternion of the right-handed frame with these unit axes (Shepperd 1978: the largest of four forms). */
function quatFromAxes(x: Vec3, y: Vec3, z: Vec3): Quat {
  const trace = x[0] + y[1] + z[2]
  const diagonal = [trace, x[0], y[1], z[2]]
  const largest = diagonal.indexOf(Math.max(...diagonal))
  const s = 2 * Math.sqrt(1 + 2 * diagonal[largest]! - trace)
  if (largest === 0) return [s / 4, (y[2] - z[1]) / s, (z[0] - x[2]) / s, (x[1] - y[0]) / s]
  if (largest === 1) return [(y[2] - z[1]) / s, s / 4, (x[1] + y[0]) / s, (z[0] + x[2]) / s]
  if (largest === 2) return [(z[0] - x[2]) / s, (x[1] + y[0]) / s, s / 4, (y[2] + z[1]) / s]
  return [(x[1] - y[0]) / s, (z[0] + x[2]) / s, (y[2] + z[1]) / s, s / 4]
}

function subtract(a: Vec3, b: Vec3): Vec3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
