import type { Blackbox } from '../blackbox/blackbox.ts'

/** By the key that layers are saved with. One for the whole program, like TensorFlow.js's own register of classes. */
export const blackboxes = new Map<string, Blackbox | (() => Blackbox)>()

/** The blackbox of a saved layer. Throws RangeError that says what is to be registered where it is not there, or has other sizes. */
export function savedBlackbox(layer: string, saved: { key: string; inputs: number; outputs: number }): Blackbox {
  const { key, inputs, outputs } = saved
  const wanted = `a blackbox with ${inputs} inputs and ${outputs} outputs`
  const found = blackboxes.get(key)
  if (found === undefined)
    throw new RangeError(
      `blackboxLayer: the saved layer '${layer}' calls ${wanted} by the key '${key}', which is not registered; ` +
        `call registerBlackbox('${key}', blackbox) before loading`,
    )
  const blackbox = typeof found === 'function' ? found() : found
  if (blackbox.inputs !== inputs || blackbox.outputs !== outputs)
    throw new RangeError(
      `blackboxLayer: the saved layer '${layer}' calls ${wanted} by the key '${key}'; ` +
        `the one registered has ${blackbox.inputs} inputs and ${blackbox.outputs} outputs`,
    )
  return blackbox
}
