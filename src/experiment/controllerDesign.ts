/** What a controller is made of, and what it takes to design one. */
import type { Matrix } from 'ml-matrix'
import type { IntegralAction } from '../control/integralAction.ts'
import type { IlqrResult } from '../control/ilqr/ilqrResult.ts'
import type { Kalman } from '../control/kalman.ts'
import type { Lqr, LqrOptions } from '../control/lqr.ts'
import type { SensedDynamicsOptions } from '../linearization/trajectory/sensedDynamics.ts'
import type { ControllerSettings } from './controllerSettings.ts'
import type { MeasurementNoise } from './measurementNoise.ts'
import type { EnginePool } from './openEnginePool.ts'
import type { Cost } from './taskCost.ts'

type Rows = number[][]

/** What `controllerOf` makes a controller of: plain data. */
export interface ControllerDesign {
  readonly controller: ControllerSettings['controller']
  readonly A: Rows // [ndx × ndx]
  readonly B: Rows // [ndx × nu]
  readonly c: Float64Array // [ndx]
  readonly xBar: Float64Array // [nx]
  readonly uBar: Float64Array // [nu]
  readonly K: Rows | null // of LQR, [nu × ndx]; null without feedback, and for plans that do without
  readonly integral: { readonly Kz: Rows; readonly C: Rows } | null
  readonly filter: { readonly L: Rows; readonly C: Rows; readonly measurement: MeasurementNoise } | null
  readonly receding: Receding | null // of mpc
  readonly trajectory: Pick<IlqrResult, 'X' | 'U' | 'K' | 'N' | 'dt'> | null // of ilqr
}

/** A horizon that recedes: weights, its length, and how the first plan begins. */
export interface Receding {
  readonly Q: Rows // [ndx × ndx]
  readonly R: Rows // [nu × nu]
  readonly Qf: Rows // [ndx × ndx]
  readonly horizon: number // s
  readonly U: Float64Array // [N × nu]
  readonly iterations?: number
  readonly every?: number
}

/** A design with the coordinates whose integrals it feeds back; none of plain LQR. */
export type Regulator = Lqr & {
  readonly integral?: Pick<IntegralAction, 'Kz' | 'C'> & { readonly outputs: readonly string[] }
}

export interface DesignedController {
  readonly design: ControllerDesign
  readonly regulator: Regulator | null
  readonly estimator: { readonly filter: Kalman; readonly W: Matrix; readonly V: Matrix } | null
  readonly optimum: IlqrResult | null
}

export interface ControllerProblem {
  readonly cost: Cost | null // null: of none
  readonly x0: Float64Array // [nx], where plans begin
  readonly duration: number // s, of ilqr where its settings name no horizon
}

export interface DesignControllerOptions extends Pick<LqrOptions, 'unreached'> {
  readonly seed?: number // of measurements
  readonly sensing?: SensedDynamicsOptions // of plans
  readonly openPool?: () => Promise<EnginePool | undefined> // workers for one long computation; batches of MPC are short
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void // of iLQR's iterations
}
