/**
 * A scene after reading: defaults filled in, names resolved to indices, bodies in tree order. What every engine builds from.
 * SI units; z points up by convention of our scenes (gravity says it). The JSON file's own format is in schema.ts.
 */

export type Vec3 = readonly [number, number, number]
/** Unit quaternion (w, x, y, z), Hamilton convention: v_parent = q v_child q*. */
export type Quat = readonly [number, number, number, number]

export interface Scene {
  readonly name: string
  readonly description: string
  readonly file: string | null // where it was read from
  readonly gravity: Vec3 // m/s²
  readonly dt: number // s, one control period
  /** Kinematic forest: a body comes after its parent; the bodies of one tree, or of trees that closures join, follow each other. */
  readonly bodies: readonly Body[]
  /** joints[i] connects bodies[i] to its parent. */
  readonly joints: readonly Joint[]
  readonly actuators: readonly JointActuator[] // controls 0 … actuators.length − 1
  readonly thrusters: readonly Thruster[] // the controls after them
  readonly closures: readonly Closure[]
  readonly environment: readonly Shape[] // static shapes of the world
  readonly contact: ContactModel
  readonly home: NamedState
  readonly task: Task | null
  /** Engine options by engine name, each checked by its own schema when the scene is read. */
  readonly engines: EngineOptions
}

export interface Body {
  readonly name: string
  readonly mass: number // kg, > 0
  readonly com: Vec3 // m, centre of mass in the body frame
  readonly inertia: Inertia // kg·m², about the centre of mass, along the body frame's axes
  readonly shapes: readonly Shape[]
}

/** Symmetric, positive definite: xx, yy, zz, xy, xz, yz. */
export type Inertia = readonly [number, number, number, number, number, number]

export type JointType = 'free' | 'hinge' | 'slider' | 'ball' | 'fixed'

/**
 * The joint frame stands at `parentAnchor` in the parent's frame, turned by `rotation`. The child's frame has its origin at
 * −childAnchor in the moved joint frame and the same axes: at zero position, child axes = rotation · parent axes.
 * A free joint has the world as parent and moves the child's frame origin itself: position in the world, orientation.
 */
export interface Joint {
  readonly name: string
  readonly type: JointType
  readonly parent: number // index of the parent body, −1 for the world
  readonly child: number // index of the child body (= index of the joint)
  readonly parentAnchor: Vec3 // m, in the parent's frame
  readonly rotation: Quat // joint frame in the parent's frame at zero position
  readonly childAnchor: Vec3 // m, in the child's frame
  readonly axis: Vec3 // unit, in the joint frame (= child frame); hinge and slider
  readonly damping: number // N·m·s/rad or N·s/m, ≥ 0
  readonly limits: readonly [number, number] | null // rad or m; hinge and slider
}

/**
 * Holds a point of one body to a point of another one or of the world, closing a loop of joints: p_first = p_second, three
 * equations, of which the joints may make some hold anyway (one in a planar loop).
 */
export interface Closure {
  readonly name: string
  readonly bodies: readonly [number, number] // indices; the second may be −1, the world
  readonly anchors: readonly [Vec3, Vec3] // m, each in the frame of its body
}

/** Generalized force gear·u along a hinge (N·m) or slider (N). */
export interface JointActuator {
  readonly name: string
  readonly joint: number // index
  readonly gear: number
  readonly range: readonly [number, number] // of u; ±Infinity where unbounded
}

/** Force gear·u along `direction` at `position`, and a torque reactionTorque·gear·u about `direction`. */
export interface Thruster {
  readonly name: string
  readonly body: number // index
  readonly position: Vec3 // m, in the body frame
  readonly direction: Vec3 // unit, in the body frame
  readonly gear: number
  readonly reactionTorque: number // N·m per N, signed by the rotor's sense
  readonly range: readonly [number, number] // of u; ±Infinity where unbounded
}

export interface ShapePlacement {
  readonly position: Vec3 // m, in the body (or world) frame
  readonly rotation: Quat
  readonly color: string | null // CSS color
  readonly collide: boolean // false: drawn only
  readonly hidden?: boolean // drawn only where what collides is to be seen
  readonly friction: number // Coulomb coefficient; a pair uses the larger of its two
}
export type Shape = ShapePlacement &
  (
    | { readonly type: 'box'; readonly size: Vec3 } // m, full edge lengths
    | { readonly type: 'sphere'; readonly radius: number } // m
    | { readonly type: 'cylinder'; readonly radius: number; readonly length: number } // m, axis z
    | { readonly type: 'capsule'; readonly radius: number; readonly length: number } // m, axis z, length of the cylindrical part
    | { readonly type: 'plane' } // normal z; environment only
  )

export interface ContactModel {
  readonly enabled: boolean
  readonly restitution: number // 0 … 1
}

/** A state by joint name; what is not named is zero (identity for orientations). */
export interface NamedState {
  readonly positions: Readonly<Record<string, readonly number[]>> // hinge, slider 1; ball 4 (w x y z); free 7 (x y z w x y z)
  readonly velocities: Readonly<Record<string, readonly number[]>> // hinge, slider 1; ball 3; free 6 (linear in the world, angular in the body frame)
  readonly controls: Readonly<Record<string, number>> // by actuator or thruster name
}

/** A control task: quadratic weights by dx and u name, where to start, how long. */
export interface Task {
  readonly Q: Weights
  readonly R: Weights
  readonly initial: NamedState // what is not named is as at home
  readonly duration: number // s
}

/** One number for every coordinate, one per coordinate, or by coordinate name (missing: 0). */
export type Weights = number | readonly number[] | Readonly<Record<string, number>>

export interface EngineOptions {
  readonly cannon: CannonOptions
  readonly rapier: RapierOptions
}

export interface CannonOptions {
  readonly coordinates: 'reduced' | 'maximal'
  readonly substeps: number // physics steps in one control period, ≥ 1
  readonly iterations: number // of the stock Gauss–Seidel solver (maximal coordinates only)
  readonly contactStiffness: number // N/m, SPOOK
  readonly contactRelaxation: number // SPOOK, in steps
}

export interface RapierOptions {
  readonly substeps: number // physics steps in one control period, ≥ 1
  readonly iterations: number | null // of the solver; null: found for the scene's joints
  readonly contactFrequency: number // Hz, of the soft contact
}
