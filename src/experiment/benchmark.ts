/** What a benchmark under sims/bench/ exports as `run`: things measured side by side in one run, as a table. */
export type Benchmark<Row = Readonly<Record<string, string | number>>> = (options?: {
  /** How much work to spend: rounds, sizes; each benchmark has a default. */
  readonly budget?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}) => Promise<BenchmarkResult<Row>>

export interface BenchmarkResult<Row> {
  readonly rows: readonly Row[]
  readonly notes: readonly string[] // sentences: what the figures are, what was left out
  readonly seeds?: string // of what is drawn at random, and what that is
  readonly charts?: readonly BenchmarkChart[]
}

/** Points to be drawn on logarithmic axes, a line for each series, in a grid of panels. */
export interface BenchmarkChart {
  readonly title: string
  readonly x: string // what it is, and its unit
  readonly y: string
  readonly points: readonly BenchmarkPoint[]
}

export interface BenchmarkPoint {
  readonly series: string
  readonly column: string // of the grid
  readonly row: string
  readonly x: number // > 0
  readonly y: number // > 0
}
