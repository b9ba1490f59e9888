/** Node's options for workers of a module: none, or what reads TypeScript where Node itself can't (this project's tests run from source). */
export function workerLoader({ pathname }: URL): string[] {
  const { typescript } = process.features as { typescript?: unknown }
  if (!pathname.endsWith('.ts') || typescript) return []
  const api = import.meta.resolve('tsx/esm/api')
  return ['--import', `data:text/javascript,import { register } from '${api}'; register()`]
}
