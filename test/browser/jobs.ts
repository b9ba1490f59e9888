/** What is linearized in browsers and in Node, to be compared. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Job } from './page/experiment.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const MJCF = `<mujoco><option timestep="0.01"/><worldbody>
  <body><joint name="slide" type="slide" axis="1 0 0"/><geom type="box" size=".2 .1 .05" mass="1"/>
    <body><joint name="pole" axis="0 1 0"/><geom type="capsule" fromto="0 0 0 0 0 .6" size=".02" mass=".1"/></body>
  </body></worldbody><actuator><motor name="motor" joint="slide"/></actuator></mujoco>`
const URDF = `<robot name="swing"><link name="base"/><link name="rod"><inertial><origin xyz="0 0 -.3"/><mass value=".5"/>
  <inertia ixx=".01" iyy=".01" izz=".001" ixy="0" ixz="0" iyz="0"/></inertial></link>
  <joint name="swing" type="continuous"><parent link="base"/><child link="rod"/><axis xyz="0 1 0"/><dynamics damping=".1"/></joint></robot>`

export function sceneJob(name: string, engine: string): Job {
  const folder = join(ROOT, 'scenes', name)
  const urdfs = readdirSync(folder).filter((file) => file.endsWith('.urdf'))
  return {
    kind: 'scene',
    source: JSON.parse(readFileSync(join(folder, 'scene.json'), 'utf8')),
    files: Object.fromEntries(urdfs.map((file) => [file, readFileSync(join(folder, file), 'utf8')])),
    engine,
  }
}

export const JOBS: readonly (readonly [what: string, job: Job])[] = [
  ['cartpole in cannon', sceneJob('cartpole', 'cannon')],
  ['quadrotor in cannon', sceneJob('quadrotor', 'cannon')],
  ['chains in cannon', sceneJob('chains', 'cannon')],
  ['minitaur in cannon', sceneJob('minitaur', 'cannon')],
  ['cartpole in mujoco', sceneJob('cartpole', 'mujoco')],
  ['hopper in mujoco', sceneJob('hopper', 'mujoco')],
  ['an MJCF text', { kind: 'mjcf', source: MJCF, engine: 'mujoco' }],
  ['a URDF text', { kind: 'urdf', source: URDF, engine: 'cannon' }],
  ['cartpole in rapier', sceneJob('cartpole', 'rapier')],
]

/** Largest difference of entries, relative to the largest entry. */
export function apart(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length)
  const size = b.reduce((max, value) => Math.max(max, Math.abs(value)), 1)
  return a.reduce((max, value, k) => Math.max(max, Math.abs(value - b[k]!)), 0) / size
}
