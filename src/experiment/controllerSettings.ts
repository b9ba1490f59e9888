/** What controls a robot, as a command line or a page asks for it: nothing, LQR, LQG, iLQR or MPC, with their options by name. */
import type { Weights } from '../scene/scene.ts'

export const CONTROLLERS = ['none', 'lqr', 'lqg', 'ilqr', 'mpc'] as const

export type NamedDeviations = number | Readonly<Record<string, number>>

export interface ControllerSettings {
  readonly controller: (typeof CONTROLLERS)[number]
  readonly integral?: readonly string[] // of lqr: coordinates without an error at rest
  readonly qz?: Weights // of these integrals
  readonly outputs?: readonly string[] // of lqg: what is measured; default: all positions
  readonly measurementNoise?: NamedDeviations
  readonly processNoise?: NamedDeviations
  readonly horizon?: number // s, of ilqr and mpc
  readonly qf?: Weights // of the last state of a plan; default: LQR's cost to go
  readonly iterations?: number
  readonly every?: number // of mpc: steps from plan to plan
}

/** Of MPC, in s. */
export const HORIZON = 1

/** What an option is called where it was given, for errors. */
export type Called = (option: keyof ControllerSettings) => string
