/** What a plan is made for: a structure file, a sparsity pattern or a scene, and how a plan file refers to it. */
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import type { Pattern } from '../linalg/pattern.ts'
import { structureOfPattern } from '../experiment/planStructure.ts'
import { InputError } from '../scene/inputError.ts'
import { listScenes } from '../scene/loadScene.ts'
import { parseJson } from '../scene/parseJson.ts'
import { PLAN_FORMAT } from '../scene/parsePlanFile.ts'
import { isStructure, MAX_COORDINATES, parseStructure, type Structure } from '../scene/parseStructure.ts'
import { isMatrixMarket, readPattern } from './readPattern.ts'
import { isThere, readText } from './readText.ts'

export type PlanSource =
  | { readonly kind: 'structure' | 'pattern'; readonly structure: Structure; readonly pattern: Pattern | undefined }
  | { readonly kind: 'scene' }

/** Looks at a source; a scene is left for the engine to be opened with. */
export async function readSource(source: string, { symmetric = false }: { symmetric?: boolean }): Promise<PlanSource> {
  if (isMatrixMarket(source)) {
    const pattern = await boundedPattern(source)
    return { kind: 'pattern', structure: structureOfPattern(pattern, symmetric), pattern }
  }
  if (!/\.json$/i.test(source) || !(await isThere(source))) return { kind: 'scene' }
  const value = parseJson(await readText(source), source)
  if (typeof value === 'object' && value !== null && 'format' in value && value.format === PLAN_FORMAT)
    throw new InputError({ file: source, expected: 'a structure or a scene', found: 'a plan, made already' })
  if (!isStructure(value)) return { kind: 'scene' }
  const structure = parseStructure(value, { file: source })
  const { sparsity, inputs, outputs } = structure
  if (sparsity === null || 'entries' in sparsity) return { kind: 'structure', structure, pattern: undefined }
  const file =
    resolve(dirname(source), sparsity.file) === resolve(sparsity.file)
      ? sparsity.file
      : join(dirname(source), sparsity.file)
  const pattern = await boundedPattern(file)
  if (pattern.rows !== outputs.length || pattern.cols !== inputs.length)
    throw new InputError({
      file,
      expected: `${outputs.length} rows and ${inputs.length} columns, as ${source} has outputs and inputs`,
      found: `${pattern.rows} and ${pattern.cols}`,
    })
  return { kind: 'structure', structure, pattern }
}

async function boundedPattern(file: string): Promise<Pattern> {
  const pattern = await readPattern(file)
  if (Math.max(pattern.rows, pattern.cols) > MAX_COORDINATES || Math.min(pattern.rows, pattern.cols) === 0)
    throw new InputError({
      file,
      expected: `1 to ${MAX_COORDINATES} rows and columns`,
      found: `${pattern.rows} × ${pattern.cols}`,
    })
  return pattern
}

/** The source as a plan file holds it: a scene of the package by name, a file by its path from the plan's folder. */
export async function storedSource(source: string, planFile: string): Promise<string> {
  if ((await listScenes()).includes(source)) return source
  const path = relative(dirname(resolve(planFile)), resolve(source))
    .split(sep)
    .join(posix.sep)
  return /^\.{1,2}\/|^\/|^[A-Za-z]:/.test(path) ? path : `./${path}`
}

/** The source as it is opened from where the command runs. */
export function openedSource(stored: string, planFile: string): string {
  if (!/^\.{1,2}(\/|$)|^\/|^[A-Za-z]:/.test(stored)) return stored
  return /^\.{1,2}(\/|$)/.test(stored) ? join(dirname(planFile), stored) : stored
}
