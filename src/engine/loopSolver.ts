/**
 * Closed loops on top of the tree solver: velocities of a jointed forest after an impulse, with closures (points of two bodies that
 * stay together) held exactly.
 *
 * With C the rows of the closures and V the velocities that the tree alone takes, finds V + M⁻¹Cᵀλ in the range of the joints with
 * C V⁺ = r: (C M⁻¹ Cᵀ) λ = r − C V. Rows may depend on each other (those out of the plane of a planar loop move nothing); where no
 * motion has C V⁺ = r, which is so off the closed loops alone, the nearest is taken: min |C V⁺ − r|, a smooth function of the state
 * wherever the number of independent rows stays. As in the tree solver, M includes implicit joint damping.
 */
import { createSemidefiniteSolver, type SemidefiniteSolver } from '../linalg/semidefinite.ts'
import type { Scene } from '../scene/scene.ts'
import { createClosureRows } from './closureRows.ts'
import type { TreeState } from './kinematics.ts'
import type { TreeModel } from './treeModel.ts'
import { createTreeSolver, type TreeSolver } from './treeSolver.ts'

export interface LoopSolver extends TreeSolver {
  /** Corrects V [6n], the free motion of all bodies as `solve` gives it: closures stay closed, gaps lose a fifth of their width. */
  close(V: Float64Array): void
}

const NO_RESPONSE = 1e-10 // smallest pivot, of the largest response of a row in its tree
const ROUNDING = 1e-13 // the same, of the response of the lightest body if nothing held it

/** The closures of one tree, or of trees that they join. */
interface Group {
  readonly root: number
  readonly rows: Int32Array // numbers of its rows
  readonly W: Float64Array // [size × size] C M⁻¹ Cᵀ, lower triangle
  readonly solver: SemidefiniteSolver
  readonly lambda: Float64Array // [size]
  readonly least: number // a response that is nothing but rounding, m/s per N·s
}

/** Without closures, it does what the tree solver does. */
export function createLoopSolver(scene: Scene, model: TreeModel, state: TreeState): LoopSolver {
  const { closures } = scene
  const tree = createTreeSolver(model, state)
  const { numBodies: n, root, treeEnd } = model
  const closureRows = createClosureRows(scene, model, state)
  const { target, speed } = closureRows
  const response = new Float64Array(6 * n * target.length) // M⁻¹Cᵀ, 6n numbers for each row
  const impulse = new Float64Array(6 * n)
  const groups: Group[] = [...new Set(closures.map(({ bodies }) => root[bodies[0]]!))].map((first) => {
    const members = closures.flatMap((closure, k) => (root[closure.bodies[0]] === first ? [{ ...closure, k }] : []))
    const size = 3 * members.length
    const masses = members.flatMap(({ bodies }) => bodies.flatMap((body) => (body < 0 ? [] : [model.mass[body]!])))
    return {
      root: first,
      rows: Int32Array.from(members.flatMap(({ k }) => [3 * k, 3 * k + 1, 3 * k + 2])),
      W: new Float64Array(size * size),
      solver: createSemidefiniteSolver(size),
      lambda: new Float64Array(size),
      least: ROUNDING / Math.min(...masses),
    }
  })

  function factor(h: number): void {
    tree.factor(h)
    closureRows.load(h)
    for (const { root: first, rows, W, solver, least } of groups) {
      const size = rows.length
      let largest = 0
      for (let i = 0; i < size; i++) {
        const at = 6 * n * rows[i]!
        impulse.fill(0, 6 * first, 6 * treeEnd[first]!)
        closureRows.addImpulse(rows[i]!, impulse)
        tree.solve(response, impulse, first, treeEnd[first]!, at)
        for (let j = i; j < size; j++) W[j * size + i] = speed(rows[j]!, response, at)
        largest = Math.max(largest, W[i * size + i]!)
      }
      solver.factor(W, Math.max(NO_RESPONSE * largest, least))
    }
  }

  /** V += M⁻¹Cᵀλ on the tree of `group`, so that C V is the target, or zero. */
  function correct(
    { root: first, rows, solver, lambda }: Group,
    V: Float64Array,
    start: number,
    isFree: boolean,
  ): void {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      lambda[i] = (isFree ? target[row]! : 0) - speed(row, V, start)
    }
    solver.solve(lambda, lambda)
    for (let i = 0; i < rows.length; i++) {
      if (lambda[i] === 0) continue
      const from = 6 * n * rows[i]!
      for (let c = 6 * first; c < 6 * treeEnd[first]!; c++) V[start + c]! += lambda[i]! * response[from + c]!
    }
  }

  return {
    factor,
    solve(V, b, first, last, start = 0) {
      tree.solve(V, b, first, last, start)
      for (const group of groups) if (group.root >= first && group.root < last) correct(group, V, start, false)
    },
    close(V) {
      for (const group of groups) correct(group, V, 0, true)
    },
  }
}
