/** The arrow of a pull, from the body that is held to where the pointer is; it grows as they part. */
import { ArrowHelper, Vector3 } from 'three'

const HEAD = 0.08 // m, at most
const SHORTEST = 1e-3 // m

export interface PullArrow {
  readonly arrow: ArrowHelper
  point(from: Vector3, to: Vector3): void
  hide(): void
}

export function pullArrow(): PullArrow {
  const arrow = new ArrowHelper(new Vector3(1, 0, 0), new Vector3(), 1, '#1f5fbf', HEAD, HEAD * 0.66)
  arrow.visible = false
  // Seen through the robot, which often stands before it.
  for (const { material } of [arrow.line, arrow.cone]) Object.assign(material, { depthTest: false })
  for (const part of [arrow.line, arrow.cone]) part.renderOrder = 1
  return {
    arrow,
    point(from, to) {
      const along = to.clone().sub(from)
      const length = along.length()
      arrow.visible = length > SHORTEST
      if (!arrow.visible) return
      const head = Math.min(HEAD, length / 2)
      arrow.position.copy(from)
      arrow.setDirection(along.divideScalar(length))
      arrow.setLength(length, head, head * 0.66)
    },
    hide() {
      arrow.visible = false
    },
  }
}
