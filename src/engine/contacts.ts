/** Points of contact with what is pushed there: flat arrays that are kept from call to call and grow where there are more than ever. */

export interface Contacts {
  count: number
  bodies: Int32Array // [2 count] as in the scene or model, the lower first; −1: the environment
  values: Float64Array // [9 count] point (m), unit normal from the first body to the second, force on the second (N; NaN: unknown); world
}

/** Numbers of a contact in `values`. */
export const CONTACT = 9

export function createContacts(): Contacts {
  return { count: 0, bodies: new Int32Array(16), values: new Float64Array(8 * CONTACT) }
}

type Vector = ArrayLike<number> // [3]

/** Normal from body a to body b, force on b; turned round where b is the lower. */
export function addContact(out: Contacts, [a, b]: readonly [number, number], at: Vector, n: Vector, f: Vector): void {
  const k = out.count++
  if (out.values.length < CONTACT * out.count) {
    const [{ bodies }, { values }] = [out, out]
    out.bodies = new Int32Array(2 * bodies.length)
    out.values = new Float64Array(2 * values.length)
    out.bodies.set(bodies)
    out.values.set(values)
  }
  const sign = a <= b ? 1 : -1
  out.bodies[2 * k] = Math.min(a, b)
  out.bodies[2 * k + 1] = Math.max(a, b)
  for (let c = 0; c < 3; c++) {
    out.values[CONTACT * k + c] = at[c]!
    out.values[CONTACT * k + 3 + c] = sign * n[c]!
    out.values[CONTACT * k + 6 + c] = sign * f[c]!
  }
}
