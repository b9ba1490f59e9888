/** The folder of a sweep's results: sweep.json, what was run; results.jsonl, a line for each run, in their order, added as they end. */
import type { FileHandle } from 'node:fs/promises'
import { InputError } from '../../scene/inputError.ts'
import type { SweepFile } from '../../scene/sweep/sweepFile.ts'
import { parseRow } from '../../scene/sweep/parseJob.ts'
import type { SweepRow } from './job.ts'

export const SWEEP_JSON = 'sweep.json'
export const RESULTS_JSONL = 'results.jsonl'
const RESULTS_FORMAT = 'jacsense-sweep-results'

/** What stands in sweep.json. */
export interface SweepRecord {
  readonly format: typeof RESULTS_FORMAT
  readonly version: 1
  readonly jacsense: string // version of the package
  readonly fingerprint: string
  readonly runs: number
  readonly scenes: Readonly<Record<string, string>> // hashes of content
  readonly sweep: SweepFile
}

export interface ResultsFolder {
  readonly done: number // rows that were there
  append(rows: readonly SweepRow[]): Promise<void>
  close(): Promise<void>
}

export function sweepRecord(parts: Omit<SweepRecord, 'format' | 'version'>): SweepRecord {
  return { format: RESULTS_FORMAT, version: 1, ...parts }
}

/**
 * Throws InputError where the folder holds results and `resume` is false, or those of something else; nothing is changed. To be called before
 * the work begins.
 */
export async function checkResults(out: string, record: SweepRecord, resume: boolean): Promise<void> {
  const found = await readRecord(out)
  if (found === null) {
    const { stat } = await import('node:fs/promises')
    const { join } = await import('node:path')
    const isThere = await stat(join(out, RESULTS_JSONL)).then(Boolean, () => false)
    if (isThere)
      throw new InputError({
        path: '--out',
        expected: 'a folder of its own',
        found: `${RESULTS_JSONL} without ${SWEEP_JSON} in ${out}`,
      })
    return
  }
  const named = `the sweep "${found.sweep.name}" of ${found.runs} runs in ${out}`
  if (!resume) throw new InputError({ path: '--out', expected: 'a folder without results, or --resume', found: named })
  if (found.jacsense !== record.jacsense)
    throw new InputError({
      path: '--resume',
      expected: `results of jacsense ${record.jacsense}`,
      found: `${named} by jacsense ${found.jacsense}`,
    })
  if (found.fingerprint !== record.fingerprint)
    throw new InputError({
      path: '--resume',
      expected: `results of this sweep, "${record.sweep.name}" of ${record.runs} runs`,
      found: `${named}${found.sweep.name === record.sweep.name ? ', whose file or scenes were others' : ''}`,
    })
}

/** sweep.json of a folder; null where there is none. Throws InputError on one that can't be read. */
export async function readRecord(out: string): Promise<SweepRecord | null> {
  const { readFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const file = join(out, SWEEP_JSON)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  })
  if (text === null) return null
  try {
    const value = JSON.parse(text) as SweepRecord
    if (value.format === RESULTS_FORMAT && typeof value.sweep?.name === 'string') return value
  } catch {}
  throw new InputError({ file, expected: 'what jacsense sweep writes', found: 'something else' })
}

/** Opens the folder for more rows, made if need be. A last line that was cut off is removed. Throws what the file system throws. */
export async function openResults(
  out: string,
  record: SweepRecord,
  onRow: (row: SweepRow) => void,
): Promise<ResultsFolder> {
  const { mkdir, open, rename, truncate, writeFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  await mkdir(out, { recursive: true })
  const file = join(out, RESULTS_JSONL)
  let [done, bytes] = [0, 0]
  if ((await readRecord(out)) !== null) {
    for await (const { row, end } of goodRows(file)) {
      onRow(row)
      done++
      bytes = end
    }
    await truncate(file, bytes).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  } else {
    const target = join(out, SWEEP_JSON)
    await writeFile(`${target}.tmp`, `${JSON.stringify(record, null, 2)}\n`)
    await rename(`${target}.tmp`, target)
  }
  const handle: FileHandle = await open(file, 'a')
  return {
    done,
    append: (rows) => handle.appendFile(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
    async close() {
      await handle.sync().catch(() => {})
      await handle.close()
    },
  }
}

/** The rows of a results folder, one after the other. Throws InputError where there is no such folder. */
export async function* readSweepRows(out: string): AsyncGenerator<SweepRow> {
  const { join } = await import('node:path')
  if ((await readRecord(out)) === null)
    throw new InputError({ file: out, expected: `a folder with ${SWEEP_JSON} and ${RESULTS_JSONL}`, found: 'none' })
  for await (const { row } of goodRows(join(out, RESULTS_JSONL))) yield row
}

/** Rows up to the first line that is none, each with where it ends in bytes. */
async function* goodRows(file: string): AsyncGenerator<{ row: SweepRow; end: number }> {
  const { open } = await import('node:fs/promises')
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (handle === null) return
  let rest = Buffer.alloc(0)
  let [end, index] = [0, 0]
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk])
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
        const row = rowOf(rest.toString('utf8', 0, at), index)
        if (row === null) return
        index++
        end += at + 1
        rest = rest.subarray(at + 1)
        yield { row, end }
      }
    }
  } finally {
    await handle.close()
  }
}

function rowOf(line: string, index: number): SweepRow | null {
  try {
    return parseRow(JSON.parse(line), index)
  } catch {
    return null
  }
}
