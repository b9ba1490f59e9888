/** A controller that numerics can't design: a reported result, not a mistake of the user's. */
import type { Lqr } from '../control/lqr.ts'
import { describeMode } from '../control/modes.ts'

export class DesignFailure extends Error {
  readonly regulator: Lqr | null // what failed; null where it was not LQR
  constructor(message: string, regulator: Lqr | null = null) {
    super(message)
    this.name = 'DesignFailure'
    this.regulator = regulator
  }
}

/** Throws where no gain was found, naming the modes at fault. */
export function requireGain(design: Lqr): void {
  const { result, message, unstabilizable = [], undetectable = [] } = design
  if (result === 'solved') return
  const modes = [...unstabilizable, ...undetectable].slice(0, 4).map(describeMode)
  const named = modes.every((mode) => message.includes(mode)) ? '' : ` Modes at fault: ${modes.join('; ')}`
  throw new DesignFailure(`lqr: ${result}: ${message}${named}`, design)
}
