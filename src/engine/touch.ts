/** Who may touch whom within the next control period: bounding boxes, grown by the bodies' reach. A superset. */
import type { Scene, Vec3 } from '../scene/scene.ts'
import type { Reach } from './reach.ts'

export interface Touch {
  /** Pairs of dynamic bodies, by index. */
  readonly pairs: readonly (readonly [number, number])[]
  /** For each body: null where it can't touch the environment, else the normals of the planes that it may, or 'shapes'. */
  readonly environment: readonly (null | 'shapes' | readonly Vec3[])[]
}

/** A bounding box along the world's axes. */
export interface Box {
  readonly low: Vec3
  readonly high: Vec3
}

/** The half-space normal·p ≤ offset. */
export interface HalfSpace {
  readonly normal: Vec3 // unit
  readonly offset: number // m
}

/** Where everything stands that collides. */
export interface Outline {
  readonly bodies: readonly (Box | null)[] // null: nothing to touch with
  readonly planes: readonly HalfSpace[] // of the environment
  readonly solids: readonly Box[] // of the environment
}

/** `outline` is asked only where the scene has contacts. */
export function findTouch(scene: Scene, outline: () => Outline, reach: Reach): Touch {
  if (!scene.contact.enabled) return { pairs: [], environment: scene.bodies.map(() => null) }
  const { bodies, planes, solids } = outline()
  const boxes = bodies.map((box, i) => box && grow(box, reach.body[i]!))
  const pairs: [number, number][] = []
  for (let i = 0; i < boxes.length; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [boxes[i]!, boxes[j]!]
      if (a !== null && b !== null && overlap(a, b)) pairs.push([i, j])
    }

  const environment = boxes.map((box) => {
    if (box === null) return null
    if (solids.some((solid) => overlap(box, solid))) return 'shapes'
    const normals = planes.filter(({ normal, offset }) => lowest(box, normal) <= offset).map(({ normal }) => normal)
    return normals.length > 0 ? normals : null
  })
  return { pairs, environment }
}

function grow({ low, high }: Box, by: number): Box {
  return { low: [low[0] - by, low[1] - by, low[2] - by], high: [high[0] + by, high[1] + by, high[2] + by] }
}

function overlap(a: Box, b: Box): boolean {
  return [0, 1, 2].every((c) => a.low[c]! <= b.high[c]! && b.low[c]! <= a.high[c]!)
}

/** Least value of normal·p over the box. */
function lowest({ low, high }: Box, normal: Vec3): number {
  return normal.reduce((sum, value, c) => sum + value * (value > 0 ? low[c]! : high[c]!), 0)
}
