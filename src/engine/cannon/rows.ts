/**
 * Contact, friction and joint-limit rows of one step: each acts on at most two bodies, C V = (velocity along the row).
 * Measures through the joint solver what a unit impulse along each row does (one linear-time solve of the touched trees),
 * groups rows into islands that share a tree, and couples each island's rows.
 */
import type * as CANNON from 'cannon-es'
import type { TreeState } from '../kinematics.ts'
import type { TreeModel } from '../treeModel.ts'
import type { TreeSolver } from '../treeSolver.ts'
import type { RowSet } from './unilateral.ts'

const WIDTH = 12 // numbers of a row: C on body a, C on body b
// of the row's own inverse mass: keep redundant rows solvable
const FRICTION_COMPLIANCE = 1e-5
const LIMIT_COMPLIANCE = 1e-13

export interface Rows {
  clear(): void
  /** A normal row and, with friction, two tangent rows, from a contact that cannon-es found. */
  addContact(contact: CANNON.ContactEquation): void
  /** Joint rate of `body`'s joint, times sign, at least `speed`. */
  addLimit(body: number, sign: number, speed: number): void
  /** True where rows were added since the last measurement. */
  pending(): boolean
  /** Velocity of `body`'s hinge or slider when the bodies move with V. */
  jointRate(V: Float64Array, body: number): number
  /** Restores V to the free motion and measures the response to every row that has none yet. b [6n] is scratch. */
  measureResponses(tree: TreeSolver, V: Float64Array, b: Float64Array): void
  /** Row numbers of each island, normals before their friction. */
  islands(): readonly (readonly number[])[]
  couple(island: readonly number[]): RowSet
  /** V += Σ λ · response. */
  apply(island: readonly number[], lambda: Float64Array, V: Float64Array): void
}

export function createRows(model: TreeModel, state: TreeState, friction: ReadonlyMap<number, number>): Rows {
  const n = model.numBodies
  const { axis, fromParent, velocity } = state
  const free = new Float64Array(6 * n) // motion without any row
  let count = 0
  let measured = 0
  let capacity = 0
  let a = new Int32Array(0) // body or −1
  let b = new Int32Array(0)
  let C = new Float64Array(0)
  let target = new Float64Array(0)
  let compliance = new Float64Array(0) // absolute, or −relative until the row is measured
  let normal = new Int32Array(0)
  let mu = new Float64Array(0)
  let response = new Float64Array(0) // [6n] for each row, valid on the trees of its bodies
  const islandOfTree = new Int32Array(n)
  const set: RowSet = {
    size: 0,
    A: new Float64Array(0),
    eps: new Float64Array(0),
    r: new Float64Array(0),
    normal: new Int32Array(0),
    mu: new Float64Array(0),
    lambda: new Float64Array(0),
  }

  function reserve(needed: number): void {
    if (needed <= capacity) return
    const size = Math.max(needed, 2 * capacity, 16)
    const grow = <T extends Float64Array | Int32Array>(old: T, fresh: T): T => {
      fresh.set(old)
      return fresh
    }
    a = grow(a, new Int32Array(size))
    b = grow(b, new Int32Array(size))
    C = grow(C, new Float64Array(WIDTH * size))
    target = grow(target, new Float64Array(size))
    compliance = grow(compliance, new Float64Array(size))
    normal = grow(normal, new Int32Array(size))
    mu = grow(mu, new Float64Array(size))
    response = grow(response, new Float64Array(6 * n * size))
    set.eps = new Float64Array(size)
    set.r = new Float64Array(size)
    set.normal = new Int32Array(size)
    set.mu = new Float64Array(size)
    set.lambda = new Float64Array(size)
    set.A = new Float64Array(size * size)
    capacity = size
  }

  function newRow(bodyA: number, bodyB: number): number {
    reserve(count + 1)
    const row = count++
    a[row] = bodyA
    b[row] = bodyB
    normal[row] = -1
    mu[row] = 0
    C.fill(0, WIDTH * row, WIDTH * (row + 1))
    return row
  }

  /** C of the relative velocity (b minus a) along d at a point r away from each body's centre of mass. */
  function setPointRow(row: number, dx: number, dy: number, dz: number, ra: CANNON.Vec3, rb: CANNON.Vec3): void {
    const k = WIDTH * row
    C[k] = -dx
    C[k + 1] = -dy
    C[k + 2] = -dz
    C[k + 3] = -(ra.y * dz - ra.z * dy)
    C[k + 4] = -(ra.z * dx - ra.x * dz)
    C[k + 5] = -(ra.x * dy - ra.y * dx)
    C[k + 6] = dx
    C[k + 7] = dy
    C[k + 8] = dz
    C[k + 9] = rb.y * dz - rb.z * dy
    C[k + 10] = rb.z * dx - rb.x * dz
    C[k + 11] = rb.x * dy - rb.y * dx
  }

  /** C V of a row. */
  function speed(row: number, V: Float64Array, start = 0): number {
    const k = WIDTH * row
    let sum = 0
    const i = start + 6 * a[row]!
    const j = start + 6 * b[row]!
    if (a[row]! >= 0) for (let c = 0; c < 6; c++) sum += C[k + c]! * V[i + c]!
    if (b[row]! >= 0) for (let c = 0; c < 6; c++) sum += C[k + 6 + c]! * V[j + c]!
    return sum
  }

  function addContact(contact: CANNON.ContactEquation): void {
    const bodyA = contact.bi.index < n ? contact.bi.index : -1
    const bodyB = contact.bj.index < n ? contact.bj.index : -1
    const { ni, ri, rj } = contact
    const row = newRow(bodyA, bodyB)
    setPointRow(row, ni.x, ni.y, ni.z, ri, rj)
    const depth =
      ni.x * (contact.bj.position.x + rj.x - contact.bi.position.x - ri.x) +
      ni.y * (contact.bj.position.y + rj.y - contact.bi.position.y - ri.y) +
      ni.z * (contact.bj.position.z + rj.z - contact.bi.position.z - ri.z)
    const approach = speed(row, velocity) // of the true motion, not of the placed velocities
    target[row] = -contact.a * depth + approach - contact.b * (1 + contact.restitution) * approach
    compliance[row] = contact.eps

    const coefficient = Math.max(friction.get(contact.si.id) ?? 0, friction.get(contact.sj.id) ?? 0)
    if (coefficient === 0) return
    // tangents from a fixed oblique direction: smooth in the normal but where they are parallel
    const ox = 0.36
    const oy = 0.48
    const oz = 0.8
    let tx = ni.y * oz - ni.z * oy
    let ty = ni.z * ox - ni.x * oz
    let tz = ni.x * oy - ni.y * ox
    const length = Math.sqrt(tx * tx + ty * ty + tz * tz)
    if (length < 1e-6) {
      tx = 0.8
      ty = -0.6
      tz = 0
    } else {
      tx /= length
      ty /= length
      tz /= length
    }
    addTangent(row, tx, ty, tz, ri, rj, coefficient)
    addTangent(row, ni.y * tz - ni.z * ty, ni.z * tx - ni.x * tz, ni.x * ty - ni.y * tx, ri, rj, coefficient)
  }

  function addTangent(
    of: number,
    x: number,
    y: number,
    z: number,
    ra: CANNON.Vec3,
    rb: CANNON.Vec3,
    coefficient: number,
  ): void {
    const row = newRow(a[of]!, b[of]!)
    setPointRow(row, x, y, z, ra, rb)
    target[row] = 0
    compliance[row] = -FRICTION_COMPLIANCE
    normal[row] = of
    mu[row] = coefficient
  }

  function addLimit(body: number, sign: number, least: number): void {
    const parent = model.parent[body]!
    const row = newRow(parent, body)
    const k = WIDTH * row
    const i3 = 3 * body
    const x = sign * axis[i3]!
    const y = sign * axis[i3 + 1]!
    const z = sign * axis[i3 + 2]!
    if (model.type[body] === 'hinge') {
      C[k + 3] = -x
      C[k + 4] = -y
      C[k + 5] = -z
      C[k + 9] = x
      C[k + 10] = y
      C[k + 11] = z
    } else {
      const dx = fromParent[i3]!
      const dy = fromParent[i3 + 1]!
      const dz = fromParent[i3 + 2]!
      C[k] = -x
      C[k + 1] = -y
      C[k + 2] = -z
      C[k + 3] = -(dy * z - dz * y)
      C[k + 4] = -(dz * x - dx * z)
      C[k + 5] = -(dx * y - dy * x)
      C[k + 6] = x
      C[k + 7] = y
      C[k + 8] = z
    }
    target[row] = least
    compliance[row] = -LIMIT_COMPLIANCE
  }

  function jointRate(V: Float64Array, body: number): number {
    return relativeRate(model, state, V, body)
  }

  function measureResponses(tree: TreeSolver, V: Float64Array, scratch: Float64Array): void {
    if (measured === 0) free.set(V)
    else V.set(free)
    for (; measured < count; measured++) {
      const row = measured
      const at = 6 * n * row
      const view = response.subarray(at, at + 6 * n)
      const bodies = [a[row]!, b[row]!].filter((body) => body >= 0)
      const roots = new Set(bodies.map((body) => model.root[body]!))
      for (const root of roots) scratch.fill(0, 6 * root, 6 * model.treeEnd[root]!)
      const k = WIDTH * row
      if (a[row]! >= 0) for (let c = 0; c < 6; c++) scratch[6 * a[row]! + c]! += C[k + c]!
      if (b[row]! >= 0) for (let c = 0; c < 6; c++) scratch[6 * b[row]! + c]! += C[k + 6 + c]!
      for (const root of roots) tree.solve(view, scratch, root, model.treeEnd[root]!)
      if (compliance[row]! >= 0) continue
      compliance[row] = -compliance[row]! * speed(row, response, at)
      // the second tangent of a contact: both take their mean, which does not depend on how the pair is turned
      if (row > 0 && normal[row]! >= 0 && normal[row - 1] === normal[row])
        compliance[row] = compliance[row - 1] = (compliance[row]! + compliance[row - 1]!) / 2
    }
  }

  function rootOf(tree: number): number {
    let t = tree
    while (islandOfTree[t] !== t) t = islandOfTree[t]!
    return t
  }

  function islands(): readonly (readonly number[])[] {
    for (let i = 0; i < n; i++) islandOfTree[i] = i
    for (let row = 0; row < count; row++) {
      if (a[row]! < 0 || b[row]! < 0) continue
      const p = rootOf(model.root[a[row]!]!)
      const q = rootOf(model.root[b[row]!]!)
      if (p !== q) islandOfTree[Math.max(p, q)] = Math.min(p, q)
    }
    const found = new Map<number, number[]>()
    for (let row = 0; row < count; row++) {
      const root = rootOf(model.root[a[row]! >= 0 ? a[row]! : b[row]!]!)
      const rows = found.get(root)
      if (rows) rows.push(row)
      else found.set(root, [row])
    }
    return [...found.values()]
  }

  /** True where a unit impulse along `row` moves any body that `other` acts on. */
  function shareTree(row: number, body: number): boolean {
    if (body < 0) return false
    const root = model.root[body]!
    return (a[row]! >= 0 && model.root[a[row]!] === root) || (b[row]! >= 0 && model.root[b[row]!] === root)
  }

  function couple(island: readonly number[]): RowSet {
    const size = island.length
    set.size = size
    for (let i = 0; i < size; i++) {
      const row = island[i]!
      set.eps[i] = compliance[row]!
      set.r[i] = target[row]! - speed(row, free)
      set.normal[i] = normal[row]! < 0 ? -1 : island.indexOf(normal[row]!)
      set.mu[i] = mu[row]!
      for (let j = 0; j < size; j++) {
        const other = island[j]!
        const start = 6 * n * other
        const k = WIDTH * row
        let sum = 0
        const p = a[row]!
        const q = b[row]!
        if (shareTree(other, p)) for (let c = 0; c < 6; c++) sum += C[k + c]! * response[start + 6 * p + c]!
        if (shareTree(other, q)) for (let c = 0; c < 6; c++) sum += C[k + 6 + c]! * response[start + 6 * q + c]!
        set.A[i * size + j] = sum
      }
    }
    return set
  }

  function apply(island: readonly number[], lambda: Float64Array, V: Float64Array): void {
    for (let i = 0; i < island.length; i++) {
      if (lambda[i] === 0) continue
      const row = island[i]!
      const start = 6 * n * row
      const first = a[row]! >= 0 ? model.root[a[row]!]! : -1
      const second = b[row]! >= 0 ? model.root[b[row]!]! : -1
      for (const root of first === second ? [first] : [first, second]) {
        if (root < 0) continue
        for (let k = 6 * root; k < 6 * model.treeEnd[root]!; k++) V[k]! += lambda[i]! * response[start + k]!
      }
    }
  }

  return {
    clear() {
      count = 0
      measured = 0
    },
    addContact,
    addLimit,
    pending: () => measured < count,
    jointRate,
    measureResponses,
    islands,
    couple,
    apply,
  }
}

/** Rate of a hinge or slider when the bodies move with V (rad/s or m/s). */
export function relativeRate(model: TreeModel, { axis, fromParent }: TreeState, V: Float64Array, body: number): number {
  const p = model.parent[body]!
  const i = 6 * body
  const i3 = 3 * body
  const x = axis[i3]!
  const y = axis[i3 + 1]!
  const z = axis[i3 + 2]!
  if (model.type[body] === 'hinge') {
    const rate = x * V[i + 3]! + y * V[i + 4]! + z * V[i + 5]!
    return p < 0 ? rate : rate - x * V[6 * p + 3]! - y * V[6 * p + 4]! - z * V[6 * p + 5]!
  }
  const rate = x * V[i]! + y * V[i + 1]! + z * V[i + 2]!
  if (p < 0) return rate
  const k = 6 * p
  const dx = fromParent[i3]!
  const dy = fromParent[i3 + 1]!
  const dz = fromParent[i3 + 2]!
  return (
    rate -
    x * (V[k]! + V[k + 4]! * dz - V[k + 5]! * dy) -
    y * (V[k + 1]! + V[k + 5]! * dx - V[k + 3]! * dz) -
    z * (V[k + 2]! + V[k + 3]! * dy - V[k + 4]! * dx)
  )
}
