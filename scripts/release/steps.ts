/** Steps of a check on the command line: each is timed and told; a failing command says what it printed. */
import { execFileSync } from 'node:child_process'

/** What a command prints on stdout; throws with all that it printed where it fails. */
export function call(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): string {
  try {
    return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  }
}

export async function step(what: string, action: () => unknown): Promise<void> {
  const start = performance.now()
  const note = await action()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  process.stdout.write(`ok ${what} (${seconds} s)${typeof note === 'string' ? `: ${note}` : ''}\n`)
}

export function expect(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}
