/** A trajectory as CSV (RFC 4180): time, states, controls, one row per time; the last row has no controls. */
import type { Trajectory } from '../experiment/simulate.ts'

/** Header cells are `name [unit]`; numbers are written in full, so that reading them back gives the same bits. */
export function trajectoryCsv({ layout, times, X, U, steps }: Trajectory): string {
  const { nx, nu } = layout
  const header = [{ name: 'time', unit: 's' }, ...layout.x, ...layout.u].map(({ name, unit }) =>
    quote(unit === '' ? name : `${name} [${unit}]`),
  )
  const lines = [header.join(',')]
  for (let k = 0; k <= steps; k++) {
    const cells = [String(Number(times[k]!.toPrecision(12)))]
    for (let i = 0; i < nx; i++) cells.push(String(X[k * nx + i]))
    for (let i = 0; i < nu; i++) cells.push(k < steps ? String(U[k * nu + i]) : '')
    lines.push(cells.join(','))
  }
  return `${lines.join('\r\n')}\r\n`
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
