/**
 * What the equations of motion tell of [A B] in joint coordinates before anything is measured, at one point:
 * - position rows follow from velocity rows, δq⁺ = δq + h δv⁺ (symplectic Euler; on the rotation manifold through its right
 *   Jacobian);
 * - the world looks the same from everywhere: translations of a free or sliding base, its speed, and turns about gravity; in free fall
 *   all turns, as gravity only adds the same speed everywhere;
 * - a body tree at rest that touches nothing feels speeds through damping only: ∂v⁺/∂v = I − ∂v⁺/∂τ · diag(damping), as Coriolis
 *   terms are quadratic in the speeds.
 * All hold where symplectic Euler steps joint coordinates; a certificate on the whole Jacobian still checks them.
 */
import type { Term, TiedColumn, TiedRow, Ties } from '../linalg/ties.ts'
import type { Layout } from '../scene/layout.ts'
import type { Scene, Vec3 } from '../scene/scene.ts'
import type { TreeState } from './kinematics.ts'
import { rotationMatrixInto } from '../scene/rotation.ts'
import { rightJacobianInto } from './rotation.ts'
import type { TreeModel } from './treeModel.ts'
import type { Reach } from './reach.ts'
import type { Touch } from './touch.ts'

export interface TiesContext {
  readonly scene: Scene
  readonly model: TreeModel
  readonly state: TreeState // placed and moved at x
  readonly touch: Touch // within the period
  readonly substeps: number // physics steps in one control period
  readonly pushes: boolean // contacts and limits move positions beside their speeds
  readonly layout: Layout
  readonly reach: Reach // of the bodies within the period
  readonly x: Float64Array // [nx]
  readonly xNext: Float64Array // [nx] f(x, u)
}

const ALIGNED = 1e-12

export function treeTies(context: TiesContext): Ties {
  const { layout, substeps } = context
  const contacts = treeContacts(context)
  const pushed = context.pushes ? contacts.filter(({ aloft }) => !aloft).map(({ root }) => root) : []
  const loops = closedTrees(context.scene, context.model)
  const tiedColumns = contacts.flatMap((contact) => [
    ...(loops.bound.has(contact.root) ? [] : baseColumns(context, contact)),
    ...(contact.aloft && !loops.any.has(contact.root) ? restColumns(context, contact.root) : []),
  ])
  // a column may be known for two reasons
  const seen = new Set<number>()
  const columns = tiedColumns.filter(({ column }) => !seen.has(column) && seen.add(column))
  return {
    rows: layout.ndx,
    cols: layout.ndx + layout.nu,
    tiedColumns: columns,
    tiedRows: substeps === 1 ? positionRows(context, new Set(pushed)) : [],
  }
}

/**
 * Trees with closures, by their first bodies: a speed that would open one is not kept. Those bound to the world or to another tree
 * don't move as their first joint does, either.
 */
function closedTrees({ closures }: Scene, { root, parent }: TreeModel): Record<'any' | 'bound', ReadonlySet<number>> {
  const base = (body: number): number => (parent[body]! < 0 ? body : base(parent[body]!))
  const roots = (some: Scene['closures']) => new Set(some.map(({ bodies }) => root[bodies[0]]!))
  const isBound = ({ bodies: [first, second] }: Scene['closures'][number]) => second < 0 || base(first) !== base(second)
  return { any: roots(closures), bound: roots(closures.filter(isBound)) }
}

interface TreeContact {
  readonly root: number // first body
  readonly aloft: boolean // touches nothing, near no limit
  readonly alone: boolean // touches no other tree and no environment but planes; what it has inside turns and moves along
  readonly normals: readonly Vec3[] // of those planes
}

/** What each kinematic tree may touch. */
function treeContacts({ scene, model, touch, reach, x }: TiesContext): TreeContact[] {
  const roots = [...new Set(model.root)]
  return roots.map((root) => {
    const bodies = Array.from({ length: model.treeEnd[root]! - root }, (_, k) => root + k)
    const pairs = touch.pairs.filter(([i, j]) => bodies.includes(i) || bodies.includes(j))
    const meets = pairs.some(([i, j]) => !bodies.includes(i) || !bodies.includes(j))
    const solid = bodies.some((i) => touch.environment[i] === 'shapes')
    const normals = bodies.flatMap((i) => {
      const found = touch.environment[i]
      return found && found !== 'shapes' ? found : []
    })
    const limited = bodies.some((i) => nearLimit(scene, model, reach, x, i))
    return {
      root,
      aloft: pairs.length === 0 && !solid && normals.length === 0 && !limited,
      alone: !meets && !solid,
      normals,
    }
  })
}

/** True where a joint may reach a limit within the control period. */
function nearLimit(scene: Scene, model: TreeModel, reach: Reach, x: Float64Array, i: number): boolean {
  const limits = scene.joints[i]!.limits
  if (!limits) return false
  const q = x[model.qIndex[i]!]!
  return q - reach.joint[i]! < limits[0] || q + reach.joint[i]! > limits[1]
}

/** Columns of the tree's first joint that symmetries of the world give. */
function baseColumns(context: TiesContext, { root, alone, normals }: TreeContact): TiedColumn[] {
  const { scene, model, layout, reach, x } = context
  if (!alone || nearLimit(scene, model, reach, x, root)) return []
  const at = model.vIndex[root]! // first tangent entry
  const rate = layout.nv + at
  const type = model.type[root]!
  const flat = (direction: Vec3): boolean => normals.every((normal) => Math.abs(dot(normal, direction)) < ALIGNED)
  if (type === 'slider') {
    if (!flat(axisOf(context, root))) return []
    const moved = unit(at, 'where its first slider stands changes nothing else')
    const damped = scene.joints[root]!.damping > 0 || normals.length > 0
    return damped ? [moved] : [moved, drift(context, at, rate, 'a steady speed of its undamped first slider stays')]
  }
  if (type === 'hinge') {
    const vertical = parallel(axisOf(context, root), scene.gravity)
    return vertical && normals.length === 0 ? [unit(at, 'a turn of its vertical first hinge changes nothing else')] : []
  }
  if (type !== 'free') return []
  const columns: TiedColumn[] = []
  for (let c = 0; c < 3; c++) {
    const direction: Vec3 = [c === 0 ? 1 : 0, c === 1 ? 1 : 0, c === 2 ? 1 : 0]
    if (flat(direction)) columns.push(unit(at + c, 'where it stands changes nothing else'))
    if (normals.length === 0) columns.push(drift(context, at + c, rate + c, 'a steady speed stays'))
  }
  return [...columns, ...turns(context, root, normals)]
}

/** Turns of a free base: about gravity, and in free fall about its own axes. */
function turns(context: TiesContext, root: number, normals: readonly Vec3[]): TiedColumn[] {
  const { scene, state } = context
  if (normals.length === 0 && !hasThrust(context, root)) {
    const f = 9 * root
    const axes = [0, 1, 2].map((c): Vec3 => [state.frame[f + c]!, state.frame[f + 3 + c]!, state.frame[f + 6 + c]!])
    return axes.map((axis) => turn(context, root, axis, 'a turn in free fall carries everything along'))
  }
  const size = Math.hypot(...scene.gravity)
  const up: Vec3 =
    size === 0 ? (normals[0] ?? [0, 0, 1]) : (scene.gravity.map((value) => -value / size) as unknown as Vec3)
  if (normals.some((normal) => !parallel(normal, up))) return []
  return [turn(context, root, up, 'a turn about gravity carries everything along')]
}

/** True where thrusters act on a tree, which is not in free fall then. */
function hasThrust({ scene, model }: TiesContext, root: number): boolean {
  return scene.thrusters.some(({ body }) => model.root[body] === root)
}

/** Turning a free base turns its speed too, and then only carries the result along, but for the fall, which does not turn. */
function turn(
  { scene, model, state, layout, substeps, x, xNext }: TiesContext,
  root: number,
  axis: Vec3, // unit
  reason: string,
): TiedColumn {
  const q = model.qIndex[root]!
  const at = model.vIndex[root]!
  const rate = layout.nv + at
  const before = bodyAxis(state.frame, 9 * root, axis)
  const after = bodyAxisOf(xNext, q + 3, axis)
  const largest = before.reduce((best, value, c) => (Math.abs(value) > Math.abs(before[best]!) ? c : best), 0)
  const pivot = before[largest]!
  // J d = carried, d = (0, Rᵀ axis; axis × v, 0): solved for the largest entry of Rᵀ axis
  const across = (value: (c: number) => number): Vec3 => cross(axis, [value(0), value(1), value(2)])
  const v = layout.nq + at
  const fall = (scene.dt ** 2 * (substeps + 1)) / (2 * substeps)
  const turned = across((c) => x[v + c]!)
  const carried = across((c) => xNext[q + c]! - x[q + c]! - fall * scene.gravity[c]!)
  const spun = across((c) => xNext[v + c]! - scene.dt * scene.gravity[c]!)
  const from: Term[] = []
  const known: Term[] = []
  for (let c = 0; c < 3; c++) {
    if (c !== largest && Math.abs(before[c]!) > ALIGNED) from.push({ index: at + 3 + c, value: -before[c]! / pivot })
    if (turned[c] !== 0) from.push({ index: rate + c, value: -turned[c]! / pivot })
    known.push({ index: at + c, value: carried[c]! / pivot })
    known.push({ index: at + 3 + c, value: after[c]! / pivot })
    known.push({ index: rate + c, value: spun[c]! / pivot })
  }
  return { column: at + 3 + largest, from, known: known.filter(({ value }) => value !== 0), reason }
}

/** Columns of joint speeds of a tree at rest: through damping and the joint's own actuator, or not at all. */
function restColumns({ scene, model, layout, substeps, x }: TiesContext, root: number): TiedColumn[] {
  if (substeps !== 1) return []
  const end = model.treeEnd[root]!
  const first = layout.nq + model.vIndex[root]!
  const last = layout.nq + (end < model.numBodies ? model.vIndex[end]! : model.nv)
  for (let k = first; k < last; k++) if (x[k] !== 0) return []
  const columns: TiedColumn[] = []
  for (let i = root; i < end; i++) {
    const damping = scene.joints[i]!.damping
    const k0 = model.vIndex[i]!
    const k1 = i + 1 < model.numBodies ? model.vIndex[i + 1]! : model.nv
    for (let k = k0; k < k1; k++) {
      const known = [{ index: layout.nv + k, value: 1 }]
      const column = layout.nv + k
      if (damping === 0) columns.push({ column, from: [], known, reason: 'at rest, undamped: a small speed stays' })
      else {
        const driver = scene.actuators.findIndex(({ joint, gear }) => joint === i && gear !== 0)
        if (driver < 0 || k1 - k0 !== 1) continue
        const value = -damping / scene.actuators[driver]!.gear
        const from = [{ index: layout.ndx + driver, value }]
        columns.push({ column, from, known, reason: 'at rest a speed acts through damping, as the actuator does' })
      }
    }
  }
  return columns
}

/** δq⁺ from δq and δv⁺, but for trees that are pushed. */
function positionRows({ scene, model, layout, xNext }: TiesContext, pushed: ReadonlySet<number>): TiedRow[] {
  const h = scene.dt
  const reason = 'a position follows from the speed after the step'
  const rows: TiedRow[] = []
  for (let i = 0; i < model.numBodies; i++) {
    if (pushed.has(model.root[i]!)) continue
    const at = model.vIndex[i]!
    const rate = layout.nv + at
    const type = model.type[i]!
    const lines = type === 'free' ? 3 : type === 'hinge' || type === 'slider' ? 1 : 0
    for (let c = 0; c < lines; c++)
      rows.push({ row: at + c, from: [{ index: rate + c, value: h }], known: [{ index: at + c, value: 1 }], reason })
    if (type !== 'free' && type !== 'ball') continue
    const w = layout.nq + at + lines
    const turn: Vec3 = [h * xNext[w]!, h * xNext[w + 1]!, h * xNext[w + 2]!]
    const carry = new Float64Array(9)
    const jacobian = new Float64Array(9)
    rightJacobianInto(carry, jacobian, turn)
    for (let c = 0; c < 3; c++) {
      const terms = (M: Float64Array, start: number, factor: number): Term[] =>
        [0, 1, 2].flatMap((d) => {
          const value = M[3 * c + d]!
          return value === 0 ? [] : [{ index: start + d, value: factor * value }]
        })
      rows.push({
        row: at + lines + c,
        from: terms(jacobian, rate + lines, h),
        known: terms(carry, at + lines, 1),
        reason,
      })
    }
  }
  return rows
}

function unit(column: number, reason: string): TiedColumn {
  return { column, from: [], known: [{ index: column, value: 1 }], reason }
}

/** A speed that stays: v⁺ = v, q⁺ = q + dt·v. */
function drift({ scene }: TiesContext, position: number, column: number, reason: string): TiedColumn {
  const known = [
    { index: column, value: 1 },
    { index: position, value: scene.dt },
  ]
  return { column, from: [], known, reason }
}

function axisOf({ state }: TiesContext, body: number): Vec3 {
  return [state.axis[3 * body]!, state.axis[3 * body + 1]!, state.axis[3 * body + 2]!]
}

/** Rᵀ v, R row-major at k. */
function bodyAxis(R: Float64Array, k: number, v: Vec3): Vec3 {
  const entry = (c: number): number => R[k + c]! * v[0] + R[k + 3 + c]! * v[1] + R[k + 6 + c]! * v[2]
  return [entry(0), entry(1), entry(2)]
}

/** Rᵀ v for the quaternion (w, x, y, z) at k. */
function bodyAxisOf(x: Float64Array, k: number, v: Vec3): Vec3 {
  const R = new Float64Array(9)
  rotationMatrixInto(R, 0, x, k)
  return bodyAxis(R, 0, v)
}

function parallel(a: Vec3, b: Vec3): boolean {
  return Math.hypot(...cross(a, b)) <= ALIGNED * Math.max(1, Math.hypot(...b))
}

function dot(a: Vec3, b: Vec3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

function cross(a: Vec3, b: Vec3): Vec3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
