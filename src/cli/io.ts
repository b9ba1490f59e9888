/** Where a command writes, and how it says that something did not work. */

export interface Io {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly signal?: AbortSignal
}

/** What numerics could not do (exit code 1): a reported result, not a mistake of the user's. */
export class NumericalFailure extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'NumericalFailure'
  }
}

/** Prints a value as JSON, nothing else. */
export function printJson({ stdout }: Io, value: unknown): void {
  stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
