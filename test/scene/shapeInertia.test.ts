import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseScene } from '../../src/scene/parseScene.ts'
import type { Inertia, Quat, Shape, Vec3 } from '../../src/scene/scene.ts'
import { inertiaFault, principalMoments, shapesCentroid, shapesInertia } from '../../src/scene/shapeInertia.ts'

type Form =
  | { type: 'box'; size: Vec3 }
  | { type: 'sphere'; radius: number }
  | { type: 'cylinder' | 'capsule'; radius: number; length: number }

function shape(form: Form, position: Vec3 = [0, 0, 0], rotation: Quat = [1, 0, 0, 0]): Shape {
  return { ...form, position, rotation, color: null, collide: true, friction: 0.5 } as Shape
}

/** Mass, centroid and inertia about the origin of a shape, by the midpoint rule on a grid of n³ cells. */
function byQuadrature(form: Form, mass: number, n = 80) {
  const reach = halfWidths(form)
  const sums = new Float64Array(7)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) {
        const [x, y, z] = [i, j, k].map((cell, axis) => reach[axis]! * ((2 * cell + 1) / n - 1)) as [
          number,
          number,
          number,
        ]
        if (!inside(form, x, y, z)) continue
        sums[0]! += 1
        sums[1]! += y * y + z * z
        sums[2]! += x * x + z * z
        sums[3]! += x * x + y * y
      }
  return [1, 2, 3].map((k) => (mass * sums[k]!) / sums[0]!)
}

function halfWidths(form: Form): readonly number[] {
  if (form.type === 'box') return form.size.map((edge) => edge / 2)
  const r = form.radius
  if (form.type === 'sphere') return [r, r, r]
  return [r, r, form.length / 2 + (form.type === 'capsule' ? r : 0)]
}

function inside(form: Form, x: number, y: number, z: number): boolean {
  const across = Math.hypot(x, y)
  switch (form.type) {
    case 'box':
      return Math.abs(x) <= form.size[0] / 2 && Math.abs(y) <= form.size[1] / 2 && Math.abs(z) <= form.size[2] / 2
    case 'sphere':
      return Math.hypot(across, z) <= form.radius
    case 'cylinder':
      return across <= form.radius && Math.abs(z) <= form.length / 2
    case 'capsule':
      return Math.hypot(across, Math.max(0, Math.abs(z) - form.length / 2)) <= form.radius
  }
}

describe('inertia of shapes', () => {
  test.each<Form>([
    { type: 'box', size: [0.4, 0.6, 1] },
    { type: 'sphere', radius: 0.3 },
    { type: 'cylinder', radius: 0.4, length: 1 },
    { type: 'capsule', radius: 0.4, length: 0.7 },
    { type: 'capsule', radius: 0.2, length: 1.5 },
  ])('$type: the integral over its volume', (form) => {
    const moments = shapesInertia([shape(form)], 3, [0, 0, 0])
    const integral = byQuadrature(form, 3)
    for (let k = 0; k < 3; k++) expect(Math.abs(moments[k]! / integral[k]! - 1)).toBeLessThan(0.005)
    expect(moments.slice(3)).toEqual([0, 0, 0])
  })

  test('a capsule without a tube is a sphere, one without caps a cylinder', () => {
    const sphere = shapesInertia([shape({ type: 'sphere', radius: 0.3 })], 2, [0, 0, 0])
    const short = shapesInertia([shape({ type: 'capsule', radius: 0.3, length: 1e-12 })], 2, [0, 0, 0])
    const cylinder = shapesInertia([shape({ type: 'cylinder', radius: 1e-7, length: 1 })], 2, [0, 0, 0])
    const thin = shapesInertia([shape({ type: 'capsule', radius: 1e-7, length: 1 })], 2, [0, 0, 0])
    for (let k = 0; k < 3; k++) {
      expect(short[k]).toBeCloseTo(sphere[k]!, 10)
      expect(thin[k]).toBeCloseTo(cylinder[k]!, 6)
    }
  })

  test('two halves make the whole', () => {
    const whole = shape({ type: 'box', size: [1, 2, 3] }, [0.5, 0, 1])
    const halves = [
      shape({ type: 'box', size: [1, 2, 1.5] }, [0.5, 0, 0.25]),
      shape({ type: 'box', size: [1, 2, 1.5] }, [0.5, 0, 1.75]),
    ]
    const com: Vec3 = [0.2, -0.1, 0.7]
    expect(shapesCentroid(halves)).toEqual([0.5, 0, 1])
    const [one, two] = [shapesInertia([whole], 5, com), shapesInertia(halves, 5, com)]
    for (let k = 0; k < 6; k++) expect(two[k]).toBeCloseTo(one[k]!, 12)
  })

  test('products have the sign of the tensor: small spheres at ±(1, 1, 0) have ixy = −∫xy dm = −2 kg·m²', () => {
    const pair = [1, -1].map((s) => shape({ type: 'sphere', radius: 1e-6 }, [s, s, 0]))
    const inertia = shapesInertia(pair, 2, [0, 0, 0])
    ;[2, 2, 4, -2, 0, 0].forEach((entry, k) => {
      expect(inertia[k]).toBeCloseTo(entry, 9)
    })
  })

  test('a thin rod, turned and moved, is a row of many small spheres', () => {
    const [length, half, n] = [1.2, 0.35, 400]
    const turn: Quat = [Math.cos(half), Math.sin(half) * 0.6, Math.sin(half) * 0.8, 0] // by 0.7 rad about (0.6, 0.8, 0)
    const along: Vec3 = [0.8 * Math.sin(0.7), -0.6 * Math.sin(0.7), Math.cos(0.7)] // that turn of the z axis
    const centre: Vec3 = [0.3, -0.2, 0.5]
    const rod = shapesInertia([shape({ type: 'cylinder', radius: 1e-6, length }, centre, turn)], 3, [0.1, 0.1, 0])
    const beads = Array.from({ length: n }, (_, k) => {
      const s = length * ((k + 0.5) / n - 0.5)
      return shape({ type: 'sphere', radius: 1e-6 }, along.map((d, axis) => centre[axis]! + s * d) as unknown as Vec3)
    })
    shapesInertia(beads, 3, [0.1, 0.1, 0]).forEach((entry, k) => {
      expect(rod[k]).toBeCloseTo(entry, 5)
    })
  })

  test('turning a shape by a quarter swaps its moments; by an eighth, it keeps the principal ones', () => {
    const box: Form = { type: 'box', size: [1, 2, 3] }
    const straight = shapesInertia([shape(box)], 6, [0, 0, 0])
    const r = Math.SQRT1_2
    const quarter = shapesInertia([shape(box, [0, 0, 0], [r, r, 0, 0])], 6, [0, 0, 0])
    expect(quarter[0]).toBeCloseTo(straight[0], 12)
    expect(quarter[1]).toBeCloseTo(straight[2], 12)
    expect(quarter[2]).toBeCloseTo(straight[1], 12)
    const c = Math.cos(Math.PI / 8)
    const eighth = shapesInertia([shape(box, [0, 0, 0], [c, 0, 0, Math.sin(Math.PI / 8)])], 6, [0, 0, 0])
    expect(eighth[3]).toBeCloseTo((straight[0] - straight[1]) / 2, 12) // xy of a tensor turned by 45° about z
    const moments = principalMoments(eighth)
    ;[2.5, 5, 6.5].forEach((moment, k) => {
      expect(moments[k]).toBeCloseTo(moment, 12)
    })
  })

  test('a body without inertia takes that of its shapes, about its own centre of mass where it names one', () => {
    const read = (extra: object) =>
      parseScene({
        name: 'one',
        bodies: [{ name: 'b', mass: 2, shapes: [{ type: 'sphere', radius: 0.5, position: [0, 0, 1] }], ...extra }],
        joints: [{ name: 'j', type: 'free', parent: 'world', child: 'b' }],
      }).bodies[0]!
    const [free, held] = [read({}), read({ com: [0, 0, 0] })]
    expect(free.com).toEqual([0, 0, 1])
    expect(free.inertia.slice(0, 3)).toEqual([0.2, 0.2, 0.2])
    expect(held.com).toEqual([0, 0, 0])
    expect(held.inertia.slice(0, 3)).toEqual([2.2, 2.2, 0.2])
  })
})

describe('inertias that no body can have', () => {
  const masses = fc.array(fc.tuple(...[-1, -1, -1].map((low) => fc.double({ min: low, max: 1, noNaN: true }))), {
    minLength: 4,
    maxLength: 8,
  })

  /** Inertia of point masses of 1 kg about the origin. */
  function ofPoints(points: readonly (readonly number[])[]): Inertia {
    const sum = [0, 0, 0, 0, 0, 0] as [number, number, number, number, number, number]
    for (const [x, y, z] of points as [number, number, number][]) {
      const terms = [y * y + z * z, x * x + z * z, x * x + y * y, -x * y, -x * z, -y * z]
      terms.forEach((term, k) => {
        sum[k]! += term
      })
    }
    return sum
  }

  test('that of any point masses is possible; made smaller about one axis than the triangle allows, it is not', () => {
    fc.assert(
      fc.property(masses, (points) => {
        const inertia = ofPoints(points)
        const [low, middle, high] = principalMoments(inertia)
        fc.pre(low > 1e-6 * high)
        expect(low + middle + high).toBeCloseTo(inertia[0] + inertia[1] + inertia[2], 10) // the trace
        expect(inertiaFault(inertia)).toBeNull()
        const excess = low + middle - high + 0.01 * high // taken off a multiple of the identity: I − δ·1 breaks it from δ = low + middle − high on
        const reduced = inertia.map((entry, k) => (k < 3 ? entry - excess : entry)) as unknown as Inertia
        expect(inertiaFault(reduced)).not.toBeNull()
      }),
      { seed: 5, numRuns: 200 },
    )
  })

  test.each<[string, Inertia]>([
    ['a rod without thickness', [1, 1, 0, 0, 0, 0]],
    ['zero', [0, 0, 0, 0, 0, 0]],
    ['negative', [-1, 1, 1, 0, 0, 0]],
    ['indefinite through its products', [1, 1, 1, 0, 0, 1.5]],
    ['no triangle', [1, 2, 3.1, 0, 0, 0]],
  ])('%s', (_, inertia) => {
    expect(inertiaFault(inertia)).toContain('principal moments')
  })

  test.each<Inertia>([
    [1, 2, 3, 0, 0, 0], // a flat plate
    [1e-9, 1e-9, 1e-9, 0, 0, 0],
    [1e6, 1e6, 1, 0, 0, 0],
  ])('%j is possible', (...inertia) => {
    expect(inertiaFault(inertia as unknown as Inertia)).toBeNull()
  })
})
