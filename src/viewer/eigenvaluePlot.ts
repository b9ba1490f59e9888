/** Eigenvalues and the unit circle, to scale: open loop hollow, closed loop filled, where they were in the last second as a trail. */
import type { Eigenvalue } from './protocol.ts'
import { sheet, theme } from './theme.ts'

export interface EigenvaluePicture {
  readonly open: readonly Eigenvalue[]
  readonly closed: readonly Eigenvalue[]
  readonly trail: readonly (readonly Eigenvalue[])[] // oldest first
}

const HEIGHT = 240

export function drawEigenvalues(canvas: HTMLCanvasElement, { open, closed, trail }: EigenvaluePicture): void {
  const { context, width, height } = sheet(canvas, HEIGHT)
  const { ink, line, accent, warning, soft } = theme()
  const reach = [...open, ...closed].reduce((max, { re, im }) => Math.max(max, Math.hypot(re, im)), 1)
  const scale = (height / 2 - 14) / Math.min(3, reach)
  const at = ({ re, im }: Eigenvalue): readonly [number, number] => [width / 2 + re * scale, height / 2 - im * scale]
  const dot = (value: Eigenvalue, radius: number) => {
    context.beginPath()
    context.arc(...at(value), radius, 0, 2 * Math.PI)
  }
  context.strokeStyle = line
  context.beginPath()
  context.moveTo(0, height / 2)
  context.lineTo(width, height / 2)
  context.moveTo(width / 2, 0)
  context.lineTo(width / 2, height)
  context.stroke()
  context.strokeStyle = soft
  context.beginPath()
  context.arc(width / 2, height / 2, scale, 0, 2 * Math.PI)
  context.stroke()
  context.fillStyle = soft
  context.fillText('1', width / 2 + scale + 6, height / 2 + 16)
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
