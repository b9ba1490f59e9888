/**
 * A 64-bit hash of strings and lists of numbers, as 16 hexadecimal digits: two lanes of FNV-1a (Fowler, Noll and Vo) over 32-bit
 * words. Tells apart plans that were mixed up; not meant against forgery. −0 counts as 0, as it does in JSON.
 */
export function fingerprint(...parts: readonly (string | ArrayLike<number>)[]): string {
  let a = 0x811c9dc5
  let b = 0x01000193
  const word = new Float64Array(1)
  const halves = new Uint32Array(word.buffer)
  const add = (value: number) => {
    word[0] = value + 0
    const low = halves[0]!
    const high = halves[1]!
    a = Math.imul(a ^ low, 0x01000193)
    a = Math.imul(a ^ (a >>> 15) ^ high, 0x01000193)
    a ^= a >>> 15
    b = Math.imul(b ^ high, 0x85ebca6b)
    b = Math.imul(b ^ (b >>> 13) ^ low, 0x85ebca6b)
    b ^= b >>> 13
  }
  for (const part of parts) {
    add(part.length)
    if (typeof part === 'string') for (let k = 0; k < part.length; k++) add(part.charCodeAt(k))
    else for (let k = 0; k < part.length; k++) add(part[k]!)
  }
  return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, '0')).join('')
}
