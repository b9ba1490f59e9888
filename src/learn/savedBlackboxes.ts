import type { Blackbox } from '../blackbox/blackbox.ts'
import type { BlackboxLayerOptions } from './layerOptions.ts'

/** By the key that layers are saved with. One for the whole program, like TensorFlow.js's own register of classes. */
export const blackboxes = new Map<string, Blackbox | (() => Blackbox)>()

/** What a layer saves beside its name, shape and weights. */
export interface SavedLayer {
  readonly key: string
  readonly inputs: number
  readonly outputs: number
  readonly options: BlackboxLayerOptions
}

/**
 * JSON that stays the same on its way through a saved model, where TensorFlow.js rewrites names and texts: capitals become small
 * letters after an underscore, and back. Both are escaped, and what is not ASCII.
 */
export function asSavedText(layer: SavedLayer): string {
  const code = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(layer).replace(/[A-Z_]|[^ -~]/g, code)
}

/** The blackbox of a saved layer. Throws RangeError that says what is to be registered where it is not there, or has other sizes. */
export function savedBlackbox(layer: string, saved: Omit<SavedLayer, 'options'>): Blackbox {
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
