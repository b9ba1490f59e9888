/** Sparsity patterns from Matrix Market files. */
import { MatrixMarketError, parseMatrixMarket } from '../linalg/matrixMarket.ts'
import type { Pattern } from '../linalg/pattern.ts'
import { InputError } from '../scene/inputError.ts'
import { readText } from './readText.ts'

export function isMatrixMarket(file: string): boolean {
  return /\.mtx(\.gz)?$/i.test(file)
}

/** Throws InputError, naming file and line, on what is no Matrix Market file. */
export async function readPattern(file: string): Promise<Pattern> {
  const text = await readText(file)
  try {
    return parseMatrixMarket(text).pattern
  } catch (error) {
    if (!(error instanceof MatrixMarketError)) throw error
    const { line, expected, found } = error
    throw new InputError({ file, path: `line ${line}`, expected, found })
  }
}
