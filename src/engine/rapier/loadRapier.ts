/** The WebAssembly module of Rapier, loaded when it is first asked for; all engines of a process share it. */
import { InputError } from '../../scene/inputError.ts'

export type Rapier = typeof import('@dimforge/rapier3d-compat')

let loading: Promise<Rapier> | undefined

/** Throws InputError, with the command that installs it, where the optional package @dimforge/rapier3d-compat is missing. */
export function loadRapier(): Promise<Rapier> {
  loading ??= import('@dimforge/rapier3d-compat').then(
    async (rapier) => {
      await rapier.init()
      return rapier
    },
    (error: unknown) => {
      loading = undefined
      throw rapierMissing(error)
    },
  )
  return loading
}

/** What a failed import of the package means: InputError where it is missing, else the failure itself. */
export function rapierMissing(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') return error
  return new InputError({
    path: 'engine',
    expected:
      'the package @dimforge/rapier3d-compat for the engine "rapier": npm install @dimforge/rapier3d-compat@0.21',
    found: 'it is not installed',
  })
}
