/** Contacts as they are drawn: a disc at each point, across its normal, the normal as a thin line, the force as an arrow. */
import {
  Color,
  ConeGeometry,
  CylinderGeometry,
  Group,
  InstancedMesh,
  Matrix4,
  MeshBasicMaterial,
  Quaternion,
  Vector3,
} from 'three'
import { CONTACT } from '../engine/contacts.ts'
import type { Figure } from '../scene/figure.ts'

const G = 9.81
const ARROW = 0.15 // m, as long as the weight of 1 kg; of m kg: m^⅓ times that, as robots grow
const LONGEST = 4 // weights of the heaviest robot: blows are not drawn longer

export interface ContactMarks {
  readonly group: Group
  /** [9 count], as in engine/contacts.ts. Allocates only where there are more than ever. */
  place(contacts: Float64Array): void
  /** `radius` [m] of what is looked at. */
  fit(figure: Figure, radius: number): void
}

export function contactMarks(): ContactMarks {
  const group = new Group()
  group.visible = false
  const along = new CylinderGeometry(1, 1, 1, 8).translate(0, 0.5, 0).rotateX(Math.PI / 2)
  const kinds = {
    disc: { geometry: new CylinderGeometry(1, 1, 1, 16).rotateX(Math.PI / 2), color: '#e8590c' },
    normal: { geometry: along, color: '#868e96' },
    shaft: { geometry: along, color: '#e8590c' },
    tip: { geometry: new ConeGeometry(1, 1, 12).translate(0, 0.5, 0).rotateX(Math.PI / 2), color: '#e8590c' },
  }
  let room = 0
  let size = 1 // m, of what is looked at
  let perNewton = 1 // m
  let longest = 1 // m
  const meshes = {} as Record<keyof typeof kinds, InstancedMesh>
  const reserve = (count: number) => {
    if (count <= room) return
    room = Math.max(32, 2 ** Math.ceil(Math.log2(count)))
    for (const name of ['normal', 'disc', 'shaft', 'tip'] as const) {
      const { geometry, color } = kinds[name]
      meshes[name]?.removeFromParent()
      meshes[name]?.dispose()
      // Seen through what they carry.
      const material = new MeshBasicMaterial({ color: new Color(color), depthTest: false, transparent: true })
      const mesh = new InstancedMesh(geometry, material, room)
      mesh.frustumCulled = false
      mesh.renderOrder = 2
      meshes[name] = mesh
      group.add(mesh)
    }
  }
  reserve(1)
  const [at, n, f] = [new Vector3(), new Vector3(), new Vector3()]
  const [turn, lengths, Z, matrix] = [new Quaternion(), new Vector3(), new Vector3(0, 0, 1), new Matrix4()]
  const put = (mesh: InstancedMesh, k: number, radius: number, length: number) => {
    matrix.compose(at, turn, lengths.set(radius, radius, length)).toArray(mesh.instanceMatrix.array, 16 * k)
  }
  return {
    group,
    place(contacts) {
      const count = contacts.length / CONTACT
      reserve(count)
      const { disc, normal, shaft, tip } = meshes
      let arrows = 0
      for (let k = 0; k < count; k++) {
        at.fromArray(contacts, CONTACT * k)
        n.fromArray(contacts, CONTACT * k + 3)
        turn.setFromUnitVectors(Z, n)
        put(disc, k, 0.014 * size, 0.003 * size)
        put(normal, k, 0.002 * size, 0.08 * size)
        f.fromArray(contacts, CONTACT * k + 6)
        const length = Math.min(longest, perNewton * f.length())
        if (!(length > 1e-3 * size)) continue
        turn.setFromUnitVectors(Z, f.normalize())
        const head = Math.min(0.05 * size, 0.4 * length)
        put(shaft, arrows, 0.0055 * size, length - head)
        at.addScaledVector(f, length - head)
        put(tip, arrows, 0.35 * head, head)
        arrows++
      }
      disc.count = normal.count = count
      shaft.count = tip.count = arrows
      for (const mesh of [disc, normal, shaft, tip]) mesh.instanceMatrix.needsUpdate = true
    },
    fit(figure, radius) {
      size = radius
      const mass = heaviest(figure)
      perNewton = ARROW / (mass ** (2 / 3) * G)
      longest = LONGEST * perNewton * mass * G
    },
  }
}

/** The mass of the heaviest robot, kg. */
function heaviest({ bodies, joints }: Figure): number {
  const parents = new Map(joints.map(({ parent, child }) => [child, parent]))
  const masses = new Map<number, number>()
  for (const [b, { mass }] of bodies.entries()) {
    let root = b
    for (let above = parents.get(b) ?? -1; above >= 0; above = parents.get(above) ?? -1) root = above
    masses.set(root, (masses.get(root) ?? 0) + mass)
  }
  return Math.max(1e-3, ...masses.values())
}
