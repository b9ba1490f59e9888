/** Parts of bodies in a few draw calls: one instanced mesh for each kind of primitive, and its shadow on the ground. */
import {
  BoxGeometry,
  BufferAttribute,
  BufferGeometry,
  Color,
  CylinderGeometry,
  Group,
  InstancedMesh,
  type Intersection,
  type Material,
  Matrix4,
  PlaneGeometry,
  Quaternion,
  SphereGeometry,
  Vector3,
} from 'three'
import type { FigureShape } from '../scene/figure.ts'
import type { Vec3 } from '../scene/scene.ts'

type Primitive = 'box' | 'ball' | 'rod' | 'tube' | 'dome' | 'sheet'
type Triangles = Extract<FigureShape, { readonly type: 'mesh' }>

export interface Part {
  readonly body: number // index of the body that carries it; −1: the world
  readonly primitive: Primitive | 'mesh'
  readonly local: Matrix4 // from the primitive's unit size to the body's frame
  readonly color: string
  readonly mesh?: Triangles
}

export interface PartMeshes {
  readonly group: Group
  /** Moves the parts to where their bodies are, [bodies]. */
  place(bodies: readonly Matrix4[]): void
  /** The body of what a ray has hit; null: the world's. */
  bodyOf(hit: Intersection): number | null
  /** Flat shadows, by a matrix that projects the world to the ground; they follow `place`. */
  shadow(material: Material, projection: Matrix4): Group
  dispose(): void
}

/** Of unit size: edges and radii 1, axes along z; of so many segments around. */
const GEOMETRIES: Readonly<Record<Primitive, (around: number) => BufferGeometry>> = {
  box: () => new BoxGeometry(1, 1, 1),
  ball: (around) => new SphereGeometry(1, around, Math.ceil(0.6 * around)),
  rod: (around) => new CylinderGeometry(1, 1, 1, around).rotateX(Math.PI / 2),
  tube: (around) => new CylinderGeometry(1, 1, 1, around, 1, true).rotateX(Math.PI / 2),
  dome: (around) =>
    new SphereGeometry(1, around, Math.ceil(around / 4), 0, 2 * Math.PI, 0, Math.PI / 2).rotateX(Math.PI / 2),
  sheet: () => new PlaneGeometry(1, 1),
}
const DARKEST = 0.08 // lightness, linear
const [COARSE, FINE] = [8, 32] // segments around
const TURNED = new Quaternion(1, 0, 0, 0) // by π about x
const WORLD = new Matrix4()

/** Round parts have as many segments as `triangles` in all allow. */
export function partMeshes(parts: readonly Part[], material: Material, triangles: number): PartMeshes {
  const group = new Group()
  const around = segmentsFor(parts, triangles)
  const kindOf = ({ primitive, mesh }: Part) => mesh ?? primitive
  const kinds = [...new Set(parts.map(kindOf))].map((kind) => {
    const members = parts.filter((part) => kindOf(part) === kind)
    const geometry = typeof kind === 'object' ? meshGeometry(kind) : GEOMETRIES[kind as Primitive](around)
    const mesh = new InstancedMesh(geometry, material, members.length)
    mesh.frustumCulled = false
    for (const [k, { color }] of members.entries()) mesh.setColorAt(k, visible(color))
    group.add(mesh)
    return { mesh, members }
  })
  const at = new Matrix4()
  return {
    group,
    place(bodies) {
      for (const { mesh, members } of kinds) {
        members.forEach(({ body, local }, k) => {
          at.multiplyMatrices(bodies[body] ?? WORLD, local).toArray(mesh.instanceMatrix.array, 16 * k)
        })
        mesh.instanceMatrix.needsUpdate = true
        mesh.boundingSphere = null // a ray asks for it
      }
    },
    bodyOf({ object, instanceId }) {
      const body = kinds.find(({ mesh }) => mesh === object)?.members[instanceId ?? -1]?.body
      return body === undefined || body < 0 ? null : body
    },
    shadow(dark, projection) {
      const flat = new Group()
      for (const { mesh } of kinds) {
        const cast = new InstancedMesh(mesh.geometry, dark, mesh.count)
        cast.instanceMatrix = mesh.instanceMatrix
        cast.frustumCulled = false
        flat.add(cast)
      }
      flat.matrix.copy(projection)
      flat.matrixAutoUpdate = false
      return flat
    },
    dispose() {
      for (const { mesh } of kinds) {
        mesh.geometry.dispose()
        mesh.dispose()
      }
      material.dispose()
    },
  }
}

/** Black tyres and shoes are to be told from a dark page, and from their shadow. */
function visible(color: string): Color {
  const it = new Color(color)
  const { h, s, l } = it.getHSL({ h: 0, s: 0, l: 0 })
  return l < DARKEST ? it.setHSL(h, s, DARKEST) : it
}

function meshGeometry({ vertices, faces }: Triangles): BufferGeometry {
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new BufferAttribute(vertices, 3))
  geometry.setIndex(new BufferAttribute(faces, 1))
  geometry.computeVertexNormals()
  return geometry
}

function segmentsFor(parts: readonly Part[], triangles: number): number {
  const needed = (around: number) => {
    const of = {
      ball: 1.2 * around ** 2,
      dome: 0.5 * around ** 2,
      rod: 4 * around,
      tube: 2 * around,
      box: 12,
      sheet: 2,
      mesh: 0,
    }
    return parts.reduce((sum, { primitive }) => sum + of[primitive], 0)
  }
  let around = FINE
  while (around > COARSE && needed(around) > triangles) around -= 2
  return around
}

/** The parts that draw a shape of a body. */
export function partsOf(shape: FigureShape, body: number, usual: string): Part[] {
  const [w, x, y, z] = shape.rotation
  const frame = new Matrix4().compose(new Vector3(...shape.position), new Quaternion(x, y, z, w), new Vector3(1, 1, 1))
  const color = shape.color ?? usual
  const part = (primitive: Part['primitive'], size: Vec3, along = 0, turn = new Quaternion()): Part => {
    const local = new Matrix4().compose(new Vector3(0, 0, along), turn, new Vector3(...size))
    return { body, primitive, color, local: local.premultiply(frame) }
  }
  switch (shape.type) {
    case 'box':
      return [part('box', shape.size)]
    case 'sphere':
      return [part('ball', [shape.radius, shape.radius, shape.radius])]
    case 'cylinder':
      return [part('rod', [shape.radius, shape.radius, shape.length])]
    case 'capsule': {
      const { radius, length } = shape
      const end: Vec3 = [radius, radius, radius]
      return [
        part('tube', [radius, radius, length]),
        part('dome', end, length / 2),
        part('dome', end, -length / 2, TURNED),
      ]
    }
    case 'ellipsoid':
      return [part('ball', shape.radii)]
    case 'mesh':
      return [{ ...part('mesh', [1, 1, 1]), mesh: shape }]
    case 'plane':
      return [part('sheet', [100, 100, 1])]
  }
}

/** A rod along an axis through a point of a body, or a ball at one. */
export function markAt(body: number, at: Vec3, radius: number, color: string, axis?: Vec3, length = 0): Part {
  const turn = new Quaternion()
  if (axis) turn.setFromUnitVectors(new Vector3(0, 0, 1), new Vector3(...axis))
  const size = axis ? new Vector3(radius, radius, length) : new Vector3(radius, radius, radius)
  return { body, primitive: axis ? 'rod' : 'ball', color, local: new Matrix4().compose(new Vector3(...at), turn, size) }
}
