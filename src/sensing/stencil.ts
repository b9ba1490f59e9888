/** Difference schemes: where a blackbox is evaluated along a direction, and how the values make a difference. */

/**
 * forward: (f(z + p) − f(z)) / p, one shared extra call. central: (f(z + p) − f(z − p)) / 2p. five-point:
 * (8 (f(z + p) − f(z − p)) − (f(z + 2p) − f(z − 2p))) / 12p, for steps that noise makes large.
 */
export type Scheme = 'forward' | 'central' | 'five-point'

export const SCHEMES: readonly Scheme[] = ['forward', 'central', 'five-point']

/** Δ = Σ_s weights[s] · f(z̄ + offsets[s]·p) + baseWeight · f(z̄) ≈ J p · reach. */
export interface Stencil {
  readonly offsets: readonly number[] // in units of the step p; the first is 1, and the second −1 where there is one
  readonly weights: readonly number[]
  readonly baseWeight: number // of f(z̄); 0: not needed
  readonly reach: number // Σ weights · offsets
  readonly order: number // the error of Δ / reach grows with this power of the step
  readonly noise: number // standard deviation of Δ for noise of standard deviation 1 in each value
}

const stencils: { readonly [scheme in Scheme]: Stencil } = {
  forward: stencil([1], [1], -1, 1),
  central: stencil([1, -1], [1, -1], 0, 2),
  'five-point': stencil([1, -1, 2, -2], [4 / 3, -4 / 3, -1 / 6, 1 / 6], 0, 4),
}

function stencil(offsets: number[], weights: number[], baseWeight: number, order: number): Stencil {
  const reach = weights.reduce((sum, weight, s) => sum + weight * offsets[s]!, 0)
  return { offsets, weights, baseWeight, reach: Math.round(reach), order, noise: Math.hypot(baseWeight, ...weights) }
}

export function stencilOf(scheme: Scheme): Stencil {
  return stencils[scheme]
}

/** Evaluations that one direction costs. */
export function callsPerDirection(scheme: Scheme): number {
  return stencils[scheme].offsets.length
}

/** Throws RangeError unless `scheme` is one. */
export function checkScheme(who: string, scheme: unknown): void {
  if (!SCHEMES.includes(scheme as Scheme))
    throw new RangeError(`${who}: scheme must be one of ${SCHEMES.join(', ')}; got ${String(scheme)}`)
}
