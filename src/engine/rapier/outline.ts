/** Bounding boxes of a scene's shapes, for the bodies as a TreeState has placed them. */
import { rotationMatrixInto } from '../../scene/rotation.ts'
import type { Quat, Scene, Shape, Vec3 } from '../../scene/scene.ts'
import type { TreeState } from '../kinematics.ts'
import { rotate } from '../rotation.ts'
import type { Box, HalfSpace, Outline } from '../touch.ts'
import type { TreeModel } from '../treeModel.ts'
import { type PlacedShape, shapesInInertialFrame } from './shapes.ts'

const UNIT: Quat = [1, 0, 0, 0]

export interface SceneOutline {
  readonly radius: Float64Array // [n] m, of a body's shapes about its centre of mass
  /** For the bodies as they stand. */
  outline(): Outline
}

export function createOutline(scene: Scene, model: TreeModel, state: TreeState): SceneOutline {
  const bodies = scene.bodies.map((_, i) => shapesInInertialFrame(scene, model, i))
  const planes: HalfSpace[] = []
  const solids: Box[] = []
  for (const shape of scene.environment) {
    if (!shape.collide) continue
    if (shape.type === 'plane') {
      const normal = rotate(shape.rotation, [0, 0, 1])
      planes.push({
        normal,
        offset: normal[0] * shape.position[0] + normal[1] * shape.position[1] + normal[2] * shape.position[2],
      })
    } else solids.push(boxAround(shape, shape.position, shape.rotation, UNIT, [0, 0, 0]))
  }
  return {
    radius: Float64Array.from(bodies, (shapes) => Math.max(0, ...shapes.map(radiusOf))),
    outline: () => ({
      planes,
      solids,
      bodies: bodies.map((shapes, i) => {
        const [w, x, y, z] = state.quat.subarray(4 * i, 4 * i + 4)
        const [px, py, pz] = state.position.subarray(3 * i, 3 * i + 3)
        const boxes = shapes.map(({ shape, position, rotation }) =>
          boxAround(shape, position, rotation, [w!, x!, y!, z!], [px!, py!, pz!]),
        )
        return boxes.length > 0 ? boxes.reduce(union) : null
      }),
    }),
  }
}

function radiusOf({ shape, position }: PlacedShape): number {
  return Math.hypot(...position) + Math.hypot(...halfSize(shape))
}

/** Half edges of the box around a shape in its own frame. */
function halfSize(shape: Shape): Vec3 {
  switch (shape.type) {
    case 'box':
      return [shape.size[0] / 2, shape.size[1] / 2, shape.size[2] / 2]
    case 'sphere':
      return [shape.radius, shape.radius, shape.radius]
    case 'cylinder':
      return [shape.radius, shape.radius, shape.length / 2]
    case 'capsule':
      return [shape.radius, shape.radius, shape.length / 2 + shape.radius]
    case 'plane':
      return [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  }
}

/** The box around the turned box of a shape at (position, rotation) in a frame at (origin, turn). */
function boxAround(shape: Shape, position: Vec3, rotation: Quat, turn: Quat, origin: Vec3): Box {
  const half = halfSize(shape)
  const own = new Float64Array(9)
  const frame = new Float64Array(9)
  rotationMatrixInto(own, 0, Float64Array.from(rotation), 0)
  rotationMatrixInto(frame, 0, Float64Array.from(turn), 0)
  const centre = rotate(turn, position)
  const low: [number, number, number] = [0, 0, 0]
  const high: [number, number, number] = [0, 0, 0]
  for (let r = 0; r < 3; r++) {
    let reach = 0
    for (let c = 0; c < 3; c++) {
      let entry = 0
      for (let k = 0; k < 3; k++) entry += frame[3 * r + k]! * own[3 * k + c]!
      reach += Math.abs(entry) * half[c]!
    }
    low[r] = origin[r]! + centre[r]! - reach
    high[r] = origin[r]! + centre[r]! + reach
  }
  return { low, high }
}

function union(a: Box, b: Box): Box {
  const least = (c: 0 | 1 | 2) => Math.min(a.low[c], b.low[c])
  const most = (c: 0 | 1 | 2) => Math.max(a.high[c], b.high[c])
  return { low: [least(0), least(1), least(2)], high: [most(0), most(1), most(2)] }
}
