/** What a robot looks like, whatever file it comes from: bodies with shapes and masses, and the joints between them. */
import type { Inertia, JointType, Quat, Scene, Shape, Task, Vec3 } from './scene.ts'

export interface Figure {
  readonly name: string
  readonly description: string
  readonly bodies: readonly FigureBody[]
  readonly joints: readonly FigureJoint[]
  readonly environment: readonly FigureShape[] // that do not move
  readonly task: Task | null
}

export interface FigureBody {
  readonly name: string
  readonly mass: number // kg, ≥ 0
  readonly com: Vec3 // m, body frame
  readonly inertia: Inertia // kg·m², about the centre of mass, along the body frame's axes
  readonly shapes: readonly FigureShape[]
}

export interface FigureJoint {
  readonly name: string
  readonly type: JointType
  readonly parent: number // index of a body, −1 for the world
  readonly child: number // index of a body
  readonly anchor: Vec3 // m, in the child's frame
  readonly axis: Vec3 // unit, in the child's frame; hinge and slider
}

/** A scene's shape, or one that only other files know. */
export type FigureShape = Placed &
  (
    | Plain<Shape>
    | { readonly type: 'ellipsoid'; readonly radii: Vec3 } // m
    | { readonly type: 'mesh'; readonly vertices: Float32Array; readonly faces: Uint32Array } // m, [3 each]
  )

interface Placed {
  readonly position: Vec3 // m, in the frame of the body, or of the world
  readonly rotation: Quat
  readonly color: string | null // CSS color
}

/** Without what contact needs. */
type Plain<S> = S extends Shape ? Omit<S, keyof Placed | 'collide' | 'friction'> : never

export function figureOf({ name, description, bodies, joints, environment, task }: Scene): Figure {
  return {
    name,
    description,
    bodies,
    joints: joints.map(({ name, type, parent, child, childAnchor, axis }) => ({
      name,
      type,
      parent,
      child,
      anchor: childAnchor,
      axis,
    })),
    environment,
    task,
  }
}
