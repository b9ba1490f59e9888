/** Integral action on the command line: which coordinates are to have no error at rest, and the gains for it. */
import type { Command } from 'commander'
import type { Coordinate, Layout } from '../engine/engine.ts'
import type { Regulator } from '../experiment/controllerDesign.ts'
import type { ControllerSettings } from '../experiment/controllerSettings.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { names, weights } from './options.ts'
import { matrixTable } from './table.ts'

export type IntegralFlags = Pick<ControllerSettings, 'integral' | 'qz'>

export function addIntegralOptions(command: Command): Command {
  return command
    .option(
      '--integral <name,…>',
      'of lqr: coordinates that constant forces are to leave no error in, by feedback of their integrals; at most as many as controls',
      names,
    )
    .option(
      '--qz <weights>',
      'weights of these integrals (m·s, rad·s): one number for all, or name=weight,… (default: 1)',
      weights,
    )
}

/** Kz as a table, '' without integral action. */
export function integralText({ layout }: Linearization, { integral }: Regulator): string {
  if (!integral?.Kz) return ''
  return `${matrixTable('Kz', integral.Kz, layout.u, integrals(layout, integral.outputs))}\n`
}

/** The integrals of coordinates, as coordinates. */
export function integrals({ dx }: Layout, outputs: readonly string[]): Coordinate[] {
  return outputs.map((name) => ({ name: `∫ ${name}`, unit: `${dx.find((entry) => entry.name === name)!.unit}·s` }))
}
