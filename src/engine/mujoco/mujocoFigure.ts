/** What an MJCF model looks like, and where its bodies are: for drawing. */
import type { MainModule, MjModel } from '@mujoco/mujoco'
import type { Figure, FigureBody, FigureJoint, FigureShape } from '../../scene/figure.ts'
import { turnedInertia } from '../../scene/pose.ts'
import type { Quat, Vec3 } from '../../scene/scene.ts'
import { compileModel } from './compileModel.ts'
import { loadMujoco } from './loadMujoco.ts'
import type { Mjcf } from './mjcf.ts'
import { JOINT_TYPES, jointNamesOf, nameAt } from './mujocoLayout.ts'

const SHOWN_GROUPS = 3 // MuJoCo's viewers show the geoms of groups 0 … 2
const UNSET = [0.5, 0.5, 0.5, 1] // the color of a geom that says none

export interface MujocoFigure {
  readonly figure: Figure
  /** x y z (m) and w x y z of each body in the world, [7 bodies], for the state x [nx] of the model's engine. */
  poses(x: Float64Array): Float64Array
  dispose(): void
}

/** The caller disposes it. Throws what `mujocoEngine` throws. */
export async function mujocoFigure(mjcf: Mjcf): Promise<MujocoFigure> {
  const mj = await loadMujoco()
  const { model, data } = compileModel(mj, mjcf.xml, mjcf.files, mjcf.file)
  const shapes = shapesOf(mj, model)
  return {
    figure: {
      name: mjcf.name,
      description: mjcf.description,
      bodies: bodiesOf(model, shapes),
      joints: jointsOf(model),
      environment: shapes.get(0) ?? [],
      task: null,
    },
    poses(x) {
      data.qpos.set(x.subarray(0, model.nq))
      mj.mj_kinematics(model, data)
      const { xpos, xquat } = data as { readonly xpos: Float64Array; readonly xquat: Float64Array }
      const poses = new Float64Array(7 * (model.nbody - 1))
      for (let b = 1; b < model.nbody; b++) {
        poses.set(xpos.subarray(3 * b, 3 * b + 3), 7 * (b - 1))
        poses.set(xquat.subarray(4 * b, 4 * b + 4), 7 * (b - 1) + 3)
      }
      return poses
    },
    dispose() {
      data.delete()
      model.delete()
    },
  }
}

/** Without the world, MuJoCo's body 0. */
function bodiesOf(model: MjModel, shapes: ReadonlyMap<number, readonly FigureShape[]>): FigureBody[] {
  const bodies: FigureBody[] = []
  for (let b = 1; b < model.nbody; b++) {
    const [x, y, z] = triple(model.body_inertia, b)
    bodies.push({
      name: nameAt(model, model.name_bodyadr[b]) ?? `body${b}`,
      mass: model.body_mass[b],
      com: triple(model.body_ipos, b),
      inertia: turnedInertia(quaternion(model.body_iquat, b), [x, y, z, 0, 0, 0]),
      shapes: shapes.get(b) ?? [],
    })
  }
  return bodies
}

function jointsOf(model: MjModel): FigureJoint[] {
  return jointNamesOf(model).map((name, j) => {
    const body: number = model.jnt_bodyid[j]
    return {
      name,
      type: JOINT_TYPES[model.jnt_type[j]]!,
      parent: model.body_parentid[body] - 1,
      child: body - 1,
      anchor: triple(model.jnt_pos, j),
      axis: triple(model.jnt_axis, j),
    }
  })
}

function shapesOf(mj: MainModule, model: MjModel): Map<number, FigureShape[]> {
  const shapes = new Map<number, FigureShape[]>()
  for (let g = 0; g < model.ngeom; g++) {
    if (model.geom_group[g] >= SHOWN_GROUPS) continue
    const outline = outlineOf(mj, model, g)
    if (outline === null) continue
    const body: number = model.geom_bodyid[g]
    const list = shapes.get(body) ?? []
    shapes.set(body, list)
    list.push({
      ...outline,
      position: triple(model.geom_pos, g),
      rotation: quaternion(model.geom_quat, g),
      color: colorOf(model, g),
    })
  }
  return shapes
}

type Outline = FigureShape extends infer S ? (S extends S ? Omit<S, 'position' | 'rotation' | 'color'> : never) : never

/** null for what has no surface of its own. */
function outlineOf(mj: MainModule, model: MjModel, g: number): Outline | null {
  const [a, b, c] = triple(model.geom_size, g)
  const { mjtGeom } = mj
  switch (model.geom_type[g]) {
    case mjtGeom.mjGEOM_PLANE.value:
      return { type: 'plane' }
    case mjtGeom.mjGEOM_SPHERE.value:
      return { type: 'sphere', radius: a }
    case mjtGeom.mjGEOM_CAPSULE.value:
      return { type: 'capsule', radius: a, length: 2 * b }
    case mjtGeom.mjGEOM_ELLIPSOID.value:
      return { type: 'ellipsoid', radii: [a, b, c] }
    case mjtGeom.mjGEOM_CYLINDER.value:
      return { type: 'cylinder', radius: a, length: 2 * b }
    case mjtGeom.mjGEOM_BOX.value:
      return { type: 'box', size: [2 * a, 2 * b, 2 * c] }
    case mjtGeom.mjGEOM_MESH.value:
      return meshOf(model, model.geom_dataid[g])
    case mjtGeom.mjGEOM_HFIELD.value:
      return heightFieldOf(model, model.geom_dataid[g])
    default:
      return null
  }
}

function meshOf(model: MjModel, m: number): Outline {
  const [first, count] = [model.mesh_vertadr[m], model.mesh_vertnum[m]]
  const [firstFace, faces] = [model.mesh_faceadr[m], model.mesh_facenum[m]]
  return {
    type: 'mesh',
    vertices: Float32Array.from(model.mesh_vert.subarray(3 * first, 3 * (first + count))),
    faces: Uint32Array.from(model.mesh_face.subarray(3 * firstFace, 3 * (firstFace + faces))),
  }
}

/** Its surface as triangles; sizes are half widths and the height of data 1. */
function heightFieldOf(model: MjModel, h: number): Outline {
  const [rows, columns, first] = [model.hfield_nrow[h], model.hfield_ncol[h], model.hfield_adr[h]] as number[]
  const [halfX, halfY, height] = model.hfield_size.subarray(4 * h, 4 * h + 3) as Float64Array
  const vertices = new Float32Array(3 * rows! * columns!)
  const faces: number[] = []
  for (let r = 0; r < rows!; r++)
    for (let c = 0; c < columns!; c++) {
      const k = r * columns! + c
      const x = halfX! * ((2 * c) / (columns! - 1) - 1)
      const y = halfY! * ((2 * r) / (rows! - 1) - 1)
      vertices.set([x, y, height! * model.hfield_data[first! + k]], 3 * k)
      if (r > 0 && c > 0) faces.push(k, k - 1, k - columns! - 1, k, k - columns! - 1, k - columns!)
    }
  return { type: 'mesh', vertices, faces: Uint32Array.from(faces) }
}

/** A geom's own color, else that of its material. */
function colorOf(model: MjModel, g: number): string | null {
  const own = [...model.geom_rgba.subarray(4 * g, 4 * g + 4)] as number[]
  const material: number = model.geom_matid[g]
  const says = own.some((value, k) => value !== UNSET[k])
  if (!says && material < 0) return null
  const rgb = says ? own : ([...model.mat_rgba.subarray(4 * material, 4 * material + 4)] as number[])
  const hex = rgb.slice(0, 3).map((value) => Math.round(255 * Math.min(1, Math.max(0, value))))
  return `#${hex.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

function triple(values: Float64Array, k: number): Vec3 {
  return [values[3 * k]!, values[3 * k + 1]!, values[3 * k + 2]!]
}

function quaternion(values: Float64Array, k: number): Quat {
  return [values[4 * k]!, values[4 * k + 1]!, values[4 * k + 2]!, values[4 * k + 3]!]
}
