/** Options that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { MAX_WORKERS } from '../blackbox/openBlackboxPool.ts'
import { ENGINE_NAMES } from '../engine/createEngine.ts'
import type { Kick, Pulse } from '../experiment/simulate.ts'
import type { Weights } from '../scene/scene.ts'
import { type Scheme, SCHEMES } from '../sensing/stencil.ts'

/** What the shared options give. */
export interface LinearizeFlags {
  readonly engine: string
  readonly coordinates?: 'reduced' | 'maximal'
  readonly folder?: string
  readonly method: 'auto' | 'dense' | 'colored' | 'rainbow' | 'compressed' | 'native'
  readonly scheme?: Scheme
  readonly noise?: number | 'estimate' | 'none'
  readonly robust?: true
  readonly maxCalls?: number
  readonly tolerance?: number
  readonly at: string
  readonly seed: number
  readonly refine?: true
  readonly smoothing?: number | Readonly<Record<string, number>>
  readonly samples?: number
  readonly workers: number
  readonly json?: true
}

export function addEngineOptions(command: Command): Command {
  return command
    .addOption(new Option('--engine <name>', 'physics engine').choices(ENGINE_NAMES).default('cannon'))
    .addOption(new Option('--coordinates <kind>', 'joint or body coordinates').choices(['reduced', 'maximal']))
    .addOption(atOption())
    .option('--folder <path>', 'where URDF files that a scene includes may lie (default: the folder of the scene)')
}

function atOption(): Option {
  return new Option(
    '--at <point>',
    'home; a state file .json; key:<name>, a keyframe of an MJCF model; equilibrium: searched from home, positions move too; ' +
      'equilibrium:hold: positions stay, controls are solved for; equilibrium:<state.json or key:name>, ' +
      'equilibrium:hold:<…>: searched from there',
  ).default('home')
}

export function addLinearizeOptions(command: Command): Command {
  return addEngineOptions(command)
    .addOption(
      new Option('--method <name>', 'how the Jacobian is measured')
        .choices(['auto', 'dense', 'colored', 'rainbow', 'compressed', 'native'])
        .default('auto'),
    )
    .addOption(schemeOption())
    .option('--noise <sigma>', "standard deviation of a step's outcome, estimate, or none; default: looked for", noise)
    .option('--robust', 'some steps are grossly wrong: outvote them')
    .option('--tolerance <share>', 'accuracy that rows are certified to, relative to their size', positiveNumber)
    .option('--max-calls <n>', 'simulator steps that may be spent', wholeNumber(1))
    .option('--seed <integer>', 'seed of the random directions', integer, 1)
    .option('--refine', 'detect the exact sparsity pattern first')
    .option(
      '--smoothing <deviations>',
      'through contact: regression over a Gaussian cloud of rollouts; standard deviations, one number for all coordinates, ' +
        'or name=deviation,… (others: none), such as ball.z=0.002 or positions=0.001,velocities=0.01',
      deviations,
    )
    .option('--samples <n>', 'rollouts of the cloud (default: 1000 or more)', wholeNumber(1))
    .option('--workers <n>', 'threads that share the steps of long linearizations', wholeNumber(1, MAX_WORKERS), 1)
    .option('--json', 'print JSON and nothing else')
}

export function schemeOption(): Option {
  return new Option('--scheme <name>', 'difference scheme (default: central; forward where calls are few)').choices(
    SCHEMES,
  )
}

/** '1e-4', 'estimate' or 'none'. */
function noise(text: string): number | 'estimate' | 'none' {
  if (text === 'estimate' || text === 'none') return text
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && Number.isFinite(value)))
    throw new InvalidArgumentError('Expected a number ≥ 0, estimate or none.')
  return value
}

export function integer(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Expected an integer.')
  return value
}

/** A reader of whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(
        `Expected a whole number ${most === Number.POSITIVE_INFINITY ? `≥ ${least}` : `from ${least} to ${most}`}.`,
      )
    return value
  }
}

export function addWeightOptions(command: Command): Command {
  const what = "one number for all, or name=weight,… (others: 0); default: the scene's task"
  return command
    .option('--q <weights>', `weights of the state deviations: ${what}`, weights)
    .option('--r <weights>', `weights of the controls: ${what}`, weights)
    .addOption(
      new Option(
        '--unreached <what>',
        'modes that stay as they are whatever control does (the place of a foot on the floor): keep them, and leave out their ' +
          'cost, or refuse (default: refuse where weights go by name)',
      ).choices(['keep', 'refuse']),
    )
}

export function weights(text: string): Weights {
  return numbersByName(text, 'Expected a number ≥ 0, or name=number,… such as pole.angle=10,cart.x=1.')
}

/** 'cart.x,pole.angle' */
export function names(text: string): string[] {
  const found = text.split(',').map((part) => part.trim())
  if (found.includes('')) throw new InvalidArgumentError('Expected name,name,… such as slide.position,pole.angle.')
  return found
}

export function deviations(text: string): number | Record<string, number> {
  const expected = 'Expected a number > 0, or name=number,… such as ball.z=0.002, not all 0.'
  const found = numbersByName(text, expected)
  const isZero = typeof found === 'number' ? found === 0 : Object.values(found).every((value) => value === 0)
  if (isZero) throw new InvalidArgumentError(expected)
  return found
}

/** '1', or 'pole.angle=10,slide.position=1' by name; none negative. */
function numbersByName(text: string, expected: string): number | Record<string, number> {
  const fail = () => new InvalidArgumentError(expected)
  const number = (part: string) => {
    const value = Number(part)
    if (part.trim() === '' || !(value >= 0 && Number.isFinite(value))) throw fail()
    return value
  }
  if (!text.includes('=')) return number(text)
  const named = new Map<string, number>()
  for (const part of text.split(',')) {
    const [, name, value] = /^\s*([^=\s]+)\s*=([^=]*)$/.exec(part) ?? []
    if (name === undefined || named.has(name)) throw fail()
    named.set(name, number(value!))
  }
  return Object.fromEntries(named)
}

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError('Expected a number > 0.')
  return value
}

/** '2:pole.velocity:0.5' appended to the kicks so far. Names may hold colons; the first and the last one separate. */
export function kick(text: string, previous: readonly Kick[] = []): Kick[] {
  const match = /^([^:]+):(.+):([^:]+)$/.exec(text)
  const [time, amount] = [Number(match?.[1]?.trim() || Number.NaN), Number(match?.[3]?.trim() || Number.NaN)]
  if (match === null || !Number.isFinite(time) || !Number.isFinite(amount))
    throw new InvalidArgumentError('Expected time:coordinate:amount, such as 2:pole.velocity:0.5.')
  return [...previous, { time, coordinate: match[2]!, amount }]
}

/** A pulse that may last until the end of the run. */
export type Push = Omit<Pulse, 'duration'> & { readonly duration: number | null } // s, null: until the end

/** '1:motor:2', or '1..4:motor:2', appended to the pushes so far. */
export function push(text: string, previous: readonly Push[] = []): Push[] {
  const [, times = '', control = '', force = ''] = /^([^:]+):(.+):([^:]+)$/.exec(text) ?? []
  const [time, end, ...more] = times.split('..').map((part) => Number(part.trim() || Number.NaN)) as [number, number?]
  const amount = Number(force.trim() || Number.NaN)
  if (
    more.length > 0 ||
    !Number.isFinite(time) ||
    !Number.isFinite(amount) ||
    !(end === undefined || (end > time && end < Infinity))
  )
    throw new InvalidArgumentError('Expected time:control:amount or from..to:control:amount, such as 1..4:motor:2.')
  return [...previous, { time, duration: end === undefined ? null : end - time, control, amount }]
}

/** '--measurement-noise' of 'measurementNoise'. */
export function called(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
