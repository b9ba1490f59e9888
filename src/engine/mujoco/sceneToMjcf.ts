/**
 * A scene as MJCF, MuJoCo's own format. Trees, inertias, joints, damping, actuators and thrusters mean the same in both. What is
 * MuJoCo's own: contacts and joint limits are soft (solref 0.02 s, critically damped: nothing of `engines.cannon` applies), friction
 * cones are pyramids, a pair takes the larger friction as ours does, and there is no restitution. Closures are as hard as they can be
 * and lose a fifth of a gap in a step, as cannon's do in joint coordinates, but see gaps along the axes of the world, not on a body.
 * Impedances are the same at every depth: MuJoCo's default rises within a millimetre, too curved for differences. Bodies that are
 * fixed to each other count as one body when neighbors are kept from colliding. Ranges of controls are left out, as no engine of ours
 * clamps.
 */
import type { Scene, Shape, Vec3 } from '../../scene/scene.ts'
import { rotate } from '../rotation.ts'

const CLOSING = 0.2 // share of a gap that one step closes, as in joint coordinates of cannon
const HARDEST = 0.9999 // impedance, at most
const DEEP = 0.95 // impedance of contacts and joint limits: MuJoCo's own beyond the first millimetre

export interface SceneToMjcfOptions {
  readonly contact?: boolean // default: as the scene says
}

/** One step of the model is `scene.dt / scene.engines.cannon.substeps` long. */
export function sceneToMjcf(scene: Scene, { contact = scene.contact.enabled }: SceneToMjcfOptions = {}): string {
  const { bodies, joints } = scene
  const children = (parent: number): number[] => joints.flatMap((joint, i) => (joint.parent === parent ? [i] : []))
  const bodyXml = (i: number): string => {
    const body = bodies[i]!
    const joint = joints[i]!
    const turned = rotate(joint.rotation, joint.childAnchor)
    const position = joint.parentAnchor.map((value, k) => value - turned[k]!)
    const sites = scene.thrusters
      .filter((thruster) => thruster.body === i)
      .map(({ name, position: at, direction }) => `<site name="${name}" pos="${join(at)}" zaxis="${join(direction)}"/>`)
    const ends = scene.closures.flatMap(({ name, bodies: pair, anchors }) =>
      pair.flatMap((body, e) => (body === i ? [siteXml(name, e, anchors[e]!)] : [])),
    )
    return [
      `<body name="${body.name}" pos="${join(position)}" quat="${join(joint.rotation)}">`,
      `<inertial pos="${join(body.com)}" mass="${body.mass}" fullinertia="${join(body.inertia)}"/>`,
      jointXml(scene, i),
      ...sites,
      ...ends,
      ...body.shapes.map(geomXml),
      ...children(i).map(bodyXml),
      '</body>',
    ].join('\n')
  }
  const motors = scene.actuators.map(
    ({ name, joint, gear }) => `<motor name="${name}" joint="${joints[joint]!.name}" gear="${gear}"/>`,
  )
  const thrusters = scene.thrusters.map(
    ({ name, gear, reactionTorque }) =>
      `<general name="${name}" site="${name}" gear="0 0 ${gear} 0 0 ${gear * reactionTorque}"/>`,
  )
  const neighbors = joints.flatMap(({ type, parent }, i) =>
    type === 'free' || parent < 0 ? [] : [`<exclude body1="${bodies[parent]!.name}" body2="${bodies[i]!.name}"/>`],
  )
  const apart = scene.closures.flatMap(({ bodies: [first, second] }) =>
    second < 0 ? [] : [`<exclude body1="${bodies[first]!.name}" body2="${bodies[second]!.name}"/>`],
  )
  const h = scene.dt / scene.engines.cannon.substeps
  const closing = `solref="${-CLOSING / (h * h)} ${-1 / h}" solimp="${constant(HARDEST)}"`
  const connects = scene.closures.map(
    ({ name }) => `<connect name="${name}" site1="${siteName(name, 0)}" site2="${siteName(name, 1)}" ${closing}/>`,
  )
  const fixedEnds = scene.closures.flatMap(({ name, bodies: [, second], anchors }) =>
    second < 0 ? [siteXml(name, 1, anchors[1])] : [],
  )
  return `<mujoco model="${scene.name}">
<compiler angle="radian" inertiafromgeom="false"/>
<option timestep="${h}" gravity="${join(scene.gravity)}" integrator="Euler">
<flag contact="${contact ? 'enable' : 'disable'}" filterparent="disable"/></option>
<worldbody>
${[...scene.environment.map(geomXml), ...fixedEnds, ...children(-1).map(bodyXml)].join('\n')}
</worldbody>
<contact>${[...new Set([...neighbors, ...apart])].join('\n')}</contact>
<equality>${connects.join('\n')}</equality>
<actuator>${[...motors, ...thrusters].join('\n')}</actuator>
</mujoco>`
}

function jointXml({ joints }: Scene, i: number): string {
  const { name, type, childAnchor, axis, damping, limits } = joints[i]!
  const range = limits ? ` limited="true" range="${join(limits)}" solimplimit="${constant(DEEP)}"` : ''
  switch (type) {
    case 'free':
      return `<freejoint name="${name}"/>`
    case 'ball':
      return `<joint type="ball" name="${name}" pos="${join(childAnchor)}" damping="${damping}"/>`
    case 'hinge':
      return `<joint type="hinge" name="${name}" pos="${join(childAnchor)}" axis="${join(axis)}" damping="${damping}"${range}/>`
    case 'slider':
      return `<joint type="slide" name="${name}" axis="${join(axis)}" damping="${damping}"${range}/>`
    case 'fixed':
      return ''
  }
}

function geomXml(shape: Shape): string {
  const touches = shape.collide ? 1 : 0
  const { position, rotation, friction } = shape
  const rest = `pos="${join(position)}" quat="${join(rotation)}" friction="${friction}" solimp="${constant(DEEP)}" contype="${touches}" conaffinity="${touches}"`
  switch (shape.type) {
    case 'box':
      return `<geom type="box" size="${join(shape.size.map((edge) => edge / 2))}" ${rest}/>`
    case 'sphere':
      return `<geom type="sphere" size="${shape.radius}" ${rest}/>`
    case 'cylinder':
    case 'capsule':
      return `<geom type="${shape.type}" size="${shape.radius} ${shape.length / 2}" ${rest}/>`
    case 'plane':
      return `<geom type="plane" size="0 0 1" ${rest}/>` // 0: unbounded
  }
}

/** The end of a closure on its first (0) or second (1) body. No scene has a name with a dot. */
function siteName(closure: string, end: number): string {
  return `${closure}.${end}`
}

function siteXml(closure: string, end: number, position: Vec3): string {
  return `<site name="${siteName(closure, end)}" pos="${join(position)}"/>`
}

/** A solimp that is the same at every depth. */
function constant(impedance: number): string {
  return `${impedance} ${impedance} 0.001`
}

function join(numbers: readonly number[]): string {
  return numbers.join(' ')
}
