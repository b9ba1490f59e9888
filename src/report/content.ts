/** What a report is made of. Free of the plot library's types, so that users of the package need not have them. */
import type { Matrix } from 'ml-matrix'
import type { Estimation } from '../experiment/recordEstimates.ts'
import type { Metrics } from '../experiment/metrics.ts'
import type { Trajectory } from '../experiment/simulate.ts'
import type { Linearization } from '../linearization/linearization.ts'

export interface Eigenvalue {
  readonly re: number
  readonly im: number
  /** Name of the coordinate that moves most in this mode, for the label of unstable ones. */
  readonly coordinate?: string
}

/** How a trajectory was optimized. */
export interface Optimization {
  readonly result: string
  readonly message: string
  readonly horizon: number // s
  readonly calls: { readonly rollouts: number; readonly derivatives: number; readonly denseDerivatives: number }
  readonly iterations: readonly {
    readonly iteration: number
    readonly cost: number
    readonly stepLength: number
    readonly regularization: number
    readonly calls: number // for derivatives
    readonly checked: number // knots with held-out directions
    readonly certified: number
  }[]
}

/** What a report can be about. Only the scene and the linearization are required. */
export interface ReportContent {
  readonly scene: string
  readonly description?: string
  readonly linearization: Linearization
  readonly openLoop?: readonly Eigenvalue[]
  readonly closedLoop?: readonly Eigenvalue[]
  readonly K?: Matrix // [nu × ndx]
  /** Of integral action: Kz [nu × ny], and the integrals by name. */
  readonly integral?: {
    readonly Kz: Matrix
    readonly columns: readonly { readonly name: string; readonly unit: string }[]
  }
  readonly optimization?: Optimization
  readonly estimation?: Estimation
  readonly trajectory?: Trajectory
  readonly metrics?: Metrics
  /** Names and versions of what computed it: { jacsense: '0.1.0', node: '20.19.0' }. */
  readonly versions?: Readonly<Record<string, string>>
  /** How to get the same report again. */
  readonly command?: string
  /** Printed when given; nothing else in a report depends on the clock. */
  readonly date?: string
}
