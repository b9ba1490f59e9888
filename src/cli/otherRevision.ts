/** Another revision of this checkout, built in a folder of its own (a git worktree) that is removed when it is closed. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { InputError } from '../scene/inputError.ts'
import { NumericalFailure } from './io.ts'

export interface OtherRevision {
  readonly folder: string
  readonly commit: string // abbreviated
  close(): Promise<void>
}

/** `root`: of the checkout. Throws InputError where it is none, or the revision is unknown; NumericalFailure where it does not build. */
export async function otherRevision(root: string, revision: string, signal?: AbortSignal): Promise<OtherRevision> {
  const fault = (expected: string, found: string) => new InputError({ path: '--compare', expected, found })
  const git = (...args: string[]) => run('git', ['-C', root, ...args])
  const top = await git('rev-parse', '--show-toplevel').catch((error: NodeJS.ErrnoException) => {
    throw fault(
      'a git checkout of jacsense, to build the other revision from',
      error.code === 'ENOENT' ? 'no git on this machine' : `none at ${root}`,
    )
  })
  if ((await realpath(top)) !== (await realpath(root)))
    throw fault('a git checkout of jacsense, to build the other revision from', `one of something else, at ${top}`)
  const commit = await git('rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`).catch(() => {
    throw fault('a revision that git knows: a branch, a tag or a commit', `"${revision}"`)
  })

  const place = await mkdtemp(join(tmpdir(), 'jacsense-compare-'))
  const folder = join(place, 'checkout')
  const close = async () => {
    await git('worktree', 'remove', '--force', folder).catch(() => {})
    await rm(place, { recursive: true, force: true })
    await git('worktree', 'prune').catch(() => {})
  }
  try {
    await git('worktree', 'add', '--quiet', '--detach', folder, commit)
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    // what has not changed need not be compiled again
    await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true }).catch(() => {})
    await run('npm', ['run', '--silent', 'build'], folder, signal).catch(
      (error: Error & { stderr?: string; stdout?: string }) => {
        signal?.throwIfAborted()
        const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim() || error.message
        throw new NumericalFailure(
          `${revision} does not build with the packages that are installed here: ${said.slice(0, 600)}`,
        )
      },
    )
  } catch (error) {
    await close()
    throw error
  }
  return { folder, commit: commit.slice(0, 9), close }
}

async function run(command: string, args: readonly string[], cwd?: string, signal?: AbortSignal): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, {
    maxBuffer: 1 << 26,
    ...(cwd !== undefined && { cwd }),
    ...(signal && { signal }),
  })
  return stdout.trim()
}
