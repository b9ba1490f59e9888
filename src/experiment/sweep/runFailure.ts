/** Why there is no run: what numerics could not do, or a setting that does not fit the others. Its row tells. */
export class RunFailure extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RunFailure'
  }
}
