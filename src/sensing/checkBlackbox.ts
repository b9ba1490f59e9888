/** Says what a blackbox is where something else was given: a plain function, say, or a point in the place of options. */
import type { Blackbox } from '../blackbox/blackbox.ts'

/** Throws TypeError unless `blackbox` is { inputs, outputs, evaluate }. */
export function checkIsBlackbox(who: string, blackbox: unknown): asserts blackbox is Blackbox {
  const expected = 'expected a blackbox { inputs, outputs, evaluate(z, y) }'
  if (typeof blackbox === 'function')
    throw new TypeError(`${who}: ${expected}, found a function: give it as evaluate, which writes f(z) into y`)
  if (typeof blackbox !== 'object' || blackbox === null)
    throw new TypeError(`${who}: ${expected}, found ${String(blackbox)}`)
  const { inputs, outputs, evaluate } = blackbox as Record<string, unknown>
  if (typeof evaluate !== 'function') throw new TypeError(`${who}: ${expected}, found one without evaluate`)
  for (const [name, size] of Object.entries({ inputs, outputs }))
    if (!(Number.isSafeInteger(size) && (size as number) >= 0))
      throw new TypeError(`${who}: ${expected}, found ${name}: ${String(size)}`)
}

/** Throws TypeError unless `blackbox` is one and `options` holds the point `at`. */
export function checkBlackbox(who: string, blackbox: unknown, options: unknown): void {
  checkIsBlackbox(who, blackbox)
  const { inputs } = blackbox
  const isList = Array.isArray(options) || ArrayBuffer.isView(options)
  if (isList || typeof options !== 'object' || options === null || !('at' in options))
    throw new TypeError(
      `${who}: expected options { at: [${inputs}], … } with the point, found ${isList ? 'a list: { at: [...] } holds it' : options === null || typeof options !== 'object' ? String(options) : 'no at'}`,
    )
}
