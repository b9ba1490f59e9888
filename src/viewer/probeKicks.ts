/** Kicks from all sides and of many sizes: which of them does the closed loop survive? */
import type { Controller } from '../control/controller.ts'
import { simulate } from '../experiment/simulate.ts'
import type { Vec3 } from '../scene/scene.ts'
import { bodyImpulse } from './bodyImpulse.ts'
import type { Robot } from './openRobot.ts'

export interface ProbedKick {
  readonly angle: number // rad, from x towards y
  readonly size: number // N·s per kg of the body
  readonly survived: boolean
}

const DIRECTIONS = 16
const SIZES = 8
const FIRST = 0.25 // N·s/kg
const LARGEST = 64
const DURATION = 5 // s
const WITHIN = 0.05 // of every coordinate in the last tenth of a run that survived

/** The last body, at its centre of mass, horizontally. Sizes up to twice the one that is too much from the first side. */
export async function probeKicks(
  robot: Robot,
  controller: Controller,
  xBar: Float64Array,
  onProgress: (done: number, total: number) => void,
): Promise<ProbedKick[]> {
  const { engine, figure } = robot
  const { ndx } = engine.layout
  const body = figure.bodies.length - 1
  const { com, mass } = figure.bodies[body]!
  const changeBy = bodyImpulse(robot)
  const run = async (angle: number, size: number): Promise<ProbedKick> => {
    const impulse: Vec3 = [size * mass * Math.cos(angle), size * mass * Math.sin(angle), 0]
    const x0 = new Float64Array(xBar.length)
    engine.integrate(xBar, changeBy(xBar, { body, point: com, impulse }), x0)
    const { result, dX, steps } = await simulate(engine, controller, { x0, xBar, duration: DURATION })
    const end = dX.subarray(Math.floor(0.9 * steps) * ndx)
    return { angle, size, survived: result === 'completed' && end.every((value) => Math.abs(value) <= WITHIN) }
  }
  let most = FIRST
  while (most < LARGEST && (await run(0, most)).survived) most *= 2
  const kicks: ProbedKick[] = []
  for (let k = 0; k < DIRECTIONS; k++)
    for (let s = 1; s <= SIZES; s++) {
      kicks.push(await run((2 * Math.PI * k) / DIRECTIONS, (most * s) / SIZES))
      onProgress(kicks.length, DIRECTIONS * SIZES)
    }
  return kicks
}
