import { describe, expect, it } from 'vitest'
import { findEquilibrium } from '../../src/linearization/findEquilibrium.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { doubleIntegrator } from '../experiment/engines.ts'

const engine = doubleIntegrator()

describe.each([
  ['linearize', linearize],
  ['findEquilibrium', findEquilibrium],
] as const)('%s says what was forgotten', (name, call) => {
  it.each<[string, unknown[], RegExp]>([
    ['the engine', [], /expected an engine as createEngine returns it, found undefined/],
    ['to await it', [Promise.resolve(engine)], /found a Promise: await createEngine/],
    ['that a scene is none', [{ bodies: [] }], /found an object that is none/],
    ['the point', [engine, null], /expected a point \{ x, u \}/],
    ['its control', [engine, { x: new Float64Array(2) }], /expected a point \{ x, u \}/],
    ['its type', [engine, { x: [0, 0], u: [0] }], /Float64Arrays/],
  ])('%s', async (_what, argv, message) => {
    const calling = async () => (call as (...argv: unknown[]) => Promise<unknown>)(...argv)
    await expect(calling()).rejects.toThrow(TypeError)
    await expect(calling()).rejects.toThrow(message)
    await expect(calling()).rejects.toThrow(new RegExp(`^${name}: `))
  })
})
