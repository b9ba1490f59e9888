/**
 * Sweeps: how much faster are two workers than one, and does memory stay flat over many runs? Speed: the same runs, of more than 50 ms each, with one
 * thread and with two in turn. Memory: many short runs through threads, resident memory of the whole process after a twentieth of them and after
 * all. Rows go to a folder that is removed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Benchmark, sweep } from 'jacsense'

export interface Row {
  readonly what: string
  readonly runs: number
  readonly 'one worker (s)': number | '' // where it was not measured
  readonly 'two workers (s)': number
  readonly 'one / two': number | ''
  readonly 'a run (ms)': number
  readonly 'resident early (MB)': number | ''
  readonly 'resident late (MB)': number | ''
}

const SEED = 1
const ROUNDS = 3
const SPEED_RUNS = 150
const LONG = 200 // s simulated: some 60 ms
const SHORT = 0.05 // s simulated
const EARLY = 0.05 // share of the runs before memory is looked at first
const EVERY = 50 // runs from look to look

/** `budget`: short runs, default 20 000. */
export const run: Benchmark<Row> = async ({ budget = 20_000, signal, onProgress } = {}) => {
  const total = 2 * ROUNDS * SPEED_RUNS + budget
  let before = 0
  const told = (done: number) => onProgress?.(before + done, total)
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++)
    for (const workers of [1, 2] as const) {
      const { seconds } = await timed(SPEED_RUNS, LONG, { workers, signal, told })
      times[workers - 1]!.push(seconds)
      before += SPEED_RUNS
    }
  const [one, two] = times.map(median) as [number, number]

  const readings: [done: number, megabytes: number][] = []
  const look = (done: number) => {
    told(done)
    if (done >= (readings.at(-1)?.[0] ?? 0) + EVERY) readings.push([done, process.memoryUsage().rss / 2 ** 20])
  }
  const { seconds } = await timed(budget, SHORT, { workers: 2, signal, told: look })
  const within = (from: number, to: number) =>
    median(readings.flatMap(([done, megabytes]) => (done >= from * budget && done <= to * budget ? [megabytes] : [])))
  return {
    rows: [
      {
        what: `runs of ${LONG} s simulated`,
        runs: SPEED_RUNS,
        'one worker (s)': one,
        'two workers (s)': two,
        'one / two': one / two,
        'a run (ms)': (1000 * one) / SPEED_RUNS,
        'resident early (MB)': '',
        'resident late (MB)': '',
      },
      {
        what: `runs of ${SHORT} s simulated`,
        runs: budget,
        'one worker (s)': '',
        'two workers (s)': seconds,
        'one / two': '',
        'a run (ms)': (1000 * seconds) / budget,
        'resident early (MB)': within(EARLY, 2 * EARLY),
        'resident late (MB)': within(1 - EARLY, 1),
      },
    ],
    notes: [
      `medians of ${ROUNDS} rounds, one worker and two in turn, with the start of their threads`,
      `resident memory: medians from ${100 * EARLY} to ${200 * EARLY} % of the runs, and of the last ${100 * EARLY} %`,
    ],
    seeds: `starts: ${SEED}`,
  }
}

async function timed(
  count: number,
  duration: number,
  { workers, signal, told }: { workers: number; signal: AbortSignal | undefined; told: (done: number) => void },
): Promise<{ seconds: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'jacsense-bench-'))
  const start = performance.now()
  try {
    await sweep(cartpoles(count, duration), { workers, out: join(folder, 'out'), signal, onProgress: told })
    return { seconds: (performance.now() - start) / 1000 }
  } finally {
    await rm(folder, { recursive: true })
  }
}

function cartpoles(count: number, duration: number) {
  return {
    format: 'jacsense-sweep',
    version: 1,
    name: 'bench',
    seed: SEED,
    base: { scene: 'cartpole', initial: {}, duration },
    sample: { count, axes: [{ set: 'offset.pole.angle', uniform: [-0.4, 0.4] }] },
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
