/** Writes results.csv and a self-contained report.html beside the results.jsonl of a sweep. */
import { outlineOf } from '../../experiment/sweep/outline.ts'
import { readRecord, readSweepRows } from '../../experiment/sweep/resultsFolder.ts'
import { loadDrawing } from '../drawing.ts'
import { csvColumns, csvHeader, csvRow } from './sweepCsv.ts'
import { sweepPage } from './sweepPage.ts'
import { type SweepPoint, toPoint } from './sweepPoint.ts'

export const SWEEP_FILES = ['results.csv', 'report.html']

const LINES = 1000 // written at once

/** Returns the paths written, in order. The same results give the same bytes. Throws what the file system throws. */
export async function writeSweepReport(
  out: string,
  { command }: { readonly command?: string } = {},
): Promise<string[]> {
  const { open, rename, writeFile } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const record = await readRecord(out)
  const [parameters, metrics] = [new Set<string>(), new Set<string>()]
  const points: SweepPoint[] = []
  for await (const row of readSweepRows(out)) {
    for (const name of Object.keys(row.parameters)) parameters.add(name)
    for (const name of Object.keys(row.metrics)) metrics.add(name)
    points.push(toPoint(row))
  }
  const studies = outlineOf(record!.sweep)
  const units = new Map(studies.flatMap(({ axes }) => axes.map(({ name, unit }) => [name, unit] as const)))
  const columns = csvColumns([...parameters], [...metrics], units)
  const [csv, html] = SWEEP_FILES.map((name) => join(out, name)) as [string, string]

  // Line by line: there may be a million.
  const handle = await open(`${csv}.tmp`, 'w')
  try {
    let lines = [csvHeader(columns)]
    for await (const row of readSweepRows(out)) {
      lines.push(csvRow(row, columns))
      if (lines.length < LINES) continue
      await handle.appendFile(`${lines.join('\n')}\n`)
      lines = []
    }
    if (lines.length > 0) await handle.appendFile(`${lines.join('\n')}\n`)
  } finally {
    await handle.close()
  }
  const page = sweepPage(await loadDrawing(), {
    record: record!,
    studies,
    points,
    ...(command !== undefined && { command }),
  })
  await writeFile(`${html}.tmp`, page)
  await rename(`${csv}.tmp`, csv)
  await rename(`${html}.tmp`, html)
  return [join(out, 'sweep.json'), join(out, 'results.jsonl'), csv, html]
}
