/** A matrix as a map of colors: signed values through the background, or the classes of a coloring; the entry under the pointer by name. */
import { sheet, theme } from './theme.ts'

export interface MapOptions {
  readonly values: readonly (readonly number[])[]
  readonly rows: readonly string[]
  readonly columns: readonly string[]
  readonly divider?: number // a line before this column
  readonly logarithmic: boolean
  /** Color class of each column, −1: none; entries show their class in the place of their value. */
  readonly classes?: readonly number[] | null
}

const SMALL = 4 // px
const DECADES = 6 // of the log scale

export function drawMatrix(canvas: HTMLCanvasElement, options: MapOptions, say: (entry: string) => void): void {
  const { values, rows, columns, divider, logarithmic, classes } = options
  const [m, n] = [rows.length, columns.length]
  const cell = Math.min(28, (canvas.clientWidth || 334) / Math.max(1, n))
  const side = cell < SMALL ? Math.max(1.5, cell) : cell - 0.5 // a gap between cells, where there is room for one
  const { context } = sheet(canvas, Math.max(8, m * cell))
  const { dark, line } = theme()
  const largest = values.flat().reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  const numClasses = classes ? Math.max(1, ...classes) + 1 : 1
  values.forEach((row, i) => {
    row.forEach((value, j) => {
      if (value === 0) return
      if (classes) {
        const hue = (360 * ((classes[j]! * 0.618034) % 1)).toFixed(0)
        context.fillStyle = classes[j]! < 0 ? line : `hsl(${hue} ${numClasses > 12 ? 45 : 60}% ${dark ? 60 : 48}%)`
      } else context.fillStyle = signed(value / largest, logarithmic, dark)
      context.fillRect(j * cell, i * cell, side, side)
    })
  })
  context.strokeStyle = line
  context.strokeRect(0.5, 0.5, n * cell - 1, m * cell - 1)
  if (divider !== undefined && divider < n) {
    context.beginPath()
    context.moveTo(divider * cell, 0)
    context.lineTo(divider * cell, m * cell)
    context.stroke()
  }
  canvas.onpointermove = ({ offsetX, offsetY }) => {
    const [i, j] = [Math.floor(offsetY / cell), Math.floor(offsetX / cell)]
    const value = values[i]?.[j]
    say(value === undefined ? '' : `${rows[i]} ← ${columns[j]}: ${Number(value.toPrecision(4))}`)
  }
  canvas.onpointerleave = () => say('')
}

/** Blue for negative, orange for positive, through the background. */
function signed(ratio: number, logarithmic: boolean, dark: boolean): string {
  const size = Math.abs(ratio)
  const strength = logarithmic ? Math.max(0.08, 1 + Math.log10(Math.max(size, 1e-300)) / DECADES) : size
  const [r, g, b] = ratio > 0 ? (dark ? [255, 160, 80] : [200, 85, 10]) : dark ? [110, 170, 255] : [25, 90, 190]
  return `rgb(${r} ${g} ${b} / ${strength.toFixed(3)})`
}
