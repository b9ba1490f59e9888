import type { Blackbox } from './blackbox.ts'
import { wrapBlackbox } from './wrapBlackbox.ts'

export interface CountedBlackbox extends Blackbox {
  /** Evaluations so far; a batch counts each of its points. Calls that threw are not counted. */
  readonly calls: number
  /** Sets the counter back to 0. */
  resetCalls(): void
}

/** The same blackbox with an exact counter of evaluations. */
export function countCalls(blackbox: Blackbox): CountedBlackbox {
  let calls = 0
  const counted = wrapBlackbox(blackbox, (_Y, count) => {
    calls += count
  })
  return {
    ...counted,
    get calls() {
      return calls
    },
    resetCalls() {
      calls = 0
    },
  }
}
