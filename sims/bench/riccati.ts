/**
 * How fast and how exact are Riccati equations? Robots side by side, solved in blocks and as one; a chain of links in maximal
 * coordinates; random systems; and the one in the JSON file that JACSENSE_RICCATI names ({A, B, Q, R}, rows of numbers). Beside
 * SciPy's solve_discrete_are, in turn with ours, where a `python3` with SciPy is at hand.
 */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { Matrix } from 'ml-matrix'
import { type Benchmark, createEngine, dare, InputError, linearize, parseScene } from 'jacsense'

export interface Row {
  readonly system: string
  readonly 'states, controls': string
  readonly solver: string
  readonly ms: number
  readonly 'ms / ms in blocks': number | string
  readonly 'relative residual': number | string
  readonly 'spectral radius': number | string
  readonly 'largest difference of K': number | string // from the first solver of the system, relative to the largest entry
}

interface System {
  readonly name: string
  readonly A: Matrix
  readonly B: Matrix
  readonly Q: Matrix
  readonly R: Matrix
}

interface Answer {
  readonly ms: number
  readonly K: Matrix | null
  readonly P: Matrix | null
}

type Solver = (system: System) => Promise<Answer>

/** `budget` rounds (5), solvers in turn, after two to warm up; medians. */
export const run: Benchmark<Row> = async ({ budget = 5, signal, onProgress } = {}) => {
  const file = process.env.JACSENSE_RICCATI
  const given = file === undefined ? [] : [await systemOf(file)]
  const scipy = await openScipy()
  const notes = [
    `medians of ${budget} rounds, solvers in turn, after two to warm up; unit weights, those of a file as given; residual: Frobenius, relative to the sum of the terms' norms`,
    scipy === null
      ? 'no python3 with SciPy at hand: its rows are left out'
      : `SciPy ${scipy.version}, solve_discrete_are and the gain from it, timed within Python`,
  ]
  const solvers: [string, Solver][] = [
    ['dare, in blocks', ours('separate')],
    ['dare, as one', ours('together')],
  ]
  if (scipy !== null) solvers.push(['SciPy', scipy.solve])
  const systems = [
    ...given,
    await robots(20),
    await chain(16),
    randomSystem(54, 21),
    randomSystem(100, 10),
    randomSystem(12, 4),
  ]
  const rows: Row[] = []
  try {
    for (const [done, system] of systems.entries()) {
      const times = solvers.map((): number[] => [])
      const answers: (Answer | null)[] = solvers.map(() => null)
      for (let round = -2; round < budget; round++)
        for (const [s, [, solve]] of solvers.entries()) {
          signal?.throwIfAborted()
          const answer = await solve(system)
          answers[s] = answer
          if (round >= 0) times[s]!.push(answer.ms)
        }
      const reference = answers[0]!.K
      for (const [s, [solver]] of solvers.entries()) {
        const { K, P } = answers[s]!
        rows.push({
          system: system.name,
          'states, controls': `${system.A.rows}, ${system.B.columns}`,
          solver,
          ms: median(times[s]!),
          'ms / ms in blocks': s === 0 ? '' : median(times[s]!) / median(times[0]!),
          'relative residual': K === null || P === null ? 'none' : residualOf(system, P, K),
          'spectral radius': K === null ? 'none' : radiusOf(system, K),
          'largest difference of K': K === null || reference === null || s === 0 ? '' : difference(K, reference),
        })
      }
      onProgress?.(done + 1, systems.length)
    }
  } finally {
    scipy?.close()
  }
  return { rows, notes, seeds: 'random systems: 7' }
}

function ours(blocks: 'separate' | 'together'): Solver {
  return async ({ A, B, Q, R }) => {
    const start = performance.now()
    const { K, P } = dare(A, B, Q, R, { blocks, uncosted: 'keep' })
    return { ms: performance.now() - start, K, P }
  }
}

/** A Python that answers one line for each line: a problem, and its gain with the time that took. */
async function openScipy(): Promise<{ version: string; solve: Solver; close: () => void } | null> {
  const program = `
import sys, json, time
import numpy, scipy, scipy.linalg
print(json.dumps(scipy.__version__), flush=True)
for line in sys.stdin:
    A, B, Q, R = [numpy.array(m) for m in json.loads(line)]
    start = time.perf_counter()
    try:
        P = scipy.linalg.solve_discrete_are(A, B, Q, R)
        K = scipy.linalg.solve(R + B.T @ P @ B, B.T @ P @ A)
        ms = 1e3 * (time.perf_counter() - start)
        K, P = K.tolist(), P.tolist()
    except Exception:
        ms = 1e3 * (time.perf_counter() - start)
        K = P = None
    print(json.dumps([ms, K, P]), flush=True)
`
  const python = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'ignore'] })
  const gone = new Promise<null>((resolve) => {
    python.once('error', () => resolve(null))
    python.once('exit', () => resolve(null))
  })
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]()
  const first = await Promise.race([lines.next(), gone])
  if (first === null || first.done) return null
  return {
    version: String(JSON.parse(first.value)),
    async solve({ A, B, Q, R }) {
      python.stdin.write(`${JSON.stringify([A, B, Q, R].map((M) => M.to2DArray()))}\n`)
      const line = await Promise.race([lines.next(), gone])
      if (line === null || line.done) throw new Error('python3 ended before it answered')
      const [ms, K, P] = JSON.parse(line.value) as [number, number[][] | null, number[][] | null]
      return { ms, K: K && new Matrix(K), P: P && new Matrix(P) }
    },
    close: () => python.stdin.end(),
  }
}

/** A problem from a file; sizes are for `dare` to look at. */
async function systemOf(file: string): Promise<System> {
  const fault = (path: string, expected: string, found: string) => new InputError({ file, path, expected, found })
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw fault('', 'a readable file, as JACSENSE_RICCATI names it', error.message)
  })
  let given: Record<string, unknown> | null
  try {
    given = JSON.parse(text)
  } catch (error) {
    throw fault('', 'JSON', (error as Error).message)
  }
  const matrix = (name: string) => {
    const rows = given?.[name]
    if (!Array.isArray(rows) || !rows.every((row) => Array.isArray(row) && row.every(Number.isFinite)))
      throw fault(name, 'rows of numbers', rows === undefined ? 'nothing' : 'something else')
    return new Matrix(rows)
  }
  return { name: basename(file), A: matrix('A'), B: matrix('B'), Q: matrix('Q'), R: matrix('R') }
}

/** Hanging chains of six driven links side by side, each of another mass. */
async function robots(count: number): Promise<System> {
  const links = Array.from({ length: count }, (_, r) => linksOf(6, `r${r}-`, 0.5 + 0.02 * r, [r, 0, 0]))
  return linearized(`${count} chains of 6 links`, links, 'reduced')
}

async function chain(links: number): Promise<System> {
  return linearized(`chain of ${links} links, maximal coordinates`, [linksOf(links, '', 0.5, [0, 0, 0])], 'maximal')
}

function linksOf(count: number, prefix: string, mass: number, place: readonly number[]) {
  const across = 0.5 * (0.2 ** 2 / 12) // not in proportion to the mass, or all would swing alike
  return Array.from({ length: count }, (_, i) => ({
    body: { name: `${prefix}link${i}`, mass, com: [0, 0, -0.1], inertia: [across, across, 1e-4] },
    joint: {
      name: `${prefix}joint${i}`,
      type: 'hinge',
      parent: i === 0 ? 'world' : `${prefix}link${i - 1}`,
      child: `${prefix}link${i}`,
      anchors: { parent: i === 0 ? place : [0, 0, -0.2] },
      axis: [0, 1, 0],
    },
    actuator: { name: `${prefix}motor${i}`, joint: `${prefix}joint${i}` },
  }))
}

async function linearized(
  name: string,
  robots: readonly ReturnType<typeof linksOf>[],
  coordinates: 'reduced' | 'maximal',
): Promise<System> {
  const parts = robots.flat()
  const engine = await createEngine(
    parseScene({
      name: 'links',
      dt: 0.01,
      bodies: parts.map(({ body }) => body),
      joints: parts.map(({ joint }) => joint),
      actuators: parts.map(({ actuator }) => actuator),
    }),
    { coordinates },
  )
  const { A, B } = await linearize(engine)
  engine.dispose()
  return { name, A, B, Q: Matrix.eye(A.rows, A.rows), R: Matrix.eye(B.columns, B.columns) }
}

/** As large as the humanoid on one foot (54, 21), and others: some modes of the open loop unstable. */
function randomSystem(n: number, m: number): System {
  let state = 7 * n // Park and Miller's generator, and Box and Muller's transform
  const uniform = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const draw = (rows: number, columns: number, sigma: number) =>
    new Matrix(Array.from({ length: rows }, () => Array.from({ length: columns }, () => sigma * normal())))
  return {
    name: `random, seed 7`,
    A: draw(n, n, 1.1 / Math.sqrt(n)),
    B: draw(n, m, 1),
    Q: Matrix.eye(n, n),
    R: Matrix.eye(m, m),
  }
}

function residualOf({ A, B, Q }: System, P: Matrix, K: Matrix): number {
  const AtPA = A.transpose().mmul(P).mmul(A)
  const gained = K.transpose().mmul(B.transpose().mmul(P).mmul(A))
  const residual = Matrix.sub(Matrix.add(AtPA, Q), Matrix.add(P, gained))
  return residual.norm() / (AtPA.norm() + Q.norm() + P.norm() + gained.norm())
}

/** By squaring: ‖F^(2ᵏ)‖^(2⁻ᵏ). */
function radiusOf({ A, B }: System, K: Matrix): number {
  let F = Matrix.sub(A, B.mmul(K))
  let log = 0
  const squarings = 24
  for (let k = 0; k < squarings; k++) {
    const size = F.norm()
    log = 2 * (log + Math.log(size))
    F = Matrix.mul(F, 1 / size)
    F = F.mmul(F)
  }
  return Math.exp((log + Math.log(F.norm())) / 2 ** squarings)
}

function difference(K: Matrix, reference: Matrix): number {
  const largest = (M: Matrix) => M.to1DArray().reduce((max, x) => Math.max(max, Math.abs(x)), 0)
  return largest(Matrix.sub(K, reference)) / largest(reference)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
