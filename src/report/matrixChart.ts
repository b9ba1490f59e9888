/** Signed matrices as maps: blue for positive, plum for negative, nothing where the entry is zero up to rounding. */
import type { Matrix } from 'ml-matrix'
import type { Drawing } from './drawing.ts'
import { formatNumber } from '../experiment/format.ts'

/** A row or column: 'pole.angle', 'rad'. */
export interface Coordinate {
  readonly name: string
  readonly unit: string
}

export interface MatrixBlock {
  readonly title: string // 'A'
  readonly matrix: Matrix // [rows × columns]
  readonly columns: readonly Coordinate[]
}

export interface MatrixChartOptions {
  readonly rows: readonly Coordinate[]
  /** 'linear' shades by |v| / max; 'log' by orders of magnitude, so that small couplings stay visible. */
  readonly shade: 'linear' | 'log'
  /** The tooltip of an entry. */
  readonly describe: (row: Coordinate, column: Coordinate, value: string) => string
  readonly label: string
}

interface Cell {
  readonly x: string
  readonly y: string
  readonly value: number
  readonly strength: number // 0 … 1
  readonly title: string
}

const DECADES = 4 // of the log shade
const ROUNDING = 1e-13 // entries this far below the largest are drawn as zero, whatever the caller left in
const MAX_TILES = 4_000
const MAX_TOOLTIPS = 12_000

/** Blocks side by side over the same rows, with names on the axes while they fit. */
export function matrixChart(drawing: Drawing, blocks: readonly MatrixBlock[], options: MatrixChartOptions): string {
  const { Plot } = drawing
  const { rows, shade, describe, label } = options
  const showValues = blocks.reduce((sum, block) => sum + block.columns.length, 0) <= 8 && rows.length <= 16
  // Numbers go with their units; where there is room for shades only, the tooltips have them.
  const labelOf = ({ name, unit }: Coordinate) => (showValues && unit !== '' ? `${name}, ${unit}` : name)
  const columns = blocks.flatMap((block, b) =>
    block.columns.map((column, j) => ({ key: `${b}.${j}`, name: labelOf(column) })),
  )
  const keys = blocks.flatMap((block, b) => [
    ...(b > 0 && block.columns.length > 0 ? [`gap${b}`] : []),
    ...block.columns.map((_, j) => `${b}.${j}`),
  ])
  const cells = cellsOf(blocks, rows, shade, describe)
  const cellWidth = showValues ? 64 : clamp(Math.floor(720 / columns.length), 3, 30)
  const cellHeight = showValues ? 32 : clamp(Math.floor(720 / columns.length), 3, 24)
  const nameOf = new Map(columns.map(({ key, name }) => [key, name]))
  const everyColumn = Math.ceil(13 / cellWidth)
  const everyRow = Math.ceil(13 / cellHeight)
  const shownColumns = columns.filter((_, j) => j % everyColumn === 0).map(({ key }) => key)
  const shownRows = rows.map((_, i) => String(i)).filter((_, i) => i % everyRow === 0)
  const marginLeft = 12 + 6.6 * longest(rows.map(labelOf))
  const upright = cellWidth * everyColumn < 22
  const nameLength = longest(columns.map(({ name }) => name))
  const reach = 12 + (upright ? 6.6 : 4.9) * nameLength
  const marginTop = 24 + reach
  const marginRight = upright ? 16 : reach
  const inset = cellWidth >= 12 ? 1 : 0

  return drawing.render(
    {
      width: Math.ceil(marginLeft + marginRight + keys.length * cellWidth),
      height: Math.ceil(marginTop + 8 + rows.length * cellHeight),
      marginLeft,
      marginTop,
      marginRight,
      marginBottom: 8,
      x: { type: 'band', domain: keys, padding: 0, axis: null },
      y: { type: 'band', domain: rows.map((_, i) => String(i)), padding: 0, axis: null },
      marks: [
        Plot.axisX(shownColumns, {
          anchor: 'top',
          label: null,
          tickSize: 0,
          tickRotate: upright ? -90 : -45,
          tickFormat: (key: string) => nameOf.get(key) ?? '',
        }),
        Plot.axisY(shownRows, { label: null, tickSize: 0, tickFormat: (i: string) => labelOf(rows[Number(i)]!) }),
        // A tile for every entry, zeros too; one frame where they would be thousands.
        ...(rows.length * columns.length > MAX_TILES
          ? [Plot.frame({ fill: 'var(--panel)', stroke: 'none' })]
          : blocks.map((block, b) =>
              Plot.cell(
                block.columns.flatMap((_, j) => rows.map((_, i) => [`${b}.${j}`, String(i)])),
                { x: '0', y: '1', fill: 'var(--panel)', inset },
              ),
            )),
        Plot.cell(cells, {
          x: 'x',
          y: 'y',
          fill: (cell: Cell) => (cell.value > 0 ? 'var(--positive)' : 'var(--negative)'),
          fillOpacity: 'strength',
          inset,
          ...(cells.length <= MAX_TOOLTIPS ? { title: 'title' } : {}),
        }),
        ...(showValues
          ? [
              Plot.text(cells, {
                x: 'x',
                y: 'y',
                text: (cell: Cell) => short(cell.value),
                fill: (cell: Cell) => (cell.strength > 0.72 ? 'var(--on-shade)' : 'var(--ink)'),
                fontSize: 12,
                pointerEvents: 'none',
              }),
            ]
          : []),
        ...blocks.map((block, b) =>
          Plot.text(block.columns.length > 0 ? [block.title] : [], {
            x: () => `${b}.0`,
            frameAnchor: 'top',
            dy: -marginTop + 14,
            fontWeight: 600,
            fontSize: 13,
          }),
        ),
      ],
      color: { type: 'identity' },
      opacity: { type: 'identity' },
    },
    label,
    'natural',
  )
}

/** The key to a chart's shades, as HTML: the largest magnitude, and what the faintest stands for. */
export function shadeKey(blocks: readonly MatrixBlock[], shade: 'linear' | 'log'): string {
  const largest = largestEntry(blocks)
  if (largest === 0) return '<p class="shade">All entries are zero.</p>'
  const faintest = shade === 'log' ? `≤ ${formatNumber(largest / 10 ** DECADES, 2)}` : '0'
  const steps = (color: string, order: readonly number[]) =>
    order.map((opacity) => `<i style="background:var(--${color});opacity:${opacity}"></i>`).join('')
  const falling = [1, 0.78, 0.56, 0.34, 0.14]
  const text = shade === 'log' ? `${faintest} (log scale)` : faintest
  return (
    `<p class="shade"><span>−${formatNumber(largest, 2)}</span>${steps('negative', falling)}` +
    `<span>${text}</span>${steps('positive', falling.toReversed())}<span>${formatNumber(largest, 2)}</span></p>`
  )
}

function cellsOf(
  blocks: readonly MatrixBlock[],
  rows: readonly Coordinate[],
  shade: 'linear' | 'log',
  describe: MatrixChartOptions['describe'],
): Cell[] {
  const largest = largestEntry(blocks)
  const cells: Cell[] = []
  blocks.forEach(({ matrix, columns }, b) => {
    columns.forEach((column, j) => {
      rows.forEach((row, i) => {
        const value = matrix.get(i, j)
        const ratio = Math.abs(value) / largest
        if (!(ratio > ROUNDING)) return
        const strength = shade === 'linear' ? ratio : 1 + Math.log10(ratio) / DECADES
        cells.push({
          x: `${b}.${j}`,
          y: String(i),
          value,
          strength: 0.12 + 0.88 * clamp(strength, 0, 1),
          title: describe(row, column, formatNumber(value, 6)),
        })
      })
    })
  })
  return cells
}

function largestEntry(blocks: readonly MatrixBlock[]): number {
  let largest = 0
  for (const { matrix } of blocks)
    for (let i = 0; i < matrix.rows; i++)
      for (let j = 0; j < matrix.columns; j++) {
        const magnitude = Math.abs(matrix.get(i, j))
        if (Number.isFinite(magnitude) && magnitude > largest) largest = magnitude
      }
  return largest
}

/** Three digits in at most seven characters. */
function short(value: number): string {
  const small = Math.abs(value) < 1e-3
  const text = small ? value.toExponential(1) : formatNumber(value, 3)
  return text.replaceAll('-', '−')
}

function longest(names: readonly string[]): number {
  return Math.max(4, ...names.map((name) => name.length))
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}
