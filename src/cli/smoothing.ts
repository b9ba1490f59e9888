/** --smoothing and --samples: what they ask of a linearization, or why they can't be followed. */
import type { Layout } from '../engine/engine.ts'
import type { SmoothingChoice } from '../linearization/smoothing.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
import type { LinearizeFlags } from './options.ts'

/** undefined without --smoothing. Throws InputError on names that are no coordinates, and on options that do not go with it. */
export function smoothingOf(flags: LinearizeFlags, layout: Layout): SmoothingChoice | undefined {
  const { smoothing: deviations, samples, method, scheme, refine, noise, robust } = flags
  if (deviations === undefined) {
    if (samples === undefined) return undefined
    throw new InputError({ path: '--samples', expected: '--smoothing beside it', found: 'none' })
  }
  const others = {
    '--method': method !== 'auto',
    '--scheme': scheme !== undefined,
    '--refine': refine === true,
    '--noise': noise !== undefined,
    '--robust': robust === true,
  }
  for (const [option, isGiven] of Object.entries(others))
    if (isGiven) throw new InputError({ path: option, expected: 'to be left out with --smoothing', found: 'both' })
  if (typeof deviations !== 'number') {
    const names = [
      'positions',
      'velocities',
      'activations',
      'controls',
      ...[...layout.dx, ...layout.u].map(({ name }) => name),
    ]
    for (const name of Object.keys(deviations))
      if (!names.includes(name))
        throw new InputError({
          path: `--smoothing ${name}`,
          expected: `a deviation of one of ${listed(names)}`,
          found: `"${name}"${suggestion(name, names)}`,
        })
  }
  return { deviations, samples }
}

/** The error of too few samples as one of input. */
export function tooFewSamples(error: unknown): unknown {
  const least = error instanceof RangeError && /(\d+) samples can't tell .*; take (\d+)/.exec(error.message)
  return least ? new InputError({ path: '--samples', expected: `${least[2]} or more here`, found: least[1]! }) : error
}
