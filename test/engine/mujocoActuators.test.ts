/** Actuators of MuJoCo that have several controls, which are counted apart from actuators. */
import { expect, test } from 'vitest'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { transitionFD } from '../oracle/mjcf.ts'

const body = (joint: string) => `<body pos="0 0 1"><joint name="${joint}" axis="0 1 0"/><geom size=".1"/></body>`
const xml = `<mujoco><option><flag contact="disable"/></option>
  <worldbody>${['a', 'b', 'c'].map(body).join('')}</worldbody>
  <actuator>
    <dcmotor name="servo" joint="a" motorconst="1" resistance="1" inductance="0 .001" input="pos vel" controller="10 0 5"/>
    <motor name="free" joint="b" ctrlrange="-1 1" ctrllimited="false"/>
    <motor name="bound" joint="c" ctrlrange="-2 3"/>
  </actuator></mujoco>`

test('controls are named after their actuator and input, with their own ranges', async () => {
  const engine = await mujocoEngine(xml)
  const unbounded = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  expect(engine.layout.u.map(({ name, unit, range }) => [name, unit, range])).toEqual([
    ['servo.pos', '', unbounded],
    ['servo.vel', '', unbounded],
    ['free', 'N·m', unbounded],
    ['bound', 'N·m', [-2, 3]],
  ])
  expect(engine.layout.dx.at(-1)!.name).toBe('servo.activation')
  engine.dispose()
})

test('each moves its own tree, and colored A and B are those of mjd_transitionFD', async () => {
  const engine = await mujocoEngine(xml)
  const { A, B, quality } = await linearize(engine, engine.home, { method: 'colored' })
  expect([quality.certified, quality.repairedRows, quality.colors]).toEqual([true, [], 5])
  const reference = await transitionFD({ xml, files: new Map() }, engine.home)
  for (const [M, expected] of [
    [A, reference.A],
    [B, reference.B],
  ] as const)
    for (const [k, value] of M.to1DArray().entries()) expect(Math.abs(value - expected[k]!)).toBeLessThan(1e-8)
  engine.dispose()
})
