/**
 * Points where the engine's step changes nothing: f(x, u) ⊖ x = 0, by Gauss–Newton steps of least norm on the sensed (A − I, B),
 * damped (Levenberg 1944, Marquardt 1963) where a plain step does not lower the residual. The search stays near its start:
 * among all corrections it takes the smallest, in units of max(1, |coordinate|). Where that fails and something falls freely, it is
 * first lowered until a contact carries it (supportHeight.ts).
 */
import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { BlackboxError } from '../blackbox/blackboxError.ts'
import type { Engine, Layout, Point } from '../engine/engine.ts'
import type { Linearization } from './linearization.ts'
import { checkPoint, linearize } from './linearize.ts'
import { supportHeight } from './supportHeight.ts'

export interface EquilibriumOptions {
  /**
   * What may move: 'positions' (tangent coordinates), 'controls', 'velocities', 'activations', or single coordinates by name.
   * Default: positions, controls and activations. Velocities that may not move are set to zero first.
   */
  readonly free?: readonly string[]
  /** Largest accepted |f(x, u) ⊖ x| / dt of any coordinate, in its unit per second; default 1e-8, in single precision 1e-4. */
  readonly tolerance?: number
  readonly maxIterations?: number // default 50
  readonly scheme?: 'central' | 'forward' // of the sensed derivatives
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined // iterations
}

/** A coordinate that the step still changes. */
export interface Unbalanced {
  readonly name: string
  readonly unit: string // 'm/s²' for a velocity in m/s
  readonly value: number // (f(x, u) ⊖ x) / dt
}

export interface Equilibrium {
  /**
   * 'least-squares': no small move of the free coordinates lowers the residual: the rest can't be balanced from here.
   * 'diverged': the engine gives NaN or Infinity, or the search runs away.
   */
  readonly result: 'solved' | 'least-squares' | 'max-iterations' | 'diverged'
  readonly message: string // one sentence for people
  readonly x: Float64Array // [nx], the best found
  readonly u: Float64Array // [nu]
  readonly residual: number // largest |f(x, u) ⊖ x| / dt; Infinity where the engine gave no number
  readonly unbalanced: readonly Unbalanced[] // above tolerance, largest first
  readonly iterations: number
  readonly calls: number // of the engine's step
}

const NEGLIGIBLE = 1e-8 // singular values relative to the largest: below is noise of the sensed derivatives
const NOISE = { central: 1e-9, forward: 1e-7, single: 1e-4 } // of sensed entries of A and B, in any case
const LONGEST_MOVE = 0.5 // of one coordinate in one iteration, relative to max(1, |coordinate|), for positions
const RUNAWAY = 1e6
const DAMPINGS = [0, 1e-6, 1e-4, 1e-2, 1, 100] // relative to the square of the largest singular value
const HALVINGS = 6
const PATIENCE = 3 // iterations after which what still falls is lowered to the floor
const SLOW = 0.5 // of ‖r‖ before them: more is left by a search that leads nowhere

/**
 * Searches from `point` (default: home). Controls are not kept within their ranges. Misuse throws RangeError (sizes, NaN,
 * unknown names), an abort the signal's reason; everything else is reported.
 */
export async function findEquilibrium(
  engine: Engine,
  point: Point = engine?.home,
  options: EquilibriumOptions = {},
): Promise<Equilibrium> {
  const isSingle = engine?.precision === 'single'
  const { tolerance = isSingle ? 1e-4 : 1e-8, maxIterations = 50, signal, onProgress, scheme = 'central' } = options
  if (!(tolerance > 0)) throw new RangeError(`findEquilibrium: tolerance must be a number > 0, got ${tolerance}`)
  checkPoint('findEquilibrium', engine, point)
  const { layout, dt } = engine
  const { nx, ndx, nq, nv } = layout
  const free = freeIndices(layout, options.free ?? ['positions', 'controls', 'activations'])
  const start = point.x.slice()
  for (let k = 0; k < nv; k++) if (!free.includes(nv + k)) start[nq + k] = 0

  const { engine: counted, count } = countSteps(engine)
  const rest = (xAt: Float64Array, uAt: Float64Array): Trial => {
    const [xNext, r] = [new Float64Array(nx), new Float64Array(ndx)]
    counted.step(xAt, uAt, xNext)
    counted.difference(xNext, xAt, r)
    return { x: xAt, u: uAt, r: r.map((value) => value / dt) }
  }
  let here = rest(start, point.u.slice())
  const first = here
  let earlier = here // some iterations ago
  let aloft: Trial | null = null // where the search stood before it was begun again on the ground; that is done once
  const lowered = (): Trial | null => {
    if (aloft !== null) return null
    aloft = here
    return supportHeight(counted, free, first, rest)
  }
  const report = (result: Equilibrium['result'], iterations: number): Equilibrium => {
    const best = aloft !== null && !(norm(here.r) <= norm(aloft.r)) ? aloft : here
    return reported(result, layout, { ...best, tolerance, iterations, calls: count.steps })
  }

  for (let iterations = 0; ; iterations++) {
    signal?.throwIfAborted()
    if (iterations > 0 && iterations % PATIENCE === 0) {
      if (norm(here.r) > SLOW * norm(earlier.r)) here = lowered() ?? here
      earlier = here
    }
    const { x, u, r } = here
    if (!r.every(Number.isFinite)) return report('diverged', iterations)
    if (largest(r) <= tolerance) return report('solved', iterations)
    if (iterations === maxIterations) return report('max-iterations', iterations)
    if (free.length === 0) return report('least-squares', iterations)
    if (hasRunAway(here, point)) return report('diverged', iterations)
    onProgress?.(iterations, maxIterations)
    let lin: Linearization
    try {
      lin = await linearize(counted, { x, u }, { heldOut: 0, noise: 'none', signal, scheme })
    } catch (error) {
      if (error instanceof BlackboxError) return report('diverged', iterations)
      throw error
    }

    const scale = Float64Array.from(free, (k) => (k < ndx ? 1 : Math.max(1, Math.abs(u[k - ndx]!))))
    const J = Matrix.zeros(ndx, free.length)
    for (const [column, k] of free.entries())
      for (let i = 0; i < ndx; i++) {
        const entry = k < ndx ? lin.A.get(i, k) - (i === k ? 1 : 0) : lin.B.get(i, k - ndx)
        J.set(i, column, (entry * scale[column]!) / dt)
      }
    const next = lowerPoint(
      J,
      NOISE[isSingle ? 'single' : scheme] / dt,
      r,
      (step) => {
        const dx = new Float64Array(ndx)
        const uTry = u.slice()
        for (const [column, k] of free.entries()) {
          const move = step[column]! * scale[column]!
          if (k < ndx) dx[k] = move
          else uTry[k - ndx]! += move
        }
        const xTry = new Float64Array(nx)
        counted.integrate(x, dx, xTry)
        return rest(xTry, uTry)
      },
      free.map((k) => (k < nv ? LONGEST_MOVE : Number.POSITIVE_INFINITY)),
    )
    const better = next ?? lowered()
    if (!better) return report('least-squares', iterations)
    here = better
  }
}

/** A point and how fast the step changes it there. */
interface Trial {
  readonly x: Float64Array
  readonly u: Float64Array
  readonly r: Float64Array // [ndx], (f(x, u) ⊖ x) / dt
}

function hasRunAway({ x, u }: Trial, start: Point): boolean {
  return largest(x) > RUNAWAY * (1 + largest(start.x)) || largest(u) > RUNAWAY * RUNAWAY * (1 + largest(start.u))
}

/** The engine with its steps counted. */
function countSteps(engine: Engine): { engine: Engine; count: { steps: number } } {
  const count = { steps: 0 }
  const counted: Engine = {
    name: engine.name,
    layout: engine.layout,
    dt: engine.dt,
    home: engine.home,
    ...(engine.differenceStep !== undefined && { differenceStep: engine.differenceStep }),
    step(x, u, xNext) {
      count.steps++
      engine.step(x, u, xNext)
    },
    integrate: (x, dx, xOut) => engine.integrate(x, dx, xOut),
    difference: (x1, x0, dxOut) => engine.difference(x1, x0, dxOut),
    ...(engine.structure && { structure: (x: Float64Array, u: Float64Array) => engine.structure!(x, u) }),
    ...(engine.derivatives && {
      derivatives: (x: Float64Array, u: Float64Array, A: Float64Array, B: Float64Array) =>
        engine.derivatives!(x, u, A, B),
    }),
    dispose: () => engine.dispose(),
  }
  return { engine: counted, count }
}

/** A point along a damped least-norm step that lowers ‖r‖ enough; null where none does. J [ndx × free]. */
function lowerPoint(
  J: Matrix,
  noise: number, // of an entry of J
  r: Float64Array,
  evaluate: (step: Float64Array) => Trial,
  longest: readonly number[],
): Trial | null {
  const svd = new SingularValueDecomposition(J, { autoTranspose: true })
  const sigma = svd.diagonal
  const top = Math.max(...sigma)
  const U = svd.leftSingularVectors
  const V = svd.rightSingularVectors
  const kept = sigma.flatMap((value, k) => (value > Math.max(NEGLIGIBLE * top, noise) ? [k] : []))
  const projected = kept.map((k) => r.reduce((sum, value, i) => sum + U.get(i, k) * value, 0))
  const size = norm(r)
  // What the linear model can still take off; nothing worth while: a least-squares point.
  if (norm(projected) <= 1e-7 * size) return null
  for (const damping of DAMPINGS) {
    const lambda = damping * top * top
    const step = new Float64Array(J.columns)
    let promised = 0 // decrease of ‖r‖²/2 in the linear model, per unit of a small step
    for (const [at, k] of kept.entries()) {
      const amount = (-sigma[k]! / (sigma[k]! ** 2 + lambda)) * projected[at]!
      promised -= amount * sigma[k]! * projected[at]!
      for (let j = 0; j < step.length; j++) step[j]! += amount * V.get(j, k)
    }
    let shrink = 1
    for (let j = 0; j < step.length; j++) shrink = Math.min(shrink, longest[j]! / Math.max(Math.abs(step[j]!), 1e-300))
    for (let halving = 0, length = shrink; halving <= HALVINGS; halving++, length /= 2) {
      const trial = evaluate(step.map((value) => length * value))
      const sizeTry = norm(trial.r)
      if (sizeTry * sizeTry <= size * size - 2e-4 * length * promised) return trial
    }
  }
  return null
}

/** Indices into (dx, u) of what may move, ascending. */
function freeIndices({ dx, u, nv, ndx }: Layout, free: readonly string[]): number[] {
  const names = [...dx, ...u].map(({ name }) => name)
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k)
  const groups: Readonly<Record<string, number[]>> = {
    positions: range(0, nv),
    velocities: range(nv, 2 * nv),
    activations: range(2 * nv, ndx),
    controls: range(ndx, names.length),
  }
  const chosen = new Set<number>()
  for (const what of free) {
    const known = Object.hasOwn(groups, what) ? groups[what]! : names.flatMap((name, k) => (name === what ? [k] : []))
    if (known.length === 0 && !Object.hasOwn(groups, what))
      throw new RangeError(
        `findEquilibrium: free names '${what}', known are ${Object.keys(groups).join(', ')}, ${names.join(', ')}`,
      )
    for (const k of known) chosen.add(k)
  }
  return [...chosen].sort((a, b) => a - b)
}

function reported(
  result: Equilibrium['result'],
  layout: Layout,
  found: Trial & { tolerance: number; iterations: number; calls: number },
): Equilibrium {
  const { x, u, r, tolerance, iterations, calls } = found
  const finite = r.every(Number.isFinite)
  const unbalanced = unbalancedOf(layout, r, tolerance)
  const rest = unbalanced.slice(0, 4).map(({ name, unit, value }) => `${name} (${value.toPrecision(3)} ${unit})`)
  const messages: Record<Equilibrium['result'], string> = {
    solved: 'equilibrium found',
    'least-squares': `no move of the free coordinates balances ${rest.join(', ')}`,
    'max-iterations': `not balanced after ${iterations} iterations: ${rest.join(', ')}`,
    diverged: finite
      ? `the search ran away or the engine gave no numbers near it; not balanced: ${rest.join(', ')}`
      : `the engine gives no number for ${layout.dx
          .filter((_, i) => !Number.isFinite(r[i]!))
          .map(({ name }) => name)
          .join(', ')}`,
  }
  const residual = finite ? largest(r) : Number.POSITIVE_INFINITY
  return { result, message: messages[result], x, u, residual, unbalanced, iterations, calls }
}

/** Coordinates above tolerance. A position that moves only because its velocity has just changed is left to that velocity. */
function unbalancedOf({ dx, nv }: Layout, r: Float64Array, tolerance: number): Unbalanced[] {
  const unbalanced: Unbalanced[] = []
  for (let i = 0; i < dx.length; i++) {
    const value = r[i]!
    if (!(Math.abs(value) > tolerance)) continue // NaN has its own message
    const follows = i < nv && Math.abs(r[nv + i]!) > tolerance && Math.abs(value) <= Math.abs(r[nv + i]!)
    if (!follows) unbalanced.push({ name: dx[i]!.name, unit: perSecond(dx[i]!.unit), value })
  }
  return unbalanced.sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
}

function perSecond(unit: string): string {
  if (unit.endsWith('/s')) return `${unit}²`
  return unit === '' ? '1/s' : `${unit}/s`
}

function largest(values: ArrayLike<number>): number {
  let max = 0
  for (let k = 0; k < values.length; k++) max = Math.max(max, Math.abs(values[k]!))
  return max
}

function norm(values: ArrayLike<number>): number {
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += values[k]! * values[k]!
  return Math.sqrt(sum)
}
