/** Designs that travel: loops as matrices, controllers of plain data, and settings of any origin. */
import { Matrix } from 'ml-matrix'
import { afterAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/engine/createEngine.ts'
import { checkControllerSettings } from '../../src/experiment/checkControllerSettings.ts'
import { closedLoop } from '../../src/experiment/closedLoop.ts'
import { controllerOf } from '../../src/experiment/controllerOf.ts'
import type { ControllerSettings } from '../../src/experiment/controllerSettings.ts'
import { designController } from '../../src/experiment/designController.ts'
import { DesignFailure } from '../../src/experiment/designFailure.ts'
import { parseControllerSettings } from '../../src/experiment/parseControllerSettings.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { eigenvalues } from '../../src/linalg/eigenvalues.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'

const engine = await createEngine(await loadScene('cartpole'))
const lin = await linearize(engine)
const cost = { Q: Matrix.diag([1, 10, 1, 1]), R: Matrix.diag([0.1]) }
const x0 = Float64Array.of(0, 0.3, 0, 0)
const designed = (settings: ControllerSettings) => designController(engine, lin, settings, { cost, x0, duration: 1 })
const sizes = ({ re, im }: { re: Float64Array; im: Float64Array }) =>
  Array.from(re, (real, k) => Math.hypot(real, im[k]!)).sort((a, b) => b - a)
afterAll(() => engine.dispose())

const ALL: readonly ControllerSettings[] = [
  { controller: 'lqr' },
  { controller: 'lqr', integral: ['slide.position'] },
  { controller: 'lqg' },
  { controller: 'mpc', horizon: 0.5, every: 2 },
  { controller: 'ilqr', horizon: 1 },
]

describe('a design', () => {
  test.each(ALL)(
    '$controller is plain data: what a clone of it makes does the same, and holds the pole up',
    async (settings) => {
      const { design } = await designed(settings)
      const run = async (of: typeof design) =>
        simulate(engine, (await controllerOf(engine, of)).controller, { x0, duration: 4 })
      const [one, other] = [await run(design), await run(structuredClone(design))]
      expect(other.X).toEqual(one.X)
      expect(Math.abs(one.dX.at(-3)!)).toBeLessThan(0.1)
    },
  )

  test('the loop with integrals has the eigenvalues of its design; with a filter those of regulator and filter', async () => {
    const integral = await designed({ controller: 'lqr', integral: ['slide.position'] })
    const ofIntegral = sizes(eigenvalues(closedLoop(integral.design, lin)!))
    for (const [k, size] of sizes(integral.regulator!.eigenvalues!).entries())
      expect(ofIntegral[k]).toBeCloseTo(size, 9)
    const { design, regulator, estimator } = await designed({ controller: 'lqg' })
    const both = [...sizes(regulator!.eigenvalues!), ...sizes(estimator!.filter.eigenvalues!)].sort((a, b) => b - a)
    const found = sizes(eigenvalues(closedLoop(design, lin)!))
    expect(found).toHaveLength(8)
    for (const [k, size] of both.entries()) expect(found[k]).toBeCloseTo(size, 6)
  })

  test('what can’t be had is a DesignFailure with the mode', async () => {
    const idle = { ...lin, B: Matrix.zeros(4, 1) }
    await expect(designController(engine, idle, { controller: 'lqr' }, { cost, x0, duration: 1 })).rejects.toThrow(
      DesignFailure,
    )
    await expect(designed({ controller: 'lqg', outputs: ['pole.angle'] })).rejects.toThrow(/^lqg: .*slide\.position/)
  })
})

describe('settings', () => {
  test('of a form or a link are read, and what is unknown is left out', () => {
    for (const settings of ALL) {
      expect(parseControllerSettings(JSON.parse(JSON.stringify({ ...settings, more: 1 })))).toEqual(settings)
      checkControllerSettings(settings, engine.layout)
    }
  })

  test.each<[unknown, string]>([
    [null, 'controller: expected one of none, lqr, lqg, ilqr, mpc, found none'],
    [
      { controller: 'lqrr' },
      'controller: expected one of none, lqr, lqg, ilqr, mpc, found "lqrr" (did you mean "lqr"?)',
    ],
    [{ controller: 'lqr', integral: 'slide.position' }, 'integral: expected a list of names, found "slide.position"'],
    [{ controller: 'lqr', qz: -1 }, 'qz: expected a finite number ≥ 0, or some by name, found -1'],
    [
      { controller: 'lqg', processNoise: { positions: '1' } },
      'processNoise: expected a finite number ≥ 0, or some by name, found {"positions":"1"}',
    ],
    [{ controller: 'mpc', horizon: 0 }, 'horizon: expected seconds > 0, at most 60, found 0'],
    [{ controller: 'mpc', iterations: 1e9 }, 'iterations: expected a whole number, 1 … 1000, found 1000000000'],
  ])('%j is refused', (value, message) => {
    expect(() => parseControllerSettings(value)).toThrow(message)
  })
})
