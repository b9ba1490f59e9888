import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { Matrix } from 'ml-matrix'
import { describe, expect, it, test } from 'vitest'
import { cannonEngine } from '../../src/engine/cannon/cannonEngine.ts'
import type { Engine, Point } from '../../src/engine/engine.ts'
import { loadMjcf } from '../../src/engine/mujoco/loadMjcf.ts'
import { loadMujoco } from '../../src/engine/mujoco/loadMujoco.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { patternHas } from '../../src/linalg/pattern.ts'
import { random as seeded } from '../../src/linalg/random.ts'
import type { Linearization } from '../../src/linearization/linearization.ts'
import { linearize } from '../../src/linearization/linearize.ts'
import { loadScene } from '../../src/scene/loadScene.ts'
import type { Scene } from '../../src/scene/scene.ts'
import { boxes, mixedTree, planarChain } from '../fixtures/scenes.ts'
import { transitionFD } from '../oracle/mjcf.ts'
import { mujocoOracle } from '../oracle/mujoco.ts'

const NO_FILES = new Map<string, Uint8Array>()

/** ‖lin − reference‖ / ‖reference‖ in the Frobenius norm, over [A − I, B]. */
function relativeDistance({ A, B }: { A: Matrix; B: Matrix }, reference: { A: Float64Array; B: Float64Array }): number {
  let apart = 0
  let size = 0
  const add = (M: Matrix, R: Float64Array, diagonal: number) => {
    for (let i = 0; i < M.rows; i++)
      for (let j = 0; j < M.columns; j++) {
        const expected = R[i * M.columns + j]!
        apart += (M.get(i, j) - expected) ** 2
        size += (expected - (i === j ? diagonal : 0)) ** 2
      }
  }
  add(A, reference.A, 1)
  add(B, reference.B, 0)
  return Math.sqrt(apart / size)
}

const flat = (M: Matrix): Float64Array => Float64Array.from(M.to1DArray())

/** Certified, but for rows so small that rounding hides them: the certificate says so. */
function expectCertified({ quality: { certified, notes, heldOutResidual, tolerance } }: Linearization): void {
  expect(heldOutResidual).toBeLessThanOrEqual(tolerance)
  if (!certified)
    expect(notes.join()).toMatch(/^((?!not certified).)*not certified: rounding hides rows \d+ [^;]*;[^;]*$/)
}

/** A bent, moving state with the controls off their home. */
function bent(engine: Engine, seed: number, size = 0.3): Point {
  const { uniform } = seeded(seed)
  const { nq, nx, ndx, nu } = engine.layout
  const x = engine.home.x.slice()
  engine.integrate(
    x,
    Float64Array.from({ length: ndx }, () => size * (2 * uniform() - 1)),
    x,
  )
  for (let k = nq; k < nx; k++) x[k] = 2 * size * (2 * uniform() - 1)
  return { x, u: Float64Array.from({ length: nu }, (_, k) => engine.home.u[k]! + size * (2 * uniform() - 1)) }
}

describe('scenes of the package', () => {
  const cases: [string, () => Promise<Scene> | Scene][] = [
    ...['pendulum', 'cartpole', 'double-cartpole', 'acrobot', 'quadrotor', 'chains'].map(
      (name): [string, () => Promise<Scene>] => [name, () => loadScene(name)],
    ),
    ['free, ball, slider and fixed joints', () => mixedTree()],
    ['chain of 6 with damping', () => planarChain(6, { damping: 0.1 })],
  ]
  test.each(cases)('%s: sensed, native and mjd_transitionFD agree, and cannon with them', async (_, make) => {
    const scene = await make()
    const engine = await mujocoEngine(scene)
    const oracle = await mujocoOracle(scene)
    const point = bent(engine, 5)
    const reference = oracle.transitionFD(point.x, point.u, 1e-6)
    for (const method of ['dense', 'colored', 'auto', 'native'] as const) {
      const lin = await linearize(engine, point, { method })
      expect(lin.quality.certified, method).toBe(true)
      expect(relativeDistance(lin, reference), method).toBeLessThan(1e-6)
    }
    const cannon = await linearize(cannonEngine(scene), point, { method: 'dense' })
    expect(relativeDistance(cannon, reference), 'cannon').toBeLessThan(1e-6)
    oracle.dispose()
    engine.dispose()
  })

  it('stands boxes on each other: contacts linearized as mjd_transitionFD does', async () => {
    const scene = boxes(2)
    const engine = await mujocoEngine(scene)
    const oracle = await mujocoOracle(scene, { contact: true })
    const x = engine.home.x.slice()
    for (let k = 0; k < 200; k++) engine.step(x, engine.home.u, x)
    const lin = await linearize(engine, { x, u: engine.home.u }, { method: 'dense' })
    expect(lin.quality.certified).toBe(true)
    expect(relativeDistance(lin, oracle.transitionFD(x, engine.home.u, 1e-6))).toBeLessThan(1e-6)
    oracle.dispose()
    engine.dispose()
  })

  it('takes the chain rule over substeps', async () => {
    const scene = await loadScene('double-cartpole')
    const engine = await mujocoEngine(scene, { substeps: 4 })
    const point = bent(engine, 9)
    const sensed = await linearize(engine, point, { method: 'dense' })
    const native = await linearize(engine, point, { method: 'native' })
    expect(relativeDistance(sensed, { A: flat(native.A), B: flat(native.B) })).toBeLessThan(1e-6)
    engine.dispose()
  })
})

const ARM = `
  <worldbody>
    <body name="base" pos="0 0 1"><joint name="slide" type="slide" axis="1 0 0" damping="1"/><geom size=".1" mass="1"/>
      <body pos="0 0 .2"><joint type="hinge" axis="0 1 0" stiffness="3" damping=".2"/>
        <joint type="hinge" axis="1 0 0"/><geom type="capsule" fromto="0 0 0 0 0 .4" size=".05"/>
        <body name="tip" pos="0 0 .5"><joint type="ball" damping=".1"/><geom type="box" size=".1 .05 .02"/></body></body></body>
    <body name="drone" pos="2 0 2"><freejoint/><geom type="ellipsoid" size=".2 .1 .05"/><site name="rotor" pos=".1 0 0"/></body>
  </worldbody>
  <actuator>
    <position name="servo" joint="slide" kp="50" ctrlrange="-1 1"/>
    <motor site="rotor" gear="0 0 3 0 0 .1"/>
    <general name="slow" joint="slide" dyntype="filter" dynprm=".1"/>
    <intvelocity name="crank" joint="slide" kp="20" actrange="-1 1"/>
  </actuator>`
const model = (integrator: string, rest = ARM) =>
  `<mujoco><option timestep="0.004" integrator="${integrator}"/>${rest}<keyframe><key name="home" qpos=".1 .2 -.3 1 0 0 0 2 0 2 1 0 0 0" act=".3 .2" ctrl=".5 2 0 .1"/></keyframe></mujoco>`

describe('MJCF', () => {
  test.each(['Euler', 'implicit', 'implicitfast'])('%s: joints of every type, activations', async (integrator) => {
    const engine = await mujocoEngine(model(integrator))
    for (const point of [engine.home, bent(engine, 3), bent(engine, 4)]) {
      const reference = await transitionFD({ xml: model(integrator), files: NO_FILES }, point)
      for (const method of ['dense', 'colored', 'native'] as const) {
        const lin = await linearize(engine, point, { method })
        expectCertified(lin)
        expect(relativeDistance(lin, reference), method).toBeLessThan(1e-6)
      }
    }
    engine.dispose()
  })

  it('names coordinates after joints, bodies and actuators, with units and ranges', async () => {
    const engine = await mujocoEngine(model('Euler'))
    const { layout, home } = engine
    expect(layout.dx.slice(0, 6).map(({ name }) => name)).toEqual([
      'slide.position',
      'body2.angle',
      'body2-2.angle',
      'tip.rx',
      'tip.ry',
      'tip.rz',
    ])
    expect(layout.dx.slice(-2).map(({ name }) => name)).toEqual(['slow.activation', 'crank.activation'])
    expect(layout.u).toMatchObject([
      { name: 'servo', unit: 'm', range: [-1, 1] },
      { name: 'actuator1', unit: '', range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] },
      { name: 'slow' },
      { name: 'crank' },
    ])
    expect([home.x[0], home.u[1], home.x.at(-2)]).toEqual([0.1, 2, 0.3])
    const { x } = engine.point!({
      positions: { body2: [0.5] },
      velocities: { drone: [1, 2, 3, 4, 5, 6] },
      controls: {},
    })
    expect(x[1]).toBe(0.5)
    expect(Array.from(x.slice(-8, -2))).toEqual([1, 2, 3, 4, 5, 6])
    engine.dispose()
  })

  it('has a full column for a control at its bound or beyond, where MuJoCo’s own beyond is zero', async () => {
    const engine = await mujocoEngine(model('Euler'))
    const inside = await linearize(
      engine,
      { x: engine.home.x, u: Float64Array.of(0.5, 2, 0, 0.1) },
      { method: 'dense' },
    )
    for (const servo of [1, -1, 3])
      for (const method of ['dense', 'native'] as const) {
        const u = Float64Array.of(servo, 2, 0, 0.1)
        const { B } = await linearize(engine, { x: engine.home.x, u }, { method })
        const rate = engine.layout.dx.findIndex(({ name }) => name === 'slide.velocity')
        expect(inside.B.get(rate, 0)).toBeGreaterThan(1e-3)
        expect(B.get(rate, 0)).toBeCloseTo(inside.B.get(rate, 0), 6)
      }
    const u = Float64Array.of(3, 2, 0, 0.1)
    const theirs = await transitionFD({ xml: model('Euler'), files: NO_FILES }, { x: engine.home.x, u })
    expect(Math.max(...theirs.B.filter((_, k) => k % 4 === 0).map(Math.abs))).toBe(0)
    engine.dispose()
  })

  it('knows a range that does not bind from one that does', async () => {
    const engine = await mujocoEngine(
      `<mujoco><worldbody><body><joint name="j"/><geom size=".1"/></body></worldbody><actuator>
       <motor name="a" joint="j" ctrlrange="-1 1"/><motor name="b" joint="j" ctrlrange="-2 2" ctrllimited="false"/></actuator></mujoco>`,
    )
    expect(engine.layout.u.map(({ range }) => range)).toEqual([
      [-1, 1],
      [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
    ])
    engine.dispose()
  })

  it('has a structure that holds what equalities, tendons and contacts tie together, and nothing else', async () => {
    const ball = (name: string, x: number, z: number) =>
      `<body name="${name}" pos="${x} 0 ${z}"><joint name="${name}" type="slide" axis="1 0 0"/><geom size=".1"/></body>`
    const engine = await mujocoEngine(`<mujoco><worldbody>
      ${ball('a', 0, 0)}${ball('b', 1, 0)}${ball('c', 2, 0)}${ball('d', 3, 0)}${ball('e', 3.19, 0)}${ball('f', 6, 0)}</worldbody>
      <tendon><fixed name="t" stiffness="2"><joint joint="a" coef="1"/><joint joint="b" coef="-1"/></fixed></tendon>
      <equality><joint joint1="b" joint2="c"/></equality><actuator><motor name="push" tendon="t"/></actuator></mujoco>`)
    const pattern = engine.structure!(engine.home.x, engine.home.u)
    const together = [[0, 1, 2], [3, 4], [5]]
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++)
        expect(patternHas(pattern, i, 6 + j), `(${i}, ${j})`).toBe(together.some((s) => s.includes(i) && s.includes(j)))
    expect(Array.from({ length: 6 }, (_, i) => patternHas(pattern, 6 + i, 12))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
    const sensed = await linearize(engine, engine.home, { method: 'dense' })
    for (let i = 0; i < 12; i++)
      for (let j = 0; j < 12; j++)
        if (Math.abs(sensed.A.get(i, j)) > 1e-9) expect(patternHas(pattern, i, j), `A (${i}, ${j})`).toBe(true)
    engine.dispose()
  })

  it('says in its quality that auto took MuJoCo’s own derivatives', async () => {
    const engine = await mujocoEngine(await loadScene('acrobot'))
    const { quality } = await linearize(engine)
    expect(quality.method).toBe('native')
    expect(quality.notes.join()).toContain("the derivatives of engine 'mujoco' itself")
    engine.dispose()
  })

  it('gives NaN for NaN, where MuJoCo would start over from its own home', async () => {
    const engine = await mujocoEngine(model('Euler'))
    const x = engine.home.x.slice()
    x[3] = Number.NaN
    const out = new Float64Array(x.length)
    engine.step(x, engine.home.u, out)
    expect(out.every(Number.isNaN)).toBe(true)
    engine.dispose()
  })

  it('is as large after 1100 linearizations as after 100', async () => {
    const engine = await mujocoEngine(model('implicit'))
    const heap = async (count: number) => {
      for (let k = 0; k < count; k++) await linearize(engine, engine.home, { method: k % 2 === 0 ? 'native' : 'dense' })
      const { DoubleBuffer } = await loadMujoco()
      const probe = new DoubleBuffer(1)
      const { byteLength } = probe.GetView().buffer // all of MuJoCo's memory
      probe.delete()
      return byteLength
    }
    const before = await heap(100)
    expect(await heap(1000)).toBe(before)
    engine.dispose()
    expect(() => engine.dispose()).not.toThrow()
  })
})

/** Centered differences of the engine's own step, extrapolated from h and h/2 (Richardson). */
function richardson(engine: Engine, { x, u }: Point): { A: Float64Array; B: Float64Array } {
  const { nx, ndx, nu } = engine.layout
  const A = new Float64Array(ndx * ndx)
  const B = new Float64Array(ndx * nu)
  const central = (j: number, h: number): Float64Array => {
    const ends = [h, -h].map((step) => {
      const dx = new Float64Array(ndx)
      const uMoved = u.slice()
      if (j < ndx) dx[j] = step
      else uMoved[j - ndx]! += step
      const moved = new Float64Array(nx)
      engine.integrate(x, dx, moved)
      engine.step(moved, uMoved, moved)
      return moved
    })
    const apart = new Float64Array(ndx)
    engine.difference(ends[0]!, ends[1]!, apart)
    return apart.map((value) => value / (2 * h))
  }
  for (let j = 0; j < ndx + nu; j++) {
    const coarse = central(j, 1e-3)
    const fine = central(j, 5e-4)
    for (let i = 0; i < ndx; i++) {
      const value = (4 * fine[i]! - coarse[i]!) / 3
      if (j < ndx) A[i * ndx + j] = value
      else B[i * nu + j - ndx] = value
    }
  }
  return { A, B }
}

async function certifiedRk4(engine: Engine): Promise<Linearization> {
  expect(engine.derivatives).toBeUndefined()
  await expect(linearize(engine, engine.home, { method: 'native' })).rejects.toThrow(/no derivatives of its own/)
  const lin = await linearize(engine, bent(engine, 2))
  expectCertified(lin)
  expect(relativeDistance(lin, richardson(engine, { x: lin.xBar, u: lin.uBar }))).toBeLessThan(1e-6)
  return lin
}

describe('RK4, which mjd_transitionFD refuses', () => {
  it('is linearized all the same', async () => {
    const xml = model('RK4')
    const engine = await mujocoEngine(xml)
    await expect(transitionFD({ xml, files: NO_FILES }, engine.home)).rejects.toThrow(/RK4/)
    await certifiedRk4(engine)
    engine.dispose()
  })
})

const MODELS = new URL('../../../shared/data/models/', import.meta.url).pathname

describe.skipIf(!existsSync(MODELS))('models of other projects', async () => {
  const folders = ['mujoco', 'mujoco/derivative_tests', 'dm_control', 'drake', 'bullet']
  const names = existsSync(MODELS)
    ? (
        await Promise.all(
          folders.map(async (folder) =>
            (await readdir(MODELS + folder)).filter((name) => name.endsWith('.xml')).map((name) => `${folder}/${name}`),
          ),
        )
      ).flat()
    : []
  const rk4 = ['dm_control/acrobot.xml', 'dm_control/cartpole.xml']
  // dm_control/lqr.xml gets its joints from Python; 22_humanoids.xml is a benchmark
  const left = ['dm_control/lqr.xml', 'mujoco/22_humanoids.xml']
  const checked = names.filter((name) => !rk4.includes(name) && !left.includes(name))
  /** Not smooth where it comes to rest: parts overlap in a symmetric way. */
  const kinked = ['drake/acrobot.xml']

  it.each(checked)('%s: as mjd_transitionFD after 300 steps, sensed and native', async (name) => {
    const mjcf = await loadMjcf(MODELS + name)
    const engine = await mujocoEngine(mjcf)
    const x = engine.home.x.slice()
    for (let k = 0; k < 300; k++) engine.step(x, engine.home.u, x)
    const point = { x, u: engine.home.u }
    for (const method of ['dense', 'native'] as const) {
      const lin = await linearize(engine, point, { method })
      if (!kinked.includes(name)) expect(lin.quality.certified, `${method}: ${lin.quality.notes}`).toBe(true)
      const reference = await transitionFD(mjcf, point, { eps: 1e-6, tolerance: 0 })
      expect(relativeDistance(lin, reference), method).toBeLessThan(1e-6)
    }
    engine.dispose()
  })

  it.each(rk4)('%s: RK4, as Richardson-extrapolated differences', async (name) => {
    const engine = await mujocoEngine(await loadMjcf(MODELS + name))
    await certifiedRk4(engine)
    engine.dispose()
  })
})
