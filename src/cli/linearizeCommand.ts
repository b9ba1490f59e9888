/** jacsense linearize: A, B, c at a point, with what they cost and how far they can be trusted. */
import type { Command } from 'commander'
import { continuize } from '../linearization/discretize.ts'
import { callsSentence, certificateSentence, notesBeside } from '../experiment/certificate.ts'
import { linearizationJson } from '../experiment/linearizationJson.ts'
import { shownMatrices } from '../experiment/rounding.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import { addLinearizeOptions, type LinearizeFlags } from './options.ts'
import { pointTable } from './pointTable.ts'
import { defectText, linearizeAt, requireCertificate, setUp, titleOf } from './prepare.ts'
import { matrixTable } from './table.ts'

export function addLinearizeCommand(program: Command, io: Io): void {
  addLinearizeOptions(
    program
      .command('linearize')
      .description('linearize a scene: δx⁺ = A δx + B δu + c')
      .argument('<scene>', 'scene or URDF file, folder or name')
      .option('--continuous', 'also ẋ = Ac x + Bc u with the same steps, by the matrix logarithm'),
  ).action(async (name: string, flags: LinearizeFlags & { readonly continuous?: true }) => {
    const setup = await setUp(name, flags, io)
    try {
      const lin = await linearizeAt(setup, flags, io)
      const { layout } = lin
      const continuous = flags.continuous ? continuize(lin.A, lin.B, lin.dt) : null
      if (flags.json)
        printJson(io, {
          ...linearizationJson(lin, setup.scene.name),
          ...(continuous?.result === 'solved'
            ? { continuous: { A: continuous.Ac.to2DArray(), B: continuous.Bc.to2DArray() } }
            : {}),
        })
      else {
        const { A, B, note } = shownMatrices(lin)
        io.stdout.write(`${titleOf(setup)}\n${pointTable(setup)}`)
        io.stdout.write(`${matrixTable('A', A, layout.dx, layout.dx)}\n${matrixTable('B', B, layout.dx, layout.u)}\n`)
        if (continuous?.result === 'solved') {
          const rates = layout.dx.map(({ name, unit }) => ({
            name: `d/dt ${name}`,
            unit: unit.endsWith('/s') ? `${unit}²` : `${unit}/s`,
          }))
          const shown = shownMatrices({ ...lin, A: continuous.Ac, B: continuous.Bc })
          io.stdout.write(
            `${matrixTable('Ac', shown.A, rates, layout.dx)}\n${matrixTable('Bc', shown.B, rates, layout.u)}\n`,
          )
        }
        io.stdout.write(`${defectText(lin)}cost  ${callsSentence(lin)}\n${certificateSentence(lin)}\n`)
        if (note !== '') io.stdout.write(`note  ${note}\n`)
        for (const note of notesBeside(lin)) io.stdout.write(`note  ${note}\n`)
      }
      requireCertificate(lin)
      if (continuous !== null && continuous.result !== 'solved')
        throw new NumericalFailure(`continuous: ${continuous.message}`)
    } finally {
      setup.engine.dispose()
    }
  })
}
