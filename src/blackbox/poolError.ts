/** A worker pool could not do its work: a worker died or could not start, or the pool is closed. The message says which. */
export class PoolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(`worker pool: ${message}`, options)
    this.name = 'PoolError'
  }
}
