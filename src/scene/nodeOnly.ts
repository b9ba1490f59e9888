/** What reads files or starts threads says so where there is no Node: bundles for browsers hold empty modules in the place of Node's. */

/** Throws where this does not run in Node: 'loadScene: only in Node; in a browser, parseScene takes …'. */
export function nodeOnly(name: string, instead: string): void {
  if (typeof process !== 'undefined' && process.versions?.node !== undefined) return
  throw new Error(`${name}: only in Node; in a browser, ${instead}`)
}
