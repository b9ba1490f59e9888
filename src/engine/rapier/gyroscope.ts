/**
 * Rapier turns the angular momentum of every body by its gyroscopic torque before it solves anything: L⁺ = |L| t/|t| with
 * t = L − h ω × L, in the principal axes. Here the spin that it turns into a wanted one, so that what acts is the gyroscopic torque that
 * bodies are placed with, at their true spin.
 */
const ITERATIONS = 50
const DONE = 1e-12 // relative

/**
 * spin[0…2] (rad/s, principal axes) becomes the one before the turn. A fixed point, linear convergence by h|ω| times the
 * differences of moments: where it diverges (above a radian per step), the last iterate stands.
 */
export function spinBefore(spin: Float64Array, moments: Float64Array, at: number, h: number): void {
  const a = moments[at]!
  const b = moments[at + 1]!
  const c = moments[at + 2]!
  const [x, y, z] = [a * spin[0]!, b * spin[1]!, c * spin[2]!] // L⁺
  const size = Math.hypot(x, y, z)
  if (size === 0 || (a === b && b === c)) return
  for (let k = 0; k < ITERATIONS; k++) {
    const [wx, wy, wz] = [spin[0]!, spin[1]!, spin[2]!]
    // −h ω × L
    const gx = -h * (c - b) * wy * wz
    const gy = -h * (a - c) * wz * wx
    const gz = -h * (b - a) * wx * wy
    const stretch = Math.hypot(a * wx + gx, b * wy + gy, c * wz + gz) / size
    const [lx, ly, lz] = [stretch * x - gx, stretch * y - gy, stretch * z - gz]
    const scale = size / Math.hypot(lx, ly, lz)
    spin[0] = (scale * lx) / a
    spin[1] = (scale * ly) / b
    spin[2] = (scale * lz) / c
    const change = Math.hypot(a * (spin[0] - wx), b * (spin[1] - wy), c * (spin[2] - wz))
    if (change <= DONE * size) return
  }
}
