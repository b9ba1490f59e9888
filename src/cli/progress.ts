/** A progress line on stderr: only for people at a terminal, only when it takes longer than a second. */
import type { Io } from './io.ts'

const PATIENCE_MS = 1000
const EVERY_MS = 100

export interface Progress {
  readonly onProgress: (done: number, total: number) => void
  /** Wipes the line. */
  end(): void
}

/** `timeLeft`: also tell how long the rest will take at the pace so far. */
export function progressLine({ stderr }: Io, what: string, { timeLeft = false } = {}): Progress {
  const start = performance.now()
  let before: number | null = null // done when it began
  let last = Number.NEGATIVE_INFINITY
  return {
    onProgress(done, total) {
      const now = performance.now()
      before ??= done
      if (!stderr.isTTY || now - start < PATIENCE_MS || now - last < EVERY_MS) return
      last = now
      const left =
        timeLeft && done > before ? `, ${duration(((now - start) * (total - done)) / (done - before))} left` : ''
      stderr.write(`\r\u001b[K${what} ${done} of ${total} (${Math.floor((100 * done) / Math.max(1, total))} %)${left}`)
    },
    end() {
      if (last > Number.NEGATIVE_INFINITY) stderr.write('\r\u001b[K')
    },
  }
}

/** '40 s', '12 min', '3 h 20 min' from ms. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 100) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
