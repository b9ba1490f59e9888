/**
 * The reference engine: scenes simple enough to have a closed form, with exact derivatives. Each tree of the scene must be
 * one body on a hinge or slider to the world, a slider that carries a hinge, or one free body; no contact, no joint limits.
 */
import { InputError } from '../../scene/inputError.ts'
import { JOINT_COORDINATES, reducedLayout } from '../../scene/layout.ts'
import type { Body, Inertia, Joint, Quat, Scene, Vec3 } from '../../scene/scene.ts'
import { controlVector, reducedState } from '../../scene/stateVector.ts'
import type { Engine } from '../engine.ts'
import { multiplyQuats, rotate } from '../rotation.ts'
import { cartPole } from './cartPole.ts'
import type { Component } from './component.ts'
import { composeEngine, type PlacedComponent } from './composeEngine.ts'
import { freeBody } from './freeBody.ts'
import { oneJoint } from './oneJoint.ts'

/**
 * An engine named 'reference' for a scene; `substeps` steps of dt/substeps make one control period. Throws InputError naming
 * the first thing in the scene that has no closed form here.
 */
export function referenceFromScene(scene: Scene, { substeps = 1 }: { substeps?: number } = {}): Engine {
  if (!(Number.isInteger(substeps) && substeps >= 1))
    throw new RangeError(`reference engine: substeps must be an integer ≥ 1, got ${substeps}`)
  refuseContact(scene)
  const [closure] = scene.closures
  if (closure) refuse(scene, 'closures[0]', 'no closures: loops have no closed form here', `"${closure.name}"`)
  const parts: PlacedComponent[] = []
  let q = 0
  let v = 0
  for (let root = 0; root < scene.bodies.length; ) {
    const end = treeEnd(scene, root)
    const { component, controls } = treeComponent(scene, root, end)
    parts.push({ component, q, v, controls })
    for (; root < end; root++) {
      const { positions, tangent } = JOINT_COORDINATES[scene.joints[root]!.type]
      q += positions.length
      v += tangent.length
    }
  }
  return composeEngine(parts, {
    layout: reducedLayout(scene),
    dt: scene.dt,
    substeps,
    home: { x: reducedState(scene, scene.home), u: controlVector(scene, scene.home) },
  })
}

function treeEnd(scene: Scene, root: number): number {
  let end = root + 1
  while (end < scene.bodies.length && scene.joints[end]!.parent >= 0) end++
  return end
}

function treeComponent(scene: Scene, root: number, end: number): { component: Component; controls: number[] } {
  for (let i = root; i < end; i++)
    if (scene.joints[i]!.limits) refuse(scene, `joints[${i}].limits`, 'no joint limits', 'limits')
  const joint = scene.joints[root]!
  const size = end - root
  if (joint.type === 'free' && size === 1) return freeTree(scene, root)
  refuseThrusters(scene, root, end)
  if ((joint.type === 'hinge' || joint.type === 'slider') && size === 1) return jointTree(scene, root)
  const second = scene.joints[root + 1]
  if (size === 2 && joint.type === 'slider' && second?.type === 'hinge') return cartPoleTree(scene, root)
  return refuse(
    scene,
    `joints[${size > 2 ? root + 2 : root}]`,
    'one body on a hinge or slider, a slider that carries a hinge, or a free body',
    `${scene.joints
      .slice(root, end)
      .map(({ name, type }) => `${type} "${name}"`)
      .join(', ')}`,
  )
}

/** A hinge or slider to the world. */
function jointTree(scene: Scene, index: number): { component: Component; controls: number[] } {
  const joint = scene.joints[index]!
  const body = scene.bodies[index]!
  const controls = controlsOf(scene, index)
  const { gravity } = scene
  const gears = controls.map((k) => scene.actuators[k]!.gear)
  const { damping } = joint
  const axis = rotate(joint.rotation, joint.axis)
  if (joint.type === 'slider') {
    const force = { constant: body.mass * dot(axis, gravity), cosine: 0, sine: 0 }
    return { component: oneJoint({ inertia: body.mass, damping, force, gears }), controls }
  }
  const { arm, inertia } = aboutHinge(body, joint, joint.rotation, axis)
  const force = { constant: 0, ...gravityTorque(body.mass, axis, arm, gravity) }
  return { component: oneJoint({ inertia, damping, force, gears }), controls }
}

function cartPoleTree(scene: Scene, root: number): { component: Component; controls: number[] } {
  const [slider, hinge] = [scene.joints[root]!, scene.joints[root + 1]!]
  const [cart, pole] = [scene.bodies[root]!, scene.bodies[root + 1]!]
  const rail = rotate(slider.rotation, slider.axis)
  const rotation = multiplyQuats(slider.rotation, hinge.rotation)
  const axis = rotate(rotation, hinge.axis)
  const { arm, inertia } = aboutHinge(pole, hinge, rotation, axis)
  const totalMass = cart.mass + pole.mass
  const onSlider = controlsOf(scene, root)
  const onHinge = controlsOf(scene, root + 1)
  const controls = [...onSlider, ...onHinge]
  const component = cartPole({
    totalMass,
    poleInertia: inertia,
    coupling: { cosine: pole.mass * dot(rail, crossed(axis, arm)), minusSine: pole.mass * dot(rail, arm) },
    railForce: totalMass * dot(rail, scene.gravity),
    gravityTorque: gravityTorque(pole.mass, axis, arm, scene.gravity),
    damping: [slider.damping, hinge.damping],
    gears: controls.map((k) => {
      const { gear, joint } = scene.actuators[k]!
      return joint === root ? ([gear, 0] as const) : ([0, gear] as const)
    }),
  })
  return { component, controls }
}

function freeTree(scene: Scene, index: number): { component: Component; controls: number[] } {
  const body = scene.bodies[index]!
  if (body.com.some((c) => c !== 0))
    refuse(scene, `bodies[${index}].com`, 'the centre of mass at the origin of a free body', `[${body.com.join(', ')}]`)
  const joint = scene.joints[index]!
  if (joint.damping !== 0) refuse(scene, `joints[${index}].damping`, 'no damping of a free joint', `${joint.damping}`)
  const driven = scene.actuators.findIndex((actuator) => actuator.joint === index)
  if (driven >= 0)
    refuse(scene, `actuators[${driven}]`, 'an actuator on a hinge or slider', `one on free joint "${joint.name}"`)
  const own = scene.thrusters.flatMap((thruster, k) => (thruster.body === index ? [k] : []))
  const component = freeBody({
    mass: body.mass,
    inertia: body.inertia,
    gravity: scene.gravity,
    wrenches: own.map((k) => {
      const { position, direction, gear, reactionTorque } = scene.thrusters[k]!
      const lever = crossed(position, direction)
      const torque = lever.map((t, i) => gear * (t + reactionTorque * direction[i]!)) as [number, number, number]
      return { force: scaled(direction, gear), torque }
    }),
  })
  return { component, controls: own.map((k) => scene.actuators.length + k) }
}

/** Arm from the hinge to the centre of mass, perpendicular to the axis, at angle zero, in the world; inertia about the axis. */
function aboutHinge(body: Body, joint: Joint, rotation: Quat, axis: Vec3): { arm: Vec3; inertia: number } {
  const offset: Vec3 = [
    body.com[0] - joint.childAnchor[0],
    body.com[1] - joint.childAnchor[1],
    body.com[2] - joint.childAnchor[2],
  ]
  const turned = rotate(rotation, offset)
  const along = dot(turned, axis)
  const arm: Vec3 = [turned[0] - along * axis[0], turned[1] - along * axis[1], turned[2] - along * axis[2]]
  return { arm, inertia: quadratic(body.inertia, joint.axis) + body.mass * dot(arm, arm) }
}

/** Torque of gravity about the hinge: axis · (r(θ) × m g) with r(θ) = arm cos θ + (axis × arm) sin θ. */
function gravityTorque(mass: number, axis: Vec3, arm: Vec3, gravity: Vec3): { cosine: number; sine: number } {
  return {
    cosine: mass * dot(axis, crossed(arm, gravity)),
    sine: mass * dot(axis, crossed(crossed(axis, arm), gravity)),
  }
}

function controlsOf(scene: Scene, joint: number): number[] {
  return scene.actuators.flatMap((actuator, k) => (actuator.joint === joint ? [k] : []))
}

/** Contact has no closed form: refuses every pair of shapes that could touch. */
function refuseContact(scene: Scene): void {
  if (!scene.contact.enabled) return
  const solid = scene.bodies.flatMap((body, i) => (body.shapes.some(({ collide }) => collide) ? [i] : []))
  const found = (what: string) => `${what} that can touch`
  if (solid.length > 0 && scene.environment.some(({ collide }) => collide))
    refuse(
      scene,
      'environment',
      'a scene without contact',
      found(`a shape of body "${scene.bodies[solid[0]!]!.name}" and one of the environment`),
    )
  for (const i of solid)
    for (const j of solid)
      if (i < j && scene.joints[j]!.parent !== i)
        refuse(
          scene,
          `bodies[${j}].shapes`,
          'a scene without contact',
          found(`shapes of "${scene.bodies[i]!.name}" and "${scene.bodies[j]!.name}"`),
        )
}

function refuseThrusters(scene: Scene, root: number, end: number): void {
  const k = scene.thrusters.findIndex(({ body }) => body >= root && body < end)
  if (k >= 0)
    refuse(
      scene,
      `thrusters[${k}]`,
      'a thruster on a free body',
      `one on jointed body "${scene.bodies[scene.thrusters[k]!.body]!.name}"`,
    )
}

function refuse(scene: Scene, path: string, expected: string, found: string): never {
  throw new InputError({
    file: scene.file,
    path,
    expected: `${expected} (the reference engine has closed forms only)`,
    found,
  })
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

function crossed(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

function scaled(a: Vec3, factor: number): Vec3 {
  return [a[0] * factor, a[1] * factor, a[2] * factor]
}

/** kᵀ I k. */
function quadratic([xx, yy, zz, xy, xz, yz]: Inertia, [x, y, z]: Vec3): number {
  return xx * x * x + yy * y * y + zz * z * z + 2 * (xy * x * y + xz * x * z + yz * y * z)
}
