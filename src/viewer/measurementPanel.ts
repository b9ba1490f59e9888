/** How the simulator is measured: noise and gross errors added to its steps, how they are decoded, and how many it may take. */
import { element } from './elements.ts'
import { isClean } from './measurement.ts'
import type { Decoding, Measurement } from './protocol.ts'

export interface MeasurementPanel {
  readonly value: Measurement
  set(value: Measurement): void
}

export function measurementPanel(changed: () => void): MeasurementPanel {
  const [noise, corrupted, decoding, maxCalls] = ['noise', 'corrupted', 'decoding', 'maxCalls'].map((id) =>
    element<HTMLSelectElement>(id),
  ) as [HTMLSelectElement, HTMLSelectElement, HTMLSelectElement, HTMLSelectElement]
  for (const select of [noise, corrupted, decoding, maxCalls]) select.addEventListener('change', changed)
  return {
    get value() {
      return {
        noise: Number(noise.value),
        corrupted: Number(corrupted.value),
        decoding: decoding.value as Decoding,
        maxCalls: Number(maxCalls.value),
      }
    },
    set(value) {
      noise.value = String(value.noise)
      corrupted.value = String(value.corrupted)
      decoding.value = value.decoding
      maxCalls.value = String(value.maxCalls)
      element<HTMLDetailsElement>('measurement').open = !isClean(value)
    },
  }
}
