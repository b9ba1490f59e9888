/**
 * Points where every term of the equations of motion shows: joints bent, everything moving, controls off home. Where it can be had,
 * no contact and no joint limit is near, so that the equations of motion are seen alone.
 */
import type { Engine, Point } from '../engine/engine.ts'
import { random } from '../linalg/random.ts'
import type { Scene } from '../scene/scene.ts'

export interface BentStatesOptions {
  readonly count?: number // default 3
  readonly seed?: number // default 1
}

const BEND = 1 // rad or m from home, at most
const SPEED = 2 // rad/s or m/s, at most
const PUSH = 1 // of a control, in its own unit, at most
const ATTEMPTS = 200
const RUNS = 20 // attempts where loops are closed
const INSIDE = 0.05 // share of a joint's range kept free at both ends
const RUN = 10 // periods from home where loops are closed
const GENTLE = 0.1 // rad or m in a period of such a run, at most: controls are halved until it is
const LEAST_PUSH = 1e-3 // share of the controls

/**
 * Joints are bent by up to 1 rad or m from home, within their limits, at speeds up to 2 rad/s or m/s, with controls up to 1 from home,
 * within their ranges: all uniform, from the seed. Of 200 attempts at a point (20 runs), the first counts where `engine` says that nothing touches
 * and nothing is near, else the one with the fewest contacts and limits. Where closures tie joints, free bases alone are moved and sent
 * off, and the point is where the engine is after ten periods, under controls that are halved until it gets there gently: joints bent at will would
 * tear the loops.
 */
export function bentStates(scene: Scene, engine: Engine, { count = 3, seed = 1 }: BentStatesOptions = {}): Point[] {
  return Array.from({ length: count }, (_, k) => {
    const source = random(seed, k + 1)
    const within = (low: number, high: number) => low + (high - low) * source.uniform()
    const isClosed = scene.closures.length > 0
    const draw = () => (isClosed ? runOff(scene, engine, within) : bend(scene, engine, within))
    let best = draw()
    let fewest = contactsAt(engine, best)
    for (let attempt = 1; attempt < (isClosed ? RUNS : ATTEMPTS) && fewest > 0; attempt++) {
      const point = draw()
      const contacts = contactsAt(engine, point)
      if (contacts >= fewest) continue
      best = point
      fewest = contacts
    }
    return best
  })
}

type Within = (low: number, high: number) => number

function contactsAt(engine: Engine, { x, u }: Point): number {
  return (engine.closedSwitches?.(x, u).length ?? 0) + (engine.nearSwitches?.(x, u).length ?? 0)
}

function bend(scene: Scene, engine: Engine, within: Within): Point {
  const { layout, home } = engine
  const { ndx, nv } = layout
  const limits = new Map(scene.joints.flatMap(({ name, limits: range }) => (range ? [[name, range] as const] : [])))
  const at = new Map(layout.x.map(({ name }, i) => [name, home.x[i]!]))
  const dx = new Float64Array(ndx)
  layout.dx.forEach(({ name }, i) => {
    if (i >= nv) dx[i] = within(-SPEED, SPEED)
    else {
      const from = at.get(name) ?? 0
      const range = limits.get(name.slice(0, name.lastIndexOf('.')))
      const margin = range ? INSIDE * (range[1] - range[0]) : 0
      const low = range ? Math.max(range[0] + margin - from, -BEND) : -BEND
      const high = range ? Math.min(range[1] - margin - from, BEND) : BEND
      dx[i] = low < high ? within(low, high) : 0
    }
  })
  const x = home.x.slice()
  engine.integrate(x, dx, x)
  return { x, u: pushed(engine, within) }
}

/** Bases that are free moved and sent off, as rigid as they are, then the engine's own steps. */
function runOff(scene: Scene, engine: Engine, within: Within): Point {
  const { layout, home } = engine
  const free = new Set(scene.joints.flatMap(({ name, type }) => (type === 'free' ? [name] : [])))
  const dx = new Float64Array(layout.ndx)
  layout.dx.forEach(({ name }, i) => {
    if (free.has(name.slice(0, name.lastIndexOf('.'))))
      dx[i] = i < layout.nv ? within(-BEND, BEND) : within(-SPEED, SPEED)
  })
  const start = home.x.slice()
  engine.integrate(start, dx, start)
  const full = pushed(engine, within)
  if ((engine.closedSwitches?.(start, full).length ?? 0) > 0) return { x: start, u: full }
  for (let share = 1; share > LEAST_PUSH; share /= 2) {
    const u = full.map((value) => share * value)
    const x = start.slice()
    if (isGentleRun(engine, x, u)) return { x, u }
  }
  return { x: start, u: full.fill(0) }
}

/** Steps x on, in place; false where it moves too far in a period for its own speed to be true. */
function isGentleRun(engine: Engine, x: Float64Array, u: Float64Array): boolean {
  const { nv, nx, ndx } = engine.layout
  const xNext = new Float64Array(nx)
  const moved = new Float64Array(ndx)
  for (let k = 0; k < RUN; k++) {
    engine.step(x, u, xNext)
    engine.difference(xNext, x, moved)
    for (let i = 0; i < nv; i++) if (!(Math.abs(moved[i]!) <= GENTLE)) return false
    x.set(xNext)
  }
  return true
}

function pushed({ layout, home }: Engine, within: Within): Float64Array {
  return Float64Array.from(layout.u, ({ range }, k) =>
    Math.min(Math.max(home.u[k]! + within(-PUSH, PUSH), range[0]), range[1]),
  )
}
