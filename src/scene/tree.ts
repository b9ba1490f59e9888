/** The kinematic forest of a scene file: who hangs on whom, checked, in tree order. */
import { listed, suggestion } from './nearest.ts'
import { type Problem, shown } from './problem.ts'

/** Bodies and joints that refer to each other by name, "world" being the world. */
export interface NamedParts {
  readonly bodies: readonly { readonly name: string }[]
  readonly joints: readonly Readonly<Record<'name' | 'type' | 'parent' | 'child', string>>[]
  readonly closures?: readonly (readonly [string, string])[] // bodies that they join; unknown names join nothing
}

/** Which body of the file stands where. */
export interface Tree {
  readonly order: readonly number[] // body k of the scene is body order[k] of the file
  readonly jointOf: readonly number[] // by body of the file: its joint in the file
  readonly parentOf: readonly number[] // by body of the file: its parent in the file, −1 for the world
}

/** Resolves the names of joints and bodies. Throws the first problem: repeated or unknown names, loops, bodies without a joint. */
export function resolveTree({ bodies, joints, closures = [] }: NamedParts, problem: Problem): Tree {
  const bodyNames = bodies.map(({ name }) => name)
  checkUnique('bodies', bodyNames, 'body', problem)
  checkUnique(
    'joints',
    joints.map(({ name }) => name),
    'joint',
    problem,
  )
  const reserved = bodyNames.indexOf('world')
  if (reserved >= 0)
    throw problem(`bodies[${reserved}].name`, 'a name other than "world", which is the fixed frame', '"world"')

  const indexOf = new Map(bodyNames.map((name, b) => [name, b]))
  const bodyIndex = (joint: NamedParts['joints'][number], j: number, end: 'parent' | 'child'): number => {
    const index = indexOf.get(joint[end])
    if (index !== undefined) return index
    // A body is never its own parent.
    const known = end === 'parent' ? ['world', ...bodyNames.filter((name) => name !== joint.child)] : bodyNames
    const expected = `the name of a body${end === 'parent' ? ' or of the world' : ''}, one of ${listed(known)}`
    throw problem(`joints[${j}].${end}`, expected, `${shown(joint[end])}${suggestion(joint[end], known)}`)
  }
  const jointOf: number[] = bodies.map(() => -1)
  const parentOf: number[] = bodies.map(() => -1)
  joints.forEach((joint, j) => {
    const child = bodyIndex(joint, j, 'child')
    const parent = joint.parent === 'world' ? -1 : bodyIndex(joint, j, 'parent')
    if (joint.type === 'free' && parent >= 0)
      throw problem(`joints[${j}].parent`, '"world", the only parent of a free joint', shown(joint.parent))
    const other = jointOf[child]!
    if (other >= 0)
      throw problem(
        `joints[${j}].child`,
        'a body that no other joint carries',
        `${shown(joint.child)}, the child of joint "${joints[other]!.name}" too`,
      )
    jointOf[child] = j
    parentOf[child] = parent
  })
  const loose = jointOf.indexOf(-1)
  if (loose >= 0)
    throw problem(
      `bodies[${loose}]`,
      'a joint with this body as child ("type": "free" lets it move freely)',
      `no joint for body "${bodyNames[loose]}"`,
    )
  const bonds = closures.map(([first, second]) => [indexOf.get(first) ?? -1, indexOf.get(second) ?? -1] as const)
  return { order: treeOrder(parentOf, jointOf, bonds, bodyNames, problem), jointOf, parentOf }
}

/** Throws at the first repeated name; `list` is the path of the list they stand in. */
export function checkUnique(list: string, names: readonly string[], what: string, problem: Problem): void {
  const seen = new Map<string, number>()
  names.forEach((name, k) => {
    const first = seen.get(name)
    if (first !== undefined)
      throw problem(
        `${list}[${k}].name`,
        `a name that no other ${what} has`,
        `"${name}", the name of ${list}[${first}] too`,
      )
    seen.set(name, k)
  })
}

/**
 * File order, changed as little as it takes: every body is drawn ahead of its children, and every tree, with those that closures join
 * to it, together at the place of its first body. Throws on a loop of joints.
 */
function treeOrder(
  parentOf: readonly number[],
  jointOf: readonly number[],
  bonds: readonly (readonly [number, number])[],
  names: readonly string[],
  problem: Problem,
): number[] {
  const OPEN = -2 // on the path being walked
  const rootOf: number[] = parentOf.map(() => -1)
  const trees = new Map<number, number[]>() // by root, in the order of their first bodies
  for (let body = 0; body < parentOf.length; body++) {
    const path: number[] = [] // this body and its ancestors not placed yet, upwards
    let here = body
    while (here >= 0 && rootOf[here] === -1) {
      rootOf[here] = OPEN
      path.push(here)
      here = parentOf[here]!
    }
    if (here >= 0 && rootOf[here] === OPEN) {
      const loop = [...path.slice(path.indexOf(here)), here].map((k) => names[k]!).reverse()
      const told = loop.length > 8 ? [...loop.slice(0, 4), '…', ...loop.slice(-3)] : loop
      throw problem(`joints[${jointOf[here]}].parent`, 'joints that form a tree', `a loop: ${told.join(' → ')}`)
    }
    if (path.length === 0) continue
    const root = here >= 0 ? rootOf[here]! : path.at(-1)!
    const members = trees.get(root) ?? []
    trees.set(root, members)
    for (const placed of path.reverse()) {
      rootOf[placed] = root
      members.push(placed)
    }
  }
  return joinedTrees(trees, rootOf, bonds).flat()
}

/** Members of the trees, those of joined trees in one list, in the order of the first of them. */
function joinedTrees(
  trees: ReadonlyMap<number, readonly number[]>,
  rootOf: readonly number[],
  bonds: readonly (readonly [number, number])[],
): number[][] {
  const chief = new Map([...trees.keys()].map((root) => [root, root]))
  const find = (root: number): number => {
    let here = root
    while (chief.get(here) !== here) here = chief.get(here)!
    return here
  }
  for (const [a, b] of bonds) if (a >= 0 && b >= 0) chief.set(find(rootOf[a]!), find(rootOf[b]!))
  const groups = new Map<number, number[]>()
  for (const [root, members] of trees) groups.set(find(root), [...(groups.get(find(root)) ?? []), ...members])
  return [...groups.values()]
}
