/** A progress line on stderr: only for people at a terminal, only when it takes longer than a second. */
import type { Io } from './io.ts'

const PATIENCE_MS = 1000
const EVERY_MS = 100

export interface Progress {
  readonly onProgress: (done: number, total: number) => void
  /** Wipes the line. */
  end(): void
}

export function progressLine({ stderr }: Io, what: string): Progress {
  const start = performance.now()
  let last = Number.NEGATIVE_INFINITY
  return {
    onProgress(done, total) {
      const now = performance.now()
      if (!stderr.isTTY || now - start < PATIENCE_MS || now - last < EVERY_MS) return
      last = now
      stderr.write(`\r\u001b[K${what} ${done} of ${total} (${Math.floor((100 * done) / Math.max(1, total))} %)`)
    },
    end() {
      if (last > Number.NEGATIVE_INFINITY) stderr.write('\r\u001b[K')
    },
  }
}
