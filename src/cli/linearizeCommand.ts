/** jacsense linearize: A, B, c at a point, with what they cost and how far they can be trusted. */
import type { Command } from 'commander'
import { callsSentence, certificateSentence, notesBeside } from '../report/certificate.ts'
import { linearizationJson } from '../report/linearizationJson.ts'
import { shownMatrices } from '../report/rounding.ts'
import { type Io, printJson } from './io.ts'
import { addLinearizeOptions, type LinearizeFlags } from './options.ts'
import { pointTable } from './pointTable.ts'
import { defectText, linearizeAt, requireCertificate, setUp, titleOf } from './prepare.ts'
import { matrixTable } from './table.ts'

export function addLinearizeCommand(program: Command, io: Io): void {
  addLinearizeOptions(
    program
      .command('linearize')
      .description('linearize a scene: δx⁺ = A δx + B δu + c')
      .argument('<scene>', 'scene file, folder or name'),
  ).action(async (name: string, flags: LinearizeFlags) => {
    const setup = await setUp(name, flags, io)
    try {
      const lin = await linearizeAt(setup, flags, io)
      const { layout } = lin
      if (flags.json) printJson(io, linearizationJson(lin, setup.scene.name))
      else {
        const { A, B, note } = shownMatrices(lin)
        io.stdout.write(`${titleOf(setup)}\n${pointTable(setup)}`)
        io.stdout.write(`${matrixTable('A', A, layout.dx, layout.dx)}\n${matrixTable('B', B, layout.dx, layout.u)}\n`)
        io.stdout.write(`${defectText(lin)}cost  ${callsSentence(lin)}\n${certificateSentence(lin)}\n`)
        if (note !== '') io.stdout.write(`note  ${note}\n`)
        for (const note of notesBeside(lin)) io.stdout.write(`note  ${note}\n`)
      }
      requireCertificate(lin)
    } finally {
      setup.engine.dispose()
    }
  })
}
