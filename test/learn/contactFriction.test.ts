/** Coulomb friction in a contact sweep: the laws of friction at its fixed point, and derivatives against central differences. */
import { describe, expect, it } from 'vitest'
import { type ContactSweepOptions, contactSweep } from '../../src/learn/contactSweep.ts'
import { type FixedPointMap, solveFixedPoint } from '../../src/learn/fixedPoint.ts'
import { fixedPointGradient, type FixedPointMethod } from '../../src/learn/fixedPointGradient.ts'
import { gradientWatch } from '../../src/learn/gradientWatch.ts'
import { watchedGradient } from '../../src/learn/watchedGradient.ts'
import { random } from '../../src/linalg/random.ts'
import { relativeError } from './known.ts'
import { differences, stack } from './maps.ts'

const normals = (n: number, seed: number) => Float64Array.from({ length: n }, random(seed).normal)

/** Contacts of normal and two tangents each, A = J M⁻¹ Jᵀ of random J: rows 0 … 2 of the first, and so on. */
function randomContacts(contacts: number, mu: number, seed: number) {
  const n = 3 * contacts
  const J = normals(n * 2 * n, seed)
  const A = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      let sum = i === j ? 0.3 : 0
      for (let k = 0; k < 2 * n; k++) sum += (J[i * 2 * n + k]! * J[j * 2 * n + k]!) / (2 * n)
      return sum
    }),
  )
  const friction = Array.from({ length: contacts }, (_, c) => ({
    normal: 3 * c,
    tangents: [3 * c + 1, 3 * c + 2],
    coefficient: mu,
  }))
  const b = normals(n, seed + 1).map((value, i) => (i % 3 === 0 ? value - 0.7 : value))
  return { A, b, friction }
}

const solved = (map: FixedPointMap, d: Float64Array) => {
  const { u, result } = solveFixedPoint(map, d, { tolerance: 1e-15, maxIterations: 50_000 })
  expect(result).toBe('solved')
  return u
}

describe('a block of 2 kg that lands', () => {
  const A = [
    [0.5, 0, 0],
    [0, 0.5, 0],
    [0, 0, 0.5],
  ]
  const friction = [{ normal: 0, tangents: [1, 2], coefficient: 0.5 }]
  it.each<[string, number[], number[]]>([
    ['sticks where friction is enough', [-1, 0.3, -0.3], [2, -0.6, 0.6]],
    ['slips where it is not, slowed against its slip', [-1, 3, -4], [2, -0.6, 0.8]],
    ['feels nothing in the air', [1, 3, -4], [0, 0, 0]],
  ])('%s', (_, b, impulse) => {
    const u = solved(contactSweep(A, { friction }), Float64Array.from(b))
    for (const [i, value] of impulse.entries()) expect(u[i]).toBeCloseTo(value, 12)
  })

  it('with a box in the place of the circle has friction for each tangent', () => {
    const u = solved(contactSweep(A, { friction, cone: 'box' }), Float64Array.of(-1, 3, -0.1))
    for (const [i, value] of [2, -1, 0.2].entries()) expect(u[i]).toBeCloseTo(value, 12)
  })
})

describe('random contacts', () => {
  it.each([0.3, 0.5, 0.8])('obey the laws of friction at the fixed point, μ = %d', (mu) => {
    const seen = { open: 0, stick: 0, slip: 0 }
    for (let seed = 1; seed <= 20; seed++) {
      const { A, b, friction } = randomContacts(4, mu, 10 * seed)
      const u = solved(contactSweep(A, { friction }), b)
      const v = A.map((row, i) => row.reduce((sum, entry, j) => sum + entry * u[j]!, b[i]!))
      for (const { normal, tangents } of friction) {
        const [impulse, slip] = [tangents.map((i) => u[i]!), tangents.map((i) => v[i]!)]
        expect(u[normal]).toBeGreaterThanOrEqual(0)
        expect(v[normal]).toBeGreaterThan(-1e-10)
        expect(Math.abs(u[normal]! * v[normal]!)).toBeLessThan(1e-10)
        const [held, speed] = [Math.hypot(...impulse), Math.hypot(...slip)]
        expect(held).toBeLessThan(mu * u[normal]! + 1e-12)
        if (u[normal] === 0) seen.open++
        else if (speed < 1e-9) seen.stick++
        else {
          seen.slip++
          expect(held).toBeCloseTo(mu * u[normal]!, 9)
          expect((impulse[0]! * slip[0]! + impulse[1]! * slip[1]!) / (held * speed)).toBeCloseTo(-1, 9)
        }
      }
    }
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0)
  })

  it.each<[string, ContactSweepOptions]>([
    ['velocities and matrix, circular', { parameters: 'velocities-and-matrix' }],
    ['velocities and matrix, box', { parameters: 'velocities-and-matrix', cone: 'box' }],
    ['velocities and friction, circular', { parameters: 'velocities-and-friction' }],
    ['velocities and friction, box', { parameters: 'velocities-and-friction', cone: 'box' }],
  ])('have derivatives of the sweep and exact ones of its fixed point as central differences do: %s', (_, options) => {
    for (let seed = 1; seed <= 5; seed++) {
      const { A, b, friction } = randomContacts(3, 0.4, 100 * seed)
      const map = contactSweep(A, { friction, ...options })
      const d = Float64Array.of(
        ...b,
        ...(options.parameters === 'velocities-and-matrix' ? A.flat() : friction.map(({ coefficient }) => coefficient)),
      )
      const [w, u] = [normals(9, seed), solved(map, d)]

      // of one sweep, from somewhere
      const from = normals(9, seed + 50).map((value, i) => (i % 3 === 0 ? Math.abs(value) : value))
      const sweptFrom = (start: Float64Array, at: Float64Array) => {
        const out = new Float64Array(9)
        map.apply(start, at, out)
        return out
      }
      const [ofU, ofD] = [new Float64Array(9), new Float64Array(d.length)]
      map.pullBack(from, d, w, ofU, ofD)
      expect(relativeError([ofD], [differences((at) => sweptFrom(from, at), d, w)])).toBeLessThan(1e-6)
      expect(relativeError([ofU], [differences((at) => sweptFrom(at, d), from, w)])).toBeLessThan(1e-6)

      const { gradient } = fixedPointGradient(map, { u, d, w }, { method: 'exact' })
      expect(relativeError([gradient], [differences((at) => solved(map, at), d, w)])).toBeLessThan(1e-6)
    }
  })
})

describe('stacks that slip', () => {
  /** Each box on the one below, pushed to the side: all normals, then all tangents. */
  function slipping(masses: readonly number[]) {
    const n = masses.length
    const { A: single, b } = stack(masses)
    const A = Array.from({ length: 2 * n }, (_, i) =>
      Array.from({ length: 2 * n }, (_, j) => (i < n === j < n ? single[i % n]![j % n]! : 0)),
    )
    const friction = masses.map((_, c) => ({ normal: c, tangents: [n + c], coefficient: 0.3 }))
    return { A, friction, d: Float64Array.of(...b, ...masses.map((_, c) => (c === 0 ? 0.02 : 0.01))) }
  }
  it.each<[string, number[], FixedPointMethod]>([
    ['two light boxes', [1, 1], 'jacobian-free'],
    ['three boxes, each twice the one below', [1, 2, 4], 'neumann'],
    ['ten boxes, each twice the one below', Array.from({ length: 10 }, (_, i) => 2 ** i), 'exact'],
  ])('fall back where contact is stiff: %s', (_, masses, expected) => {
    const { A, friction, d } = slipping(masses)
    const map = contactSweep(A, { friction })
    const { u } = solveFixedPoint(map, d, { maxIterations: 100_000 })
    const watch = gradientWatch({ every: 5 })
    const used: FixedPointMethod[] = []
    for (let k = 0; k < 5; k++) used.push(watchedGradient(map, { u, d, w: normals(u.length, 3) }, watch).method)
    expect(used).toEqual(['exact', ...Array(4).fill(expected)])
    expect(watch.fellBack).toBe(expected !== 'jacobian-free')
  })
})

it('misuse throws', () => {
  const A = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ]
  const make = (change: object, options: object = {}) => {
    const friction = [{ normal: 0, tangents: [1, 2], coefficient: 0.5, ...change }]
    return () => contactSweep(A, { friction, ...options } as ContactSweepOptions)
  }
  expect(make({ tangents: [] })).toThrow('friction[0]: tangents must be one row or two, got 0')
  expect(make({ tangents: [1, 3] })).toThrow('rows must be integers from 0 to 2, got 3')
  expect(make({ tangents: [1, 1] })).toThrow('row 1 is a tangent already')
  expect(make({ normal: 1 })).toThrow('normal 1 is a tangent')
  expect(make({ coefficient: -1 })).toThrow('coefficient must be a finite number ≥ 0, got -1')
  expect(make({}, { cone: 'pyramid' })).toThrow("cone must be 'circular' or 'box', got pyramid")
  expect(make({}, { parameters: 'friction' })).toThrow('parameters must be one of')
})
