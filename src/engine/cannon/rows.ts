/**
 * Contact, friction and joint-limit rows of one step: each acts on at most two bodies, C V = (velocity along the row).
 * Measures through the joint solver what a unit impulse along each row does (one linear-time solve of the touched trees),
 * groups rows into islands that share a tree, and couples each island's rows. Allocates only when there are more rows than ever.
 */
import type * as CANNON from 'cannon-es'
import { jointRowInto } from '../jointRow.ts'
import type { TreeState } from '../kinematics.ts'
import type { TreeModel } from '../treeModel.ts'
import type { TreeSolver } from '../treeSolver.ts'
import type { RowSet } from './unilateral.ts'

const WIDTH = 12 // numbers of a row: C on body a, C on body b
// of the row's own response: keep redundant rows solvable
const FRICTION_COMPLIANCE = 1e-5
const IMPACT_COMPLIANCE = 1e-3
const LIMIT_COMPLIANCE = 1e-13
const NO_RESPONSE = 1e-9 // of what the bodies would do without their joints
const OBLIQUE = [0.36, 0.48, 0.8] as const // tangents start from it: smooth in the normal but where they are parallel

export interface Rows {
  clear(): void
  /** A normal row and, with friction, two tangent rows, from a contact that cannon-es found. */
  addContact(contact: CANNON.ContactEquation): void
  /** Joint rate of `body`'s joint, times sign, at least `speed`. */
  addLimit(body: number, sign: number, speed: number): void
  /** True where rows were added since the last measurement. */
  pending(): boolean
  /** Restores V to the free motion and measures the response to every row that has none yet. b [6n] is scratch. */
  measureResponses(tree: TreeSolver, V: Float64Array, b: Float64Array): void
  /** Groups the rows into islands, normals before their friction; returns how many there are. */
  groupIslands(): number
  /** The rows of one island; valid until the next call. */
  couple(island: number): RowSet
  /** V += Σ λ · response over the rows of an island, whose impulses are kept. */
  apply(island: number, lambda: Float64Array, V: Float64Array): void
  /** What each contact, in the order in which they were added, gives to its second body, N·s in the world. */
  eachImpulse(visit: (contact: number, impulse: Float64Array) => void): void
}

/** `impactSpeed` [m/s]: contacts that close faster, in a scene with restitution e, leave with e times their speed. */
export function createRows(
  model: TreeModel,
  state: TreeState,
  friction: ReadonlyMap<number, number>,
  impactSpeed: number,
): Rows {
  const n = model.numBodies
  const { velocity } = state
  const free = new Float64Array(6 * n) // motion without any row
  let count = 0
  let contactRows = 0 // they come first
  let measured = 0
  let capacity = 0
  let a = new Int32Array(0) // body or −1
  let b = new Int32Array(0)
  let rootA = new Int32Array(0) // tree of body a or −1
  let rootB = new Int32Array(0) // tree of body b or −1; −1 where it is that of a
  let C = new Float64Array(0)
  let target = new Float64Array(0)
  let compliance = new Float64Array(0) // absolute, or −relative until the row is measured
  let normal = new Int32Array(0)
  let mu = new Float64Array(0)
  let impulse = new Float64Array(0) // of a row
  const given = new Float64Array(3) // N·s, by a contact
  let response = new Float64Array(0) // [6n] for each row, valid on the trees of its bodies
  let place = new Int32Array(0) // of a row in its island
  let members = new Int32Array(0) // rows, island by island
  const islandOfTree = new Int32Array(n)
  const islandStart = new Int32Array(n + 1)
  const islandNumber = new Int32Array(n)
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
    rootA = grow(rootA, new Int32Array(size))
    rootB = grow(rootB, new Int32Array(size))
    C = grow(C, new Float64Array(WIDTH * size))
    target = grow(target, new Float64Array(size))
    compliance = grow(compliance, new Float64Array(size))
    normal = grow(normal, new Int32Array(size))
    mu = grow(mu, new Float64Array(size))
    impulse = grow(impulse, new Float64Array(size))
    response = grow(response, new Float64Array(6 * n * size))
    place = new Int32Array(size)
    members = new Int32Array(size)
    set.eps = new Float64Array(size)
    set.r = new Float64Array(size)
    set.normal = new Int32Array(size)
    set.mu = new Float64Array(size)
    set.lambda = new Float64Array(size)
    capacity = size
  }

  function newRow(bodyA: number, bodyB: number): number {
    reserve(count + 1)
    const row = count++
    a[row] = bodyA
    b[row] = bodyB
    rootA[row] = bodyA < 0 ? -1 : model.root[bodyA]!
    rootB[row] = bodyB < 0 || model.root[bodyB] === rootA[row] ? -1 : model.root[bodyB]!
    normal[row] = -1
    mu[row] = 0
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

  /** C V of a row, V [6n] from `start` on. */
  function speed(row: number, V: Float64Array, start: number): number {
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
    const { ni, ri, rj, restitution } = contact
    const row = newRow(bodyA, bodyB)
    setPointRow(row, ni.x, ni.y, ni.z, ri, rj)
    const depth =
      ni.x * (contact.bj.position.x + rj.x - contact.bi.position.x - ri.x) +
      ni.y * (contact.bj.position.y + rj.y - contact.bi.position.y - ri.y) +
      ni.z * (contact.bj.position.z + rj.z - contact.bi.position.z - ri.z)
    const approach = speed(row, velocity, 0) // of the true motion, not of the placed velocities
    target[row] = -contact.a * depth + (1 - contact.b) * approach
    compliance[row] = contact.eps
    if (restitution > 0 && approach < -impactSpeed && -restitution * approach > target[row]!) {
      target[row] = -restitution * approach
      compliance[row] = -IMPACT_COMPLIANCE
    }

    contactRows = count
    const coefficient = Math.max(friction.get(contact.si.id) ?? 0, friction.get(contact.sj.id) ?? 0)
    if (coefficient === 0) return
    let tx = ni.y * OBLIQUE[2] - ni.z * OBLIQUE[1]
    let ty = ni.z * OBLIQUE[0] - ni.x * OBLIQUE[2]
    let tz = ni.x * OBLIQUE[1] - ni.y * OBLIQUE[0]
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
    contactRows = count
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
    const row = newRow(body, model.parent[body]!)
    const k = WIDTH * row
    jointRowInto(C, k, model, state, body)
    for (let c = k; c < k + WIDTH; c++) C[c]! *= sign
    target[row] = least
    compliance[row] = -LIMIT_COMPLIANCE
  }

  function measureResponses(tree: TreeSolver, V: Float64Array, scratch: Float64Array): void {
    if (measured === 0) free.set(V)
    else V.set(free)
    for (; measured < count; measured++) {
      const row = measured
      const at = 6 * n * row
      const k = WIDTH * row
      const p = rootA[row]!
      const q = rootB[row]!
      if (p >= 0) scratch.fill(0, 6 * p, 6 * model.treeEnd[p]!)
      if (q >= 0) scratch.fill(0, 6 * q, 6 * model.treeEnd[q]!)
      if (a[row]! >= 0) for (let c = 0; c < 6; c++) scratch[6 * a[row]! + c]! += C[k + c]!
      if (b[row]! >= 0) for (let c = 0; c < 6; c++) scratch[6 * b[row]! + c]! += C[k + 6 + c]!
      if (p >= 0) tree.solve(response, scratch, p, model.treeEnd[p]!, at)
      if (q >= 0) tree.solve(response, scratch, q, model.treeEnd[q]!, at)
      if (compliance[row]! >= 0) continue
      compliance[row] = -compliance[row]! * speed(row, response, at)
      // the second tangent of a contact: both take their mean, which does not depend on how the pair is turned
      if (row > 0 && normal[row]! >= 0 && normal[row - 1] === normal[row]) shareCompliance(row - 1, row)
    }
  }

  /** The mean compliance for both tangents; friction that can move nothing (joints hold the bodies) exerts nothing. */
  function shareCompliance(first: number, second: number): void {
    const mean = (compliance[first]! + compliance[second]!) / 2
    const loose = (a[first]! < 0 ? 0 : 1 / model.mass[a[first]!]!) + (b[first]! < 0 ? 0 : 1 / model.mass[b[first]!]!)
    if (mean > NO_RESPONSE * FRICTION_COMPLIANCE * loose) compliance[first] = compliance[second] = mean
    else {
      compliance[first] = compliance[second] = loose
      mu[first] = mu[second] = 0
    }
  }

  function rootOf(tree: number): number {
    let t = tree
    while (islandOfTree[t] !== t) t = islandOfTree[t]!
    return t
  }

  function groupIslands(): number {
    for (let i = 0; i < n; i++) {
      islandOfTree[i] = i
      islandNumber[i] = -1
    }
    for (let row = 0; row < count; row++) {
      if (rootA[row]! < 0 || rootB[row]! < 0) continue
      const p = rootOf(rootA[row]!)
      const q = rootOf(rootB[row]!)
      if (p !== q) islandOfTree[Math.max(p, q)] = Math.min(p, q)
    }
    // counting sort of the rows by island, islands in the order of their first row
    let islands = 0
    islandStart.fill(0)
    for (let row = 0; row < count; row++) {
      const tree = rootOf(rootA[row]! >= 0 ? rootA[row]! : rootB[row]!)
      if (islandNumber[tree]! < 0) islandNumber[tree] = islands++
      place[row] = islandStart[islandNumber[tree]! + 1]!++
    }
    for (let k = 0; k < islands; k++) islandStart[k + 1]! += islandStart[k]!
    for (let row = 0; row < count; row++) {
      const tree = rootOf(rootA[row]! >= 0 ? rootA[row]! : rootB[row]!)
      members[islandStart[islandNumber[tree]!]! + place[row]!] = row
    }
    return islands
  }

  /** Velocity along `row` after a unit impulse along `other`. */
  function coupling(row: number, other: number): number {
    const start = 6 * n * other
    const k = WIDTH * row
    const p = a[row]!
    const q = b[row]!
    let sum = 0
    if (moves(other, p)) for (let c = 0; c < 6; c++) sum += C[k + c]! * response[start + 6 * p + c]!
    if (moves(other, q)) for (let c = 0; c < 6; c++) sum += C[k + 6 + c]! * response[start + 6 * q + c]!
    return sum
  }

  /** True where an impulse along `row` can move `body`: it acts on the body's tree. */
  function moves(row: number, body: number): boolean {
    return body >= 0 && (rootA[row] === model.root[body] || rootB[row] === model.root[body])
  }

  function couple(island: number): RowSet {
    const first = islandStart[island]!
    const size = islandStart[island + 1]! - first
    if (set.A.length < size * size) set.A = new Float64Array(2 * size * size)
    set.size = size
    for (let i = 0; i < size; i++) {
      const row = members[first + i]!
      set.eps[i] = compliance[row]!
      set.r[i] = target[row]! - speed(row, free, 0)
      set.normal[i] = normal[row]! < 0 ? -1 : place[normal[row]!]!
      set.mu[i] = mu[row]!
      for (let j = 0; j <= i; j++) set.A[i * size + j] = set.A[j * size + i] = coupling(row, members[first + j]!)
    }
    return set
  }

  function apply(island: number, lambda: Float64Array, V: Float64Array): void {
    const first = islandStart[island]!
    for (let i = 0; first + i < islandStart[island + 1]!; i++) {
      const row = members[first + i]!
      impulse[row] = lambda[i]!
      if (lambda[i] === 0) continue
      addResponse(row, rootA[row]!, lambda[i]!, V)
      addResponse(row, rootB[row]!, lambda[i]!, V)
    }
  }

  function eachImpulse(visit: (contact: number, impulse: Float64Array) => void): void {
    for (let row = 0, contact = 0; row < contactRows; contact++) {
      given.fill(0)
      const of = row
      do {
        for (let c = 0; c < 3; c++) given[c]! += impulse[row]! * C[WIDTH * row + 6 + c]!
        row++
      } while (row < contactRows && normal[row] === of)
      visit(contact, given)
    }
  }

  function addResponse(row: number, root: number, factor: number, V: Float64Array): void {
    if (root < 0) return
    const start = 6 * n * row
    for (let k = 6 * root; k < 6 * model.treeEnd[root]!; k++) V[k]! += factor * response[start + k]!
  }

  return {
    clear() {
      count = 0
      contactRows = 0
      measured = 0
    },
    addContact,
    addLimit,
    pending: () => measured < count,
    measureResponses,
    groupIslands,
    couple,
    apply,
    eachImpulse,
  }
}
