/** A scene's shapes as Rapier colliders. */
import type { ColliderDesc } from '@dimforge/rapier3d-compat'
import type { Quat, Scene, Shape, Vec3 } from '../../scene/scene.ts'
import { multiplyQuats, rotateByInverse } from '../rotation.ts'
import type { TreeModel } from '../treeModel.ts'
import type { Rapier } from './loadRapier.ts'

export interface PlacedShape {
  readonly shape: Shape
  readonly position: Vec3 // m
  readonly rotation: Quat
}

/** What body i collides with, in its inertial frame. */
export function shapesInInertialFrame(scene: Scene, model: TreeModel, i: number): PlacedShape[] {
  const { com, shapes } = scene.bodies[i]!
  const [w, x, y, z] = model.principal.subarray(4 * i, 4 * i + 4)
  const principal: Quat = [w!, x!, y!, z!]
  const inverse: Quat = [w!, -x!, -y!, -z!]
  return shapes
    .filter(({ collide }) => collide)
    .map((shape) => {
      const offset: Vec3 = [shape.position[0] - com[0], shape.position[1] - com[1], shape.position[2] - com[2]]
      return { shape, position: rotateByInverse(principal, offset), rotation: multiplyQuats(inverse, shape.rotation) }
    })
}

/** A pair takes the larger friction, as in every engine of ours. Colliders weigh nothing: mass and inertia are the body's own. */
export function colliderOf(
  rapier: Rapier,
  { shape, position, rotation }: PlacedShape,
  { friction, restitution }: { friction: number; restitution: number },
): ColliderDesc {
  const [w, x, y, z] = shape.type === 'cylinder' || shape.type === 'capsule' ? alongZ(rotation) : rotation
  return shapeOf(rapier, shape)
    .setTranslation(position[0], position[1], position[2])
    .setRotation({ w, x, y, z })
    .setDensity(0)
    .setFriction(friction)
    .setFrictionCombineRule(rapier.CoefficientCombineRule.Max)
    .setRestitution(restitution)
    .setRestitutionCombineRule(rapier.CoefficientCombineRule.Max)
}

/** Rapier's cylinders and capsules stand along y, ours along z. */
function alongZ(rotation: Quat): Quat {
  return multiplyQuats(rotation, [Math.SQRT1_2, Math.SQRT1_2, 0, 0])
}

function shapeOf({ ColliderDesc, HalfSpace }: Rapier, shape: Shape): ColliderDesc {
  switch (shape.type) {
    case 'box':
      return ColliderDesc.cuboid(shape.size[0] / 2, shape.size[1] / 2, shape.size[2] / 2)
    case 'sphere':
      return ColliderDesc.ball(shape.radius)
    case 'cylinder':
      return ColliderDesc.cylinder(shape.length / 2, shape.radius)
    case 'capsule':
      return ColliderDesc.capsule(shape.length / 2, shape.radius)
    case 'plane':
      return new ColliderDesc(new HalfSpace({ x: 0, y: 0, z: 1 }))
  }
}
