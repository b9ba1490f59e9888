import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine, Point } from '../../src/engine/engine.ts'
import { random } from '../../src/linalg/random.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { linearizeAlong } from '../../src/linearization/linearizeAlong.ts'
import { balls } from '../fixtures/scenes.ts'

const COUNT = 6
const STEPS = 40
const EVERY = 8

/** Balls thrown at the floor: every eighth point of their way. */
function fall(engine: Engine, seed: number): Point[] {
  const { normal, uniform } = random(seed)
  const { x: home, u } = engine.home
  const x = home.slice()
  for (let i = 0; i < COUNT; i++) {
    x[7 * i + 2] = 0.12 + 0.3 * uniform()
    for (let k = 0; k < 6; k++) x[7 * COUNT + 6 * i + k] = 0.5 * normal()
  }
  const points: Point[] = []
  for (let k = 0; k < STEPS; k++) {
    if (k % EVERY === 0) points.push({ x: x.slice(), u })
    engine.step(x, u, x)
  }
  return points
}

describe('along 50 trajectories of balls that fall onto a floor', () => {
  it('no certified linearization is off by more than 1e-5, at a quarter of the calls of dense differences or less', async () => {
    let calls = 0
    let denseCalls = 0
    let certified = 0
    let foundAgain = 0
    let total = 0
    for (let seed = 1; seed <= 50; seed++) {
      const engine = cannonEngine(balls(COUNT))
      const points = fall(engine, seed)
      const lins = await linearizeAlong(engine, points)
      for (const [k, lin] of lins.entries()) {
        total++
        calls += lin.quality.calls
        if (lin.quality.notes.some((note) => note.includes('found again'))) foundAgain++
        const dense = await linearize(engine, points[k], { method: 'dense' })
        denseCalls += dense.quality.calls
        if (!lin.quality.certified) continue
        certified++
        let apart = 0
        let size = 0
        for (let i = 0; i < lin.A.rows; i++)
          for (let j = 0; j < lin.A.columns; j++) {
            apart += (lin.A.get(i, j) - dense.A.get(i, j)) ** 2
            size += dense.A.get(i, j) ** 2
          }
        expect(Math.sqrt(apart / size), `seed ${seed}, point ${k}`).toBeLessThan(1e-5)
      }
    }
    expect(total).toBe((50 * STEPS) / EVERY)
    expect(certified / total).toBeGreaterThan(0.9)
    expect(calls / denseCalls).toBeLessThan(0.25)
    // the trajectories do meet the floor
    expect(foundAgain).toBeGreaterThan(0)
  })
})

describe('a trajectory', () => {
  it('has the defects f(x_k, u_k) ⊖ x_{k+1} as c, zero where the engine made it', async () => {
    const engine = cannonEngine(balls(1))
    const x0 = engine.home.x
    const x1 = x0.slice()
    engine.step(x0, engine.home.u, x1)
    const moved = x1.slice()
    moved[0]! += 0.5
    const { u } = engine.home
    const [first, second] = await linearizeAlong(engine, [
      { x: x0, u },
      { x: moved, u },
    ])
    expect(first!.c[0]).toBeCloseTo(-0.5, 12)
    expect([...second!.c]).toEqual(new Array(12).fill(0))
  })

  it('reports points as progress and stops when aborted', async () => {
    const engine = cannonEngine(balls(1))
    const stop = new AbortController()
    const seen: number[] = []
    const points = Array.from({ length: 5 }, () => engine.home)
    const run = linearizeAlong(engine, points, {
      signal: stop.signal,
      onProgress: (done) => {
        seen.push(done)
        if (done === 2) stop.abort(new Error('enough'))
      },
    })
    await expect(run).rejects.toThrow('enough')
    expect(seen).toEqual([1, 2])
  })
})
