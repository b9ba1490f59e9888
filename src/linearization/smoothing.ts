/**
 * Linearization through contact: [A B] and the step itself, smoothed over a Gaussian cloud of states and controls around the point.
 * What contacts the rollouts make decides which entries may be nonzero: the engine's structure is taken at every one of them.
 */
import type { Matrix } from 'ml-matrix'
import type { Blackbox } from '../blackbox/blackbox.ts'
import type { Engine, Layout, Point } from '../engine/engine.ts'
import type { Pattern } from '../linalg/pattern.ts'
import type { Quality } from '../sensing/quality.ts'
import type { SmoothedOptions } from '../sensing/smoothedJacobian.ts'

/**
 * Standard deviations of the cloud, each in the unit of its coordinate: one number for all states and controls, a list of them
 * [ndx + nu], or by name, such as { 'ball.z': 0.002 }; what is not named has none. Beside coordinates and controls, `positions`,
 * `velocities`, `activations` and `controls` name all of a kind, of which single ones may be named otherwise.
 */
export type Deviations = number | readonly number[] | Readonly<Record<string, number>>

export type SmoothingChoice = Deviations | { readonly deviations: Deviations; readonly samples?: number | undefined }

const KINDS: readonly string[] = ['positions', 'velocities', 'activations', 'controls']

/** Options of `linearize` that a regression over a cloud has no use for. */
const WITHOUT_USE = ['plan', 'heldOut', 'repair'] as const

/**
 * [A B] and the mean of f(x, u) ⊖ f(xBar, uBar), [ndx]. `blackbox` gives these differences. Throws RangeError on a coordinate that
 * is not there and on deviations that do not fit.
 */
export async function smoothedSteps(
  engine: Engine,
  { x: xBar, u: uBar }: Point,
  blackbox: Blackbox,
  options: Omit<SmoothedOptions, 'deviations' | 'samples' | 'structure'> & {
    readonly smoothing: SmoothingChoice
    readonly sparsity?: Pattern | undefined // superset over the whole cloud; default: the engine's structure at each point
  },
): Promise<{ J: Matrix; mean: Float64Array; quality: Quality }> {
  const { nx, ndx } = engine.layout
  const { smoothing, sparsity, ...rest } = options
  const { deviations, samples } = choiceOf(smoothing)
  const x = new Float64Array(nx)
  const structureAt = (z: Float64Array): Pattern => {
    engine.integrate(xBar, z.subarray(0, ndx), x)
    return engine.structure!(
      x,
      uBar.map((value, k) => value + z[ndx + k]!),
    )
  }
  const { smoothedJacobian } = await import('../sensing/smoothedJacobian.ts')
  const { J, value, quality } = await smoothedJacobian(blackbox, {
    ...rest,
    deviations: deviationVector(deviations, engine.layout),
    samples,
    structure: { sparsity: sparsity ?? (engine.structure && structureAt) },
  })
  return { J, mean: value, quality }
}

/** Throws RangeError where deviations do not fit, or options say how to measure what smoothing measures in its own way. */
export function checkSmoothing(
  layout: Layout,
  options: {
    readonly smoothing: SmoothingChoice
    readonly method?: string | undefined
    readonly scheme?: string | undefined
    readonly structure?: { readonly sparsity?: unknown; readonly refine?: unknown } | undefined
    readonly plan?: unknown
    readonly heldOut?: unknown
    readonly repair?: unknown
  },
): void {
  deviationVector(choiceOf(options.smoothing).deviations, layout)
  const { method = 'auto', scheme = 'central', structure = {} } = options
  const found = WITHOUT_USE.filter((name) => options[name] !== undefined).map(String)
  if (method !== 'auto') found.push(`method '${method}'`)
  if (scheme !== 'central') found.push(`scheme '${scheme}'`)
  if (structure.sparsity === 'detect') found.push("structure.sparsity 'detect'")
  if (structure.refine) found.push('structure.refine')
  if (found.length > 0)
    throw new RangeError(`linearize: smoothing is a regression over pairs of rollouts; leave out ${found.join(', ')}`)
}

function choiceOf(smoothing: SmoothingChoice): { deviations: Deviations; samples?: number | undefined } {
  const isChoice = typeof smoothing === 'object' && smoothing !== null && 'deviations' in smoothing
  return isChoice
    ? (smoothing as { deviations: Deviations; samples?: number | undefined })
    : { deviations: smoothing as Deviations }
}

/** [ndx + nu] */
function deviationVector(deviations: Deviations, layout: Layout): Float64Array {
  const { dx, u } = layout
  const names = [...dx, ...u].map(({ name }) => name)
  if (typeof deviations === 'number') return new Float64Array(names.length).fill(checked(deviations, 'smoothing'))
  if (typeof deviations !== 'object' || deviations === null)
    throw new RangeError(`linearize: smoothing must be a number > 0, or deviations by name, got ${String(deviations)}`)
  if (isList(deviations)) {
    if (deviations.length !== names.length)
      throw new RangeError(
        `linearize: smoothing must have ndx + nu = ${names.length} deviations, got ${deviations.length}`,
      )
    return Float64Array.from(deviations, (value, k) => checked(value, `smoothing of ${names[k]}`))
  }
  for (const name of Object.keys(deviations))
    if (!names.includes(name) && !KINDS.includes(name))
      throw new RangeError(
        `linearize: smoothing names ${JSON.stringify(name)}, which is no coordinate; there are ${[...KINDS, ...names].slice(0, 24).join(', ')}${names.length > 20 ? ' …' : ''}`,
      )
  const vector = Float64Array.from(names, (name, k) => {
    const key = Object.hasOwn(deviations, name) ? name : kindOf(k, layout)
    return Object.hasOwn(deviations, key) ? checked(deviations[key]!, `smoothing of ${key}`) : 0
  })
  if (vector.every((value) => value === 0))
    throw new RangeError('linearize: smoothing needs a deviation > 0 of some coordinate')
  return vector
}

/** The kind of entry k of (δx, δu). */
export function kindOf(k: number, { nv, ndx }: Pick<Layout, 'nv' | 'ndx'>): string {
  return k < nv ? 'positions' : k < 2 * nv ? 'velocities' : k < ndx ? 'activations' : 'controls'
}

function checked(value: number, what: string): number {
  if (!(value >= 0 && Number.isFinite(value)))
    throw new RangeError(`linearize: ${what} must be a finite standard deviation ≥ 0, got ${String(value)}`)
  return value
}

function isList(deviations: Deviations): deviations is readonly number[] {
  return Array.isArray(deviations) || ArrayBuffer.isView(deviations)
}
