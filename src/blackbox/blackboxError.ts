/** A blackbox gave a value that is no number: says which evaluation, which output and what it was. */
export class BlackboxError extends Error {
  readonly evaluation: number // position among the evaluations of the running measurement, from 0
  readonly purpose: string // what the evaluation was for: 'base point', 'direction 3, plus side', …
  readonly output: number // index of the output
  readonly outputName: string | null
  readonly value: number // NaN, Infinity or −Infinity

  constructor(where: {
    evaluation: number
    purpose: string
    output: number
    outputName?: string | undefined
    value: number
  }) {
    const { evaluation, purpose, output, outputName = null, value } = where
    const name = outputName === null ? '' : ` '${outputName}'`
    super(`blackbox: output ${output}${name} is ${value} at evaluation ${evaluation} (${purpose})`)
    this.name = 'BlackboxError'
    this.evaluation = evaluation
    this.purpose = purpose
    this.output = output
    this.outputName = outputName
    this.value = value
  }
}
