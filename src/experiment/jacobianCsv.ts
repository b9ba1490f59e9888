/** A Jacobian as CSV: a row for each output, a column for each input, by name, numbers in full. */
import { csvLine } from './csv.ts'

interface Named {
  readonly name: string
}

export function jacobianCsv(
  J: readonly (readonly number[])[],
  outputs: readonly Named[],
  inputs: readonly Named[],
): string {
  const lines = [csvLine(['output', ...inputs.map(({ name }) => name)])]
  outputs.forEach(({ name }, i) => {
    lines.push(csvLine([name, ...J[i]!]))
  })
  return `${lines.join('\n')}\n`
}
