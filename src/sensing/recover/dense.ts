import type { Recovery } from './recovery.ts'

/** Dense differences: one direction per input. Knows nothing of the Jacobian and needs nothing. */
export const dense: Recovery = {
  method: 'dense',

  design({ inputs: n, outputs: m }) {
    const directions = m === 0 ? 0 : n
    const D = new Array<number>(directions * n).fill(0)
    for (let t = 0; t < directions; t++) D[t * n + t] = 1
    return { directions, D, decoder: { method: 'dense' }, notes: [] }
  },

  decodeInto(J, plan, { Y, spanInto }) {
    const { inputs: n, outputs: m, directions } = plan
    const span = new Float64Array(n)
    for (let t = 0; t < directions; t++) {
      spanInto(span, t)
      for (let i = 0; i < m; i++) J[i * n + t] = Y[t * m + i]! / span[t]!
    }
    return null
  },
}
