/** Debian packages that tests need, where a machine lacks them. */
import { execFileSync } from 'node:child_process'

/** By apt-get, as root or with sudo that asks for nothing; several at once wait for each other. Throws what apt-get throws. */
export function aptInstall(...names: string[]): void {
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const run = (...words: string[]) => {
    const [command, ...args] = [...sudo, ...words]
    execFileSync(command!, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    })
  }
  const patient = ['-qq', '-o', 'DPkg::Lock::Timeout=600']
  run('apt-get', ...patient, 'update')
  run('apt-get', ...patient, 'install', '-y', '--no-install-recommends', ...names)
}
