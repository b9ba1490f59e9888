/**
 * What does decoding by least absolute deviations cost? One hundred right-hand sides of 108 equations for 54 unknowns, a tenth of the
 * equations grossly wrong or all of them noise, beside HiGHS where it is installed: a model in LP text for each right-hand side, and
 * one model kept, of which only the right-hand sides change, started from the last basis.
 */
import { type Benchmark, leastAbsoluteDeviations } from 'jacsense'

export interface Row {
  readonly errors: string
  readonly equations: number
  readonly unknowns: number
  readonly solver: string
  readonly 'right-hand sides': number
  readonly 'ms each': number
  readonly 'times slower': number
  readonly proven: string
  readonly 'objectives differ by': number // relative, at most
}

const k = 108
const n = 54
const COUNT = 100
const WARM_UP = 5 // rounds before timing, for the compiler
const ROUNDS = 5

/** `budget` right-hand sides are given to HiGHS. */
export const run: Benchmark<Row> = async ({ budget = 10, signal, onProgress } = {}) => {
  const highs = await loadHighs()
  const rows: Row[] = []
  const kinds = ['a tenth gross', 'a tenth gross, noise 1e-3', 'noise alone'] as const
  for (const [done, errors] of kinds.entries()) {
    signal?.throwIfAborted()
    const { A, Y } = problem(errors, done + 1)
    const shown = (solver: string, count: number, ms: number, slower: number, proven: number, difference: number) =>
      rows.push({
        errors,
        equations: k,
        unknowns: n,
        solver,
        'right-hand sides': count,
        'ms each': rounded(ms),
        'times slower': rounded(slower),
        proven: `${proven} of ${count}`,
        'objectives differ by': rounded(difference),
      })
    let solutions = leastAbsoluteDeviations(A, Y)
    const times: number[] = []
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      signal?.throwIfAborted()
      const started = performance.now()
      solutions = leastAbsoluteDeviations(A, Y)
      if (round >= 0) times.push((performance.now() - started) / COUNT)
    }
    const ours = median(times)
    const proven = solutions.filter(({ result }) => result === 'optimal').length
    shown('jacsense', COUNT, ours, 1, proven, 0)
    for (const [solver, solve] of highs === null
      ? []
      : [['HiGHS, LP text', byText] as const, ['HiGHS, one model', byModel] as const]) {
      const count = Math.min(budget, COUNT)
      const { ms, objectives } = await solve(highs!, A, Y, count, signal)
      const difference = objectives.map((objective, c) => Math.abs(objective / solutions[c]!.objective - 1))
      const numOptimal = objectives.filter((objective) => !Number.isNaN(objective)).length
      shown(solver, count, ms, ms / ours, numOptimal, Math.max(...difference))
    }
    onProgress?.(done + 1, kinds.length)
  }
  const notes = [
    `Gaussian A [${k} × ${n}] shared by all right-hand sides; medians, after some rounds for the compiler; objectives are relative to ours`,
  ]
  if (highs === null) notes.push('HiGHS is not installed (npm install highs): left out')
  return { rows, notes }
}

type Highs = Awaited<ReturnType<typeof import('highs')['default']>>

async function loadHighs(): Promise<Highs | null> {
  try {
    const { default: imported } = await import('highs')
    // Its types describe the CommonJS build; imported here is the function itself.
    return await (imported as unknown as typeof imported.default)()
  } catch {
    return null
  }
}

/** Milliseconds of one solution, the median, and all objectives. */
type Solved = { readonly ms: number; readonly objectives: readonly number[] }

async function byText(
  highs: Highs,
  A: number[][],
  Y: number[][],
  count: number,
  signal?: AbortSignal,
): Promise<Solved> {
  const objectives: number[] = []
  const times: number[] = []
  for (let c = 0; c < count; c++) {
    await breathe(signal)
    const started = performance.now()
    const { Status, ObjectiveValue } = highs.solve(
      lpText(
        A,
        Y.map((row) => row[c]!),
      ),
      { output_flag: false },
    )
    times.push(performance.now() - started)
    objectives.push(Status === 'Optimal' ? ObjectiveValue : Number.NaN)
  }
  return { ms: median(times), objectives }
}

async function byModel(
  highs: Highs,
  A: number[][],
  Y: number[][],
  count: number,
  signal?: AbortSignal,
): Promise<Solved> {
  const starts = A.map((_, t) => t * (n + 2))
  const indices = A.flatMap((row, t) => [...row.map((_, j) => j), n + t, n + k + t])
  const values = A.flatMap((row) => [...row, -1, 1])
  const each = (first: number, then: number) => [
    ...new Array<number>(n).fill(first),
    ...new Array<number>(2 * k).fill(then),
  ]
  const model = highs.createModel({
    numCols: n + 2 * k,
    numRows: k,
    colCost: each(0, 1),
    colLower: each(-highs.infinity, 0),
    colUpper: each(highs.infinity, highs.infinity),
    rowLower: new Array<number>(k).fill(0),
    rowUpper: new Array<number>(k).fill(0),
    matrix: { format: 'csr', numRows: k, numCols: n + 2 * k, starts: [...starts, values.length], indices, values },
  })
  try {
    model.options.set('output_flag', false)
    const objectives: number[] = []
    const times: number[] = []
    for (let c = 0; c < count; c++) {
      await breathe(signal)
      const started = performance.now()
      for (let t = 0; t < k; t++) model.changeRowBounds(t, Y[t]![c]!, Y[t]![c]!)
      model.run()
      times.push(performance.now() - started)
      const isOptimal = model.getModelStatus() === highs.constants.modelStatus.optimal
      objectives.push(isOptimal ? model.getObjectiveValue() : Number.NaN)
    }
    return { ms: median(times), objectives }
  } finally {
    model.dispose()
  }
}

/** min Σ p_t + q_t s.t. A x − p + q = y, in CPLEX LP format. */
function lpText(A: number[][], y: number[]): string {
  const term = (a: number, name: string) => `${a < 0 ? '-' : '+'} ${Math.abs(a)} ${name}`
  const sums = y.map((_, t) => `p${t} + q${t}`).join('\n + ')
  const equations = A.map(
    (row, t) => ` c${t}: ${row.map((a, j) => term(a, `x${j}`)).join('\n ')} - p${t} + q${t} = ${y[t]}`,
  )
  const free = Array.from({ length: n }, (_, j) => ` x${j} free`)
  return `Minimize\n obj: ${sums}\nSubject To\n${equations.join('\n')}\nBounds\n${free.join('\n')}\nEnd\n`
}

function problem(errors: string, seed: number): { A: number[][]; Y: number[][] } {
  const uniform = generator(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  const A = Array.from({ length: k }, () => Array.from({ length: n }, normal))
  const Y = A.map(() => new Array<number>(COUNT).fill(0))
  for (let c = 0; c < COUNT; c++) {
    const x = Array.from({ length: n }, normal)
    for (let t = 0; t < k; t++) {
      let value = errors === 'a tenth gross' ? 0 : (errors === 'noise alone' ? 1 : 1e-3) * normal()
      for (let j = 0; j < n; j++) value += A[t]![j]! * x[j]!
      if (errors !== 'noise alone' && uniform() < 0.1) value += 50 * normal()
      Y[t]![c] = value
    }
  }
  return { A, Y }
}

async function breathe(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0))
  signal?.throwIfAborted()
}

/** Uniform numbers in [0, 1) from a seed (mulberry32, Ettinger). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

const rounded = (value: number): number => Number(value.toPrecision(3))
