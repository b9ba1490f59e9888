/** Integral action on the command line: which coordinates are to have no error at rest, and the gains for it. */
import { Matrix } from 'ml-matrix'
import type { Command } from 'commander'
import { type IntegralAction, integralAction } from '../control/integralAction.ts'
import type { QuadraticCost } from '../control/linearArguments.ts'
import { type Lqr, type LqrOptions, lqr } from '../control/lqr.ts'
import type { Coordinate, Layout } from '../engine/engine.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { counted } from '../experiment/format.ts'
import { InputError } from '../scene/inputError.ts'
import { listed, suggestion } from '../scene/nearest.ts'
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
export function integralCost({ integral: outputs, qz }: IntegralFlags, { dx, nu }: Layout) {
  const fail = (path: string, expected: string, found: string): never => {
    throw new InputError({ path, expected, found })
  }
  if (outputs === undefined) {
    if (qz !== undefined) fail('--qz', '--integral beside it', 'none')
    return null
  }
  const all = dx.map(({ name }) => name)
  for (const [k, name] of outputs.entries()) {
    if (!all.includes(name)) fail('--integral', `some of ${listed(all)}`, `"${name}"${suggestion(name, all)}`)
    if (outputs.indexOf(name) < k) fail('--integral', 'each coordinate once', `"${name}" twice`)
  }
  if (outputs.length > nu)
    fail('--integral', `at most ${counted(nu, 'coordinate')}, one for each control`, `${outputs.length}`)
  const given = (qz ?? 1) as number | Readonly<Record<string, number>>
  for (const name of Object.keys(typeof given === 'number' ? {} : given))
    if (!outputs.includes(name))
      fail(`--qz ${name}`, `a weight of one of ${listed(outputs)}`, `"${name}"${suggestion(name, outputs)}`)
  const Qz = outputs.map((name) => (typeof given === 'number' ? given : (given[name] ?? 0)))
  const free = Qz.indexOf(0)
  if (free >= 0) fail('--qz', `a weight > 0 of ${outputs[free]!}`, 'none')
  return { outputs, Qz: Matrix.diag(Qz) }
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
