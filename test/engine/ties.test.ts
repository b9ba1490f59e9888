import { describe, expect, it } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { random } from '../../src/linalg/random.ts'
import { expandTies } from '../../src/linalg/ties.ts'
import { listScenes, loadScene } from '../../src/scene/loadScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { fiveBars, parallelogram } from '../fixtures/loops.ts'
import { arm3d, boxes, cartsOnRail, mixedTree, planarChain, pressOnFloor, strongJet } from '../fixtures/scenes.ts'

const scenes: [string, Scene][] = [
  ...(await Promise.all(
    // the arena's robots are here one by one
    (
      await listScenes()
    )
      .filter((name) => name !== 'arena')
      .map(async (name): Promise<[string, Scene]> => [name, await loadScene(name)]),
  )),
  ['3-D arm with damping', arm3d()],
  ['mixed tree', mixedTree()],
  ['damped chain', planarChain(4, { damping: 0.1 })],
  ['box on a floor', boxes(1)],
  ['carts on a rail', cartsOnRail()],
  ['press on a floor', pressOnFloor({ type: 'sphere', radius: 0.1 }, { home: 0.0999, stiffness: 1e5 })],
  ['jet and ram', strongJet()],
  ['a five-bar leg aloft', fiveBars({ legs: 1 })],
  ['a loop between two trees', parallelogram({ angle: 0.4 }).scene],
]

/** [A B] by central differences, row-major. */
function dense(engine: Engine, x: Float64Array, u: Float64Array): Float64Array {
  const { nx, ndx, nu } = engine.layout
  const n = ndx + nu
  const J = new Float64Array(ndx * n)
  const h = 1e-5
  const sides = [new Float64Array(nx), new Float64Array(nx)] as const
  const apart = new Float64Array(ndx)
  for (let j = 0; j < n; j++) {
    sides.forEach((side, s) => {
      const d = new Float64Array(ndx)
      const control = u.slice()
      const amount = s === 0 ? h : -h
      if (j < ndx) d[j] = amount
      else control[j - ndx]! += amount
      engine.integrate(x, d, side)
      engine.step(side, control, side)
    })
    engine.difference(sides[0], sides[1], apart)
    for (let i = 0; i < ndx; i++) J[i * n + j] = apart[i]! / (2 * h)
  }
  return J
}

const small = new Set([
  'cartpole',
  'quadrotor',
  '3-D arm with damping',
  'mixed tree',
  'damped chain',
  'carts on a rail',
])
const cases = scenes.flatMap(([name, scene]) => [
  { name, coordinates: 'reduced' as const, scene },
  ...(small.has(name) ? [{ name, coordinates: 'maximal' as const, scene }] : []),
])

describe.each(cases)('$name, $coordinates coordinates', ({ scene, coordinates }) => {
  it('keeps every tie that the engine states, at home, at rest elsewhere and in motion', () => {
    const engine = cannonEngine(scene, { coordinates })
    const { nx, ndx, nq, nu } = engine.layout
    const { uniform } = random(5)
    for (let trial = 0; trial < 7; trial++) {
      const x = engine.home.x.slice()
      const u = engine.home.u.slice()
      if (trial > 0) {
        const size = trial % 2 === 1 ? 0.01 : 0.8
        const d = Float64Array.from({ length: ndx }, () => size * (2 * uniform() - 1))
        engine.integrate(x, d, x)
        for (let k = 0; k < nu; k++) u[k] = u[k]! + uniform()
        if (trial < 4) x.fill(0, nq)
      }
      const xNext = new Float64Array(nx)
      engine.step(x, u, xNext)
      const ties = engine.ties!(x, u, xNext)
      const J = dense(engine, x, u)
      const expanded = J.slice()
      expandTies(expanded, ties)
      const scale = Math.max(...J.map(Math.abs))
      const named = [...engine.layout.dx, ...engine.layout.u].map(({ name }) => name)
      for (let k = 0; k < J.length; k++) {
        const column = ties.tiedColumns.find(({ column: c }) => c === k % (ndx + nu))?.reason
        const where = `trial ${trial}: ${named[Math.floor(k / (ndx + nu))]} by ${named[k % (ndx + nu)]} (${column})`
        expect(Math.abs(expanded[k]! - J[k]!), where).toBeLessThan(1e-7 * scale)
      }
    }
  })
})

describe('what is left to measure', () => {
  const free = (scene: Scene, x?: (engine: Engine) => Float64Array) => {
    const engine = cannonEngine(scene)
    const at = x?.(engine) ?? engine.home.x
    const xNext = at.slice()
    engine.step(at, engine.home.u, xNext)
    const ties = engine.ties!(at, engine.home.u, xNext)
    return { columns: ties.cols - ties.tiedColumns.length, rows: ties.rows - ties.tiedRows.length }
  }

  it('of a cart-pole upright: the angle and the motor, in two rows', async () => {
    expect(free(await loadScene('cartpole'))).toEqual({ columns: 2, rows: 2 })
  })

  it('of a hovering quadrotor: two tilts and four rotors', async () => {
    expect(free(await loadScene('quadrotor'))).toEqual({ columns: 6, rows: 6 })
  })

  it('of a driven, damped arm of 5 at rest: its angles and motors; in motion all but the position rows', () => {
    expect(free(arm3d())).toEqual({ columns: 10, rows: 5 })
    const moving = (engine: Engine) => engine.home.x.map((value, k) => (k < 5 ? value : 0.1))
    expect(free(arm3d(), moving)).toEqual({ columns: 15, rows: 5 })
  })

  it('of a box on a floor: its height, tilts and speeds', () => {
    expect(free(boxes(1))).toEqual({ columns: 9, rows: 6 })
  })
})
