/**
 * Closed loops on top of the tree solver: velocities of a jointed forest after an impulse, with closures (points of two bodies that
 * stay together) held exactly.
 *
 * With C the rows of the closures and V the velocities that the tree alone takes, finds V + M⁻¹Cᵀλ in the range of the joints with
 * C V⁺ = r: (C M⁻¹ Cᵀ) λ = r − C V, by Cholesky factors with pivoting. Rows that the joints satisfy by themselves (out of the plane of
 * a planar loop) have no response and are left out. As in the tree solver, M includes implicit joint damping.
 */
import type { Quat, Scene } from '../scene/scene.ts'
import { rotateByInverse } from './rotation.ts'
import type { TreeState } from './kinematics.ts'
import type { TreeModel } from './treeModel.ts'
import { createTreeSolver, type TreeSolver } from './treeSolver.ts'

export interface LoopSolver extends TreeSolver {
  /** Corrects V [6n], the free motion of all bodies as `solve` gives it: closures stay closed, gaps lose a fifth of their width. */
  close(V: Float64Array): void
}

const CLOSING = 0.2 // share of a gap that one step closes
const NO_RESPONSE = 1e-10 // smallest pivot, of the largest response of a row in its tree

/** The closures of one tree, or of trees that they join. */
interface Group {
  readonly root: number
  readonly rows: Int32Array // numbers of its rows
  readonly L: Float64Array // [size × size] pivoted Cholesky factor, row k for pivot k, in its first `rank` columns
  readonly pivots: Int32Array // [size] rows of the group in the order of elimination
  rank: number
}

/** Without closures, it does what the tree solver does. */
export function createLoopSolver(scene: Scene, model: TreeModel, state: TreeState): LoopSolver {
  const { closures } = scene
  const tree = createTreeSolver(model, state)
  const { numBodies: n, principal, root, treeEnd } = model
  const { rotation, position, velocity, bias } = state
  const numRows = 3 * closures.length
  const arms = new Float64Array(2 * numRows) // of each closure's two anchors, in the inertial frames (the world's where there is no body)
  const ends = new Int32Array(2 * closures.length)
  const r = new Float64Array(2 * numRows) // the same from the centres of mass, world axes
  const target = new Float64Array(numRows)
  const response = new Float64Array(6 * n * numRows)
  const impulse = new Float64Array(6 * n)
  const rest = new Float64Array(numRows)
  const solved = new Float64Array(numRows)
  closures.forEach(({ bodies, anchors }, k) => {
    bodies.forEach((body, e) => {
      ends[2 * k + e] = body
      const anchor = anchors[e]!
      if (body < 0) arms.set(anchor, 6 * k + 3 * e)
      else {
        const { com } = scene.bodies[body]!
        const frame = [0, 1, 2, 3].map((c) => principal[4 * body + c]!) as unknown as Quat
        const offset = rotateByInverse(frame, [anchor[0] - com[0], anchor[1] - com[1], anchor[2] - com[2]])
        arms.set(offset, 6 * k + 3 * e)
      }
    })
  })
  const groups: Group[] = [...new Set(closures.map(({ bodies }) => root[bodies[0]]!))].map((first) => {
    const rows = closures.flatMap(({ bodies }, k) => (root[bodies[0]] === first ? [3 * k, 3 * k + 1, 3 * k + 2] : []))
    const size = rows.length
    return {
      root: first,
      rows: Int32Array.from(rows),
      L: new Float64Array(size * size),
      pivots: new Int32Array(size),
      rank: 0,
    }
  })

  /** r, and the speed that each row is to have at the end of a step. */
  function loadRows(h: number): void {
    for (let k = 0; k < closures.length; k++) {
      for (let c = 0; c < 3; c++) target[3 * k + c] = 0
      for (let e = 0; e < 2; e++) {
        const body = ends[2 * k + e]!
        const at = 6 * k + 3 * e
        const sign = e === 0 ? 1 : -1
        if (body < 0) {
          for (let c = 0; c < 3; c++) target[3 * k + c]! -= (sign * CLOSING * arms[at + c]!) / h
          continue
        }
        for (let c = 0; c < 3; c++) {
          const R = 9 * body + 3 * c
          r[at + c] = rotation[R]! * arms[at]! + rotation[R + 1]! * arms[at + 1]! + rotation[R + 2]! * arms[at + 2]!
        }
        const [x, y, z] = [r[at]!, r[at + 1]!, r[at + 2]!]
        const v = 6 * body
        const [wx, wy, wz] = [velocity[v + 3]!, velocity[v + 4]!, velocity[v + 5]!]
        const [ax, ay, az] = [bias[v + 3]!, bias[v + 4]!, bias[v + 5]!]
        // ω × r, then α × r + ω × (ω × r): what the anchor accelerates by while its joints keep their rates
        const [ux, uy, uz] = [wy * z - wz * y, wz * x - wx * z, wx * y - wy * x]
        const acceleration = [
          bias[v]! + ay * z - az * y + wy * uz - wz * uy,
          bias[v + 1]! + az * x - ax * z + wz * ux - wx * uz,
          bias[v + 2]! + ax * y - ay * x + wx * uy - wy * ux,
        ]
        for (let c = 0; c < 3; c++)
          target[3 * k + c]! -= sign * ((CLOSING * (position[3 * body + c]! + r[at + c]!)) / h + h * acceleration[c]!)
      }
    }
  }

  /** C V of a row, V [6n] from `start` on. */
  function speed(row: number, V: Float64Array, start: number): number {
    const k = Math.floor(row / 3)
    const c = row % 3
    const [d, e] = [(c + 1) % 3, (c + 2) % 3]
    let sum = 0
    for (let end = 0; end < 2; end++) {
      const body = ends[2 * k + end]!
      if (body < 0) continue
      const v = start + 6 * body
      const at = 6 * k + 3 * end
      const point = V[v + c]! + V[v + 3 + d]! * r[at + e]! - V[v + 3 + e]! * r[at + d]!
      sum += end === 0 ? point : -point
    }
    return sum
  }

  /** impulse := Cᵀ of a row, on the tree of `group`. */
  function loadImpulse(row: number, group: Group): void {
    impulse.fill(0, 6 * group.root, 6 * treeEnd[group.root]!)
    const k = Math.floor(row / 3)
    const c = row % 3
    const [d, e] = [(c + 1) % 3, (c + 2) % 3]
    for (let end = 0; end < 2; end++) {
      const body = ends[2 * k + end]!
      if (body < 0) continue
      const v = 6 * body
      const at = 6 * k + 3 * end
      const sign = end === 0 ? 1 : -1
      impulse[v + c]! += sign
      impulse[v + 3 + d]! += sign * r[at + e]!
      impulse[v + 3 + e]! -= sign * r[at + d]!
    }
  }

  function factor(h: number): void {
    tree.factor(h)
    if (numRows === 0) return
    loadRows(h)
    for (const group of groups) {
      const { rows, root: first } = group
      for (const row of rows) {
        loadImpulse(row, group)
        tree.solve(response, impulse, first, treeEnd[first]!, 6 * n * row)
      }
      factorGroup(group)
    }
  }

  /** Pivoted Cholesky (Higham, Accuracy and Stability of Numerical Algorithms, 2002, 10.3) of C M⁻¹ Cᵀ, up to its rank. */
  function factorGroup(group: Group): void {
    const { rows, L, pivots } = group
    const size = rows.length
    for (let i = 0; i < size; i++) {
      pivots[i] = i
      rest[i] = speed(rows[i]!, response, 6 * n * rows[i]!)
    }
    let largest = 0
    for (let i = 0; i < size; i++) largest = Math.max(largest, rest[i]!)
    group.rank = 0
    for (let k = 0; k < size; k++) {
      let best = k
      for (let i = k + 1; i < size; i++) if (rest[pivots[i]!]! > rest[pivots[best]!]!) best = i
      const pivot = pivots[best]!
      if (!(rest[pivot]! > NO_RESPONSE * largest)) break
      pivots[best] = pivots[k]!
      pivots[k] = pivot
      const diagonal = Math.sqrt(rest[pivot]!)
      L[pivot * size + k] = diagonal
      for (let i = k + 1; i < size; i++) {
        const row = pivots[i]!
        let sum = speed(rows[row]!, response, 6 * n * rows[pivot]!)
        for (let j = 0; j < k; j++) sum -= L[row * size + j]! * L[pivot * size + j]!
        const entry = sum / diagonal
        L[row * size + k] = entry
        rest[row]! -= entry * entry
      }
      group.rank = k + 1
    }
  }

  /** V += M⁻¹Cᵀλ on the tree of `group`, so that C V is the target, or zero. */
  function correct(group: Group, V: Float64Array, start: number, isFree: boolean): void {
    const { rows, L, pivots, rank, root: first } = group
    const size = rows.length
    for (let k = 0; k < rank; k++) {
      const i = pivots[k]!
      let sum = (isFree ? target[rows[i]!]! : 0) - speed(rows[i]!, V, start)
      for (let j = 0; j < k; j++) sum -= L[i * size + j]! * solved[j]!
      solved[k] = sum / L[i * size + k]!
    }
    for (let k = rank - 1; k >= 0; k--) {
      let sum = solved[k]!
      for (let j = k + 1; j < rank; j++) sum -= L[pivots[j]! * size + k]! * solved[j]!
      solved[k] = sum / L[pivots[k]! * size + k]!
    }
    for (let k = 0; k < rank; k++) {
      const from = 6 * n * rows[pivots[k]!]!
      for (let c = 6 * first; c < 6 * treeEnd[first]!; c++) V[start + c]! += solved[k]! * response[from + c]!
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
