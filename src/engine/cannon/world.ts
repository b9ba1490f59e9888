/**
 * A cannon-es world for a scene: bodies at their inertial frames, shapes, static environment, and the settings that make
 * World.step a pure function of body states (no sleeping, no warm start, no skipped normalization, no damping of its own).
 */
import * as CANNON from 'cannon-es'
import type { Scene, Shape, Vec3 } from '../../scene/scene.ts'
import { multiplyQuats, rotateByInverse } from '../rotation.ts'
import type { TreeModel } from '../treeModel.ts'

export interface CannonWorld {
  readonly world: CANNON.World
  readonly bodies: readonly CANNON.Body[] // [numBodies], in scene order
  readonly friction: ReadonlyMap<number, number> // Coulomb coefficient by shape id
}

export function createCannonWorld(scene: Scene, model: TreeModel): CannonWorld {
  const world = new CANNON.World()
  world.gravity.set(...scene.gravity)
  world.allowSleep = false
  world.quatNormalizeSkip = 0
  world.quatNormalizeFast = false
  world.defaultContactMaterial.friction = 0 // friction rows are the solver's, or set per pair (maximal coordinates)
  world.defaultContactMaterial.restitution = scene.contact.restitution
  world.defaultContactMaterial.contactEquationStiffness = scene.engines.cannon.contactStiffness
  world.defaultContactMaterial.contactEquationRelaxation = scene.engines.cannon.contactRelaxation

  const friction = new Map<number, number>()
  const bodies = scene.bodies.map((body, i) => {
    const cannonBody = new CANNON.Body({ mass: body.mass, linearDamping: 0, angularDamping: 0, allowSleep: false })
    const principal = quatAt(model.principal, 4 * i)
    for (const shape of body.shapes) if (shape.collide) addShape(cannonBody, shape, body.com, principal, friction)
    setInertia(cannonBody, model, i)
    world.addBody(cannonBody)
    return cannonBody
  })
  const ground = new CANNON.Body({ mass: 0, type: CANNON.Body.STATIC })
  for (const shape of scene.environment) if (shape.collide) addShape(ground, shape, [0, 0, 0], [1, 0, 0, 0], friction)
  world.addBody(ground)
  return { world, bodies, friction }
}

/** cannon-es takes inertia from the bounding box at construction; ours is explicit. */
function setInertia(body: CANNON.Body, model: TreeModel, i: number): void {
  const [x, y, z] = model.inertia.subarray(3 * i, 3 * i + 3)
  body.inertia.set(x!, y!, z!)
  body.invInertia.set(1 / x!, 1 / y!, 1 / z!)
  body.updateInertiaWorld(true)
}

type Quat4 = [number, number, number, number]

/** A shape given in the body frame, added at its place in the inertial frame. */
function addShape(body: CANNON.Body, shape: Shape, com: Vec3, principal: Quat4, friction: Map<number, number>): void {
  const offset: Vec3 = [shape.position[0] - com[0], shape.position[1] - com[1], shape.position[2] - com[2]]
  const inverse: Quat4 = [principal[0], -principal[1], -principal[2], -principal[3]]
  const place = rotateByInverse(principal, offset)
  const turn = multiplyQuats(inverse, shape.rotation)
  const put = (part: CANNON.Shape, along = 0): void => {
    const [x, y, z] = rotateByInverse([turn[0], -turn[1], -turn[2], -turn[3]], [0, 0, along])
    friction.set(part.id, shape.friction)
    // contacts of boxes are found, and may be reported, on their polyhedra
    if (part instanceof CANNON.Box) friction.set(part.convexPolyhedronRepresentation.id, shape.friction)
    body.addShape(
      part,
      new CANNON.Vec3(place[0] + x, place[1] + y, place[2] + z),
      new CANNON.Quaternion(turn[1], turn[2], turn[3], turn[0]),
    )
  }
  switch (shape.type) {
    case 'box':
      put(new CANNON.Box(new CANNON.Vec3(shape.size[0] / 2, shape.size[1] / 2, shape.size[2] / 2)))
      break
    case 'sphere':
      put(new CANNON.Sphere(shape.radius))
      break
    case 'plane':
      put(new CANNON.Plane())
      break
    case 'cylinder':
      put(cylinderAlongZ(shape.radius, shape.length))
      break
    case 'capsule':
      put(cylinderAlongZ(shape.radius, shape.length))
      put(new CANNON.Sphere(shape.radius), shape.length / 2)
      put(new CANNON.Sphere(shape.radius), -shape.length / 2)
      break
  }
}

/** cannon-es cylinders stand along y; ours along z. */
function cylinderAlongZ(radius: number, length: number): CANNON.ConvexPolyhedron {
  const cylinder = new CANNON.Cylinder(radius, radius, length, 16)
  const vertices = cylinder.vertices.map(({ x, y, z }) => new CANNON.Vec3(x, -z, y))
  return new CANNON.ConvexPolyhedron({ vertices, faces: cylinder.faces })
}

function quatAt(data: Float64Array, k: number): Quat4 {
  return [data[k]!, data[k + 1]!, data[k + 2]!, data[k + 3]!]
}
