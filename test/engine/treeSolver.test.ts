import fc from 'fast-check'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { createKinematics, createTreeState } from '../../src/engine/kinematics.ts'
import { createTreeModel } from '../../src/engine/treeModel.ts'
import { createTreeSolver } from '../../src/engine/treeSolver.ts'
import { parseScene } from '../../src/scene/parseScene.ts'
import type { Scene } from '../../src/scene/scene.ts'

const types = ['free', 'hinge', 'slider', 'ball', 'fixed'] as const

/** A random tree: each body hangs from the world or an earlier body by a random joint. */
const trees: fc.Arbitrary<Scene> = fc
  .array(
    fc.record({
      parent: fc.nat(),
      type: fc.constantFrom(...types),
      mass: fc.double({ min: 0.1, max: 5, noNaN: true }),
      numbers: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 }),
      damping: fc.constantFrom(0, 0.3),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((links) =>
    parseScene({
      name: 'tree',
      dt: 0.01,
      bodies: links.map(({ mass, numbers: n }, i) => ({
        name: `b${i}`,
        mass,
        com: n.slice(0, 3),
        inertia: [0.3, 0.25, 0.2, 0.03 * n[3]!, 0.03 * n[4]!, 0.03 * n[5]!],
      })),
      joints: links.map(({ parent, type, numbers: n, damping }, i) => {
        const on = i === 0 || parent % (i + 1) === i ? 'world' : `b${parent % i}`
        const kind = type === 'free' && on !== 'world' ? 'ball' : type
        return {
          name: `j${i}`,
          type: kind,
          parent: on,
          child: `b${i}`,
          ...(kind === 'free' ? {} : { anchors: { parent: n.slice(6, 9), child: n.slice(2, 5) }, rpy: n.slice(3, 6) }),
          ...(kind === 'hinge' || kind === 'slider' ? { axis: [n[9]! + 2, n[10]!, n[11]!] } : {}),
          ...(kind === 'free' || kind === 'fixed' ? {} : { damping }),
        }
      }),
    }),
  )

describe('the tree solver', () => {
  it('equals the dense solution of min ½|V − V_free|²_M + ½ h d v² over the joints’ range, for any tree', () => {
    fc.assert(
      fc.property(trees, fc.infiniteStream(fc.double({ min: -1, max: 1, noNaN: true })), (scene, stream) => {
        const next = () => stream.next().value as number
        const h = 0.01
        const model = createTreeModel(scene)
        const state = createTreeState(model)
        const { place, move } = createKinematics(model, state)
        const n = model.numBodies
        const x = Float64Array.from({ length: model.nq + model.nv }, next)
        for (let i = 0; i < n; i++) {
          const q = model.qIndex[i]! + (model.type[i] === 'free' ? 3 : 0)
          if (model.type[i] === 'free' || model.type[i] === 'ball') x[q] = 1.5 // keeps quaternions away from zero
        }
        // the joint Jacobian, column by column, from the kinematics alone
        const J = new Matrix(6 * n, Math.max(1, model.nv))
        place(x)
        for (let k = 0; k < model.nv; k++) {
          const v = new Float64Array(model.nv)
          v[k] = 1
          move(v, 0)
          for (let r = 0; r < 6 * n; r++) J.set(r, k, state.velocity[r]!)
        }
        const M = denseMass(model, state.rotation)
        const b = Float64Array.from({ length: 6 * n }, next)
        const expected = new Float64Array(6 * n)
        if (model.nv > 0) {
          const G = J.transpose().mmul(M).mmul(J)
          for (let i = 0; i < n; i++) {
            const last = i + 1 < n ? model.vIndex[i + 1]! : model.nv
            for (let k = model.vIndex[i]!; k < last; k++) G.set(k, k, G.get(k, k) + h * model.damping[i]!)
          }
          const v = solve(G, J.transpose().mmul(Matrix.columnVector([...b])))
          expected.set(J.mmul(v).to1DArray())
        }
        const V = new Float64Array(6 * n)
        const tree = createTreeSolver(model, state)
        tree.factor(h)
        tree.solve(V, b, 0, n)
        const scale = Math.max(1, ...expected.map(Math.abs))
        for (let k = 0; k < 6 * n; k++) expect(Math.abs(V[k]! - expected[k]!)).toBeLessThan(1e-9 * scale)
      }),
      { numRuns: 150, seed: 5 },
    )
  })
})

function denseMass(model: ReturnType<typeof createTreeModel>, rotation: Float64Array): Matrix {
  const M = new Matrix(6 * model.numBodies, 6 * model.numBodies)
  for (let i = 0; i < model.numBodies; i++) {
    const R = new Matrix([0, 3, 6].map((r) => [...rotation.subarray(9 * i + r, 9 * i + r + 3)]))
    const I = R.mmul(Matrix.diag([...model.inertia.subarray(3 * i, 3 * i + 3)])).mmul(R.transpose())
    for (let r = 0; r < 3; r++) {
      M.set(6 * i + r, 6 * i + r, model.mass[i]!)
      for (let c = 0; c < 3; c++) M.set(6 * i + 3 + r, 6 * i + 3 + c, I.get(r, c))
    }
  }
  return M
}
