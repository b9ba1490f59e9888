/** Ties processes that tests start to the life of the tests' own, so that nothing is left behind however that ends: SIGKILL too. */
import { type ChildProcess, spawn } from 'node:child_process'

/** The child is killed when this process is gone: a pipe from it to a shell that waits for nothing else then ends. */
export function tethered<T extends ChildProcess>(child: T): T {
  if (child.pid === undefined) return child
  const watch = spawn('sh', ['-c', 'read _; kill -9 "$0" 2>/dev/null', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // not reached by what a terminal sends to all
  })
  watch.stdin!.on('error', () => {})
  child.once('exit', () => watch.kill('SIGKILL'))
  return child
}
