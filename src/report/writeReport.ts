/** Writes what a run found into a folder: linearization.json, trajectory.csv, estimate.csv and a self-contained report.html. */
import type { ReportContent } from './content.ts'
import { loadDrawing } from './drawing.ts'
import { estimateCsv } from './estimateCsv.ts'
import { linearizationJson } from '../experiment/linearizationJson.ts'
import { reportPage } from './page.ts'
import { trajectoryCsv } from './trajectoryCsv.ts'
import { writeFiles } from './writeFiles.ts'

/**
 * Creates `dir` if need be and returns the paths written, in order; trajectory.csv and estimate.csv only where there is one. All files are
 * written, or none (see writeFiles). The same content gives the same bytes. Throws what the file system throws.
 */
export async function writeReport(dir: string, content: ReportContent): Promise<string[]> {
  if (typeof process === 'undefined')
    throw new Error('writeReport: only in Node; in a browser, linearizationJson and trajectoryCsv give the texts')
  const json = linearizationJson(content.linearization, content.scene)
  const files: [name: string, text: string][] = [['linearization.json', `${JSON.stringify(json, null, 2)}\n`]]
  if (content.trajectory !== undefined) files.push(['trajectory.csv', trajectoryCsv(content.trajectory)])
  if (content.trajectory && content.estimation)
    files.push(['estimate.csv', estimateCsv(content.trajectory, content.estimation)])
  files.push(['report.html', reportPage(await loadDrawing(), content)])

  // Lazily, so that bundles for browsers can hold this module.
  const { mkdir, rm } = await import('node:fs/promises')
  const { join } = await import('node:path')
  const made = await mkdir(dir, { recursive: true }) // the first folder that was not there
  const paths = files.map(([name]) => join(dir, name))
  try {
    await writeFiles(files.map(([, text], k) => [paths[k]!, text]))
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true })
    throw error
  }
  return paths
}
