/** A robot as its URDF file says it, checked: links that form one tree. Frames, units and signs are those of URDF, which are ours. */
import type { Inertia, Vec3 } from '../scene.ts'
import type { Pose } from '../pose.ts'
import type { XmlNode } from './xmlTree.ts'

export interface Urdf {
  readonly name: string
  readonly file: string | null
  readonly root: UrdfLink // the link that no joint carries
  readonly links: ReadonlyMap<string, UrdfLink> // in the order of the file
  readonly joints: readonly UrdfJoint[] // in the order of the file
}

export interface UrdfLink {
  readonly name: string
  readonly node: XmlNode // to tell where it stands
  readonly inertial: UrdfInertial | null
  readonly collision: readonly UrdfShape[]
  readonly visual: readonly UrdfShape[]
}

export interface UrdfInertial {
  readonly mass: number // kg, ≥ 0
  readonly com: Vec3 // m, in the link's frame
  readonly inertia: Inertia // kg·m², about com, along the link's axes
}

export type UrdfGeometry =
  | { readonly type: 'box'; readonly size: Vec3 } // m, full edge lengths
  | { readonly type: 'sphere'; readonly radius: number } // m
  | { readonly type: 'cylinder' | 'capsule'; readonly radius: number; readonly length: number } // m, along z
  | { readonly type: 'mesh' }

export interface UrdfShape {
  readonly node: XmlNode
  readonly pose: Pose // in the link's frame
  readonly geometry: UrdfGeometry
  readonly color: string | null // #rrggbb
}

export const URDF_JOINT_TYPES = ['revolute', 'continuous', 'prismatic', 'fixed', 'floating'] as const

export interface UrdfJoint {
  readonly name: string
  readonly node: XmlNode
  readonly type: (typeof URDF_JOINT_TYPES)[number]
  readonly parent: string
  readonly child: string
  readonly origin: Pose // of the joint, and of the child at zero position, in the parent's frame
  readonly axis: Vec3 // unit, in the joint's frame
  readonly limits: readonly [number, number] | null // rad or m; revolute and prismatic
  readonly effort: number | null // N·m or N, ≥ 0
  readonly damping: number // N·m·s/rad or N·s/m, ≥ 0
  readonly friction: number // N·m or N, ≥ 0
}
