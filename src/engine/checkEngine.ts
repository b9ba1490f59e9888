/** Does an engine keep the promises of the Engine interface at a point: pure, smooth, with a tangent that fits? */
import { patternHas } from '../linalg/pattern.ts'
import { random } from '../linalg/random.ts'
import type { Engine, Point } from './engine.ts'

export interface EngineCheck {
  readonly name: string // 'purity'
  readonly passed: boolean
  readonly detail: string // one sentence: what was compared, and where it failed
}

export interface EngineReport {
  readonly passed: boolean // every check did
  readonly checks: readonly EngineCheck[]
}

export interface CheckEngineOptions {
  readonly seed?: number // default 1
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

interface Arithmetic {
  readonly epsilon: number // rounding, relative
  readonly step: number // of central differences in linearizations, relative to max(1, |coordinate|); the finer one is a tenth of it
  readonly rough: number // relative change of a difference quotient, from h to h/10 or from left to right, that is no curvature
  readonly least: number // largest entry of a column that such changes are held against, at least
}
const DOUBLE: Arithmetic = { epsilon: Number.EPSILON, step: Math.cbrt(Number.EPSILON), rough: 1e-3, least: 1e-3 }
const SINGLE: Arithmetic = { epsilon: 2 ** -23, step: 2e-2, rough: 5e-2, least: 1e-2 }
const COARSER = [10, 100, 1000] // times the step: how far a smooth point stays smooth
const FINER = [0.1, 0.01] // times the step: whether a rough one is smooth further in
const ROUNDING_UNITS = 64 // of a step's result
const TANGENT = 1e-9 // absolute error of ⊖ after ⊕
const DETOURS = 12

/**
 * Checks at `point` (default: home): layout and home fit together; steps are finite; the same step is the same bit for bit after
 * detours (through NaN, too), in place, and leaves its inputs alone; ⊕ and ⊖ are inverse to each other; difference quotients at
 * the step h that linearizations take and at h/10, from left and from right, agree (a contact that opens or closes at the point
 * does not), and up to which step they do; an engine that says when a step went wrong (`trouble`) has nothing to say; `structure`
 * covers every entry seen; `derivatives`, where there are any, agree with differences. Costs about 10 (ndx + nu) steps. Throws
 * the signal's reason when aborted, and what the engine throws.
 */
export async function checkEngine(
  engine: Engine,
  point: Point = engine.home,
  options: CheckEngineOptions = {},
): Promise<EngineReport> {
  const { seed = 1 } = options
  // A copy for each check: a step that writes into its inputs must not spoil the others, or the caller's point.
  const at = (): Point => ({ x: point.x.slice(), u: point.u.slice() })
  const checks = [checkLayout(engine, at())]
  if (checks[0]!.passed) {
    checks.push(checkFinite(engine, at()))
    if (checks[1]!.passed) {
      checks.push(checkPurity(engine, at(), seed), checkTangent(engine, at(), seed))
      checks.push(...(await checkDifferences(engine, at(), options)))
    }
  }
  return { passed: checks.every(({ passed }) => passed), checks }
}

function checkLayout({ layout, dt }: Engine, { x, u }: Point): EngineCheck {
  const { nq, nv, nx, ndx, nu } = layout
  const faults: string[] = []
  const same = (what: string, found: number, expected: number) => {
    if (found !== expected) faults.push(`${what} is ${found}, not ${expected}`)
  }
  same('number of x names', layout.x.length, nx)
  same('number of dx names', layout.dx.length, ndx)
  same('number of u names', layout.u.length, nu)
  same('length of x', x.length, nx)
  same('length of u', u.length, nu)
  if (nq > nx || nv > ndx) faults.push(`nq = ${nq}, nv = ${nv} do not fit nx = ${nx}, ndx = ${ndx}`)
  if (!(dt > 0 && Number.isFinite(dt))) faults.push(`dt is ${dt}`)
  const bad = [...x, ...u].findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) faults.push(`entry ${bad} of (x, u) is not finite`)
  for (const [kind, entries] of [
    ['dx', layout.dx],
    ['u', layout.u],
  ] as const) {
    const names = entries.map(({ name }) => name)
    const twice = names.find((name, k) => names.indexOf(name) !== k)
    if (twice !== undefined) faults.push(`two ${kind} entries are named ${twice}`)
  }
  return verdict('layout', faults[0], `nx = ${nx}, ndx = ${ndx}, nu = ${nu}, dt = ${dt} s`)
}

function checkFinite(engine: Engine, { x, u }: Point): EngineCheck {
  const { layout } = engine
  const xNext = new Float64Array(layout.nx)
  engine.step(x, u, xNext)
  const bad = xNext.findIndex((value) => !Number.isFinite(value))
  return verdict(
    'finite',
    bad < 0 ? undefined : `${layout.x[bad]!.name} is ${xNext[bad]} after one step`,
    'one step is finite',
  )
}

function checkPurity(engine: Engine, { x, u }: Point, seed: number): EngineCheck {
  const { layout } = engine
  const first = new Float64Array(layout.nx)
  const again = new Float64Array(layout.nx)
  const xKept = x.slice()
  const uKept = u.slice()
  const detour = detours(engine, { x, u }, seed)
  const differing = (a: Float64Array, b: Float64Array) => a.findIndex((value, i) => !Object.is(value, b[i]))
  const fault = (when: string, i: number) => `${layout.x[i]?.name ?? layout.u[i]?.name} differs ${when}`

  engine.step(x, u, first)
  const changed = Math.max(differing(x, xKept), differing(u, uKept))
  if (changed >= 0) return verdict('purity', 'step changes its inputs', '')
  engine.step(x, u, again)
  const repeated = differing(first, again)
  if (repeated >= 0) return verdict('purity', fault('when the step is repeated', repeated), '')
  for (let k = 0; k < DETOURS; k++) {
    detour()
    engine.step(x, u, again)
    const i = differing(first, again)
    if (i >= 0) return verdict('purity', fault(`after ${k + 1} detour${k === 0 ? '' : 's'}`, i), '')
  }
  for (const poison of [Number.NaN, Number.POSITIVE_INFINITY]) {
    stepFrom(engine, poison)
    engine.step(x, u, again)
    const i = differing(first, again)
    if (i >= 0) return verdict('purity', fault(`after a step from a state of ${poison}`, i), '')
  }
  const place = x.slice()
  engine.step(place, u, place)
  const i = differing(first, place)
  return verdict(
    'purity',
    i < 0 ? undefined : fault('when stepped in place', i),
    `bitwise the same after ${DETOURS} detours and steps from NaN and Infinity`,
  )
}

/** A step from a state and control that are no numbers; what becomes of it, an exception too, is the engine's own affair. */
function stepFrom(engine: Engine, poison: number): void {
  try {
    const away = new Float64Array(engine.layout.nx).fill(poison)
    engine.step(away, new Float64Array(engine.layout.nu).fill(poison), away)
  } catch {}
}

/** A function that steps somewhere else, a few times, at random. */
function detours(engine: Engine, { x, u }: Point, seed: number): () => void {
  const { layout } = engine
  const source = random(seed)
  const dx = new Float64Array(layout.ndx)
  const uAway = new Float64Array(layout.nu)
  const away = new Float64Array(layout.nx)
  return () => {
    for (let j = 0; j < dx.length; j++) dx[j] = 0.2 * source.normal()
    for (let j = 0; j < uAway.length; j++) {
      const [low, high] = layout.u[j]!.range
      uAway[j] = Math.min(Math.max(u[j]! + source.normal(), low), high)
    }
    engine.integrate(x, dx, away)
    for (let k = 0; k < 3; k++) engine.step(away, uAway, away)
  }
}

function checkTangent(engine: Engine, { x }: Point, seed: number): EngineCheck {
  const { layout } = engine
  const source = random(seed, 1)
  const dx = new Float64Array(layout.ndx)
  const back = new Float64Array(layout.ndx)
  const moved = new Float64Array(layout.nx)
  engine.integrate(x, dx, moved)
  const still = moved.findIndex((value, i) => Math.abs(value - x[i]!) > TANGENT)
  if (still >= 0) return verdict('tangent', `x ⊕ 0 moves ${layout.x[still]!.name}`, '')
  let worst = 0
  for (let k = 0; k < DETOURS; k++) {
    for (let j = 0; j < dx.length; j++) dx[j] = 0.5 * source.normal()
    engine.integrate(x, dx, moved)
    engine.difference(moved, x, back)
    for (let j = 0; j < dx.length; j++) {
      const error = Math.abs(back[j]! - dx[j]!)
      if (!(error <= TANGENT)) {
        const { name } = layout.dx[j]!
        return verdict('tangent', `(x ⊕ dx) ⊖ x misses dx in ${name} by ${error.toExponential(1)}`, '')
      }
      worst = Math.max(worst, error)
    }
  }
  return verdict('tangent', undefined, `(x ⊕ dx) ⊖ x = dx to ${worst.toExponential(1)}`)
}

/** Smoothness, structure and derivatives, from one pass over the inputs and a second one at other steps. */
async function checkDifferences(engine: Engine, point: Point, options: CheckEngineOptions): Promise<EngineCheck[]> {
  const { layout } = engine
  const { ndx, nu } = layout
  const inputs = [...layout.dx, ...layout.u]
  const troubles: string[] = []
  const arithmetic = engine.precision === 'single' ? SINGLE : DOUBLE
  const { step: unit, rough: most, least } = arithmetic
  const quotients = differenceQuotients(engine, point, troubles)
  const noise = roundingNoise(engine, point, arithmetic)
  const structure = engine.structure?.(point.x, point.u)
  const A = new Float64Array(ndx * ndx)
  const B = new Float64Array(ndx * nu)
  engine.derivatives?.(point.x, point.u, A, B)
  const pause = pauses(options)

  let rough = { size: 0, text: '' }
  let uncovered: string | undefined
  let wrong: string | undefined
  const finest: Float64Array[] = [] // ∂f/∂(dx, u)_j at h/10
  for (let j = 0; j < ndx + nu; j++) {
    const coarse = quotients(j, unit)
    const fine = quotients(j, unit / 10)
    finest.push(fine.central)
    const scale = scaleOf(fine.central, least)
    for (let i = 0; i < ndx; i++) {
      const where = `∂ ${layout.dx[i]!.name} / ∂ ${inputs[j]!.name}`
      const drift = Math.abs(coarse.central[i]! - fine.central[i]!) / scale
      const kink = Math.abs(fine.right[i]! - fine.left[i]!) / scale
      const size = Math.max(drift, kink)
      if (size > rough.size || Number.isNaN(size))
        rough = {
          size: Number.isNaN(size) ? Number.POSITIVE_INFINITY : size,
          text:
            kink >= drift
              ? `${where} is ${fine.left[i]!.toPrecision(4)} from the left and ${fine.right[i]!.toPrecision(4)} from the right`
              : `${where} is ${coarse.central[i]!.toPrecision(4)} at h and ${fine.central[i]!.toPrecision(4)} at h/10`,
        }
      if (structure && Math.abs(coarse.central[i]!) > noise[i]! && !patternHas(structure, i, j))
        uncovered ??= `${where} = ${coarse.central[i]!.toPrecision(3)} is outside the structure`
      const own = j < ndx ? A[i * ndx + j]! : B[i * nu + j - ndx]!
      if (engine.derivatives && !(Math.abs(own - coarse.central[i]!) <= 1e-5 * scale))
        wrong ??= `${where} is ${own.toPrecision(6)}, differences give ${coarse.central[i]!.toPrecision(6)}`
    }
    await pause(j + 1, 2 * (ndx + nu))
  }

  /** Whether every column at one step agrees with a reference column. */
  const agree = async (step: number, reference: (j: number) => Float64Array, kinks: boolean): Promise<boolean> => {
    for (let j = 0; j < ndx + nu; j++) {
      const { left, right, central } = quotients(j, step)
      const wanted = reference(j)
      const scale = scaleOf(wanted, least)
      for (let i = 0; i < ndx; i++) {
        const kink = kinks ? Math.abs(right[i]! - left[i]!) : 0
        if (!(Math.max(Math.abs(central[i]! - wanted[i]!), kink) <= most * scale)) return false
      }
      await pause(ndx + nu + j + 1, 2 * (ndx + nu))
    }
    return true
  }
  const isSmooth = rough.size <= most
  let reach = 0 // the largest step tried at which the point is smooth, in units of the step; 0 if none
  if (isSmooth) {
    reach = 1
    // Left and right of a curved function differ at a coarse step. A contact on one side shows in central differences.
    for (const factor of COARSER) {
      if (!(await agree(factor * unit, (j) => finest[j]!, false))) break
      reach = factor
    }
  } else {
    for (const factor of FINER) {
      if (!(await agree(factor * unit, (j) => quotients(j, (factor * unit) / 10).central, true))) continue
      reach = factor
      break
    }
  }
  const h = unit.toExponential(1)
  const at = (reach * unit).toExponential(1)
  const largest = `difference quotients at h = ${h} and h/10 agree to ${rough.size.toExponential(1)}; smooth up to steps of ${at}${reach === COARSER.at(-1) ? ' at least' : ''}`
  const depth =
    reach > 0
      ? `smooth only at steps up to ${at}`
      : `not smooth at steps of ${(FINER.at(-1)! * unit).toExponential(1)} either`
  const kinked = `${rough.text} (h = ${h}): a contact or a limit may switch here; ${depth}`
  return [
    ...(engine.trouble ? [verdict('convergence', troubles[0], 'every step around the point was solved')] : []),
    verdict('smoothness', isSmooth ? undefined : kinked, largest),
    ...(structure ? [verdict('structure', uncovered, 'covers every entry that differences find')] : []),
    ...(engine.derivatives ? [verdict('derivatives', wrong, "the engine's own agree with differences to 1e-5")] : []),
  ]
}

/** What differences of a column are held against. */
function scaleOf(column: Float64Array, least: number): number {
  return column.reduce((largest, value) => Math.max(largest, Math.abs(value)), least)
}

/** Lets the signal and other work through after every 40 ms of stepping. */
function pauses({ signal, onProgress }: CheckEngineOptions): (done: number, total: number) => Promise<void> {
  let sliceEnd = performance.now() + 40
  return async (done, total) => {
    if (performance.now() <= sliceEnd) return
    onProgress?.(done, total)
    await new Promise((next) => setTimeout(next))
    signal?.throwIfAborted()
    sliceEnd = performance.now() + 40
  }
}

interface Quotients {
  readonly left: Float64Array
  readonly right: Float64Array
  readonly central: Float64Array
}

/** How large a difference quotient can be where nothing depends on anything, [ndx]: rounding of the step's result. */
function roundingNoise(engine: Engine, { x, u }: Point, { epsilon, step }: Arithmetic): Float64Array {
  const { layout } = engine
  const xNext = new Float64Array(layout.nx)
  engine.step(x, u, xNext)
  const places = new Map(layout.x.map(({ name }, k) => [name, k]))
  const sizeOf = (name: string): number => Math.max(1, Math.abs(xNext[places.get(name) ?? -1] ?? 1))
  return Float64Array.from(layout.dx, ({ name }) => (ROUNDING_UNITS * epsilon * sizeOf(name)) / step)
}

/**
 * ∂f/∂(dx, u)_j at the point, from the left, from the right and central, with step h·max(1, |coordinate j|). What the engine
 * says of steps that went wrong is added to `troubles`.
 */
function differenceQuotients(engine: Engine, { x, u }: Point, troubles: string[]): (j: number, h: number) => Quotients {
  const { layout } = engine
  const { nx, ndx } = layout
  const base = new Float64Array(nx)
  engine.step(x, u, base)
  const places = new Map(layout.x.map(({ name }, k) => [name, k]))
  const valueAt = (j: number) => (j < ndx ? (x[places.get(layout.dx[j]!.name) ?? -1] ?? 1) : u[j - ndx]!)
  const dx = new Float64Array(ndx)
  const uMoved = u.slice()
  const moved = new Float64Array(nx)
  const change = (j: number, h: number): Float64Array => {
    dx.fill(0)
    uMoved.set(u)
    if (j < ndx) dx[j] = h
    else uMoved[j - ndx]! += h
    engine.integrate(x, dx, moved)
    engine.step(moved, uMoved, moved)
    const trouble = engine.trouble?.()
    if (trouble) troubles.push(trouble)
    const out = new Float64Array(ndx)
    engine.difference(moved, base, out)
    return out
  }
  return (j, relative) => {
    const h = relative * Math.max(1, Math.abs(valueAt(j)))
    const right = change(j, h).map((value) => value / h)
    const left = change(j, -h).map((value) => -value / h)
    return { left, right, central: right.map((value, i) => (value + left[i]!) / 2) }
  }
}

function verdict(name: string, fault: string | undefined, otherwise: string): EngineCheck {
  return { name, passed: fault === undefined, detail: fault ?? otherwise }
}
