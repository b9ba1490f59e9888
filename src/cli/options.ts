/** Options that several commands share, and how their values are read. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { ENGINE_NAMES } from '../engine/createEngine.ts'
import type { Kick } from '../experiment/simulate.ts'

/** What the shared options give. */
export interface LinearizeFlags {
  readonly engine: string
  readonly coordinates?: 'reduced' | 'maximal'
  readonly method: 'auto' | 'dense' | 'colored' | 'native'
  readonly scheme: 'central' | 'forward'
  readonly at: string
  readonly seed: number
  readonly refine?: true
  readonly json?: true
}

export function addEngineOptions(command: Command): Command {
  return command
    .addOption(new Option('--engine <name>', 'physics engine').choices(ENGINE_NAMES).default('cannon'))
    .addOption(new Option('--coordinates <kind>', 'joint or body coordinates').choices(['reduced', 'maximal']))
    .addOption(atOption())
}

function atOption(): Option {
  return new Option('--at <point>', 'home, equilibrium (searched from home), or a state file .json').default('home')
}

export function addLinearizeOptions(command: Command): Command {
  return addEngineOptions(command)
    .addOption(
      new Option('--method <name>', 'how the Jacobian is measured')
        .choices(['auto', 'dense', 'colored', 'native'])
        .default('auto'),
    )
    .addOption(new Option('--scheme <name>', 'difference scheme').choices(['central', 'forward']).default('central'))
    .option('--seed <integer>', 'seed of the random directions', integer, 1)
    .option('--refine', 'detect the exact sparsity pattern first')
    .option('--json', 'print JSON and nothing else')
}

export function integer(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new InvalidArgumentError('Expected an integer.')
  return value
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
