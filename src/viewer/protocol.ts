/** What the page and its two workers tell each other: plain data only. */
import type { ControllerDesign } from '../experiment/controllerDesign.ts'
import type { ControllerSettings } from '../experiment/controllerSettings.ts'
import type { ControlCoordinate, Coordinate } from '../scene/layout.ts'
import type { Figure } from '../scene/figure.ts'
import type { LinearizationJson } from '../experiment/linearizationJson.ts'
import type { Opening } from './openRobot.ts'
import type { ProbedKick } from './probeKicks.ts'

/** What the page has to know of an opened robot. */
export interface Opened {
  readonly figure: Figure
  readonly dt: number // s
  readonly states: readonly Coordinate[] // [ndx]
  readonly positions: number // of the states, the first ones
  readonly controls: readonly ControlCoordinate[] // [nu]
  readonly keyframes: readonly { readonly name: string; readonly x: Float64Array; readonly u: Float64Array }[]
  readonly home: { readonly x: Float64Array; readonly u: Float64Array; readonly poses: Float64Array }
}

/** A gain around a point of operation: u = uBar − K (x ⊖ xBar). */
export interface Gain {
  readonly K: readonly (readonly number[])[] // [nu × ndx]
  readonly xBar: Float64Array // [nx]
  readonly uBar: Float64Array // [nu]
}

/** A spring from a point of a body to a place in the world. */
export interface Pull {
  readonly body: number // index in figure.bodies
  readonly point: readonly [number, number, number] // m, in the body's frame
  readonly target: readonly [number, number, number] // m, in the world
}

export type ToSimulation =
  | {
      readonly type: 'open'
      readonly id: number
      readonly opening: Opening
      readonly state?: Float64Array | undefined
    }
  | { readonly type: 'play'; readonly playing: boolean }
  | { readonly type: 'step' }
  | { readonly type: 'set'; readonly x: Float64Array }
  | { readonly type: 'speed'; readonly speed: number }
  | { readonly type: 'control'; readonly design: ControllerDesign | null }
  | { readonly type: 'cancel' } // what is being planned
  | { readonly type: 'pull'; readonly pull: Pull | null }
  | { readonly type: 'kick' }
  | { readonly type: 'hold'; readonly u: readonly number[] } // [nu], applied where there is no controller
  | { readonly type: 'ghost'; readonly lin: LinearizationJson | null }
  | { readonly type: 'showEstimate'; readonly shown: boolean } // as the ghost, where there is no linear prediction
  | { readonly type: 'contacts'; readonly on: boolean }

/** As in engine/contacts.ts. */
export interface FoundContacts {
  readonly bodies: Int32Array // [2 count]
  readonly values: Float64Array // [9 count]
}

/** One picture of the simulation. */
export interface Frame {
  readonly type: 'frame'
  readonly time: number // s
  readonly x: Float64Array // [nx]
  readonly dx: Float64Array // [ndx], from home
  readonly u: Float64Array // [nu], as applied
  readonly poses: Float64Array // [7 bodies], x y z (m) and w x y z of each in the world
  readonly ghost: Float64Array | null // [7 bodies], poses of the linear prediction, or of the estimate
  readonly estimate: Float64Array | null // [ndx], from home: what the last control of LQG was made of
  readonly contacts: FoundContacts | null // null where they are not asked for, or the engine does not tell
  readonly realTimeFactor: number // simulated seconds in a second
  readonly playing: boolean
}

export type FromSimulation =
  | { readonly type: 'opened'; readonly id: number; readonly opened: Opened }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'paused'; readonly message: string }
  | { readonly type: 'planning'; readonly done: number; readonly total: number } // iterations, of what takes long
  | { readonly type: 'planned' }
  | Frame

export type Decoding = 'auto' | 'squares' | 'robust'

/** How steps are measured: as they are, or spoiled to see what an estimator makes of them. */
export interface Measurement {
  readonly noise: number // standard deviation of what is added to every value of a step, in its unit
  readonly corrupted: number // share of steps that are grossly wrong
  readonly decoding: Decoding // 'squares': least squares; 'robust': least absolute deviations, an LP
  readonly maxCalls: number // 0: as many as it takes
}

export type ToSensing =
  | {
      readonly type: 'linearize'
      readonly id: number
      readonly opening: Opening
      readonly x: Float64Array
      readonly u: Float64Array
      readonly measurement: Measurement
    }
  | {
      readonly type: 'design'
      readonly id: number
      readonly opening: Opening
      readonly Q: readonly number[] // [ndx]
      readonly R: readonly number[] // [nu]
      readonly settings: ControllerSettings
      readonly x: Float64Array // [nx], where plans begin
      readonly measurement: Measurement
    }
  | { readonly type: 'probe'; readonly id: number; readonly opening: Opening; readonly design: ControllerDesign }

export interface Probed {
  readonly type: 'probed'
  readonly id: number
  readonly kicks: readonly ProbedKick[]
}

export interface Eigenvalue {
  readonly re: number
  readonly im: number
  readonly coordinate: string // of an unstable one: the coordinate that takes most part, else ''
}

export interface Sensed {
  readonly type: 'linearized'
  readonly id: number
  readonly lin: LinearizationJson
  readonly columnColors: readonly number[] | null // [ndx + nu], class of each column of [A B]
  readonly calls: number
  readonly denseCalls: number // of central differences by column
  readonly certified: boolean
  readonly certificate: string
  readonly callsSentence: string
  readonly eigenvalues: readonly Eigenvalue[]
  readonly error: number | null // Frobenius, of [A B], relative to that of undisturbed steps; null where they were
  readonly rollouts: readonly Float64Array[] // poses of states that were stepped from, exaggerated, [7 bodies] each
}

export interface Designed {
  readonly type: 'designed'
  readonly id: number
  readonly design: ControllerDesign | null // null where there is none
  readonly gain: Gain | null // of LQR, in it
  readonly message: string
  readonly certified: boolean
  readonly open: readonly Eigenvalue[] // of the undisturbed linearization
  readonly closed: readonly Eigenvalue[] // the same with the gain
}

export type FromSensing =
  | Sensed
  | Designed
  | Probed
  | { readonly type: 'progress'; readonly id: number; readonly done: number; readonly total: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
