import type * as CANNON from 'cannon-es'
import type { Reaching } from '../reach.ts'

/** cannon's bodies as `reachWithin` reads them: forces and torques are the bodies' own. */
export function withRadii(bodies: readonly CANNON.Body[]): Reaching[] {
  return bodies.map((body) => ({
    force: body.force,
    torque: body.torque,
    boundingRadius: body.boundingRadius,
    radii: radii(body),
  }))
}

/** Largest distances of a body's shapes from its principal axes, m. */
function radii({ shapes, shapeOffsets }: CANNON.Body): [number, number, number] {
  let [x, y, z] = [0, 0, 0]
  shapes.forEach(({ boundingSphereRadius: r }, s) => {
    const at = shapeOffsets[s]!
    x = Math.max(x, Math.hypot(at.y, at.z) + r)
    y = Math.max(y, Math.hypot(at.x, at.z) + r)
    z = Math.max(z, Math.hypot(at.x, at.y) + r)
  })
  return [x, y, z]
}
