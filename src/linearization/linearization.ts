import type { Matrix } from 'ml-matrix'
import type { Engine, Layout } from '../engine/engine.ts'
import type { Plan } from '../sensing/plan.ts'
import type { Quality } from '../sensing/quality.ts'

/**
 * δx⁺ = A δx + B δu + c around (xBar, uBar), with δx = x ⊖ xBar, δu = u − uBar, δx⁺ = f(x, u) ⊖ xBarNext and
 * c = f(xBar, uBar) ⊖ xBarNext: zero at an equilibrium, the defect along a trajectory. With smoothing, f stands for its mean over the
 * cloud.
 */
export interface Linearization {
  readonly A: Matrix // [ndx × ndx]
  readonly B: Matrix // [ndx × nu]
  readonly c: Float64Array // [ndx]
  readonly xBar: Float64Array // [nx]
  readonly uBar: Float64Array // [nu]
  readonly xBarNext: Float64Array // [nx]
  readonly dt: number // s
  readonly layout: Layout
  readonly engine: string // name of the engine
  readonly precision?: 'single' // of its steps, where it is not double
  readonly constraints?: NonNullable<Engine['constraints']> // of the engine: what holds coordinates together that A and B treat as free
  readonly quality: Quality
  readonly plan: Plan | null // what it was measured with, for use at other points; null for the engine's own derivatives, and with smoothing
}
