import { describe, expect, it } from 'vitest'
import { taskCost } from '../../src/experiment/taskCost.ts'
import { InputError } from '../../src/scene/inputError.ts'
import { doubleIntegrator } from './engines.ts'

const { layout } = doubleIntegrator()

describe('taskCost', () => {
  it('puts named weights on their coordinates and zero elsewhere', () => {
    const { Q, R } = taskCost({ Q: { 'cart.velocity': 3 }, R: 0.1 }, layout)
    expect(Q.to2DArray()).toEqual([
      [0, 0],
      [0, 3],
    ])
    expect(R.to2DArray()).toEqual([[0.1]])
  })

  it('takes one number for all, or a list', () => {
    expect(taskCost({ Q: 2, R: [5] }, layout).Q.diagonal()).toEqual([2, 2])
    expect(taskCost({ Q: [1, 2], R: { u0: 5 } }, layout)).toMatchObject({})
    expect(taskCost({ Q: [1, 2], R: { u0: 5 } }, layout).R.to2DArray()).toEqual([[5]])
  })

  it.each([
    [
      { Q: { 'pole.angle': 1 }, R: 1 },
      /Q\.pole\.angle: expected a weight of one of "cart\.position", "cart\.velocity", found "pole\.angle"/,
    ],
    [{ Q: [1], R: 1 }, /Q: expected 2 weights, one per coordinate, found 1/],
    [{ Q: { 'cart.position': -1 }, R: 1 }, /Q\.cart\.position: expected a finite weight ≥ 0, found -1/],
    [{ Q: 1, R: [Number.NaN] }, /R\[0\]: expected a finite weight ≥ 0, found NaN/],
    [{ Q: Infinity, R: 1 }, /Q: expected a finite weight/],
    [{ Q: 1, R: { toString: 1 } }, /R\.toString/],
  ])('names the weight at fault in %j', (task, message) => {
    expect(() => taskCost(task, layout)).toThrow(InputError)
    expect(() => taskCost(task, layout)).toThrow(message)
  })
})
