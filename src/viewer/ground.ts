/** The ground: a grid that fades out, and what falls on it as a shadow. */
import {
  BufferGeometry,
  EqualStencilFunc,
  Float32BufferAttribute,
  IncrementStencilOp,
  LineBasicMaterial,
  LineSegments,
  type Material,
  Matrix4,
  MeshBasicMaterial,
  type Vector3,
} from 'three'

export const REACH = 25 // m, of the grid
const PIECE = 5 // m: a line that begins behind the camera is not drawn by every renderer

export function groundGrid(): LineSegments<BufferGeometry, LineBasicMaterial> {
  const points: number[] = []
  for (let k = -REACH; k <= REACH; k++)
    for (let l = -REACH; l < REACH; l += PIECE) points.push(l, k, 0, l + PIECE, k, 0, k, l, 0, k, l + PIECE, 0)
  return new LineSegments(
    new BufferGeometry().setAttribute('position', new Float32BufferAttribute(points, 3)),
    new LineBasicMaterial(),
  )
}

/** Darkens every pixel once, however many parts cast their shadow there. */
export function shadowMaterial(): Material {
  return new MeshBasicMaterial({
    color: '#000000',
    transparent: true,
    opacity: 0.2,
    depthWrite: false,
    stencilWrite: true,
    stencilRef: 0,
    stencilFunc: EqualStencilFunc,
    stencilZPass: IncrementStencilOp,
  })
}

/** Along the light `ray` onto the plane z = `level`. */
export function shadowProjection(ray: Vector3, level: number): Matrix4 {
  const [across, along] = [ray.x / ray.z, ray.y / ray.z]
  return new Matrix4().set(1, 0, -across, level * across, 0, 1, -along, level * along, 0, 0, 0, level, 0, 0, 0, 1)
}
