/** jacsense lqr: the gain of the scene's task, the closed-loop eigenvalues, the modes at fault where there is no gain. */
import type { Command } from 'commander'
import type { Lqr } from '../control/lqr.ts'
import type { Mjcf } from '../engine/mujoco/mjcf.ts'
import type { Linearization } from '../linearization/linearization.ts'
import type { Regulator } from '../experiment/controllerDesign.ts'
import { DesignFailure, requireGain } from '../experiment/designFailure.ts'
import { designRegulator } from '../experiment/designController.ts'
import { integralCost } from '../experiment/integralCost.ts'
import { callsSentence, certificateSentence } from '../experiment/certificate.ts'
import { counted, formatNumber, withUnit } from '../experiment/format.ts'
import { toPlain } from '../experiment/linearizationJson.ts'
import { defectOf, shownMatrices, shownValue } from '../experiment/rounding.ts'
import type { Scene } from '../scene/scene.ts'
import { addIntegralOptions, type IntegralFlags, integralText } from './integral.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import { addLinearizeOptions, addWeightOptions, called, type LinearizeFlags } from './options.ts'
import { pointTable } from './pointTable.ts'
import { defectText, linearizeAt, requireCertificate, setUp, titleOf } from './prepare.ts'
import { eigenvalueList, matrixTable } from './table.ts'
import { designCost, unreachedOf, type WeightFlags } from './weights.ts'

const NEUTRAL = 1e-6 // |λ| within this of 1: the mode may well stay where it is

export function addLqrCommand(program: Command, io: Io): void {
  addIntegralOptions(
    addWeightOptions(
      addLinearizeOptions(
        program
          .command('lqr')
          .description(
            "design an LQR with the weights of the scene's task (all 1 where it has none), or with --q and --r",
          )
          .argument('<scene>', 'scene or URDF file, folder or name'),
      ),
    ),
  ).action(async (name: string, flags: LinearizeFlags & WeightFlags & IntegralFlags) => {
    const setup = await setUp(name, flags, io)
    const { scene } = setup
    try {
      const cost = designCost(scene, setup.engine.layout, flags)
      integralCost(flags, setup.engine.layout, called)
      const lin = await linearizeAt(setup, flags, io)
      const design = await designRegulator(lin, cost, flags, { unreached: unreachedOf(scene, flags) })
      if (flags.json) printJson(io, designJson(scene, lin, design))
      else {
        io.stdout.write(`${titleOf(setup)}\n${pointTable(setup)}${designText(lin, design)}`)
        io.stdout.write(`cost  ${callsSentence(lin)}\n${certificateSentence(lin)}\n`)
      }
      try {
        requireGain(design)
      } catch (error) {
        throw failureOf(error)
      }
      requireCertificate(lin)
    } finally {
      setup.engine.dispose()
    }
  })
}

/** Gain, eigenvalues and the point's defect, for people. */
export function designText(lin: Linearization, design: Regulator): string {
  const { K, eigenvalues, openLoopEigenvalues, message } = design
  const { layout, dt } = lin
  const shown = shownMatrices(lin, K).K
  const gain = shown === null ? '' : `${matrixTable('K', shown, layout.u, layout.dx)}\n`
  const closed =
    eigenvalues === null
      ? ''
      : `closed-loop eigenvalues  ${eigenvalueList(eigenvalues)}\nslowest mode             ${slowest(eigenvalues, dt, staying(design))}\n`
  return `${gain}${integralText(lin, design)}open-loop eigenvalues    ${eigenvalueList(openLoopEigenvalues)}\n${closed}${message}\n${defectText(lin, K !== null)}`
}

/** How many eigenvalues belong to modes that are left where they are; a pair counts twice. */
function staying({ unreached = [], undetectable = [] }: Lqr): number {
  return [...unreached, ...undetectable].reduce((sum, { eigenvalue: { im } }) => sum + (im === 0 ? 1 : 2), 0)
}

/** '1 − |λ| = 0.0122, falls to 1/e in 0.816 s', of those that move: the `staying` first ones stay. */
function slowest({ re, im }: NonNullable<Lqr['eigenvalues']>, dt: number, staying: number): string {
  if (staying >= re.length) return 'none: all stay where they are'
  const radius = Math.hypot(re[staying]!, im[staying]!)
  const gap = `1 − |λ| = ${formatNumber(shownValue(1 - radius, 1), 3)}`
  const beside = staying > 0 ? `, beside ${counted(staying, 'mode')} that ${staying > 1 ? 'stay' : 'stays'}` : ''
  if (!(radius > 0 && radius < 1 - 1e-12)) return `${gap}${beside}`
  return `${gap}, falls to 1/e in ${withUnit(-dt / Math.log(radius), 's', 3)}${beside}`
}

/** What a failed design means on the command line. */
export function failureOf(error: unknown): unknown {
  if (!(error instanceof DesignFailure)) return error
  const { result, unstabilizable = [] } = error.regulator ?? {}
  const stay = result === 'unstabilizable' && unstabilizable.every(({ magnitude }) => Math.abs(magnitude - 1) < NEUTRAL)
  return new NumericalFailure(`${error.message}${stay ? '; --unreached keep lets them stay' : ''}`)
}

function designJson(scene: Scene | Mjcf, lin: Linearization, design: Regulator): unknown {
  const complex = (values: Lqr['eigenvalues']) =>
    values && Array.from(values.re, (re, k) => ({ re, im: values.im[k]! }))
  return toPlain({
    scene: scene.name,
    engine: lin.engine,
    dt: lin.dt,
    states: lin.layout.dx.map(({ name }) => name),
    controls: lin.layout.u.map(({ name }) => name),
    xBar: lin.xBar,
    uBar: lin.uBar,
    c: lin.c,
    equilibrium: defectOf(lin).length === 0,
    ...design,
    eigenvalues: complex(design.eigenvalues),
    openLoopEigenvalues: complex(design.openLoopEigenvalues),
    quality: lin.quality,
  })
}
