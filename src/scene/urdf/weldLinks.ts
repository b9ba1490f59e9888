/** Links that fixed joints hold together, as one body: masses and inertias added up, everything in the frame of the uppermost link. */
import type { InputError } from '../inputError.ts'
import { inertiaFault, shapesCentroid, shapesInertia } from '../shapeInertia.ts'
import type { Inertia, Shape, Vec3 } from '../scene.ts'
import { composePoses, IDENTITY, type Pose, placedPoint, turnedInertia } from '../pose.ts'
import type { RobotInput } from './schemaRobot.ts'
import type { Urdf, UrdfJoint, UrdfLink, UrdfShape } from './urdf.ts'
import { UrdfFields } from './urdfFields.ts'

export interface Weld {
  readonly top: UrdfLink
  readonly joint: UrdfJoint | null // above the uppermost link; null for the root
  readonly links: readonly { readonly link: UrdfLink; readonly pose: Pose }[] // poses in the frame of the uppermost link
}

export interface MassProperties {
  readonly mass: number // kg
  readonly com: Vec3 // m
  readonly inertia: Inertia // kg·m², about com
}

/** The welds of a robot, parents first, in the order of the file; `weldOf` finds the weld of a link. */
export function weldLinks(urdf: Urdf): { welds: readonly Weld[]; weldOf: ReadonlyMap<string, number> } {
  const jointsBelow = new Map<string, UrdfJoint[]>()
  for (const joint of urdf.joints) {
    const list = jointsBelow.get(joint.parent) ?? []
    jointsBelow.set(joint.parent, list)
    list.push(joint)
  }
  const welds: Weld[] = []
  const weldOf = new Map<string, number>()
  const open: { link: UrdfLink; joint: UrdfJoint | null }[] = [{ link: urdf.root, joint: null }]
  for (let next = open.shift(); next; next = open.shift()) {
    const links: { link: UrdfLink; pose: Pose }[] = [{ link: next.link, pose: IDENTITY }]
    const moving: { link: UrdfLink; joint: UrdfJoint }[] = []
    for (let k = 0; k < links.length; k++) {
      const { link, pose } = links[k]!
      weldOf.set(link.name, welds.length)
      for (const joint of jointsBelow.get(link.name) ?? []) {
        const child = urdf.links.get(joint.child)!
        if (joint.type === 'fixed') links.push({ link: child, pose: composePoses(pose, joint.origin) })
        else moving.push({ link: child, joint })
      }
    }
    welds.push({ top: next.link, joint: next.joint, links })
    open.unshift(...moving)
  }
  return { welds, weldOf }
}

/**
 * Shapes of a weld in its frame: those that collide, colored as a link's first visual, and visual ones that differ from them, which are
 * drawn only. What collides is hidden where others say what the link looks like. Meshes are not drawn, and refused as collision shapes unless they are to be left out.
 */
export function weldShapes(weld: Weld, urdf: Urdf, ignore: RobotInput['ignore'], friction: number): Shape[] {
  return weld.links.flatMap(({ link, pose }) => {
    const { collision, visual } = link
    const color = visual.find((shape) => shape.color !== null)?.color ?? null
    const mesh = collision.find(({ geometry }) => geometry.type === 'mesh')
    if (mesh && !ignore.includes('meshes')) throw meshProblem(mesh, link, urdf)
    const looks = visual.some(({ geometry }) => geometry.type !== 'mesh')
    const drawn = visual.filter((shape) => !collision.some((other) => isSame(shape, other)))
    return [...collision, ...drawn].flatMap((shape): Shape[] => {
      const { geometry, pose: place } = shape
      if (geometry.type === 'mesh') return []
      const collide = collision.includes(shape)
      const isSeen = !collide || !looks || visual.some((other) => isSame(shape, other))
      const own = collide ? visual.find((other) => isSame(shape, other))?.color : shape.color
      return [
        {
          ...geometry,
          ...composePoses(pose, place),
          color: own ?? color,
          collide,
          ...(!isSeen && { hidden: true }),
          friction,
        },
      ]
    })
  })
}

/** The same shape at the same place, exactly as the file says it. */
function isSame(one: UrdfShape, other: UrdfShape): boolean {
  return JSON.stringify([one.geometry, one.pose]) === JSON.stringify([other.geometry, other.pose])
}

function meshProblem(shape: UrdfShape, link: UrdfLink, { file }: Urdf): InputError {
  const expected =
    'a box, sphere, cylinder or capsule to collide with (a scene file may leave meshes out: "ignore": ["meshes"])'
  return new UrdfFields(file, `link "${link.name}"`).problem(shape.node, expected, 'a mesh')
}

/** Mass, centre of mass and inertia of a weld that moves. Refuses what no moving body has, at the line of its uppermost link. */
export function weldMass(
  weld: Weld,
  shapes: readonly Shape[],
  urdf: Urdf,
  source: RobotInput['inertia'],
): MassProperties {
  const { top, joint, links } = weld
  const at = new UrdfFields(urdf.file, `link "${top.name}"`)
  const who = links.length > 1 ? ` in all of the ${links.length} links that fixed joints hold together here` : ''
  const lumps = links.flatMap(({ link: { inertial }, pose }) =>
    inertial && inertial.mass > 0
      ? [
          {
            mass: inertial.mass,
            com: placedPoint(pose, inertial.com),
            inertia: turnedInertia(pose.rotation, inertial.inertia),
          },
        ]
      : [],
  )
  const mass = lumps.reduce((sum, lump) => sum + lump.mass, 0)
  if (!(mass > 0)) {
    const moved = joint === null ? 'its base is free' : `joint "${joint.name}" moves it`
    throw at.problem(top.node, `an <inertial> with a mass > 0 (kg)${who}, as ${moved}`, 'none')
  }
  const mean = (k: 0 | 1 | 2) => lumps.reduce((sum, lump) => sum + lump.mass * lump.com[k], 0) / mass
  const com: Vec3 = lumps.length === 1 ? lumps[0]!.com : [mean(0), mean(1), mean(2)]
  if (source !== 'file') {
    const solid = shapes.filter(({ collide }) => collide)
    const centroid = shapesCentroid(solid)
    if (centroid === null) throw at.problem(top.node, `collision shapes to compute the inertia from${who}`, 'none')
    const about = source === 'shapes' ? centroid : com
    return { mass, com: about, inertia: shapesInertia(solid, mass, about) }
  }
  const inertia = [0, 1, 2, 3, 4, 5].map((k) =>
    lumps.reduce((sum, lump) => sum + lump.inertia[k]! + moved(lump, com)[k]!, 0),
  ) as unknown as Inertia
  const fault = inertiaFault(inertia)
  if (fault !== null)
    throw at.problem(
      top.node,
      `principal moments > 0 (kg·m²)${who}, none larger than the sum of the others (a scene file may have them computed: "inertia": "recompute")`,
      fault,
    )
  return { mass, com, inertia }
}

/** What a point mass at the lump's centre adds about `com`: m(|d|²1 − ddᵀ). */
function moved(lump: MassProperties, com: Vec3): Inertia {
  const [x, y, z] = [lump.com[0] - com[0], lump.com[1] - com[1], lump.com[2] - com[2]]
  const m = lump.mass
  return [m * (y * y + z * z), m * (x * x + z * z), m * (x * x + y * y), -m * x * y, -m * x * z, -m * y * z]
}
