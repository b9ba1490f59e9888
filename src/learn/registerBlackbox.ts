/** Functions can't be saved with a model: what is saved is a key, under which the blackbox is found when the model is loaded. */
import * as tf from '@tensorflow/tfjs'
import type { Blackbox } from '../blackbox/blackbox.ts'
import { BlackboxLayer } from './blackboxLayer.ts'
import { blackboxes } from './savedBlackboxes.ts'

/**
 * Before `tf.loadLayersModel`: says which blackbox, or what makes one, layers saved with this key are to have. A later one takes the
 * place of an earlier one. Throws TypeError on a key that is no text.
 */
export function registerBlackbox(key: string, blackbox: Blackbox | (() => Blackbox)): void {
  if (typeof key !== 'string' || key === '')
    throw new TypeError(`registerBlackbox: expected a key, a text that is not empty, found ${String(key)}`)
  tf.serialization.registerClass(BlackboxLayer)
  blackboxes.set(key, blackbox)
}
