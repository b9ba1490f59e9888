/**
 * MuJoCo as a pure step function of x = (qpos, qvel, act). Warm starts, sleeping and MuJoCo's reset on diverged states are
 * switched off; every step starts from x and u alone. Constraint solvers run until rounding is all they leave over (stepper.ts): more
 * would be amplified by differences. Controls are never clamped, so that one at its bound has no column of zeros:
 * saturation is `simulate`'s.
 */
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { type Pattern, patternFromColumns } from '../../linalg/pattern.ts'
import { type Layout, reducedLayout } from '../../scene/layout.ts'
import type { Scene } from '../../scene/scene.ts'
import { controlVector, reducedState } from '../../scene/stateVector.ts'
import type { Engine, Point } from '../engine.ts'
import { manifoldOf } from '../manifold.ts'
import { namedPoint, unitQuaternions } from '../namedPoint.ts'
import { contactReader } from './contactReader.ts'
import { type CompiledModel, compileModel } from './compileModel.ts'
import { loadMujoco } from './loadMujoco.ts'
import { isMjcf, type Mjcf } from './mjcf.ts'
import { actuatorsOf, mujocoLayout, nameAt } from './mujocoLayout.ts'
import { sceneToMjcf } from './sceneToMjcf.ts'
import { stepperOf } from './stepper.ts'
import { treeCouplings, treeIslands } from './treeIslands.ts'

export interface MujocoOptions {
  /** Steps of the model in one control period. Default: the scene's substeps of cannon; 1 for MJCF. */
  readonly substeps?: number
}

/** Of differences, MuJoCo's own (mjd_transitionFD, centered) and ours: soft contacts are too curved for the usual 6e-6. */
const STEP = 1e-6

/** Iterations of Newton's method for MuJoCo's own differences, which start from the solution at the point itself. */
const ITERATIONS_NEARBY = 2

/**
 * The engine of a scene, of an MJCF text, or of a file read by `loadMjcf`. Home is the keyframe "home" of an MJCF model, else
 * qpos0 at rest; `keyframes` holds them all. `derivatives` (mjd_transitionFD, centered) is absent where MuJoCo has none: with RK4 and with the noslip solver.
 * Throws InputError on models that MuJoCo refuses, that have plugins or delays, or where @mujoco/mujoco is not installed;
 * RangeError on substeps that are no whole number ≥ 1.
 */
export async function mujocoEngine(source: Scene | Mjcf | string, options: MujocoOptions = {}): Promise<Engine> {
  const scene = typeof source === 'string' || isMjcf(source) ? null : source
  const { substeps = scene?.engines.cannon.substeps ?? 1 } = options
  if (!(Number.isInteger(substeps) && substeps >= 1))
    throw new RangeError(`mujocoEngine: substeps must be a whole number ≥ 1, got ${substeps}`)
  const mj = await loadMujoco()
  if (scene !== null) {
    const compiled = compileModel(mj, sceneToMjcf(scene), new Map(), scene.file)
    compiled.model.opt.timestep = scene.dt / substeps
    const layout = reducedLayout(scene)
    const home = { x: reducedState(scene, scene.home), u: controlVector(scene, scene.home) }
    const point: Engine['point'] = (named, base = home) => ({
      x: reducedState(scene, named, base.x),
      u: controlVector(scene, named, base.u),
    })
    return engineOf(mj, compiled, {
      layout,
      home,
      point,
      substeps,
      dt: scene.dt,
      order: sceneOrder(scene, compiled.model),
    })
  }
  const mjcf = typeof source === 'string' ? null : (source as Mjcf)
  const xml = mjcf?.xml ?? (source as string)
  const compiled = compileModel(mj, xml, mjcf?.files ?? new Map(), mjcf?.file ?? null)
  const { model, ranges } = compiled
  const layout = mujocoLayout(mj, model, ranges)
  const keyframes = keyframesOf(model, layout)
  const home = keyframes.get('home') ?? {
    x: Float64Array.from([...model.qpos0, ...new Float64Array(model.nv + model.na)]),
    u: new Float64Array(model.nu),
  }
  const dt = model.opt.timestep * substeps
  const point: Engine['point'] = (named, base = home) => namedPoint(layout, named, base)
  return engineOf(mj, compiled, { layout, home, keyframes, point, substeps, dt, order: null })
}

interface Parts {
  readonly layout: Layout
  readonly home: Point
  readonly keyframes?: ReadonlyMap<string, Point>
  readonly point: Engine['point']
  readonly substeps: number
  readonly dt: number
  readonly order: Order | null
}

function engineOf(mj: MainModule, { model, data }: CompiledModel, parts: Parts): Engine {
  const { layout, home, keyframes, point, substeps, dt } = parts
  const { nq, nv, nx, ndx, nu } = layout
  const { na } = model
  const manifold = manifoldOf(layout)
  const order = parts.order ?? identityOrder(layout)
  const { mjtDisableBit, mjtIntegrator, mjtSolver } = mj
  const { opt } = model
  const stepper = stepperOf(mj, model, data)
  const hasDerivatives = opt.integrator !== mjtIntegrator.mjINT_RK4.value && opt.noslip_iterations === 0
  const couplings = treeCouplings(mj, model)
  const actuators = actuatorsOf(model)
  const key = homeKey(model)
  let disposed = false
  let views = viewsOf(data)
  let buffers: { readonly A: Buffer; readonly B: Buffer | null } | null = null
  let contacts: ReturnType<typeof contactReader> | null = null
  reset()

  function reset(): void {
    mj.mj_resetData(model, data)
    stepper.forget()
    if (key < 0 || model.nmocap === 0) return
    data.mocap_pos.set(row(model.key_mpos, key, 3 * model.nmocap))
    data.mocap_quat.set(row(model.key_mquat, key, 4 * model.nmocap))
  }

  /** MuJoCo's memory moves when it grows; views of it are empty from then on. */
  function fresh(): Views {
    if (views.qpos.length !== nq) views = viewsOf(data)
    return views
  }

  /** Puts x and u into the model's data; false where an entry is not finite. */
  function load(x: Float64Array, u: Float64Array): boolean {
    for (let k = 0; k < nx; k++) if (!Number.isFinite(x[k]!)) return false
    for (let k = 0; k < nu; k++) if (!Number.isFinite(u[k]!)) return false
    const { qpos, qvel, act, ctrl } = fresh()
    for (let k = 0; k < nq; k++) qpos[order.x[k]!] = x[k]!
    for (let k = 0; k < nv; k++) qvel[order.v[k]!] = x[nq + k]!
    for (let k = 0; k < na; k++) act[k] = x[nq + nv + k]!
    for (let k = 0; k < nu; k++) ctrl[k] = u[k]!
    data.time = 0
    return true
  }

  /** Reads x; false, and nothing left behind, where an entry is not finite. */
  function store(x: Float64Array): boolean {
    const { qpos, qvel, act } = fresh()
    for (let k = 0; k < nq; k++) x[k] = qpos[order.x[k]!]!
    for (let k = 0; k < nv; k++) x[nq + k] = qvel[order.v[k]!]!
    for (let k = 0; k < na; k++) x[nq + nv + k] = act[k]!
    for (let k = 0; k < nx; k++)
      if (!Number.isFinite(x[k]!)) {
        reset()
        return false
      }
    return true
  }

  function check(): void {
    if (disposed) throw new Error('mujoco engine: used after dispose')
  }

  function step(x: Float64Array, u: Float64Array, xNext: Float64Array): void {
    check()
    if (!load(x, u)) {
      xNext.fill(Number.NaN)
      return
    }
    for (let s = 0; s < substeps; s++) stepper.step()
    store(xNext)
  }

  function structure(x: Float64Array, u: Float64Array): Pattern {
    check()
    const islands = treeIslands(mj, model, data, couplings)
    stepper.forget()
    if (!load(x, u)) throw new RangeError('mujoco engine: structure at a point that is not finite')
    for (let s = 0; s < substeps; s++) {
      if (s > 0) stepper.step()
      stepper.forget()
      mj.mj_kinematics(model, data)
      mj.mj_comPos(model, data)
      mj.mj_comVel(model, data)
      islands.joinNear(opt.timestep)
    }
    const members = new Map<number, number[]>() // dx entries by island
    const add = (tree: number, entries: readonly number[]): void => {
      const root = islands.find(tree)
      const list = members.get(root) ?? []
      members.set(root, list)
      list.push(...entries)
    }
    for (let k = 0; k < nv; k++) add(model.dof_treeid[order.v[k]!], [k, nv + k])
    for (const [k, { activations }] of actuators.entries()) {
      const [tree] = couplings.actuator[k]!
      if (tree !== undefined)
        add(
          tree,
          activations.map((a) => 2 * nv + a),
        )
    }
    const columns: number[][] = Array.from({ length: ndx + nu }, () => [])
    for (const list of members.values()) for (const j of list) columns[j] = list
    for (const [k, { controls, activations }] of actuators.entries()) {
      const [tree] = couplings.actuator[k]!
      const acts = activations.map((a) => 2 * nv + a)
      const rows = tree === undefined ? acts : members.get(islands.find(tree))!
      for (const control of controls) columns[ndx + control] = rows
      if (tree === undefined) for (const j of acts) columns[j] = rows // of an actuator that moves nothing
    }
    return patternFromColumns(ndx, columns)
  }

  /** MuJoCo's own differences at what the data hold; each solve starts from the solution at the point itself. */
  function transition({ A, B }: { readonly A: Buffer; readonly B: Buffer | null }): void {
    const { iterations, disableflags } = opt
    if (opt.solver === mjtSolver.mjSOL_NEWTON.value) {
      stepper.settle()
      opt.disableflags &= ~mjtDisableBit.mjDSBL_WARMSTART.value
      opt.iterations = Math.min(iterations, ITERATIONS_NEARBY)
    }
    mj.mjd_transitionFD(model, data, STEP, true, A, B, null, null)
    opt.disableflags = disableflags
    opt.iterations = iterations
    stepper.forget()
  }

  function derivatives(x: Float64Array, u: Float64Array, A: Float64Array, B: Float64Array): void {
    check()
    buffers ??= { A: new mj.DoubleBuffer(ndx * ndx), B: nu > 0 ? new mj.DoubleBuffer(ndx * nu) : null }
    const at = x.slice()
    A.fill(Number.NaN)
    B.fill(Number.NaN)
    let first = true
    for (let s = 0; s < substeps; s++) {
      if (!load(at, u)) return
      transition(buffers)
      const As = permuted(buffers.A.GetView(), ndx, order.dx, order.dx)
      const Bs = buffers.B ? permuted(buffers.B.GetView(), nu, order.dx, null) : new Float64Array(0)
      const chained = first ? As : product(As, A, ndx, ndx)
      const controlled = first ? Bs : product(As, B, ndx, nu).map((value, k) => value + Bs[k]!)
      A.set(chained)
      B.set(controlled)
      first = false
      if (s + 1 < substeps) {
        load(at, u)
        stepper.step()
        if (!store(at)) {
          A.fill(Number.NaN)
          B.fill(Number.NaN)
          return
        }
      }
    }
  }

  return {
    name: 'mujoco',
    layout,
    dt,
    home,
    ...(keyframes && { keyframes }),
    ...(point && { point }),
    step,
    integrate: manifold.integrate,
    difference: manifold.difference,
    differenceJacobian: manifold.differenceJacobian,
    structure,
    contacts(x, u, out) {
      check()
      out.count = 0
      if (!load(x, u)) return
      stepper.settle()
      contacts ??= contactReader(mj, model, data, (body) => order.bodies?.[body] ?? body - 1)
      contacts.read(out)
    },
    differenceStep: STEP,
    noise: 'none',
    ...(hasDerivatives && { derivatives }),
    dispose() {
      if (disposed) return
      disposed = true
      buffers?.A.delete()
      buffers?.B?.delete()
      contacts?.dispose()
      data.delete()
      model.delete()
    },
  }
}

type Buffer = InstanceType<MainModule['DoubleBuffer']>

interface Views {
  readonly qpos: Float64Array
  readonly qvel: Float64Array
  readonly act: Float64Array
  readonly ctrl: Float64Array
}

function viewsOf(data: MjData): Views {
  const { qpos, qvel, act, ctrl } = data
  return { qpos, qvel, act, ctrl }
}

/** Where MuJoCo keeps each of our coordinates. */
interface Order {
  readonly x: Int32Array // [nq] index in qpos
  readonly v: Int32Array // [nv] index in qvel
  readonly dx: Int32Array // [ndx] index in (δqpos, qvel, act)
  readonly bodies?: readonly number[] // ours by MuJoCo's, whose first is the world
}

function identityOrder({ nq, nv, ndx }: Layout): Order {
  const upTo = (n: number) => Int32Array.from({ length: n }, (_, k) => k)
  return { x: upTo(nq), v: upTo(nv), dx: upTo(ndx) }
}

/** MuJoCo walks trees depth first; a scene keeps the order of its file. */
function sceneOrder(scene: Scene, model: MjModel): Order {
  const joints = new Map(Array.from({ length: model.njnt }, (_, j) => [nameAt(model, model.name_jntadr[j]), j]))
  const widths = { free: [7, 6], ball: [4, 3], hinge: [1, 1], slider: [1, 1], fixed: [0, 0] } as const
  const x: number[] = []
  const v: number[] = []
  for (const { name, type } of scene.joints) {
    const j = joints.get(name) ?? -1
    const [numPositions, numRates] = widths[type]
    for (let k = 0; k < numPositions; k++) x.push(model.jnt_qposadr[j] + k)
    for (let k = 0; k < numRates; k++) v.push(model.jnt_dofadr[j] + k)
  }
  const bodies = Array.from({ length: model.nbody }, (_, b) =>
    scene.bodies.findIndex(({ name }) => name === nameAt(model, model.name_bodyadr[b])),
  )
  return {
    x: Int32Array.from(x),
    v: Int32Array.from(v),
    dx: Int32Array.from([...v, ...v.map((k) => model.nv + k)]),
    bodies,
  }
}

/** The keyframe named "home", −1 where there is none. */
function homeKey(model: MjModel): number {
  for (let k = 0; k < model.nkey; k++) if (nameAt(model, model.name_keyadr[k]) === 'home') return k
  return -1
}

/** The model's keyframes by name, 'key0' … where they have none. */
function keyframesOf(model: MjModel, layout: Layout): Map<string, Point> {
  const { nkey, nq, nv, na, nu } = model
  const found = new Map<string, Point>()
  for (let k = 0; k < nkey; k++) {
    const [qpos, qvel, act] = [row(model.key_qpos, k, nq), row(model.key_qvel, k, nv), row(model.key_act, k, na)]
    const x = unitQuaternions(Float64Array.from([...qpos, ...qvel, ...act]), layout)
    found.set(nameAt(model, model.name_keyadr[k]) ?? `key${k}`, { x, u: row(model.key_ctrl, k, nu) })
  }
  return found
}

function row(values: Float64Array, k: number, length: number): Float64Array {
  return values.slice(k * length, (k + 1) * length)
}

/** out[i, j] = from[rows[i], columns[j]], row-major with `width` columns. */
function permuted(from: Float64Array, width: number, rows: Int32Array, columns: Int32Array | null): Float64Array {
  const out = new Float64Array(rows.length * width)
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j < width; j++) out[i * width + j] = from[rows[i]! * width + (columns ? columns[j]! : j)]!
  return out
}

/** X [n × n] · Y [n × columns], row-major. */
function product(X: Float64Array, Y: Float64Array, n: number, columns: number): Float64Array {
  const out = new Float64Array(n * columns)
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const x = X[i * n + k]!
      if (x !== 0) for (let j = 0; j < columns; j++) out[i * columns + j]! += x * Y[k * columns + j]!
    }
  return out
}
