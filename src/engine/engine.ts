import type { Pattern } from '../linalg/pattern.ts'
import type { Ties } from '../linalg/ties.ts'
import type { Layout } from '../scene/layout.ts'
import type { CoordinateConstraint } from './constraintsOf.ts'
import type { Contacts } from './contacts.ts'
import type { NamedState } from '../scene/scene.ts'

export type { ControlCoordinate, Coordinate, Layout } from '../scene/layout.ts'

/** A point of operation: state and control. */
export interface Point {
  readonly x: Float64Array // [nx]
  readonly u: Float64Array // [nu]
}

/** A Markov step function x⁺ = f(x, u) on a state space with a tangent. Nothing is remembered between steps. */
export interface Engine {
  readonly name: string // 'cannon', 'reference', 'mujoco', …
  readonly layout: Layout
  readonly dt: number // s, one control period (it may hold several physics substeps)
  /** The scene's home state and control. */
  readonly home: Point
  /** Other points that the model names, such as the keyframes of an MJCF file. */
  readonly keyframes?: ReadonlyMap<string, Point>
  /** The point of a state given by joint and actuator names; what it does not name is as in `base` (default: home). */
  point?(named: NamedState, base?: Point): Point
  /** Pure: the same (x, u) gives the same xNext, bit for bit, whatever was stepped before. x may be xNext. */
  step(x: Float64Array, u: Float64Array, xNext: Float64Array): void
  /** What the last step could not get right (contact forces that did not converge …), one clause, or null. */
  trouble?(): string | null
  /** x ⊕ dx; xOut may be x. */
  integrate(x: Float64Array, dx: Float64Array, xOut: Float64Array): void
  /** x1 ⊖ x0: the dx with x0 ⊕ dx = x1. */
  difference(x1: Float64Array, x0: Float64Array, dxOut: Float64Array): void
  /**
   * E = ∂((x1 ⊕ δ) ⊖ x0)/∂δ at δ = 0, row-major [ndx × ndx]: the identity but for rotations. Default: from differences of `integrate` and
   * `difference`.
   */
  differenceJacobian?(x1: Float64Array, x0: Float64Array, E: Float64Array): void
  /** What can influence what at (x, u), contacts within the period included: a superset of the nonzeros of [A B], [ndx × (ndx + nu)]. */
  structure?(x: Float64Array, u: Float64Array): Pattern
  /**
   * Contacts and joint limits that are open at (x, u) and within reach of the control period, each in words: 'contact of ball with the
   * environment'. A superset. The derivative at (x, u) holds until they close.
   */
  nearSwitches?(x: Float64Array, u: Float64Array): readonly string[]
  /** Contacts that touch and joints at a limit or beyond it at (x, u), in the same words: what acts by the engine's own laws of contact. */
  closedSwitches?(x: Float64Array, u: Float64Array): readonly string[]
  /**
   * Points of contact at (x, u), with the forces of the first physics step from there (its impulses over its length). Those that the
   * engine finds but that do not push have none. Rapier tells no friction: forces there are along the normals.
   */
  contacts?(x: Float64Array, u: Float64Array, out: Contacts): void
  /** What the equations of motion tell of [A B] at (x, u), given xNext = f(x, u). A certificate on the whole checks it. */
  ties?(x: Float64Array, u: Float64Array, xNext: Float64Array): Ties
  /** The engine's own derivatives, row-major A [ndx × ndx] and B [ndx × nu]. */
  derivatives?(x: Float64Array, u: Float64Array, A: Float64Array, B: Float64Array): void
  /** The relative step of finite differences that suits the engine, where the one for functions of unit scale does not. */
  readonly differenceStep?: number
  /**
   * 'single': steps are computed in single precision. Where `differenceStep` is not certified, rounding is measured, and the step chosen
   * for it.
   */
  readonly precision?: 'single'
  /** 'none': steps carry the rounding of double precision and nothing else. What looks like noise is then a step that is not smooth. */
  readonly noise?: 'none'
  /** Joints between bodies in maximal coordinates, and closures: entries of dx that are not free of each other. Absent where there are none. */
  readonly constraints?: readonly CoordinateConstraint[]
  /** Frees what the engine holds; any later call throws. */
  dispose(): void
}
