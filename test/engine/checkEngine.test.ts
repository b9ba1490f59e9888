import { describe, expect, it } from 'vitest'
import { checkEngine } from '../../src/engine/checkEngine.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { patternFromEntries } from '../../src/linalg/pattern.ts'
import { doubleIntegrator } from '../experiment/engines.ts'

const sound = doubleIntegrator()
const exact = {
  derivatives(_x: Float64Array, _u: Float64Array, A: Float64Array, B: Float64Array) {
    A.set([1, 0.1, 0, 1])
    B.set([0.01, 0.1])
  },
}
const full = patternFromEntries(2, 3, [
  [0, 0],
  [0, 1],
  [1, 1],
  [0, 2],
  [1, 2],
])

async function failures(engine: Engine, point = engine.home): Promise<Record<string, string>> {
  const { passed, checks } = await checkEngine(engine, point)
  const failed = checks.filter((check) => !check.passed)
  expect(passed).toBe(failed.length === 0)
  return Object.fromEntries(failed.map(({ name, detail }) => [name, detail]))
}

describe('checkEngine', () => {
  it('passes a sound engine in everything it has', async () => {
    const { passed, checks } = await checkEngine({ ...sound, ...exact, structure: () => full })
    expect(passed).toBe(true)
    expect(checks.map(({ name }) => name)).toEqual([
      'layout',
      'finite',
      'purity',
      'tangent',
      'smoothness',
      'structure',
      'derivatives',
    ])
  })

  it('finds a hidden state: a warm start that the last step left behind', async () => {
    let warm = 0
    const engine = doubleIntegrator({
      after: (xNext, _x, u) => {
        xNext[1]! += 1e-16 * warm + 1e-15 * Math.sign(warm)
        warm = u[0]!
      },
    })
    expect((await failures(engine)).purity).toMatch(/cart\.velocity differs after 1 detour$/)
  })

  it('finds what one NaN leaves behind for good', async () => {
    let last = 0
    const engine = doubleIntegrator({
      after: (xNext, x) => {
        last = 0 * (last + x[0]!)
        xNext[1]! += last
      },
    })
    expect((await failures(engine)).purity).toMatch(/cart\.velocity differs after a step from a state of NaN/)
  })

  it('bears with a step that refuses NaN by throwing', async () => {
    const engine: Engine = {
      ...sound,
      step(x, u, xNext) {
        if (!Number.isFinite(x[0])) throw new RangeError('no number')
        sound.step(x, u, xNext)
      },
    }
    expect(await failures(engine)).toEqual({})
  })

  it('finds a step that counts', async () => {
    let steps = 0
    const engine = doubleIntegrator({ after: (xNext) => void xNext.fill(++steps, 0, 1) })
    expect((await failures(engine)).purity).toMatch(/cart\.position differs when the step is repeated/)
  })

  it('finds a step that writes into its inputs', async () => {
    const engine: Engine = {
      ...sound,
      step(x, u, xNext) {
        sound.step(x, u, xNext)
        u.fill(1)
      },
    }
    expect((await failures(engine)).purity).toMatch(/changes its inputs/)
    expect([...engine.home.u]).toEqual([0])
  })

  it('finds a step that cannot be done in place', async () => {
    const engine: Engine = {
      ...sound,
      step(x, u, xNext) {
        xNext[1] = x[1]! + 0.1 * u[0]! + 0.01
        xNext[0] = x[0]! + 0.1 * x[1]!
      },
    }
    expect((await failures(engine)).purity).toMatch(/cart\.position differs when stepped in place/)
  })

  it('finds NaN at once, and stops there', async () => {
    const engine = doubleIntegrator({ after: (xNext) => void xNext.fill(Number.NaN, 1) })
    expect(await failures(engine)).toEqual({ finite: 'cart.velocity is NaN after one step' })
  })

  it('finds a tangent whose ⊖ is not the inverse of its ⊕', async () => {
    const engine: Engine = { ...sound, difference: (a, b, out) => void out.set(a.map((v, i) => 1.001 * (v - b[i]!))) }
    expect((await failures(engine)).tangent).toMatch(/misses dx in cart\.position/)
  })

  it('finds a contact that opens exactly at the point, which central differences overlook', async () => {
    const floor = doubleIntegrator({ after: (xNext, x) => void (x[0]! < 0 && xNext.fill(xNext[1]! - 100 * x[0]!, 1)) })
    expect((await failures(floor)).smoothness).toMatch(/∂ cart\.velocity \/ ∂ cart\.position.*from the left.*contact/)
    const inside = { x: Float64Array.of(-0.5, 0), u: Float64Array.of(0) }
    expect(await failures(floor, inside)).toEqual({})
  })

  it('finds a step that is rough between h/10 and h', async () => {
    const gravel = doubleIntegrator({
      after: (xNext, x) => void xNext.fill(xNext[1]! + 1e-4 * Math.sin(3e4 * x[0]!), 1),
    })
    const found = (await failures(gravel)).smoothness
    // A sine of wave length 2e-4: its quotient is off by (3e4 h)²/6, which is 5e-3 at h = 6e-6 and 5e-5 at a tenth of that.
    expect(found).toMatch(/cart\.velocity \/ ∂ cart\.position.* smooth only at steps up to 6\.1e-7$/)
  })

  it('says up to which step a point is smooth', async () => {
    const detail = async (gap: number) => {
      const floor = doubleIntegrator({
        after: (xNext, x) => void (x[0]! < -gap && xNext.fill(xNext[1]! - 100 * (x[0]! + gap), 1)),
      })
      return (await checkEngine(floor)).checks.find(({ name }) => name === 'smoothness')!.detail
    }
    expect(await detail(1)).toMatch(/smooth up to steps of 6\.1e-3 at least$/)
    expect(await detail(1e-4)).toMatch(/smooth up to steps of 6\.1e-5$/)
    expect(await detail(1e-5)).toMatch(/smooth up to steps of 6\.1e-6$/)
  })

  it('finds an entry outside the structure', async () => {
    const narrow = patternFromEntries(2, 3, [
      [0, 0],
      [1, 1],
      [0, 2],
      [1, 2],
    ])
    expect((await failures({ ...sound, structure: () => narrow })).structure).toMatch(
      /∂ cart\.position \/ ∂ cart\.velocity = 0\.100 is outside/,
    )
  })

  it('finds an entry outside the structure however small it is beside the others of its column', async () => {
    const engine = doubleIntegrator({
      after: (xNext, x) => {
        xNext.fill(xNext[1]! + 1e3 * x[1]!, 1)
        xNext.fill(x[0]! + 1e-5 * x[1]!, 0, 1)
      },
    })
    const narrow = patternFromEntries(2, 3, [
      [0, 0],
      [1, 1],
      [1, 2],
    ])
    expect((await failures({ ...engine, structure: () => narrow })).structure).toMatch(
      /∂ cart\.position \/ ∂ cart\.velocity = 0\.0000100 is outside/,
    )
  })

  it('passes on what an engine says of steps that it could not solve', async () => {
    let right = false
    const engine: Engine = {
      ...sound,
      step(x, u, xNext) {
        right = x[0]! <= 0
        sound.step(x, u, xNext)
      },
      trouble: () => (right ? null : 'contacts did not converge'),
    }
    expect((await failures(engine)).convergence).toBe('contacts did not converge')
    const { checks } = await checkEngine({ ...engine, trouble: () => null })
    expect(checks.find(({ name }) => name === 'convergence')?.passed).toBe(true)
  })

  it('finds derivatives that are wrong', async () => {
    const engine: Engine = {
      ...sound,
      derivatives(x, u, A, B) {
        exact.derivatives(x, u, A, B)
        B[1] = 0.2
      },
    }
    expect((await failures(engine)).derivatives).toMatch(/∂ cart\.velocity \/ ∂ u0 is 0\.200000, differences give 0\.1/)
  })

  it('finds a layout that does not fit, and steps no further', async () => {
    const engine: Engine = {
      ...sound,
      layout: { ...sound.layout, nx: 3 },
      step: () => {
        throw new Error('stepped')
      },
    }
    expect(await failures(engine)).toEqual({ layout: 'number of x names is 2, not 3' })
    const twins = { ...sound.layout, dx: [sound.layout.dx[0]!, sound.layout.dx[0]!] }
    expect((await failures({ ...sound, layout: twins })).layout).toMatch(/two dx entries are named cart\.position/)
  })

  it('stops when aborted', async () => {
    const slow = doubleIntegrator({
      after: () => {
        const until = performance.now() + 15
        while (performance.now() < until);
      },
    })
    await expect(checkEngine(slow, slow.home, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
  })
})
