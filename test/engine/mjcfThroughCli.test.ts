/** Every MJCF of other projects through the command line, at home: as the centered mjd_transitionFD with the same step. */
import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadMjcf } from '../../src/engine/mujoco/loadMjcf.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { invoke } from '../cli/invoke.ts'
import { transitionFD } from '../oracle/mjcf.ts'

const MODELS = new URL('../../../shared/data/models/', import.meta.url).pathname

/** Why the step has no certified derivative at home, by model; what the certificate has to say. */
const NOT_SMOOTH: Readonly<Record<string, RegExp>> = {
  'mujoco/humanoid.xml': /left and right differences disagree/, // both feet touch the floor to 1e-16 m
  'dm_control/walker.xml': /left and right differences disagree/, // both feet come within reach of 1e-6 m
  'drake/acrobot.xml': /disagree with its step/, // a sphere of the world is centred on the axis of a cylinder: no contact normal
}
const RK4 = ['dm_control/acrobot.xml', 'dm_control/cartpole.xml']
/** Without joints (parts of others), or of minutes (the benchmark `engines` has it). */
const LEFT_OUT = /^dm_control\/(common\/|lqr\.xml)|22_humanoids/

function relativeDistance(found: number[][], expected: Float64Array, diagonal: number): number {
  let apart = 0
  let size = 0
  for (const [i, row] of found.entries())
    for (const [j, value] of row.entries()) {
      const other = expected[i * row.length + j]!
      apart += (value - other) ** 2
      size += (other - (i === j ? diagonal : 0)) ** 2
    }
  return size === 0 ? Math.sqrt(apart) : Math.sqrt(apart / size)
}

describe.skipIf(!existsSync(MODELS))('jacsense linearize file.xml --engine mujoco --json', () => {
  const names = existsSync(MODELS)
    ? readdirSync(MODELS, { recursive: true, encoding: 'utf8' }).filter(
        (name) => name.endsWith('.xml') && !LEFT_OUT.test(name) && !RK4.includes(name),
      )
    : []

  it.each(names)('%s: A − I and B as mjd_transitionFD, certified or with the reason', async (name) => {
    const mjcf = await loadMjcf(MODELS + name)
    const { code, stdout } = await invoke('linearize', MODELS + name, '--engine', 'mujoco', '--json')
    const { A, B, quality } = JSON.parse(stdout)
    const reason = NOT_SMOOTH[name]
    expect(quality.certified, quality.notes.join('; ')).toBe(reason === undefined)
    expect(code).toBe(reason === undefined ? 0 : 1)
    if (reason) expect(quality.notes.join('; ')).toMatch(reason)

    const engine = await mujocoEngine(mjcf)
    const { home } = engine
    engine.dispose()
    // At MuJoCo's own solver tolerance of 1e-8, two models have a dead zone around home: the solver stops before it starts.
    const reference = await transitionFD(mjcf, home, { eps: 1e-6, tolerance: 1e-12 })
    expect(relativeDistance(A, reference.A, 1), 'A − I').toBeLessThan(1e-6)
    if (reference.B.length > 0) expect(relativeDistance(B, reference.B, 0), 'B').toBeLessThan(1e-6)
  })

  it.each(RK4)('%s: certified, where mjd_transitionFD refuses RK4', async (name) => {
    const { code, stdout } = await invoke('linearize', MODELS + name, '--engine', 'mujoco', '--json')
    expect([code, JSON.parse(stdout).quality.certified]).toEqual([0, true])
    const engine = await mujocoEngine(await loadMjcf(MODELS + name))
    await expect(transitionFD(await loadMjcf(MODELS + name), engine.home)).rejects.toThrow(/RK4/)
    engine.dispose()
  })
})
