/** Keyframes of an MJCF model as points of operation. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { invoke } from './invoke.ts'

const XML = `<mujoco>
  <worldbody>
    <body name="base" pos="0 0 1"><freejoint name="base"/><geom size=".1" mass="1"/>
      <body name="arm" pos="0 0 .3"><joint name="arm" axis="0 1 0"/><geom size=".05" mass=".2" pos="0 0 .2"/></body>
    </body>
  </worldbody>
  <actuator><motor name="motor" joint="arm"/></actuator>
  <keyframe>
    <key name="tilted" qpos="1 2 3 2 0 0 0 .5" qvel="0 0 0 0 0 0 .25" ctrl=".75"/>
    <key qpos="0 0 0 1 0 0 0 -.5"/>
  </keyframe>
</mujoco>`
const file = join(mkdtempSync(join(tmpdir(), 'keyframes-')), 'arm.xml')
writeFileSync(file, XML)

describe('keyframes', () => {
  test('are points of the engine, with quaternions of length one', async () => {
    const engine = await mujocoEngine(XML)
    expect([...engine.keyframes!.keys()]).toEqual(['tilted', 'key1'])
    const { x, u } = engine.keyframes!.get('tilted')!
    expect([...x]).toEqual([1, 2, 3, 1, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0.25])
    expect([...u]).toEqual([0.75])
    engine.dispose()
  })

  test('--at key:<name> linearizes there', async () => {
    const { code, stdout } = await invoke('linearize', file, '--engine', 'mujoco', '--at', 'key:tilted', '--json')
    expect(code).toBe(0)
    const { xBar, uBar } = JSON.parse(stdout)
    expect(xBar.slice(0, 8)).toEqual([1, 2, 3, 1, 0, 0, 0, 0.5])
    expect(uBar).toEqual([0.75])
  })

  test('a name that is not there is answered with those that are', async () => {
    const { code, stdout, stderr } = await invoke('linearize', file, '--engine', 'mujoco', '--at', 'key:titled')
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain('--at: expected a keyframe of the model: "tilted", "key1", found "key:titled"')
    expect(stderr).toContain('did you mean "tilted"?')
    const scene = await invoke('linearize', 'cartpole', '--at', 'equilibrium:key:up')
    expect(scene.code).toBe(2)
    expect(scene.stderr).toContain('MJCF models in MuJoCo may have them')
  })

  test('what control cannot reach is kept where one weight is for all, refused where weights go by name', async () => {
    const kept = await invoke('lqr', 'minitaur', '--engine', 'mujoco', '--at', 'equilibrium')
    expect(kept.code).toBe(0)
    expect(kept.stdout).toContain('no control reaches, and the cost leaves out')
    expect(kept.stdout).toMatch(/slowest mode .*, falls to 1\/e in .* s, beside 3 modes that stay/)
    const named = ['lqr', 'minitaur', '--engine', 'mujoco', '--at', 'equilibrium', '--q', 'chassis.x=1,chassis.rx=1']
    const refused = await invoke(...named)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('--unreached keep lets them stay')
  })
})
