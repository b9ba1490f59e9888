/** The WebAssembly module of MuJoCo, loaded when it is first asked for; all engines of a process share it. */
import type { MainModule } from '@mujoco/mujoco'
import { InputError } from '../../scene/inputError.ts'

let loading: Promise<MainModule> | undefined

/** Throws InputError, with the command that installs it, where the optional package @mujoco/mujoco is missing. */
export function loadMujoco(): Promise<MainModule> {
  loading ??= import('@mujoco/mujoco').then(
    // What MuJoCo would print (warnings of diverging runs, say) is not ours to print.
    ({ default: load }) => load({ print: () => {}, printErr: () => {} }),
    (error: unknown) => {
      loading = undefined
      throw notInstalled(error)
    },
  )
  return loading
}

/** What a failed import of the package means: InputError where it is missing, else the failure itself. */
export function notInstalled(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return error
  return new InputError({
    path: 'engine',
    expected: 'the package @mujoco/mujoco for the engine "mujoco": npm install @mujoco/mujoco',
    found: 'it is not installed',
  })
}
