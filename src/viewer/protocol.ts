/** What the page and its two workers tell each other: plain data only. */
import type { ControlCoordinate, Coordinate } from '../scene/layout.ts'
import type { Scene } from '../scene/scene.ts'
import type { SceneTexts } from '../scene/sceneTexts.ts'
import type { LinearizationJson } from '../experiment/linearizationJson.ts'

/** What the page has to know of an opened robot. */
export interface Opened {
  readonly scene: Scene
  readonly dt: number // s
  readonly states: readonly Coordinate[] // [ndx]
  readonly controls: readonly ControlCoordinate[] // [nu]
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
  readonly body: number // index in scene.bodies
  readonly point: readonly [number, number, number] // m, in the body's frame
  readonly target: readonly [number, number, number] // m, in the world
}

export type ToSimulation =
  | {
      readonly type: 'open'
      readonly id: number
      readonly bundle: SceneTexts
      readonly state?: Float64Array | undefined
    }
  | { readonly type: 'play'; readonly playing: boolean }
  | { readonly type: 'step' }
  | { readonly type: 'set'; readonly x: Float64Array }
  | { readonly type: 'speed'; readonly speed: number }
  | { readonly type: 'gain'; readonly gain: Gain | null }
  | { readonly type: 'pull'; readonly pull: Pull | null }
  | { readonly type: 'ghost'; readonly lin: LinearizationJson | null }

/** One picture of the simulation. */
export interface Frame {
  readonly type: 'frame'
  readonly time: number // s
  readonly x: Float64Array // [nx]
  readonly dx: Float64Array // [ndx], from home
  readonly u: Float64Array // [nu], as applied
  readonly poses: Float64Array // [7 bodies], x y z (m) and w x y z of each in the world
  readonly ghost: Float64Array | null // [7 bodies], poses of the linear prediction
  readonly realTimeFactor: number // simulated seconds in a second
  readonly playing: boolean
}

export type FromSimulation =
  | { readonly type: 'opened'; readonly id: number; readonly opened: Opened }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'paused'; readonly message: string }
  | Frame

export type ToSensing =
  | {
      readonly type: 'linearize'
      readonly id: number
      readonly bundle: SceneTexts
      readonly x: Float64Array
      readonly u: Float64Array
    }
  | {
      readonly type: 'design'
      readonly id: number
      readonly bundle: SceneTexts
      readonly Q: readonly number[] // [ndx]
      readonly R: readonly number[] // [nu]
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
}

export interface Designed {
  readonly type: 'designed'
  readonly id: number
  readonly gain: Gain | null // null where there is none
  readonly message: string
  readonly certified: boolean
  readonly closed: readonly Eigenvalue[]
}

export type FromSensing =
  | Sensed
  | Designed
  | { readonly type: 'progress'; readonly id: number; readonly done: number; readonly total: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
