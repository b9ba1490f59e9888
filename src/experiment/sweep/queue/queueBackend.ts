import type { Backend } from '../backend.ts'
export async function queueBackend(_url: string, _of: { fingerprint: string; out: string }): Promise<Backend> {
  throw new Error('not yet')
}
