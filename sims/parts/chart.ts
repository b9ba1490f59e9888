/** A chart as SVG text: frame, ticks, labels and keys around marks that the caller draws. */
import { rename, writeFile } from 'node:fs/promises'

export interface Axis {
  readonly label: string
  readonly range: readonly [number, number]
  readonly ticks: readonly (number | string)[] // numbers, or names of whole numbers from 0 on
}

export interface Key {
  readonly what: string
  readonly fill?: string // default none
  readonly stroke?: string // default the fill
}

export interface ChartOptions {
  readonly title: string // for those who can't see it
  readonly x: Axis
  readonly y: Axis
  readonly keys: readonly Key[]
}

const [WIDTH, HEIGHT, LEFT, TOP] = [520, 380, 64, 44] // of what is within the frame
const RIGHT = 20
const BELOW = 52
const LETTER = 5.7 // width of one, on average

/** `marks` gets the scales: from the units of the axes to the picture. */
export function chart(
  { title, x, y, keys }: ChartOptions,
  marks: (toX: (value: number) => number, toY: (value: number) => number) => readonly string[],
): string {
  const scale =
    ([low, high]: readonly [number, number], from: number, to: number) =>
    (value: number) =>
      Number((from + ((to - from) * (value - low)) / (high - low)).toFixed(2))
  const toX = scale(x.range, LEFT, LEFT + WIDTH)
  const toY = scale(y.range, TOP + HEIGHT, TOP)
  const text = (px: number, py: number, anchor: string, what: string, more = '') =>
    `<text x="${px}" y="${py}" text-anchor="${anchor}"${more}>${what}</text>`
  const told = (tick: number | string) => String(tick).replace('-', '−')
  const at = (tick: number | string, k: number) => (typeof tick === 'number' ? tick : k)
  const middle = TOP + HEIGHT / 2
  let place = LEFT
  const legend = keys.map(({ what, fill = 'none', stroke = fill }) => {
    const box = `<rect x="${place}" y="14" width="14" height="14" fill="${fill}" stroke="${stroke}" stroke-width="2"/>`
    const key = `${box}${text(place + 20, 26, 'start', what)}`
    place += Math.round(38 + LETTER * what.length)
    return key
  })
  const [width, height] = [LEFT + WIDTH + RIGHT, TOP + HEIGHT + BELOW]
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}" style="background:#fbfbfa;font:12px system-ui,sans-serif" fill="#222">
<rect width="100%" height="100%" fill="#fbfbfa"/>
${marks(toX, toY).join('\n')}
<rect x="${LEFT}" y="${TOP}" width="${WIDTH}" height="${HEIGHT}" fill="none" stroke="#888"/>
${x.ticks.map((tick, k) => text(toX(at(tick, k)), TOP + HEIGHT + 18, 'middle', told(tick))).join('')}
${y.ticks.map((tick, k) => text(LEFT - 8, toY(at(tick, k)) + 4, 'end', told(tick))).join('')}
${text(LEFT + WIDTH / 2, TOP + HEIGHT + 40, 'middle', x.label)}
${text(22, middle, 'middle', y.label, ` transform="rotate(-90 22 ${middle})"`)}
${legend.join('')}
</svg>
`
}

/** All of it or nothing. */
export async function writeChart(file: string, svg: string): Promise<void> {
  await writeFile(`${file}.tmp`, svg)
  await rename(`${file}.tmp`, file)
}
