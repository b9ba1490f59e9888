/** Elements of the page by id, typed; files to save. */
export function element<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element "${id}"`)
  return found as E
}

export function save(name: string, content: Blob | string): void {
  const blob = typeof content === 'string' ? new Blob([content], { type: 'text/plain' }) : content
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

/** Rows of a table under its heads; replaces what was there, but for the caption. */
export function fillTable(
  table: HTMLTableElement,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  while (table.rows.length > 0) table.deleteRow(0)
  const addRow = (cells: readonly string[], tag: 'th' | 'td') => {
    const row = table.insertRow()
    for (const text of cells) {
      const cell = document.createElement(tag)
      cell.textContent = text
      row.append(cell)
    }
  }
  addRow(heads, 'th')
  for (const row of rows) addRow(row, 'td')
}
