/** What cannon-es sees of a world that stands: bounding boxes of its shapes, and the pairs of bodies that touch. */
import * as CANNON from 'cannon-es'
import { pairNumber } from '../nearSwitches.ts'
import type { Box, HalfSpace, Outline } from '../touch.ts'

/** Dynamic bodies come first in the world, the static one last. */
export function outlineOf(world: CANNON.World): Outline {
  const n = world.bodies.length - 1
  const bodies = world.bodies.slice(0, n).map((body): Box | null => {
    if (body.shapes.length === 0) return null
    body.updateAABB()
    return boxOf(body.aabb)
  })
  const planes: HalfSpace[] = []
  const solids: Box[] = []
  const ground = world.bodies[n]!
  ground.shapes.forEach((shape, k) => {
    const position = ground.shapeOffsets[k]!
    const turn = ground.shapeOrientations[k]!
    if (shape instanceof CANNON.Plane) {
      const { x, y, z } = turn.vmult(new CANNON.Vec3(0, 0, 1))
      planes.push({ normal: [x, y, z], offset: x * position.x + y * position.y + z * position.z })
    } else {
      const box = new CANNON.AABB()
      shape.calculateWorldAABB(position, turn, box.lowerBound, box.upperBound)
      solids.push(boxOf(box))
    }
  })
  return { bodies, planes, solids }
}

function boxOf({ lowerBound: low, upperBound: high }: CANNON.AABB): Box {
  return { low: [low.x, low.y, low.z], high: [high.x, high.y, high.z] }
}

/** Pairs of bodies between which cannon-es finds contact points, as it does at the beginning of a step. */
export function touchingPairs(world: CANNON.World): Set<number> {
  const [first, second]: [CANNON.Body[], CANNON.Body[]] = [[], []]
  world.broadphase.collisionPairs(world, first, second)
  const contacts: CANNON.ContactEquation[] = []
  world.narrowphase.getContacts(first, second, world, contacts, [], [], [])
  const last = world.bodies.length - 1
  return new Set(contacts.map(({ bi, bj }) => pairNumber(bi.index, bj.index, last)))
}
