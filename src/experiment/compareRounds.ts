/**
 * Two revisions of a benchmark, run in turn: each round gives rows of both. Figures of the same row and column are compared by the ratio
 * within each round, so that what else the machine does, which slows both alike, cancels.
 */
export type BenchmarkRow = Readonly<Record<string, string | number>>

export interface Round {
  readonly here: readonly BenchmarkRow[]
  readonly there: readonly BenchmarkRow[]
}

export interface ComparedFigure {
  readonly row: string // its texts, or numbers that name it
  readonly figure: string // the column
  readonly there: number // median
  readonly here: number // median
  readonly ratio: number // median of here / there over the rounds
  readonly low: number // smallest and largest of these ratios
  readonly high: number
  /** Every round says the same: larger, or smaller. With five rounds, chance does so in one of sixteen. */
  readonly agreed: boolean
}

export interface ComparedRounds {
  readonly figures: readonly ComparedFigure[]
  readonly same: number // figures that are equal in all rounds of both
  readonly unmatched: readonly string[] // rows that only one of them has
}

/** Rows are matched by their texts, in order where several are alike. Figures that are not > 0 have no ratio, and are left out. */
export function compareRounds(rounds: readonly Round[]): ComparedRounds {
  const byRow = rounds.map(({ here, there }) => ({ here: named(here), there: named(there) }))
  const names = [...new Set(byRow.flatMap(({ here, there }) => [...here.keys(), ...there.keys()]))]
  const isMatched = (name: string) => byRow.every(({ here, there }) => here.has(name) && there.has(name))
  const figures: ComparedFigure[] = []
  let same = 0
  for (const name of names.filter(isMatched))
    for (const figure of Object.keys(byRow[0]!.here.get(name)!)) {
      const pairs = byRow.map(({ here, there }) => [here.get(name)![figure], there.get(name)![figure]] as const)
      if (!pairs.every(([a, b]) => isPositive(a) && isPositive(b))) continue
      const [here, there] = [0, 1].map((k) => pairs.map((pair) => pair[k] as number)) as [number[], number[]]
      if ([...here, ...there].every((value) => value === here[0])) {
        same++
        continue
      }
      const ratios = here.map((value, k) => value / there[k]!)
      const [low, high] = [Math.min(...ratios), Math.max(...ratios)]
      const agreed = rounds.length > 1 && (low > 1 || high < 1)
      figures.push({
        row: name,
        figure,
        there: median(there),
        here: median(here),
        ratio: median(ratios),
        low,
        high,
        agreed,
      })
    }
  return { figures, same, unmatched: names.filter((name) => !isMatched(name)) }
}

function isPositive(value: string | number | undefined): boolean {
  return typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY
}

/** Rows by their texts up to the first figure, whole numbers before it included: 'chains, 48'. */
function named(rows: readonly BenchmarkRow[]): Map<string, BenchmarkRow> {
  const found = new Map<string, BenchmarkRow>()
  for (const row of rows) {
    const cells = Object.values(row)
    const first = cells.findIndex((cell) => typeof cell === 'number')
    const texts = cells.slice(0, first === 0 ? 1 : first < 0 ? cells.length : first).map(String)
    const name = texts.filter((text) => text !== '').join(', ')
    let unique = name
    for (let k = 2; found.has(unique); k++) unique = `${name} (${k})`
    found.set(unique, row)
  }
  return found
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
