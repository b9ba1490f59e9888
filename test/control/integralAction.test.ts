import { Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { dare } from '../../src/control/dare.ts'
import { integralAction } from '../../src/control/integralAction.ts'
import { integralController } from '../../src/control/integralController.ts'
import { lqr } from '../../src/control/lqr.ts'
import { lqrController } from '../../src/control/lqrController.ts'
import { createEngine } from '../../src/engine/createEngine.ts'
import { simulate } from '../../src/experiment/simulate.ts'
import { maxAbs } from '../../src/linalg/dense.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import { linearEngine } from '../experiment/engines.ts'

const weights = { Q: Matrix.diag([1, 10, 1, 1]), R: [[0.1]] }

describe('integralAction', () => {
  test('a scalar system is that of the augmented equation, written out', () => {
    const found = integralAction({ A: [[0.9]], B: [[1]], dt: 0.1 }, { Q: [[1]], R: [[1]], Qz: [[2]], outputs: [[1]] })
    const { K } = dare(
      [
        [0.9, 0],
        [0.1, 1],
      ],
      [[1], [0]],
      [
        [1, 0],
        [0, 2],
      ],
      [[1]],
    )
    expect(found.result).toBe('solved')
    expect(maxAbs(Matrix.sub(new Matrix([[found.K!.get(0, 0), found.Kz!.get(0, 0)]]), K!))).toBeLessThan(1e-13)
  })

  test('a constant force on a cart-pole leaves no error in its place, where LQR alone leaves one', async () => {
    const engine = await createEngine(await loadScene('cartpole'), { engine: 'reference' })
    const lin = await linearize(engine)
    const disturbances = [{ time: 1, duration: 40, control: 'motor', amount: 2 }]
    const plain = lqrController(lin, lqr(lin, weights).K!, engine.difference)
    const offset = await simulate(engine, plain, { duration: 40, disturbances })
    expect(Math.abs(offset.dX.at(-4)!)).toBeGreaterThan(0.1)
    const design = integralAction(lin, { ...weights, outputs: ['slide.position'], Qz: [[1]] })
    expect(design.result).toBe('solved')
    const controller = integralController(lin, design, engine.difference)
    const run = await simulate(engine, controller, { duration: 40, disturbances })
    for (const error of run.dX.slice(-4)) expect(Math.abs(error)).toBeLessThan(1e-6)
    // The integral has taken over what the force asks for: u = −2, so K_z z = 2.
    expect(controller.integral()[0]! * design.Kz!.get(0, 0)).toBeCloseTo(2, 5)
    const again = await simulate(engine, controller, { duration: 40, disturbances })
    expect(again.X).toEqual(run.X)
    engine.dispose()
  })

  test('outputs go to a reference, and integrals stand still while a control is beyond its range', async () => {
    const engine = linearEngine([[0.9]], [[0.1]], { dt: 0.1, range: [-2, 2] })
    const lin = { A: new Matrix([[0.9]]), B: [[0.1]], xBar: new Float64Array(1), uBar: new Float64Array(1), dt: 0.1 }
    const design = integralAction(lin, { Q: [[1]], R: [[0.1]], Qz: [[10]], outputs: [[1]] })
    const model = { ...lin, layout: engine.layout }
    const reachable = integralController(model, design, engine.difference, { reference: [1.5] })
    const run = await simulate(engine, reachable, { duration: 20 })
    expect(run.X.at(-1)!).toBeCloseTo(1.5, 9)
    const beyond = integralController(model, design, engine.difference, { reference: [5] }) // takes u = 5
    await simulate(engine, beyond, { duration: 20 })
    const after20 = beyond.integral()[0]!
    await simulate(engine, beyond, { duration: 200 })
    expect(beyond.integral()[0]!).toBeCloseTo(after20, 9)
    // Once the output is beyond its goal, the integral takes the control back within its range.
    const u = new Float64Array(1)
    for (let k = 0; k < 1000; k++) beyond.control(Float64Array.of(5.1), 0, u)
    expect(u[0]!).toBeLessThan(2)
  })

  test('an output that no control holds is named; misuse throws', () => {
    const layout = { dx: ['free', 'held'].map((name) => ({ name })), u: [{ name: 'u' }] }
    const lin = { A: Matrix.diag([0.5, 0.5]), B: [[0], [1]], layout }
    const cost = { Q: Matrix.eye(2, 2), R: [[1]], Qz: [[1]] }
    const found = integralAction(lin, { ...cost, outputs: ['free'] })
    expect([found.result, found.K, found.Kz]).toEqual(['unstabilizable', null, null])
    expect(found.unstabilizable![0]!.coordinates[0]!.name).toBe('integral of free')
    expect(() => integralAction(lin, { ...cost, outputs: ['free', 'held'] })).toThrow('1 controls can')
    expect(() => integralAction(lin, { ...cost, Qz: Matrix.eye(2, 2), outputs: ['held'] })).toThrow(
      'Qz must be [ny × ny]',
    )
    const model = { A: lin.A, xBar: new Float64Array(2), uBar: new Float64Array(1), dt: 0.1 }
    expect(() => integralController(model, found, () => {})).toThrow('the design failed: no control reaches')
  })
})
