/** Integral action on the command line: which coordinates are to have no error at rest, and the gains for it. */
import type { Command } from 'commander'
import { type IntegralAction, integralAction } from '../control/integralAction.ts'
import type { QuadraticCost } from '../control/linearArguments.ts'
import { type Lqr, type LqrOptions, lqr } from '../control/lqr.ts'
import type { Coordinate, Layout } from '../engine/engine.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { integralCost as integralWeights } from '../experiment/integralCost.ts'
import type { Weights } from '../scene/scene.ts'
import { names, weights } from './options.ts'
import { matrixTable } from './table.ts'

export interface IntegralFlags {
  readonly integral?: readonly string[]
  readonly qz?: Weights
}

/** A design with the coordinates whose integrals it feeds back; none of plain LQR. */
export type Regulator = Lqr & {
  readonly integral?: Pick<IntegralAction, 'Kz' | 'C'> & { readonly outputs: readonly string[] }
}

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

/** Throws InputError on names that are no coordinates, more of them than controls, and weights that are not theirs. */
export function integralCost(flags: IntegralFlags, layout: Layout) {
  return integralWeights(flags, layout, { integral: '--integral', qz: '--qz' })
}

/** LQR, with integral action where --integral asks for it. */
export function designRegulator(
  lin: Linearization,
  cost: QuadraticCost,
  flags: IntegralFlags,
  options: LqrOptions,
): Regulator {
  const integral = integralCost(flags, lin.layout)
  if (integral === null) return lqr(lin, cost, options)
  const { Kz, C, ...design } = integralAction(lin, { ...cost, ...integral }, options)
  return { ...design, integral: { Kz, C, outputs: integral.outputs } }
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
