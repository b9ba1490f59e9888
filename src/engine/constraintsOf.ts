/** What holds coordinates of a scene together that a linearization treats as free: joints between bodies, and closures. */
import type { Scene } from '../scene/scene.ts'
import type { Layout } from '../scene/layout.ts'

export interface CoordinateConstraint {
  readonly name: string // 'joint pole', 'closure foot'
  readonly coordinates: readonly string[] // names of the entries of dx that it ties to each other
}

/** In maximal coordinates all joints that hold something, and closures; in reduced ones closures, which tie the joints of their loop. */
export function constraintsOf(
  { bodies, joints, closures }: Scene,
  { dx }: Layout,
  coordinates: 'reduced' | 'maximal',
): CoordinateConstraint[] {
  const under = (owners: readonly string[]) =>
    dx.map(({ name }) => name).filter((name) => owners.some((owner) => name.startsWith(`${owner}.`)))
  const bodyNames = (ends: readonly number[]) => ends.flatMap((k) => (k < 0 ? [] : [bodies[k]!.name]))
  /** Joints from a body down to the world. */
  const chain = (body: number): string[] => {
    const joint = joints.find(({ child }) => child === body)
    return joint === undefined ? [] : [joint.name, ...chain(joint.parent)]
  }
  const loop = ([one, other]: readonly [number, number]): string[] => {
    const [a, b] = [chain(one), chain(other)]
    return [...a.filter((name) => !b.includes(name)), ...b.filter((name) => !a.includes(name))]
  }
  const isMaximal = coordinates === 'maximal'
  const holding = isMaximal ? joints.filter(({ type }) => type !== 'free') : []
  return [
    ...holding.map(({ name, parent, child }) => ({
      name: `joint ${name}`,
      coordinates: under(bodyNames([parent, child])),
    })),
    ...closures.map(({ name, bodies: ends }) => ({
      name: `closure ${name}`,
      coordinates: under(isMaximal ? bodyNames(ends) : loop(ends)),
    })),
  ]
}
