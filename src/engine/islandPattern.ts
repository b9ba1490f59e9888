/**
 * What can influence what in one control period: bodies of one kinematic tree, and of trees that may touch within it. Static
 * bodies connect nothing. A superset: every coordinate of an island influences every other one of it, and what may touch is found
 * from the speeds at x and the forces of u (see reach.ts).
 */
import { type Pattern, patternFromColumns } from '../linalg/pattern.ts'
import type { Layout } from '../scene/layout.ts'
import type { Scene } from '../scene/scene.ts'
import type { Touch } from './touch.ts'
import type { TreeModel } from './treeModel.ts'

/** The tangent entries first … last − 1 (counted within positions, and again within velocities) belong to `tree`. */
export interface CoordinateBlock {
  readonly tree: number
  readonly first: number
  readonly last: number
}

/** Pattern [ndx × (ndx + nu)] of [A B]. `blocks[i]` are the coordinates of body i. */
export function islandPattern(
  scene: Scene,
  { pairs }: Touch,
  blocks: readonly CoordinateBlock[],
  layout: Layout,
): Pattern {
  const { ndx, nv, nu } = layout
  const n = blocks.length
  const island = Int32Array.from({ length: n }, (_, i) => i) // by tree = index of its first body
  const find = (i: number): number => {
    let root = i
    while (island[root] !== root) root = island[root]!
    return root
  }
  const join = (i: number, j: number): void => {
    const p = find(i)
    const q = find(j)
    island[Math.max(p, q)] = Math.min(p, q)
  }
  for (const [i, j] of pairs) join(blocks[i]!.tree, blocks[j]!.tree)

  const members = new Map<number, number[]>() // coordinates by island
  for (const { tree, first, last } of blocks) {
    const root = find(tree)
    const list = members.get(root) ?? []
    members.set(root, list)
    for (let k = first; k < last; k++) list.push(k, nv + k)
  }
  const columns: number[][] = Array.from({ length: ndx + nu }, () => [])
  for (const list of members.values()) for (const k of list) columns[k] = list
  scene.actuators.forEach(({ joint }, k) => {
    columns[ndx + k] = [...(members.get(find(blocks[joint]!.tree)) ?? [])]
  })
  scene.thrusters.forEach(({ body }, k) => {
    columns[ndx + scene.actuators.length + k] = [...(members.get(find(blocks[body]!.tree)) ?? [])]
  })
  return patternFromColumns(ndx, columns)
}

/** The coordinates of each body's joint, in joint coordinates. */
export function jointBlocks({ numBodies: n, nv, root, vIndex }: TreeModel): CoordinateBlock[] {
  return Array.from({ length: n }, (_, i) => ({
    tree: root[i]!,
    first: vIndex[i]!,
    last: i + 1 < n ? vIndex[i + 1]! : nv,
  }))
}
