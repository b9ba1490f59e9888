/** Writes what a run found into a folder: linearization.json, trajectory.csv and a self-contained report.html. */
import type { ReportContent } from './content.ts'
import { loadDrawing } from './drawing.ts'
import { linearizationJson } from './linearizationJson.ts'
import { reportPage } from './page.ts'
import { trajectoryCsv } from './trajectoryCsv.ts'

/**
 * Creates `dir` if need be and returns the paths written, in order; trajectory.csv only where there is a trajectory. Every
 * file is written under a temporary name and then renamed, so that a reader never meets half a file. The same content gives
 * the same bytes. Throws what the file system throws.
 */
export async function writeReport(dir: string, content: ReportContent): Promise<string[]> {
  const json = linearizationJson(content.linearization, content.scene)
  const files: [name: string, text: string][] = [['linearization.json', `${JSON.stringify(json, null, 2)}\n`]]
  if (content.trajectory !== undefined) files.push(['trajectory.csv', trajectoryCsv(content.trajectory)])
  files.push(['report.html', reportPage(await loadDrawing(), content)])

  // Lazily, so that bundles for browsers can hold this module.
  const { mkdir } = await import('node:fs/promises')
  const { join } = await import('node:path')
  await mkdir(dir, { recursive: true })
  const written: string[] = []
  for (const [name, text] of files) {
    const path = join(dir, name)
    await replaceFile(path, text)
    written.push(path)
  }
  return written
}

async function replaceFile(path: string, text: string): Promise<void> {
  const { rename, rm, writeFile } = await import('node:fs/promises')
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await writeFile(temporary, text)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
