/** Runs the command in this process and catches what it prints. */
import { run } from '../../src/cli/main.ts'

export interface Invocation {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export async function invoke(...argv: string[]): Promise<Invocation> {
  return invokeWith({}, ...argv)
}

export async function invokeWith(
  { signal, isTTY = false }: { signal?: AbortSignal; isTTY?: boolean },
  ...argv: string[]
): Promise<Invocation> {
  const out: string[] = []
  const err: string[] = []
  const code = await run(argv, {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text), isTTY },
    ...(signal && { signal }),
  })
  return { code, stdout: out.join(''), stderr: err.join('') }
}
