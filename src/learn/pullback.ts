/**
 * The backward pass of a blackbox, for a batch: g = Jᵀw of every sample, from values of f alone. The points where f is evaluated do not
 * depend on w, so that they can be evaluated before w is known. Two ways: the left action along random directions, and the whole
 * sparse Jacobian by a plan that was prepared once.
 */
import type { Blackbox } from '../blackbox/blackbox.ts'
import { random } from '../linalg/random.ts'
import { designRows } from '../sensing/designs.ts'
import { decodeLeftAction, type LeftAction, leftActionPointsInto, project } from '../sensing/leftAction.ts'
import { measurementsFromValues } from '../sensing/measurementsFromValues.ts'
import type { Plan } from '../sensing/plan.ts'
import { plannedPoints } from '../sensing/plannedPoints.ts'
import { recover } from '../sensing/recover.ts'
import { stencilOf } from '../sensing/stencil.ts'
import { resolveScale } from '../sensing/steps.ts'

export interface Pullback {
  readonly points: number // evaluations for one sample, beside those at the sample itself
  /** Chooses the directions of one backward pass. */
  draw(samples: number): Draw
}

export interface Draw {
  pointsInto(Z: Float64Array, sample: number, z: Float64Array): void // Z [points × n], z [n]
  /** What point p of a sample is for: 'direction 3, plus side'. */
  purposeOf(p: number): string
  /** Whether values [points × m] of one sample make a gradient though some of them are not finite. */
  suffices(values: Float64Array): boolean
  /** One for each sample drawn; all of their values suffice. */
  gradients(samples: readonly Answered[]): Gradients
}

/** What is known of one sample when its gradient is asked for. */
export interface Answered {
  readonly z: Float64Array // [n]
  readonly y: Float64Array // [m], f(z)
  readonly w: Float64Array // [m], gradient of the loss by the outputs
  readonly values: Float64Array // [points × m]
}

export interface Gradients {
  readonly G: Float64Array // [samples × n]
  readonly variance: number | null // sum of the squared standard errors of all entries, null where not told
  readonly dropped: number // see LeftEstimate
  readonly uncertified: number // samples whose Jacobian has no certificate, of plans that hold directions out
}

const WHO = 'blackboxLayer'

/** Fresh directions for every sample, so that errors average out over a batch; 'least-absolute' shares them among its samples. */
export function leftActionPullback({ outputs: m, scale }: Blackbox, how: LeftAction, seed: number): Pullback {
  const { inputs: n, directions: k, sides, design, decoding } = how
  const source = random(seed)
  const rows = () => designRows(design, k, n, source.integer(2 ** 31))
  const isShared = decoding === 'least-absolute'
  return {
    points: sides * k,
    draw(samples) {
      const drawn = Array.from({ length: isShared ? 1 : samples }, rows)
      const rowsOf = (sample: number) => drawn[isShared ? 0 : sample]!
      return {
        pointsInto: (Z, sample, z) => leftActionPointsInto(Z, how, rowsOf(sample), z, resolveScale(WHO, z, scale)),
        purposeOf: (p) => purpose('direction', Math.floor(p / sides), p % sides),
        suffices(values) {
          const isWhole = Array.from({ length: sides * k }, (_, p) =>
            values.subarray(p * m, (p + 1) * m).every(Number.isFinite),
          )
          if (isShared) return isWhole.filter(Boolean).length > n
          return isWhole.some((_, p) => p % sides === 0 && isWhole.slice(p, p + sides).every(Boolean))
        },
        gradients(all) {
          const projected = all.map(({ z, y, w, values }) => ({
            values: project(values, w),
            base: project(y, w)[0]!,
            norm: Math.sqrt(w.reduce((sum, entry) => sum + entry * entry, 0)),
            scale: resolveScale(WHO, z, scale),
          }))
          const estimates = isShared
            ? decodeLeftAction(WHO, how, rowsOf(0), projected)
            : projected.flatMap((one, sample) => decodeLeftAction(WHO, how, rowsOf(sample), [one]))
          const G = new Float64Array(all.length * n)
          let variance = 0
          let dropped = 0
          for (const [sample, { g, standardError, dropped: left }] of estimates.entries()) {
            G.set(g, sample * n)
            dropped += left
            for (const error of standardError) variance += error * error
          }
          return { G, variance, dropped, uncertified: 0 }
        },
      }
    },
  }
}

/** Jᵀw with the Jacobian that the plan recovers at each sample. */
export function jacobianPullback({ scale, outputScale }: Blackbox, plan: Plan): Pullback {
  const { inputs: n, outputs: m, scheme, directions, heldOutDirections } = plan
  const { offsets, baseWeight } = stencilOf(scheme)
  const points = (directions + heldOutDirections) * offsets.length
  const base = baseWeight !== 0 && points > 0 ? 1 : 0 // f(z) stands first, and is known
  const draw: Draw = {
    pointsInto: (Z, _, z) => Z.set(plannedPoints(plan, { at: z, scale }).Z.subarray(base * n)),
    purposeOf(p) {
      const t = Math.floor(p / offsets.length)
      const isHeldOut = t >= directions
      return purpose(isHeldOut ? 'held-out direction' : 'direction', isHeldOut ? t - directions : t, p % offsets.length)
    },
    suffices: () => false,
    gradients(all) {
      const G = new Float64Array(all.length * n)
      let variance: number | null = 0
      let uncertified = 0
      for (const [sample, { z, y, w, values }] of all.entries()) {
        const answers = new Float64Array((base + points) * m)
        if (base === 1) answers.set(y)
        answers.set(values, base * m)
        const { J, quality } = recover(plan, measurementsFromValues(plan, { at: z, scale, outputScale }, answers))
        if (heldOutDirections > 0 && !quality.certified) uncertified++
        for (let j = 0; j < n; j++) {
          let sum = 0
          for (let o = 0; o < m; o++) {
            sum += J.get(o, j) * w[o]!
            if (quality.standardError === null) variance = null
            else if (variance !== null) variance += (quality.standardError.get(o, j) * w[o]!) ** 2
          }
          G[sample * n + j] = sum
        }
      }
      return { G, variance, dropped: 0, uncertified }
    },
  }
  return { points, draw: () => draw }
}

function purpose(what: string, direction: number, side: number): string {
  return `${what} ${direction}, ${side % 2 === 0 ? 'plus' : 'minus'} side${side < 2 ? '' : ', far'}`
}
