/** URDF text to a checked robot. Every refusal names the line, the link or joint, what was expected and what was found. */
import { listed, suggestion } from '../nearest.ts'
import type { Inertia, Vec3 } from '../scene.ts'
import { turnedInertia } from '../pose.ts'
import {
  URDF_JOINT_TYPES,
  type Urdf,
  type UrdfGeometry,
  type UrdfInertial,
  type UrdfJoint,
  type UrdfLink,
  type UrdfShape,
} from './urdf.ts'
import { UrdfFields } from './urdfFields.ts'
import { type XmlNode, xmlTree } from './xmlTree.ts'

const MAX_LINKS = 2000
const ROBOT = ['link', 'joint', 'material', 'transmission', 'gazebo', 'sensor', 'frame']
const LINK = ['inertial', 'visual', 'collision', 'contact', 'sensor', 'self_collision_checking']
const JOINT = [
  ...['origin', 'parent', 'child', 'axis', 'limit', 'dynamics', 'mimic', 'calibration', 'safety_controller'],
  'joint_properties',
]
const GEOMETRY = ['box', 'sphere', 'cylinder', 'capsule', 'mesh'] as const

/**
 * Reads a URDF file's text. What changes the motion and has no place in a scene is refused by name: mimic joints, planar ones, loops of
 * links. Transmissions, sensors, Gazebo's and other extensions are passed over, as are velocity limits. Throws InputError.
 */
export function readUrdf(text: string, file: string | null = null): Urdf {
  const root = xmlTree(text, file)
  const top = new UrdfFields(file, 'robot')
  if (root.name !== 'robot') throw top.problem(root, 'a <robot> as the outermost element', `<${root.name}>`)
  refuseXacro(root, top)
  top.refuseMisspelt(root, ROBOT)
  const name = top.text(root, 'name')

  const colors = new Map<string, string>()
  const named = (kind: string) => root.children.filter((child) => child.name === kind)
  for (const material of named('material')) readColor(material, top, colors)
  if (named('link').length > MAX_LINKS) throw top.problem(root, `at most ${MAX_LINKS} links`, `${named('link').length}`)
  const links = new Map<string, UrdfLink>()
  for (const node of named('link')) {
    const link = readLink(node, file, colors)
    const twin = links.get(link.name)
    if (twin) throw top.problem(node, 'a name that no other link has', `"${link.name}", on line ${twin.node.line} too`)
    links.set(link.name, link)
  }
  if (links.size === 0) throw top.problem(root, 'a <link>', 'none')

  const joints: UrdfJoint[] = []
  const jointOf = new Map<string, UrdfJoint>()
  for (const node of named('joint')) {
    const joint = readJoint(node, file, links)
    const twin = jointOf.get(joint.name)
    if (twin)
      throw top.problem(node, 'a name that no other joint has', `"${joint.name}", on line ${twin.node.line} too`)
    jointOf.set(joint.name, joint)
    joints.push(joint)
  }
  return { name, file, links, joints, root: rootOf(links, joints, file, root) }
}

function refuseXacro(node: XmlNode, top: UrdfFields): void {
  for (const child of node.children) {
    if (child.name.startsWith('xacro:')) throw top.problem(child, 'plain URDF: run xacro first', `<${child.name}>`)
    refuseXacro(child, top)
  }
}

/** The link that is nobody's child; refuses links with two parents, loops, and robots in several pieces. */
function rootOf(
  links: ReadonlyMap<string, UrdfLink>,
  joints: readonly UrdfJoint[],
  file: string | null,
  robot: XmlNode,
): UrdfLink {
  const above = new Map<string, UrdfJoint>()
  for (const joint of joints) {
    const at = new UrdfFields(file, `joint "${joint.name}"`)
    const other = above.get(joint.child)
    if (other) {
      const expected = 'a child that no other joint carries (loops are closed by "closures" of a scene file)'
      throw at.problem(
        joint.node,
        expected,
        `"${joint.child}", the child of joint "${other.name}" on line ${other.node.line} too`,
      )
    }
    above.set(joint.child, joint)
  }
  const roots = [...links.values()].filter(({ name }) => !above.has(name))
  const [root, second] = roots
  if (root && second) {
    const at = new UrdfFields(file, `link "${second.name}"`)
    throw at.problem(second.node, `a joint that carries it, as one link alone ("${root.name}") is the root`, 'none')
  }
  // Each link but the root has one joint above it: whoever can't be reached from the root is in a loop, or hangs on one.
  const reached = new Set<string>()
  const open = root ? [root.name] : []
  const childrenOf = new Map<string, string[]>()
  for (const { parent, child } of joints) childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), child])
  for (let link = open.pop(); link !== undefined; link = open.pop()) {
    reached.add(link)
    open.push(...(childrenOf.get(link) ?? []))
  }
  const lost = [...links.keys()].find((name) => !reached.has(name))
  if (root && lost === undefined) return root
  const loop: string[] = []
  for (let here = lost!; !loop.includes(here); here = above.get(here)!.parent) loop.push(here)
  const again = above.get(loop.at(-1)!)!.parent
  const circle = [...loop.slice(loop.indexOf(again)), again].reverse()
  const joint = above.get(circle[1]!)
  const at = new UrdfFields(file, `joint "${joint?.name ?? ''}"`)
  throw at.problem(joint?.node ?? robot, 'links that form a tree', `a loop: ${circle.slice(0, 8).join(' → ')}`)
}

function readLink(node: XmlNode, file: string | null, colors: Map<string, string>): UrdfLink {
  const name = new UrdfFields(file, 'link').text(node, 'name')
  const at = new UrdfFields(file, `link "${name}"`)
  at.refuseMisspelt(node, LINK)
  const inertial = at.child(node, 'inertial')
  const shapes = (kind: string): UrdfShape[] =>
    node.children.filter((child) => child.name === kind).map((child) => readShape(child, at, colors))
  return {
    name,
    node,
    inertial: inertial ? readInertial(inertial, at) : null,
    collision: shapes('collision'),
    visual: shapes('visual'),
  }
}

function readInertial(node: XmlNode, at: UrdfFields): UrdfInertial {
  at.refuseMisspelt(node, ['origin', 'mass', 'inertia'])
  const mass = at.nonnegative(at.required(node, 'mass'), 'value', 'kg')
  const tensor = at.required(node, 'inertia')
  const moment = (key: string) => at.nonnegative(tensor, key, 'kg·m²')
  const product = (key: string) => at.number(tensor, key, { unit: 'kg·m²', fallback: 0 })
  const own: Inertia = [moment('ixx'), moment('iyy'), moment('izz'), product('ixy'), product('ixz'), product('iyz')]
  const { position, rotation } = at.origin(node)
  const isTurned = rotation[0] !== 1
  return { mass, com: position, inertia: isTurned ? turnedInertia(rotation, own) : own }
}

function readShape(node: XmlNode, at: UrdfFields, colors: Map<string, string>): UrdfShape {
  at.refuseMisspelt(node, ['origin', 'geometry', 'material', 'name'])
  const material = at.child(node, 'material')
  return {
    node,
    pose: at.origin(node),
    geometry: readGeometry(at.required(node, 'geometry'), at),
    color: material ? readColor(material, at, colors) : null,
  }
}

function readGeometry(node: XmlNode, at: UrdfFields): UrdfGeometry {
  const [shape, second] = node.children
  const known = listed([...GEOMETRY]).replaceAll('"', '')
  if (!shape) throw at.problem(node, `one of ${known}`, 'nothing')
  if (second) throw at.problem(second, 'one shape in a <geometry>', `<${shape.name}> and <${second.name}>`)
  const type = GEOMETRY.find((word) => word === shape.name)
  switch (type) {
    case 'box': {
      const size = at.vector(shape, 'size', 'm')
      if (size.some((edge) => !(edge > 0))) throw at.problem(shape, 'a size of three numbers > 0 (m)', size.join(' '))
      return { type, size }
    }
    case 'sphere':
      return { type, radius: at.positive(shape, 'radius', 'm') }
    case 'cylinder':
    case 'capsule':
      return { type, radius: at.positive(shape, 'radius', 'm'), length: at.positive(shape, 'length', 'm') }
    case 'mesh':
      at.text(shape, 'filename')
      return { type }
    case undefined:
      throw at.problem(shape, `one of ${known}`, `<${shape.name}>${suggestion(shape.name, GEOMETRY)}`)
  }
}

/** #rrggbb of a material, remembered under its name; null where only a texture or an unknown name stands. */
function readColor(node: XmlNode, at: UrdfFields, colors: Map<string, string>): string | null {
  const name = node.attributes.get('name') ?? ''
  const color = at.child(node, 'color')
  if (!color) return colors.get(name) ?? null
  const rgba = at.numbers(color, 'rgba', 4).slice(0, 3)
  if (rgba.some((value) => value < 0 || value > 1))
    throw at.problem(color, 'four numbers from 0 to 1 in rgba', rgba.join(' '))
  const hex = `#${rgba
    .map((value) =>
      Math.round(255 * value)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
  colors.set(name, hex)
  return hex
}

function readJoint(node: XmlNode, file: string | null, links: ReadonlyMap<string, UrdfLink>): UrdfJoint {
  const name = new UrdfFields(file, 'joint').text(node, 'name')
  const at = new UrdfFields(file, `joint "${name}"`)
  at.refuseMisspelt(node, JOINT)
  const word = at.text(node, 'type')
  const type = URDF_JOINT_TYPES.find((known) => known === word)
  if (!type) {
    const found =
      word === 'planar' ? '"planar", which is not supported' : `"${word}"${suggestion(word, URDF_JOINT_TYPES)}`
    throw at.problem(node, `a type of ${listed([...URDF_JOINT_TYPES])}`, found)
  }
  const mimic = at.child(node, 'mimic')
  if (mimic)
    throw at.problem(
      mimic,
      'joints that move by themselves',
      `a mimic of "${mimic.attributes.get('joint') ?? ''}", which is not supported`,
    )
  const end = (kind: 'parent' | 'child'): string => {
    const element = at.required(node, kind)
    const link = at.text(element, 'link')
    if (!links.has(link))
      throw at.problem(
        element,
        `a link of the file, one of ${listed([...links.keys()])}`,
        `"${link}"${suggestion(link, [...links.keys()])}`,
      )
    return link
  }
  const [parent, child] = [end('parent'), end('child')]
  if (parent === child) throw at.problem(node, 'two different links', `"${parent}" as parent and child`)
  const turns = type === 'revolute' || type === 'continuous'
  const moves = turns || type === 'prismatic'
  const [torque, rate] = turns ? ['N·m', 'N·m·s/rad'] : ['N', 'N·s/m']
  const limit = moves ? at.child(node, 'limit') : undefined
  const dynamics = moves ? at.child(node, 'dynamics') : undefined
  return {
    name,
    node,
    type,
    parent,
    child,
    origin: at.origin(node),
    axis: moves ? readAxis(node, at) : [1, 0, 0],
    limits: limit && type !== 'continuous' ? readLimits(limit, at, turns ? 'rad' : 'm') : null,
    effort: limit?.attributes.has('effort') ? at.nonnegative(limit, 'effort', torque!) : null,
    damping: dynamics ? at.nonnegative(dynamics, 'damping', rate!, 0) : 0,
    friction: dynamics ? at.nonnegative(dynamics, 'friction', torque!, 0) : 0,
  }
}

function readAxis(node: XmlNode, at: UrdfFields): Vec3 {
  const element = at.child(node, 'axis')
  if (!element) return [1, 0, 0]
  const axis = at.vector(element, 'xyz', '')
  const length = Math.hypot(...axis)
  if (!(length > 1e-9)) throw at.problem(element, 'an axis of length > 0', axis.join(' '))
  return length === 1 ? axis : [axis[0] / length, axis[1] / length, axis[2] / length]
}

/** Without both bounds there is no limit, as MuJoCo and Bullet read it; where one is missing it is 0. */
function readLimits(node: XmlNode, at: UrdfFields, unit: string): readonly [number, number] | null {
  if (!node.attributes.has('lower') && !node.attributes.has('upper')) return null
  const bound = (key: string) => at.number(node, key, { unit, fallback: 0 })
  const [lower, upper] = [bound('lower'), bound('upper')]
  if (!(lower < upper)) throw at.problem(node, `lower < upper (${unit})`, `${lower} and ${upper}`)
  return [lower, upper]
}
