/** How large a robot is drawn: how far its shapes go. */
import type { FigureShape } from '../scene/figure.ts'

/** The farthest that a shape goes from the frame of its body, m. */
export function reach(shape: FigureShape): number {
  const out = Math.hypot(...shape.position)
  switch (shape.type) {
    case 'box':
      return out + Math.hypot(...shape.size) / 2
    case 'sphere':
      return out + shape.radius
    case 'cylinder':
    case 'capsule':
      return out + shape.radius + shape.length / 2
    case 'ellipsoid':
      return out + Math.max(...shape.radii)
    case 'mesh':
      return out + shape.vertices.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    case 'plane':
      return 0
  }
}
