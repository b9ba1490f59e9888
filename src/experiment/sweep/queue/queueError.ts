/** A queue can't do its work: its Redis is not there, or refuses. The message says which. */
export class QueueError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(`queue: ${message}`, options)
    this.name = 'QueueError'
  }
}
