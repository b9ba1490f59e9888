/** jacsense worker: makes runs of sweeps that others put on a queue. */
import type { Command } from 'commander'
import { MAX_WORKERS } from '../blackbox/openBlackboxPool.ts'
import { counted } from '../experiment/format.ts'
import { queueWorker } from '../experiment/sweep/queue/queueWorker.ts'
import { type Io, printJson } from './io.ts'
import { wholeNumber } from './options.ts'

interface WorkerFlags {
  readonly queue: string
  readonly workers?: number
  readonly grace: number
  readonly json?: true
}

export function addWorkerCommand(program: Command, io: Io): void {
  program
    .command('worker')
    .description('make runs of sweeps that "jacsense sweep --queue" puts on a queue, until stopped (Ctrl+C or SIGTERM)')
    .requiredOption('--queue <redis://…>', 'the Redis of the queue; needs the packages bullmq and ioredis')
    .option('--workers <n>', 'threads (default: one for each core)', wholeNumber(1, MAX_WORKERS))
    .option(
      '--grace <seconds>',
      'when stopped, for runs under way before they are given back',
      wholeNumber(0, 86_400),
      10,
    )
    .option('--json', 'when stopped, print JSON and nothing else on standard output')
    .action(async ({ queue, workers, grace, json }: WorkerFlags) => {
      const stop = new AbortController()
      const end = () => stop.abort(new Error('stopped'))
      io.signal?.addEventListener('abort', end, { once: true })
      process.once('SIGTERM', end)
      try {
        const { runs } = await queueWorker(queue, {
          ...(workers !== undefined && { workers }),
          graceSeconds: grace,
          signal: stop.signal,
          onNotice: (text) => void io.stderr.write(`${text}\n`),
        })
        if (json) printJson(io, { runs })
        else io.stdout.write(`stopped after ${counted(runs, 'run')}\n`)
      } finally {
        process.off('SIGTERM', end)
      }
    })
}
