/** Versions of what computed a result. */
import { packageVersion } from '../experiment/packageVersion.ts'

export async function versions(): Promise<Record<string, string>> {
  return { jacsense: await packageVersion(), node: process.versions.node }
}
