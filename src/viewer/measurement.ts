/** Measurements that spoil nothing and leave every choice to the library. */
import type { Measurement } from './protocol.ts'

export const CLEAN: Measurement = { noise: 0, corrupted: 0, decoding: 'auto', maxCalls: 0 }

export function isClean({ noise, corrupted, decoding, maxCalls }: Measurement): boolean {
  return noise === 0 && corrupted === 0 && decoding === 'auto' && maxCalls === 0
}
