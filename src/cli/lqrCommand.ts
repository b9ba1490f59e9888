/** jacsense lqr: the gain of the scene's task, the closed-loop eigenvalues, the modes at fault where there is no gain. */
import type { Command } from 'commander'
import { type Lqr, lqr } from '../control/lqr.ts'
import { describeMode } from '../control/modes.ts'
import { taskCost } from '../experiment/taskCost.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { callsSentence, certificateSentence } from '../report/certificate.ts'
import { toPlain } from '../report/linearizationJson.ts'
import { InputError } from '../scene/inputError.ts'
import type { Scene } from '../scene/scene.ts'
import { type Io, NumericalFailure, printJson } from './io.ts'
import { addLinearizeOptions, type LinearizeFlags } from './options.ts'
import { linearizeAt, requireCertificate, setUp, titleOf } from './prepare.ts'
import { eigenvalueList, matrixTable } from './table.ts'

/** Weights where a scene has no task: every coordinate and control alike. */
const PLAIN = { Q: 1, R: 1 }

export function addLqrCommand(program: Command, io: Io): void {
  addLinearizeOptions(
    program
      .command('lqr')
      .description("design an LQR with the weights of the scene's task (all 1 where it has none)")
      .argument('<scene>', 'scene file, folder or name'),
  ).action(async (name: string, flags: LinearizeFlags) => {
    const setup = await setUp(name, flags, io)
    const { scene } = setup
    try {
      const cost = designCost(scene, setup.engine.layout)
      const lin = await linearizeAt(setup, flags, io)
      const design = lqr(lin, cost)
      if (flags.json) printJson(io, designJson(scene, lin, design))
      else {
        io.stdout.write(`${titleOf(setup)}\n${designText(lin, design)}`)
        io.stdout.write(`cost  ${callsSentence(lin)}\n${certificateSentence(lin)}\n`)
      }
      requireSolved(design)
      requireCertificate(lin)
    } finally {
      setup.engine.dispose()
    }
  })
}

/** Q and R of the scene's task. Throws InputError where there is nothing to control. */
export function designCost(scene: Scene, layout: Linearization['layout']) {
  if (layout.nu === 0)
    throw new InputError({
      file: scene.file,
      path: 'actuators',
      expected: 'at least one control for LQR',
      found: 'none',
    })
  return taskCost(scene.task ?? PLAIN, layout)
}

export function designText({ layout }: Linearization, { K, eigenvalues, openLoopEigenvalues, message }: Lqr): string {
  const gain = K === null ? '' : `${matrixTable('K', K, layout.u, layout.dx)}\n`
  const closed = eigenvalues === null ? '' : `closed-loop eigenvalues  ${eigenvalueList(eigenvalues)}\n`
  return `${gain}open-loop eigenvalues    ${eigenvalueList(openLoopEigenvalues)}\n${closed}${message}\n`
}

/** Throws where no gain was found, naming the modes at fault. */
export function requireSolved({ result, message, unstabilizable = [], undetectable = [] }: Lqr): void {
  if (result === 'solved') return
  const modes = [...unstabilizable, ...undetectable].slice(0, 4).map(describeMode)
  const named = modes.every((mode) => message.includes(mode)) ? '' : ` Modes at fault: ${modes.join('; ')}`
  throw new NumericalFailure(`lqr: ${result}: ${message}${named}`)
}

function designJson(scene: Scene, lin: Linearization, design: Lqr): unknown {
  const complex = (values: Lqr['eigenvalues']) =>
    values && Array.from(values.re, (re, k) => ({ re, im: values.im[k]! }))
  return toPlain({
    scene: scene.name,
    engine: lin.engine,
    dt: lin.dt,
    states: lin.layout.dx.map(({ name }) => name),
    controls: lin.layout.u.map(({ name }) => name),
    ...design,
    eigenvalues: complex(design.eigenvalues),
    openLoopEigenvalues: complex(design.openLoopEigenvalues),
    quality: lin.quality,
  })
}
