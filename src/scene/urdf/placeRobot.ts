/** A robot of a URDF file as parts of a scene: bodies, joints, actuators, and where its joints stand at home. */
import { InputError } from '../inputError.ts'
import { listed, suggestion } from '../nearest.ts'
import { quatFromRpy } from '../rotation.ts'
import { shapesInertia } from '../shapeInertia.ts'
import type { Body, Joint, JointActuator, Shape } from '../scene.ts'
import { composePoses, IDENTITY, type Pose } from '../pose.ts'
import type { RobotInput } from './schemaRobot.ts'
import type { Urdf, UrdfJoint } from './urdf.ts'
import { UrdfFields } from './urdfFields.ts'
import { type Weld, weldLinks, weldMass, weldShapes } from './weldLinks.ts'

/** A joint whose ends are named, "world" for the world. */
export type NamedJoint = Omit<Joint, 'parent' | 'child'> & { readonly parent: string; readonly child: string }

export interface RobotParts {
  readonly bodies: readonly Body[]
  readonly joints: readonly NamedJoint[] // joints[i] carries bodies[i]
  readonly actuators: readonly (Omit<JointActuator, 'joint'> & { readonly joint: string })[]
  readonly environment: readonly Shape[]
  readonly positions: Readonly<Record<string, readonly number[]>> // by joint: its position at home, where the scene says nothing
  /** Every link, those that were welded to another too: the body it belongs to, and where its frame stands in it. */
  readonly frames: ReadonlyMap<string, { readonly body: string; readonly pose: Pose }>
}

const STATIC_MASS = 1 // kg, of what never moves and has no mass in the file: it counts for nothing

/**
 * Places the robot. Links that fixed joints hold together become one body, named like the uppermost. What is fixed to the world is one
 * body on a fixed joint if it has shapes to collide with, else part of the world. Throws InputError naming line and link or joint.
 */
export function placeRobot(urdf: Urdf, input: RobotInput, friction: number): RobotParts {
  const { welds, weldOf } = weldLinks(urdf)
  const { ignore } = input
  refuseJoints(urdf, welds, weldOf, input)
  const isStatic = input.base === 'fixed' || urdf.root.name === 'world'
  const place: Pose = { position: input.position ?? [0, 0, 0], rotation: quatFromRpy(input.rpy ?? [0, 0, 0]) }
  const name = namer(urdf, input.prefix ?? '')

  const bodies: Body[] = []
  const joints: NamedJoint[] = []
  const environment: Shape[] = []
  const positions: Record<string, readonly number[]> = {}
  const bodyOf: { body: string; pose: Pose }[] = [] // by weld: its body and where the weld's frame stands in it
  welds.forEach((weld, w) => {
    const { top, joint } = weld
    const shapes = weldShapes(weld, urdf, ignore, friction)
    const isBase = w === 0
    const bodyName = name('link', top.name)
    if (isBase && isStatic) {
      if (!shapes.some(({ collide }) => collide)) {
        environment.push(...shapes.map((shape) => ({ ...shape, ...composePoses(place, shape) })))
        bodyOf.push({ body: 'world', pose: place })
        return
      }
      const mass = weld.links.reduce((sum, { link }) => sum + (link.inertial?.mass ?? 0), 0) || STATIC_MASS
      const solid = shapes.filter(({ collide }) => collide)
      bodies.push({ name: bodyName, mass, com: [0, 0, 0], inertia: shapesInertia(solid, mass, [0, 0, 0]), shapes })
      joints.push({ ...jointAt('fixed', 'world', bodyName, place), name: baseName(urdf, bodyName, name) })
    } else {
      bodies.push({ name: bodyName, ...weldMass(weld, shapes, urdf, input.inertia), shapes })
      const above = joint === null ? null : { joint, ...parentFrame(joint, bodyOf, welds, weldOf) }
      if (above === null || joint!.type === 'floating') {
        const jointName = joint === null ? baseName(urdf, bodyName, name) : name('joint', joint.name)
        joints.push({ ...jointAt('free', 'world', bodyName, IDENTITY), name: jointName })
        const { position, rotation } = above === null ? place : above.pose
        positions[jointName] = [...position, ...rotation]
      } else {
        const jointName = name('joint', joint!.name)
        joints.push(movingJoint(joint!, jointName, above.body, bodyName, above.pose))
        positions[jointName] = [restingPlace(joint!.limits)]
      }
    }
    bodyOf.push({ body: bodyName, pose: IDENTITY })
  })

  const frames = new Map<string, { body: string; pose: Pose }>()
  welds.forEach(({ links }, w) => {
    const { body, pose: at } = bodyOf[w]!
    for (const { link, pose } of links) frames.set(name('link', link.name), { body, pose: composePoses(at, pose) })
  })
  const actuators = drivenJoints(urdf, input).map((joint) => {
    const effort = joint.effort !== null && joint.effort > 0 ? joint.effort : Number.POSITIVE_INFINITY
    const actuator = name('joint', joint.name)
    return { name: actuator, joint: actuator, gear: 1, range: [-effort, effort] as const }
  })
  return { bodies, joints, actuators, environment, positions, frames }
}

/** Where the frame of a joint stands in the body (or world) that carries it. */
function parentFrame(
  joint: UrdfJoint,
  bodyOf: readonly { body: string; pose: Pose }[],
  welds: readonly Weld[],
  weldOf: ReadonlyMap<string, number>,
): { body: string; pose: Pose } {
  const w = weldOf.get(joint.parent)!
  const { body, pose } = bodyOf[w]!
  const { pose: inWeld } = welds[w]!.links.find(({ link }) => link.name === joint.parent)!
  return { body, pose: composePoses(pose, composePoses(inWeld, joint.origin)) }
}

function jointAt(
  type: Joint['type'],
  parent: string,
  child: string,
  { position, rotation }: Pose,
): Omit<NamedJoint, 'name'> {
  return {
    type,
    parent,
    child,
    parentAnchor: position,
    rotation,
    childAnchor: [0, 0, 0],
    axis: [0, 0, 1],
    damping: 0,
    limits: null,
  }
}

function movingJoint(joint: UrdfJoint, name: string, parent: string, child: string, pose: Pose): NamedJoint {
  const { axis, damping, limits, type } = joint
  return { ...jointAt(type === 'prismatic' ? 'slider' : 'hinge', parent, child, pose), name, axis, damping, limits }
}

/** 0, or the middle of the range where 0 is not inside it. */
function restingPlace(limits: readonly [number, number] | null): number {
  if (limits === null || (limits[0] < 0 && limits[1] > 0)) return 0
  return (limits[0] + limits[1]) / 2
}

/** The joint between the world and the base is called like the root link, or base, if a joint of the file has that name. */
function baseName(urdf: Urdf, bodyName: string, name: (kind: 'link' | 'joint', own: string) => string): string {
  const taken = new Set(urdf.joints.map((joint) => name('joint', joint.name)))
  return taken.has(bodyName) ? name('joint', 'base') : bodyName
}

/** Names as scenes allow them: other characters become _, and one that does not begin with a letter gets its kind in front. */
function namer(urdf: Urdf, prefix: string): (kind: 'link' | 'joint', own: string) => string {
  const scenic = (kind: 'link' | 'joint', own: string): string => {
    const spelled = own.replace(/[^\w-]/g, '_')
    const isName = /^[A-Za-z]/.test(spelled) && !(spelled in {}) && spelled !== 'world'
    return `${prefix}${prefix !== '' || isName ? spelled : `${kind}_${spelled}`}`
  }
  const refuseTwins = (kind: 'link' | 'joint', parts: Iterable<{ name: string; node: Urdf['root']['node'] }>) => {
    const seen = new Map<string, string>()
    for (const { name, node } of parts) {
      const spelled = scenic(kind, name)
      const other = seen.get(spelled)
      if (other !== undefined)
        throw new UrdfFields(urdf.file, `${kind} "${name}"`).problem(
          node,
          `names that differ in letters, digits, _ and -`,
          `"${other}" and "${name}", both "${spelled}"`,
        )
      seen.set(spelled, name)
    }
  }
  refuseTwins('link', urdf.links.values())
  refuseTwins('joint', urdf.joints)
  return scenic
}

/** What a scene has no place for: dry friction, and free joints on what moves. */
function refuseJoints(
  urdf: Urdf,
  welds: readonly Weld[],
  weldOf: ReadonlyMap<string, number>,
  input: RobotInput,
): void {
  const isWorld = urdf.root.name === 'world'
  if (isWorld && input.base === 'free') {
    const at = new UrdfFields(urdf.file, 'link "world"')
    throw at.problem(urdf.root.node, 'a root link other than "world", which never moves, for "base": "free"', '"world"')
  }
  for (const joint of urdf.joints) {
    const at = new UrdfFields(urdf.file, `joint "${joint.name}"`)
    if (joint.friction > 0 && !input.ignore.includes('friction'))
      throw at.problem(
        joint.node.children.find(({ name }) => name === 'dynamics')!,
        'no dry friction in joints (a scene file may leave it out: "ignore": ["friction"])',
        `friction ${joint.friction}`,
      )
    if (joint.type === 'floating' && (weldOf.get(joint.parent) !== 0 || input.base === 'free'))
      throw at.problem(
        joint.node,
        'a floating joint that hangs on what is fixed to the world',
        `one on "${joint.parent}", which moves`,
      )
  }
  if (welds.length === 1 && input.base === 'fixed')
    throw new UrdfFields(urdf.file, `robot "${urdf.name}"`).problem(
      { ...urdf.root.node, name: 'robot' },
      'a joint that moves, or "base": "free"',
      'none',
    )
}

/** The joints that are driven: all that can exert an effort, or those that are named. */
function drivenJoints(urdf: Urdf, { actuators, urdf: file }: RobotInput): readonly UrdfJoint[] {
  if (actuators === 'none') return []
  const movable = urdf.joints.filter(({ type }) => type !== 'fixed' && type !== 'floating')
  if (actuators === 'all') return movable.filter(({ effort }) => effort === null || effort > 0)
  const known = movable.map(({ name }) => name)
  return actuators.map((own, k) => {
    const joint = movable.find(({ name }) => name === own)
    if (joint && actuators.indexOf(own) === k) return joint
    throw new InputError({
      file: urdf.file,
      path: `actuators[${k}] of the robot ${file}`,
      expected: joint ? 'each joint once' : `a hinge or slider of the file, one of ${listed(known)}`,
      found: `"${own}"${joint ? ' a second time' : suggestion(own, known)}`,
    })
  })
}
