/** Mass properties of shapes filled uniformly, and whether an inertia belongs to any body at all. */
import { rotationMatrix } from './rotation.ts'
import type { Inertia, Shape, Vec3 } from './scene.ts'

/** Mass, centre of mass and inertia about it. */
interface Lump {
  readonly mass: number // kg
  readonly com: Vec3 // m
  readonly inertia: Inertia // kg·m², about com
}

/** The common centroid of shapes filled with one density (overlaps count twice); null where they have no volume. */
export function shapesCentroid(shapes: readonly Shape[]): Vec3 | null {
  const volumes = shapes.map(volume)
  const total = volumes.reduce((sum, value) => sum + value, 0)
  if (!(total > 0)) return null
  const mean = (k: 0 | 1 | 2) => shapes.reduce((sum, shape, i) => sum + volumes[i]! * shape.position[k], 0) / total
  return [mean(0), mean(1), mean(2)]
}

/**
 * Inertia about `com` of shapes filled uniformly to `mass`: the sum of their own inertias, turned (R I Rᵀ) and moved to
 * com (parallel axes, m(|d|²1 − ddᵀ)). Overlaps count twice. The shapes must have a volume.
 */
export function shapesInertia(shapes: readonly Shape[], mass: number, com: Vec3): Inertia {
  const total = shapes.reduce((sum, shape) => sum + volume(shape), 0)
  const sum = [0, 0, 0, 0, 0, 0] as [number, number, number, number, number, number]
  for (const shape of shapes) {
    const lump = placed(shape, (mass * volume(shape)) / total)
    const [x, y, z] = [lump.com[0] - com[0], lump.com[1] - com[1], lump.com[2] - com[2]]
    const m = lump.mass
    const shift = [m * (y * y + z * z), m * (x * x + z * z), m * (x * x + y * y), -m * x * y, -m * x * z, -m * y * z]
    for (let k = 0; k < 6; k++) sum[k]! += lump.inertia[k]! + shift[k]!
  }
  return sum
}

/** Eigenvalues of a symmetric 3 × 3 tensor, ascending. */
export function principalMoments(inertia: Inertia): Vec3 {
  const [low, middle, high] = principalAxes(inertia).moments.toSorted((one, other) => one - other)
  return [low!, middle!, high!]
}

/**
 * Eigenvalues of a symmetric 3 × 3 tensor with its unit eigenvectors, a right-handed frame; the tensor's own axes where it is
 * diagonal already. Cyclic Jacobi rotations (Golub and Van Loan, Matrix Computations, 8.5).
 */
export function principalAxes([xx, yy, zz, xy, xz, yz]: Inertia): { moments: Vec3; axes: readonly [Vec3, Vec3, Vec3] } {
  const a = [
    [xx, xy, xz],
    [xy, yy, yz],
    [xz, yz, zz],
  ]
  const V = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]
  for (let sweep = 0; sweep < 12; sweep++) {
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const off = a[p]![q]!
      if (off === 0) continue
      const tau = (a[q]![q]! - a[p]![p]!) / (2 * off)
      const t = tau === 0 ? 1 : Math.sign(tau) / (Math.abs(tau) + Math.hypot(1, tau))
      const c = 1 / Math.hypot(1, t)
      const s = t * c
      for (const row of [...a, ...V]) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!]
      const [rowP, rowQ] = [a[p]!.slice(), a[q]!.slice()]
      for (let j = 0; j < 3; j++) {
        a[p]![j] = c * rowP[j]! - s * rowQ[j]!
        a[q]![j] = s * rowP[j]! + c * rowQ[j]!
      }
      a[p]![q] = 0
      a[q]![p] = 0
    }
  }
  const axis = (k: number): Vec3 => [V[0]![k]!, V[1]![k]!, V[2]![k]!]
  return { moments: [a[0]![0]!, a[1]![1]!, a[2]![2]!], axes: [axis(0), axis(1), axis(2)] }
}

/** Why no rigid body has this inertia, or null: it must be positive definite, and no principal moment exceed the sum of the others. */
export function inertiaFault(inertia: Inertia): string | null {
  const [low, middle, high] = principalMoments(inertia)
  const moments = `principal moments ${[low, middle, high].map((value) => Number(value.toPrecision(6))).join(', ')}`
  if (!(low > 1e-12 * high)) return moments
  return low + middle >= high * (1 - 1e-9) ? null : `${moments}: the largest exceeds the sum of the others`
}

/** m³; 0 for planes. */
function volume(shape: Shape): number {
  switch (shape.type) {
    case 'box':
      return shape.size[0] * shape.size[1] * shape.size[2]
    case 'sphere':
      return (4 / 3) * Math.PI * shape.radius ** 3
    case 'cylinder':
      return Math.PI * shape.radius ** 2 * shape.length
    case 'capsule':
      return Math.PI * shape.radius ** 2 * (shape.length + (4 / 3) * shape.radius)
    case 'plane':
      return 0
  }
}

/** Principal moments of a shape of mass m, about its centre, along its own axes. */
function ownMoments(shape: Shape, m: number): Vec3 {
  switch (shape.type) {
    case 'box': {
      const [x, y, z] = shape.size.map((edge) => edge * edge) as [number, number, number]
      return [(m / 12) * (y + z), (m / 12) * (x + z), (m / 12) * (x + y)]
    }
    case 'sphere': {
      const moment = 0.4 * m * shape.radius ** 2
      return [moment, moment, moment]
    }
    case 'cylinder': {
      const across = (m / 12) * (3 * shape.radius ** 2 + shape.length ** 2)
      return [across, across, 0.5 * m * shape.radius ** 2]
    }
    case 'capsule': {
      const { radius: r, length } = shape
      const mTube = (m * length) / (length + (4 / 3) * r)
      const mCaps = m - mTube // both half spheres: centroid of each 3r/8 beyond the tube's end
      const across =
        (mTube / 12) * (3 * r * r + length * length) +
        mCaps * (0.4 * r * r + length * length * 0.25 + 0.375 * length * r)
      return [across, across, 0.5 * mTube * r * r + 0.4 * mCaps * r * r]
    }
    case 'plane':
      return [0, 0, 0]
  }
}

function placed(shape: Shape, mass: number): Lump {
  const own = ownMoments(shape, mass)
  const R = rotationMatrix(shape.rotation)
  const entry = (i: 0 | 1 | 2, j: 0 | 1 | 2) =>
    R[i][0] * own[0] * R[j][0] + R[i][1] * own[1] * R[j][1] + R[i][2] * own[2] * R[j][2]
  const inertia: Inertia = [entry(0, 0), entry(1, 1), entry(2, 2), entry(0, 1), entry(0, 2), entry(1, 2)]
  return { mass, com: shape.position, inertia }
}
