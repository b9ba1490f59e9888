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
const ATTEMPTS = 300
const INSIDE = 0.05 // share of a joint's range kept free at both ends
const RUNS = 20 // attempts where loops are closed
const RUN = 10 // periods of such a run
const GENTLE = 0.1 // rad or m in a period of such a run, at most: controls are halved until it is
const LEAST_PUSH = 1e-3 // share of the controls

/**
 * Joints are bent by up to 1 rad or m from home, within their limits, at speeds up to 2 rad/s or m/s, with controls up to 1 from home,
 * within their ranges: all uniform, from the seed. What `engine` says touches or is near is drawn again, one kinematic tree at a time,
 * up to 300 times; what then still touches stays. Where closures tie joints, joints bent at will would tear the loops: free bases alone
 * are moved and sent off, and the point is where the engine is after ten periods, under controls that are halved until it gets there
 * gently.
 */
export function bentStates(scene: Scene, engine: Engine, { count = 3, seed = 1 }: BentStatesOptions = {}): Point[] {
  const draw = scene.closures.length > 0 ? runOff : bend
  return Array.from({ length: count }, (_, k) => {
    const source = random(seed, k + 1)
    return draw(scene, engine, {
      within: (low, high) => low + (high - low) * source.uniform(),
      below: (bound) => source.integer(bound),
    })
  })
}

interface Draw {
  readonly within: (low: number, high: number) => number
  readonly below: (bound: number) => number // 0 … bound − 1
}

function contactsAt(engine: Engine, { x, u }: Point): number {
  return (engine.closedSwitches?.(x, u).length ?? 0) + (engine.nearSwitches?.(x, u).length ?? 0)
}

function bend(scene: Scene, engine: Engine, { within, below }: Draw): Point {
  const { layout, home } = engine
  const u = pushed(engine, within)
  const joints = new Map(scene.joints.map(({ name }, i) => [name, i]))
  const at = new Map(layout.x.map(({ name }, i) => [name, home.x[i]!]))
  const jointAt = layout.dx.map(({ name }) => joints.get(jointOf(name))!)
  const trees: number[] = [] // of joint i, numbered from 0
  let numTrees = 0
  for (const { parent } of scene.joints) trees.push(parent < 0 ? numTrees++ : trees[parent]!)

  const redraw = (dx: Float64Array, tree: number | null): void =>
    jointAt.forEach((joint, i) => {
      if (tree !== null && trees[joint] !== tree) return
      const { limits } = scene.joints[joint]!
      if (i >= layout.nv) dx[i] = within(-SPEED, SPEED)
      else if (limits === null) dx[i] = within(-BEND, BEND)
      else {
        const from = at.get(layout.dx[i]!.name)!
        const margin = INSIDE * (limits[1] - limits[0])
        const low = Math.max(limits[0] + margin - from, -BEND)
        const high = Math.min(limits[1] - margin - from, BEND)
        dx[i] = low < high ? within(low, high) : 0
      }
    })
  const placed = (dx: Float64Array): Point => {
    const x = home.x.slice()
    engine.integrate(x, dx, x)
    return { x, u }
  }
  let dx: Float64Array = new Float64Array(layout.ndx)
  redraw(dx, null)
  let best = placed(dx)
  let fewest = contactsAt(engine, best)
  for (let attempt = 1; attempt < ATTEMPTS && fewest > 0; attempt++) {
    const moved = dx.slice()
    redraw(moved, below(numTrees))
    const point = placed(moved)
    const contacts = contactsAt(engine, point)
    if (contacts > fewest) continue
    dx = moved
    best = point
    fewest = contacts
  }
  return best
}

function runOff(scene: Scene, engine: Engine, { within }: Draw): Point {
  let best: Point | null = null
  let fewest = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < RUNS && fewest > 0; attempt++) {
    const point = runOnce(scene, engine, within)
    const contacts = contactsAt(engine, point)
    if (contacts >= fewest) continue
    best = point
    fewest = contacts
  }
  return best!
}

/** Bases that are free moved and sent off, as rigid as they are, then the engine's own steps. */
function runOnce(scene: Scene, engine: Engine, within: Draw['within']): Point {
  const { layout, home } = engine
  const free = new Set(scene.joints.flatMap(({ name, type }) => (type === 'free' ? [name] : [])))
  const dx = new Float64Array(layout.ndx)
  layout.dx.forEach(({ name }, i) => {
    if (free.has(jointOf(name))) dx[i] = i < layout.nv ? within(-BEND, BEND) : within(-SPEED, SPEED)
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

function pushed({ layout, home }: Engine, within: Draw['within']): Float64Array {
  return Float64Array.from(layout.u, ({ range }, k) =>
    Math.min(Math.max(home.u[k]! + within(-PUSH, PUSH), range[0]), range[1]),
  )
}

/** 'pole' of 'pole.angle'. */
function jointOf(coordinate: string): string {
  return coordinate.slice(0, coordinate.lastIndexOf('.'))
}
