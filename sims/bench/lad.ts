/**
 * What does decoding by least absolute deviations cost? One hundred right-hand sides of 108 equations for 54 unknowns, a share of the
 * equations grossly wrong, all of them noisy, or both, beside HiGHS where it is installed: a model in LP text for each right-hand
 * side, and one model kept, of which only the right-hand sides change, started from the last basis. All take turns, so that what
 * else the machine does slows them alike.
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
const ROUNDS = 10

interface Kind {
  readonly name: string
  readonly share: number // of the equations, grossly wrong
  readonly noise: number // standard deviation, of all others too; right-hand sides are of the order of 7
}

const KINDS: readonly Kind[] = [
  { name: '5 % gross', share: 0.05, noise: 0 },
  { name: '10 % gross', share: 0.1, noise: 0 },
  { name: '20 % gross', share: 0.2, noise: 0 },
  { name: '10 % gross, noise 1e-3', share: 0.1, noise: 1e-3 },
  { name: 'noise alone', share: 0, noise: 1 },
]

/** Objectives of the right-hand sides that one turn solves. */
interface Solver {
  readonly name: string
  solve(turn: number): readonly number[] // NaN where not proven
  dispose?(): void
}

/** `budget` right-hand sides are given to HiGHS. */
export const run: Benchmark<Row> = async ({ budget = 10, signal, onProgress } = {}) => {
  const highs = await loadHighs()
  const rows: Row[] = []
  for (const [done, kind] of KINDS.entries()) {
    const { A, Y } = problem(kind, done + 1)
    const expected = leastAbsoluteDeviations(A, Y).map(({ objective }) => objective)
    const solvers = [ours(A, Y), ...(highs === null ? [] : [byText(highs, A, Y), byModel(highs, A, Y)])]
    const turns = highs === null ? ROUNDS : Math.min(budget, COUNT)
    const times = solvers.map((): number[] => [])
    const found = solvers.map((): number[] => [])
    try {
      for (let turn = -WARM_UP; turn < turns; turn++) {
        await breathe(signal)
        for (const [i, solver] of solvers.entries()) {
          if (i > 0 && turn < -1) continue // one is enough for WebAssembly
          const started = performance.now()
          const objectives = solver.solve(Math.max(0, turn))
          if (turn < 0) continue
          times[i]!.push((performance.now() - started) / objectives.length)
          if (i > 0) found[i]!.push(...objectives)
          else found[i] = [...objectives]
        }
      }
    } finally {
      for (const solver of solvers) solver.dispose?.()
    }
    for (const [i, { name }] of solvers.entries()) {
      const proven = found[i]!.filter((objective) => !Number.isNaN(objective)).length
      rows.push({
        errors: kind.name,
        equations: k,
        unknowns: n,
        solver: name,
        'right-hand sides': found[i]!.length,
        'ms each': rounded(median(times[i]!)),
        'times slower': rounded(median(times[i]!) / median(times[0]!)),
        proven: `${proven} of ${found[i]!.length}`,
        'objectives differ by': rounded(
          Math.max(0, ...found[i]!.map((objective, c) => Math.abs(objective / expected[c]! - 1))),
        ),
      })
    }
    onProgress?.(done + 1, KINDS.length)
  }
  const notes = [
    `Gaussian A [${k} × ${n}] shared by all right-hand sides; medians, taken in turns, after some rounds for the compiler; objectives are relative to ours`,
  ]
  if (highs === null) notes.push('HiGHS is not installed (npm install highs): left out')
  return { rows, notes, seeds: `problems: 1 … ${KINDS.length}` }
}

/** All right-hand sides at once, in every turn. */
const ours = (A: number[][], Y: number[][]): Solver => ({
  name: 'jacsense',
  solve: () =>
    leastAbsoluteDeviations(A, Y).map(({ result, objective }) => (result === 'optimal' ? objective : Number.NaN)),
})

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

/** One right-hand side in a turn, as text; writing it is part of the price. */
const byText = (highs: Highs, A: number[][], Y: number[][]): Solver => ({
  name: 'HiGHS, LP text',
  solve(turn) {
    const y = Y.map((row) => row[turn]!)
    const { Status, ObjectiveValue } = highs.solve(lpText(A, y), { output_flag: false })
    return [Status === 'Optimal' ? ObjectiveValue : Number.NaN]
  },
})

/** One right-hand side in a turn, changed in a model that keeps its basis. */
function byModel(highs: Highs, A: number[][], Y: number[][]): Solver {
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
  model.options.set('output_flag', false)
  return {
    name: 'HiGHS, one model',
    solve(turn) {
      for (let t = 0; t < k; t++) model.changeRowBounds(t, Y[t]![turn]!, Y[t]![turn]!)
      model.run()
      const isOptimal = model.getModelStatus() === highs.constants.modelStatus.optimal
      return [isOptimal ? model.getObjectiveValue() : Number.NaN]
    },
    dispose: () => model.dispose(),
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

function problem({ share, noise }: Kind, seed: number): { A: number[][]; Y: number[][] } {
  const uniform = generator(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  const A = Array.from({ length: k }, () => Array.from({ length: n }, normal))
  const Y = A.map(() => new Array<number>(COUNT).fill(0))
  for (let c = 0; c < COUNT; c++) {
    const x = Array.from({ length: n }, normal)
    for (let t = 0; t < k; t++) {
      let value = noise * normal()
      for (let j = 0; j < n; j++) value += A[t]![j]! * x[j]!
      if (uniform() < share) value += 50 * normal()
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
