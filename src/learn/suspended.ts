/** Thrown by a blackbox layer in a step that is run ahead: it has no values yet, and can get them. */
export class Suspended extends Error {
  readonly evaluate: (signal?: AbortSignal) => Promise<void>

  constructor(layer: string, evaluate: (signal?: AbortSignal) => Promise<void>) {
    super(`blackboxLayer: '${layer}' is in a step of trainBatch, predictBatch or runAhead; wait for its end`)
    this.name = 'Suspended'
    this.evaluate = evaluate
  }
}
