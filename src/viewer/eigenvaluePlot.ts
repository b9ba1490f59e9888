/** Eigenvalues and the unit circle, to scale: open loop hollow, closed loop filled, where they were in the last second as a trail. */
import { formatNumber } from '../experiment/format.ts'
import { fillTable } from './elements.ts'
import type { Eigenvalue } from './protocol.ts'
import { sheet, theme } from './theme.ts'

export interface EigenvaluePicture {
  readonly open: readonly Eigenvalue[]
  readonly closed: readonly Eigenvalue[]
  readonly trail: readonly (readonly Eigenvalue[])[] // oldest first
  /** The part of the plane where they are, in the place of all of the circle. */
  readonly zoomed: boolean
}

const HEIGHT = 240
const MARGIN = 22

/** What is seen: the middle of the picture, and pixels per unit. */
interface Window {
  readonly re: number
  readonly im: number
  readonly scale: number
}

export function drawEigenvalues(canvas: HTMLCanvasElement, picture: EigenvaluePicture): void {
  const { open, closed, trail } = picture
  const { context, width, height } = sheet(canvas, HEIGHT)
  const { ink, line, accent, warning, soft } = theme()
  const { re: middle, im: level, scale } = windowOf(picture, width, height)
  const at = ({ re, im }: { readonly re: number; readonly im: number }): readonly [number, number] => [
    width / 2 + (re - middle) * scale,
    height / 2 - (im - level) * scale,
  ]
  const dot = (value: Eigenvalue, radius: number) => {
    context.beginPath()
    context.arc(...at(value), radius, 0, 2 * Math.PI)
  }
  const [zeroX, zeroY] = at({ re: 0, im: 0 })
  context.strokeStyle = line
  context.beginPath()
  context.moveTo(0, zeroY)
  context.lineTo(width, zeroY)
  context.moveTo(zeroX, 0)
  context.lineTo(zeroX, height)
  context.stroke()
  context.strokeStyle = soft
  context.beginPath()
  context.arc(zeroX, zeroY, scale, 0, 2 * Math.PI)
  context.stroke()
  context.fillStyle = soft
  context.fillText('1', at({ re: 1, im: 0 })[0] + 6, zeroY + 16)
  if (picture.zoomed) context.fillText(`width ${formatNumber(width / scale, 2)}`, 4, height - 6)
  trail.forEach((values, k) => {
    context.globalAlpha = (0.5 * (k + 1)) / trail.length
    context.fillStyle = soft
    for (const value of values) {
      dot(value, 1.5)
      context.fill()
    }
  })
  context.globalAlpha = 1
  context.lineWidth = 1.4
  for (const value of open) {
    const isUnstable = Math.hypot(value.re, value.im) > 1 + 1e-9
    context.strokeStyle = isUnstable ? warning : ink
    dot(value, 4)
    context.stroke()
    if (isUnstable && value.coordinate !== '' && value.im >= 0) {
      context.fillStyle = warning
      const [x, y] = at(value)
      const isWide = x + 8 + context.measureText(value.coordinate).width > width
      context.textAlign = isWide ? 'right' : 'left'
      context.fillText(value.coordinate, isWide ? x - 8 : x + 8, y - 8)
      context.textAlign = 'left'
    }
  }
  context.fillStyle = accent
  for (const value of closed) {
    dot(value, 3)
    context.fill()
  }
}

/** All of the unit circle, or what holds the eigenvalues and the nearest of the circle, a little of each side. */
function windowOf({ open, closed, zoomed }: EigenvaluePicture, width: number, height: number): Window {
  const values = [...open, ...closed]
  const reach = values.reduce((max, { re, im }) => Math.max(max, Math.hypot(re, im)), 1)
  if (!zoomed || values.length === 0) return { re: 0, im: 0, scale: (height / 2 - 14) / Math.min(3, reach) }
  const near = [...values, { re: 1, im: 0 }]
  const [left, right] = [Math.min(...near.map(({ re }) => re)), Math.max(...near.map(({ re }) => re))]
  const tall = Math.max(...near.map(({ im }) => Math.abs(im)))
  const scale = Math.min(
    (width - 2 * MARGIN) / Math.max(right - left, 1e-6),
    (height / 2 - MARGIN) / Math.max(tall, 1e-6),
  )
  return { re: (left + right) / 2, im: 0, scale }
}

/** The same as numbers. */
export function fillEigenvalues(
  table: HTMLTableElement,
  open: readonly Eigenvalue[],
  closed: readonly Eigenvalue[],
): void {
  const rows = (values: readonly Eigenvalue[], kind: string) =>
    values.map(({ re, im }) => [kind, String(re), String(im), Math.hypot(re, im).toPrecision(7)])
  fillTable(table, ['', 'real', 'imaginary', '|λ|'], [...rows(open, 'open loop'), ...rows(closed, 'closed loop')])
}
