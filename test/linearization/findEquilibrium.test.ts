import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Engine } from '../../src/engine/engine.ts'
import { referenceEngine } from '../../src/engine/reference/referenceEngine.ts'
import { findEquilibrium } from '../../src/linearization/findEquilibrium.ts'

const [MASS, LENGTH, GRAVITY] = [0.7, 0.4, 9.81]
const pendulum = referenceEngine(
  { type: 'pendulum', mass: MASS, inertia: 0.02, length: LENGTH, damping: 0.05 },
  { dt: 0.01 },
)
const cartPole = referenceEngine(
  { type: 'cart-pole', cartMass: 1, poleMass: 0.1, poleInertia: 0.003, length: 0.3 },
  { dt: 0.01 },
)
const at = (x: number[], u: number[]) => ({ x: Float64Array.from(x), u: Float64Array.from(u) })

describe('findEquilibrium', () => {
  test('a pendulum held at an angle by its motor needs the torque m g l sin θ', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: -3, max: 3, noNaN: true }), async (angle) => {
        const found = await findEquilibrium(pendulum, at([angle, 0], [0]), { free: ['controls'] })
        expect(found.result).toBe('solved')
        expect(found.x[0]).toBe(angle)
        expect(Math.abs(found.u[0]! - MASS * GRAVITY * LENGTH * Math.sin(angle))).toBeLessThan(1e-8)
        expect(found.unbalanced).toEqual([])
      }),
      { seed: 1, numRuns: 20 },
    )
  })

  test('without its motor a pendulum hangs; velocities are set to zero', async () => {
    const found = await findEquilibrium(pendulum, at([0.9, 2], [0]), { free: ['positions'] })
    expect(found.result).toBe('solved')
    expect(Math.abs(found.x[0]!)).toBeLessThan(1e-8)
    expect(found.x[1]).toBe(0)
    expect(found.residual).toBeLessThanOrEqual(1e-8)
  })

  test('stays near its start: with angle and torque free it moves less than with either alone', async () => {
    const start = at([0.5, 0], [0])
    const both = await findEquilibrium(pendulum, start)
    expect(both.result).toBe('solved')
    const [angle, torque] = [both.x[0]!, both.u[0]!]
    expect(Math.abs(torque - MASS * GRAVITY * LENGTH * Math.sin(angle))).toBeLessThan(1e-8)
    const alone = Math.min(0.5, MASS * GRAVITY * LENGTH * Math.sin(0.5))
    expect(Math.hypot(angle - 0.5, torque)).toBeLessThan(alone)
  })

  test('the cart-pole comes upright from a tilt and leaves its cart where it is', async () => {
    const found = await findEquilibrium(cartPole, at([1.5, 0.3, 0.4, -0.2], [0.1]))
    expect(found.result).toBe('solved')
    expect(Math.abs(found.x[1]!)).toBeLessThan(1e-8)
    expect(Math.abs(found.u[0]!)).toBeLessThan(1e-7)
    expect(found.x[0]).toBeCloseTo(1.5, 6)
  })

  test('what nothing can hold is named with its acceleration', async () => {
    const falling = referenceEngine({ type: 'free-bodies', bodies: [{ mass: 2, inertia: [1, 1, 1] }] }, { dt: 0.01 })
    const found = await findEquilibrium(falling)
    expect(found.result).toBe('least-squares')
    expect(found.unbalanced).toHaveLength(1)
    expect(found.unbalanced[0]).toMatchObject({ name: 'body0.vz', unit: 'm/s²' })
    expect(found.unbalanced[0]!.value).toBeCloseTo(-9.81, 9)
    expect(found.message).toContain('body0.vz (-9.81 m/s²)')
  })

  test('a tilted pole that may not move is named', async () => {
    const found = await findEquilibrium(cartPole, at([0, 0.2, 0, 0], [0]), { free: ['controls'] })
    expect(found.result).toBe('least-squares')
    expect(found.unbalanced.map(({ name }) => name)).toContain('pole.velocity')
    expect(found.unbalanced.every(({ unit }) => /²$/.test(unit))).toBe(true)
  })

  test('a drone above one thruster hovers, tilting back by itself', async () => {
    const drone = referenceEngine(
      {
        type: 'free-bodies',
        bodies: [{ mass: 0.8, inertia: [0.01, 0.01, 0.02] }],
        thrusters: [{ body: 0, direction: [0, 0, 1] }],
      },
      { dt: 0.01 },
    )
    const start = at(Array.from(drone.home.x), [5])
    drone.integrate(
      start.x,
      Float64Array.from({ length: 12 }, (_, k) => (k === 3 ? 0.2 : 0)),
      start.x,
    )
    const found = await findEquilibrium(drone, start)
    expect(found.result).toBe('solved')
    expect(found.u[0]).toBeCloseTo(0.8 * 9.81, 7)
    expect(Math.abs(found.x[4]!)).toBeLessThan(1e-7)
  })

  test('every engine step is counted', async () => {
    let steps = 0
    const counted: Engine = {
      ...pendulum,
      step(x, u, xNext) {
        steps++
        pendulum.step(x, u, xNext)
      },
    }
    const found = await findEquilibrium(counted, at([0.9, 0], [0]), { free: ['positions'] })
    expect(found.calls).toBe(steps)
  })

  test('limits and NaN are reported; misuse throws by name', async () => {
    const start = at([0.9, 0], [0])
    const short = await findEquilibrium(pendulum, start, { free: ['positions'], maxIterations: 1 })
    expect(short.result).toBe('max-iterations')
    expect(short.unbalanced[0]!.name).toBe('pendulum.velocity')
    const broken: Engine = { ...pendulum, step: (_x, _u, xNext) => void xNext.fill(Number.NaN) }
    const diverged = await findEquilibrium(broken, start)
    expect(diverged.result).toBe('diverged')
    await expect(findEquilibrium(pendulum, start, { free: ['elbow'] })).rejects.toThrow("free names 'elbow', known are")
    await expect(findEquilibrium(pendulum, at([0], [0]))).rejects.toThrow('x must have nx = 2')
    await expect(findEquilibrium(pendulum, start, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow(
      'stop',
    )
  })
})
