/** Where the bodies of a scene stand: forward kinematics of a state given by joint name. */
import { composePoses, IDENTITY, type Pose } from './pose.ts'
import type { Joint, NamedState, Quat, Scene, Vec3 } from './scene.ts'

/** The frames of the bodies in the world, [bodies]. What `positions` does not name is at zero. */
export function bodyPoses({ joints }: Pick<Scene, 'joints'>, positions: NamedState['positions']): Pose[] {
  const poses: Pose[] = []
  for (const joint of joints) {
    const moved = motion(joint, positions[joint.name] ?? [])
    if (joint.type === 'free') {
      poses.push(moved)
      continue
    }
    const above = joint.parent < 0 ? IDENTITY : poses[joint.parent]!
    const jointFrame = composePoses(above, { position: joint.parentAnchor, rotation: joint.rotation })
    const [x, y, z] = joint.childAnchor
    poses.push(composePoses(composePoses(jointFrame, moved), { ...IDENTITY, position: [-x, -y, -z] }))
  }
  return poses
}

/** What the joint does to its frame. */
function motion({ type, axis }: Joint, q: readonly number[]): Pose {
  const [angle = 0] = q
  switch (type) {
    case 'hinge': {
      const s = Math.sin(angle / 2)
      return { ...IDENTITY, rotation: [Math.cos(angle / 2), s * axis[0], s * axis[1], s * axis[2]] }
    }
    case 'slider':
      return { ...IDENTITY, position: [angle * axis[0], angle * axis[1], angle * axis[2]] }
    case 'ball':
      return { ...IDENTITY, rotation: unit(q) }
    case 'free':
      return q.length === 0 ? IDENTITY : { position: q.slice(0, 3) as unknown as Vec3, rotation: unit(q.slice(3)) }
    case 'fixed':
      return IDENTITY
  }
}

function unit(q: readonly number[]): Quat {
  const length = Math.hypot(...q)
  return length > 0 ? (q.map((value) => value / length) as unknown as Quat) : IDENTITY.rotation
}
