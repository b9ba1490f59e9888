import type { Layout } from '../engine/engine.ts'

/**
 * Rows of [A B] that are likely to depend on the same coordinates: positions and velocities of one joint or, in maximal coordinates, of
 * one body. Told by names, 'link.x' and 'link.vx' being of 'link'.
 */
export function rowGroups({ dx }: Pick<Layout, 'dx'>): number[][] {
  const groups = new Map<string, number[]>()
  for (const [i, { name }] of dx.entries()) {
    const part = name.slice(0, Math.max(0, name.lastIndexOf('.')))
    if (part === '') continue
    groups.set(part, [...(groups.get(part) ?? []), i])
  }
  return [...groups.values()].filter((rows) => rows.length > 1)
}
