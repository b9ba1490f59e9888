/** Kicks and pushes as a user gives them, as what happens in a run: a push without a duration lasts until the run ends. */
import type { Disturbance, Kick, Pulse } from './simulate.ts'

type Push = Omit<Pulse, 'duration'> & { readonly duration?: number | null | undefined } // s

/** Kicks first. A push lasts one control period at least. */
export function disturbancesOf(
  { kicks = [], pushes = [] }: { readonly kicks?: readonly Kick[]; readonly pushes?: readonly Push[] },
  seconds: number, // of the run
  dt: number, // s
): Disturbance[] {
  return [...kicks, ...pushes.map((one) => ({ ...one, duration: one.duration ?? Math.max(seconds - one.time, dt) }))]
}
