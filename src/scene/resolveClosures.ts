/** Closures of a scene file: names resolved, and their points checked to meet at home. */
import { bodyPoses } from './bodyPoses.ts'
import { unknownName } from './namedState.ts'
import { IDENTITY, type Pose, placedPoint } from './pose.ts'
import type { Problem } from './problem.ts'
import type { Closure, NamedState, Scene, Vec3 } from './scene.ts'
import type { ClosureInput } from './schema.ts'
import { checkUnique } from './tree.ts'

const GAP = 1e-6 // m, at home

/** Where a name stands: the body it belongs to, or the world, and the frame that is meant in it. */
export type Frames = ReadonlyMap<string, { readonly body: string; readonly pose: Pose }>

export function resolveClosures(
  closures: readonly ClosureInput[],
  frames: Frames,
  { bodies, joints, home }: Pick<Scene, 'bodies' | 'joints'> & { readonly home: NamedState },
  problem: Problem,
): Closure[] {
  checkUnique(
    'closures',
    closures.map(({ name }) => name),
    'closure',
    problem,
  )
  const indexOf = new Map(bodies.map(({ name }, b) => [name, b]))
  const poses = closures.length > 0 ? bodyPoses({ joints }, home.positions) : []
  return closures.map(({ name, bodies: names, anchors }, k) => {
    const ends = names.map((body, e) => {
      const frame = body === 'world' ? { body, pose: IDENTITY } : frames.get(body)
      if (!frame) throw unknownName(`closures[${k}].bodies[${e}]`, 'body', body, ['world', ...frames.keys()], problem)
      return {
        body: frame.body === 'world' ? -1 : indexOf.get(frame.body)!,
        anchor: placedPoint(frame.pose, anchors[e]!),
      }
    })
    if (ends[0]!.body < 0) ends.reverse()
    const [first, second] = [ends[0]!, ends[1]!]
    if (first.body === second.body)
      throw problem(
        `closures[${k}].bodies`,
        'two bodies that can move against each other',
        `"${names.join('" and "')}"`,
      )
    const place = ({ body, anchor }: { body: number; anchor: Vec3 }) =>
      body < 0 ? anchor : placedPoint(poses[body]!, anchor)
    const [p, q] = [place(first), place(second)]
    const gap = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])
    if (!(gap <= GAP))
      throw problem(
        `closures[${k}].anchors`,
        `points that meet at home (within ${GAP} m)`,
        `a gap of ${Number(gap.toPrecision(3))} m between "${names[0]}" and "${names[1]}"`,
      )
    return { name, bodies: [first.body, second.body], anchors: [first.anchor, second.anchor] }
  })
}
