/**
 * Contacts and joint limits that are open as the bodies stand, and may close within the control period: what a derivative here knows
 * nothing of; and those that are closed. Who may touch is found by bounding boxes, grown by the bodies' reach (touch.ts); who touches is the engine's to say.
 */
import type { Scene } from '../scene/scene.ts'
import type { Reach } from './reach.ts'
import type { Touch } from './touch.ts'
import type { TreeModel } from './treeModel.ts'

/** What the engine knows at a point. */
export interface Surroundings {
  readonly scene: Scene
  readonly model: TreeModel
  readonly touch: Touch
  readonly reach: Reach
  /** pairNumber of pairs in contact; asked only where some are near. */
  readonly findTouching: () => ReadonlySet<number>
  /** Joint coordinates, of hinges and sliders; null: limits are left out. */
  readonly q: ((joint: number) => number) | null
}

/** In words: contacts and limits that are open, and within reach. */
export function nearSwitches(surroundings: Surroundings): string[] {
  const { scene, reach, q } = surroundings
  const contacts = nearPairs(surroundings)
    .filter(({ touches }) => !touches)
    .map(({ text }) => text)
  const limits = scene.joints.flatMap(({ name, limits }, i) => {
    if (!limits || q === null) return []
    const [low, high] = limits
    const isOpen = q(i) > low && q(i) < high
    return isOpen && (q(i) - reach.joint[i]! < low || q(i) + reach.joint[i]! > high) ? [limitText(name)] : []
  })
  return [...contacts, ...limits]
}

/** In the same words: contacts that touch, and joints at a limit or beyond it. */
export function closedSwitches(surroundings: Surroundings): string[] {
  const { scene, q } = surroundings
  const contacts = nearPairs(surroundings)
    .filter(({ touches }) => touches)
    .map(({ text }) => text)
  const limits = scene.joints.flatMap(({ name, limits }, i) => {
    if (!limits || q === null) return []
    return q(i) <= limits[0] || q(i) >= limits[1] ? [limitText(name)] : []
  })
  return [...contacts, ...limits]
}

/** Pairs whose bounding boxes may meet; body index n is the environment. */
function nearPairs({ scene, model, touch, findTouching }: Surroundings): { text: string; touches: boolean }[] {
  const n = scene.bodies.length
  const near = [
    ...touch.pairs.filter(([i, j]) => !jointed(model, i, j)),
    ...touch.environment.flatMap((found, i) => (found === null || jointed(model, n, i) ? [] : [[n, i] as const])),
  ]
  const touching = near.length > 0 ? findTouching() : new Set<number>()
  return near.map(([i, j]) => ({
    text:
      i === n
        ? `contact of ${scene.bodies[j]!.name} with the environment`
        : `contact of ${scene.bodies[j]!.name} with ${scene.bodies[i]!.name}`,
    touches: touching.has(pairNumber(i, j, n)),
  }))
}

function limitText(joint: string): string {
  return `limit of ${joint}`
}

/**
 * True where a joint or closure holds bodies i and j together, so that they don't collide. What is jointed to the world (index n) may
 * still touch the environment, which is no single body, unless it is fixed to it.
 */
export function jointed(model: TreeModel, i: number, j: number): boolean {
  const { parent, type, closed, numBodies: n } = model
  if (i === n || j === n) return isStatic(model, Math.min(i, j))
  if ((type[i] !== 'free' && parent[i] === j) || (type[j] !== 'free' && parent[j] === i)) return true
  return closed.has(Math.min(i, j) * n + Math.max(i, j)) || (isStatic(model, i) && isStatic(model, j))
}

/** True where fixed joints hold a body to the world. */
function isStatic({ parent, type }: TreeModel, body: number): boolean {
  let i = body
  while (i >= 0 && type[i] === 'fixed') i = parent[i]!
  return i < 0
}

/** A number for the pair of bodies i and j; index `last` is the environment. */
export function pairNumber(i: number, j: number, last: number): number {
  return Math.max(i, j) * (last + 1) + Math.min(i, j)
}
