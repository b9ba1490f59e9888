/** One line of CSV (RFC 4180) without its end. Numbers are written in full, so that reading them back gives the same bits. */
export function csvLine(cells: readonly (string | number)[]): string {
  return cells.map((cell) => (typeof cell === 'number' ? String(cell) : quote(cell))).join(',')
}

function quote(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
