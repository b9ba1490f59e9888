/** Who may touch whom within the next control period: bounding boxes, grown by the bodies' reach. A superset. */
import * as CANNON from 'cannon-es'
import type { Scene, Vec3 } from '../../scene/scene.ts'
import type { Reach } from './reach.ts'

export interface Touch {
  /** Pairs of dynamic bodies, by index. */
  readonly pairs: readonly (readonly [number, number])[]
  /** For each body: null where it can't touch the environment, else the normals of the planes that it may, or 'shapes'. */
  readonly environment: readonly (null | 'shapes' | readonly Vec3[])[]
}

interface Box {
  readonly low: Vec3
  readonly high: Vec3
}

/** For the bodies as they stand in `world` (dynamic ones first, then the static one). */
export function findTouch(scene: Scene, world: CANNON.World, reach: Reach): Touch {
  const n = scene.bodies.length
  const dynamic = world.bodies.slice(0, n)
  if (!scene.contact.enabled) return { pairs: [], environment: dynamic.map(() => null) }
  const boxes = dynamic.map((body, i): Box | null => {
    if (body.shapes.length === 0) return null
    body.updateAABB()
    return grow(body.aabb, reach.body[i]!)
  })
  const pairs: [number, number][] = []
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [boxes[i]!, boxes[j]!]
      if (a !== null && b !== null && overlap(a, b)) pairs.push([i, j])
    }

  const { planes, solids } = staticShapes(world.bodies[n]!)
  const environment = boxes.map((box) => {
    if (box === null) return null
    if (solids.some((solid) => overlap(box, solid))) return 'shapes'
    const normals = planes.filter(({ normal, offset }) => lowest(box, normal) <= offset).map(({ normal }) => normal)
    return normals.length > 0 ? normals : null
  })
  return { pairs, environment }
}

function grow({ lowerBound: low, upperBound: high }: CANNON.AABB, by: number): Box {
  return { low: [low.x - by, low.y - by, low.z - by], high: [high.x + by, high.y + by, high.z + by] }
}

function overlap(a: Box, b: Box): boolean {
  return [0, 1, 2].every((c) => a.low[c]! <= b.high[c]! && b.low[c]! <= a.high[c]!)
}

/** Least value of normal·p over the box. */
function lowest({ low, high }: Box, normal: Vec3): number {
  return normal.reduce((sum, value, c) => sum + value * (value > 0 ? low[c]! : high[c]!), 0)
}

function staticShapes(ground: CANNON.Body): { planes: { normal: Vec3; offset: number }[]; solids: Box[] } {
  const planes: { normal: Vec3; offset: number }[] = []
  const solids: Box[] = []
  ground.shapes.forEach((shape, k) => {
    const position = ground.shapeOffsets[k]!
    const turn = ground.shapeOrientations[k]!
    if (shape instanceof CANNON.Plane) {
      const { x, y, z } = turn.vmult(new CANNON.Vec3(0, 0, 1))
      planes.push({ normal: [x, y, z], offset: x * position.x + y * position.y + z * position.z })
    } else {
      const box = new CANNON.AABB()
      shape.calculateWorldAABB(position, turn, box.lowerBound, box.upperBound)
      solids.push(grow(box, 0))
    }
  })
  return { planes, solids }
}
