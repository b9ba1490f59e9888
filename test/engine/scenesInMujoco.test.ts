/** Every scene of the package, compiled for MuJoCo, through the command line: A and B as the centered mjd_transitionFD of the model. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Layout, Point } from '../../src/engine/engine.ts'
import { mujocoEngine } from '../../src/engine/mujoco/mujocoEngine.ts'
import { sceneToMjcf } from '../../src/engine/mujoco/sceneToMjcf.ts'
import { bentStates } from '../../src/experiment/bentStates.ts'
import { listScenes, loadScene } from '../../src/scene/loadScene.ts'
import { invoke } from '../cli/invoke.ts'
import { transitionFD } from '../oracle/mjcf.ts'

const folder = mkdtempSync(join(tmpdir(), 'jacsense-scenes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Where each coordinate of `from` stands in `to`, by name: a scene keeps the order of its file, MuJoCo walks trees depth first. */
function places(from: Layout, to: Layout, kind: 'x' | 'dx' | 'u'): number[] {
  const at = new Map(to[kind].map(({ name }, k) => [name, k]))
  return from[kind].map(({ name }) => at.get(name)!)
}

/** [A B] of MuJoCo's own differences in the order of the scene, one control period of several steps chained. */
async function reference(xml: string, scene: Layout, { x, u }: Point, substeps: number) {
  const plain = await mujocoEngine(xml)
  const [ofX, ofDx, ofU] = (['x', 'dx', 'u'] as const).map((kind) => places(scene, plain.layout, kind))
  expect([...ofX!, ...ofDx!, ...ofU!].every((k) => k !== undefined)).toBe(true)
  let state: Float64Array = new Float64Array(x.length)
  for (const [k, place] of ofX!.entries()) state[place] = x[k]!
  const control = new Float64Array(u.length)
  for (const [k, place] of ofU!.entries()) control[place] = u[k]!
  const { ndx, nu } = scene
  let [A, B]: Float64Array[] = [new Float64Array(0), new Float64Array(0)]
  for (let s = 0; s < substeps; s++) {
    const step = await transitionFD({ xml, files: new Map() }, { x: state, u: control }, { eps: 1e-6, tolerance: 0 })
    const next = new Float64Array(x.length)
    plain.step(state, control, next)
    state = next
    const chained = (M: Float64Array, columns: number) =>
      Float64Array.from({ length: ndx * columns }, (_, at) => {
        const [i, j] = [Math.floor(at / columns), at % columns]
        let sum = 0
        for (let k = 0; k < ndx; k++) sum += step.A[i * ndx + k]! * M[k * columns + j]!
        return sum
      })
    ;[A, B] = s === 0 ? [step.A, step.B] : [chained(A!, ndx), chained(B!, nu).map((value, k) => value + step.B[k]!)]
  }
  plain.dispose()
  return {
    A: ofDx!.map((i) => ofDx!.map((j) => A![i * ndx + j]!)),
    B: ofDx!.map((i) => ofU!.map((j) => B![i * nu + j]!)),
  }
}

function apart(found: number[][], expected: number[][], diagonal: number): number {
  let [difference, size] = [0, 0]
  for (const [i, row] of found.entries())
    for (const [j, value] of row.entries()) {
      difference += (value - expected[i]![j]!) ** 2
      size += (expected[i]![j]! - (i === j ? diagonal : 0)) ** 2
    }
  return size === 0 ? Math.sqrt(difference) : Math.sqrt(difference / size)
}

describe('jacsense linearize <scene> --engine mujoco --json', async () => {
  it.each(await listScenes())('%s: at home and bent, moving; certified, and as mjd_transitionFD', async (name) => {
    const scene = await loadScene(name)
    const engine = await mujocoEngine(scene)
    const { layout, home } = engine
    const [bent] = bentStates(scene, engine, { count: 1, seed: 5 })
    engine.dispose()
    const file = join(folder, `${name}.json`)
    writeFileSync(file, JSON.stringify({ x: [...bent!.x], u: [...bent!.u] }))
    for (const [at, point] of [
      ['home', home],
      [file, bent!],
    ] as const) {
      const { code, stdout } = await invoke('linearize', name, '--engine', 'mujoco', '--at', at, '--json')
      const { A, B, quality } = JSON.parse(stdout)
      expect([code, quality.certified], `${at}: ${quality.notes.join('; ')}`).toEqual([0, true])
      const expected = await reference(sceneToMjcf(scene), layout, point, scene.engines.cannon.substeps)
      expect(apart(A, expected.A, 1), `A − I, ${at}`).toBeLessThan(1e-6)
      if (layout.nu > 0) expect(apart(B, expected.B, 0), `B, ${at}`).toBeLessThan(1e-6)
    }
  })
})
