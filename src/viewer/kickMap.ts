/** Kicks around the robot, seen from above: those that it survives filled, the others hollow. */
import { formatNumber } from '../experiment/format.ts'
import type { ProbedKick } from './probeKicks.ts'
import { sheet, theme } from './theme.ts'

const HEIGHT = 220

export function drawKicks(canvas: HTMLCanvasElement, kicks: readonly ProbedKick[]): void {
  const { context, width, height } = sheet(canvas, HEIGHT)
  const { ground, line, soft, accent, warning } = theme()
  const most = kicks.reduce((max, { size }) => Math.max(max, size), 0)
  const scale = (height / 2 - 20) / Math.max(most, 1e-12)
  context.strokeStyle = line
  context.fillStyle = soft
  for (const share of [0.5, 1]) {
    context.beginPath()
    context.arc(width / 2, height / 2, share * most * scale, 0, 2 * Math.PI)
    context.stroke()
  }
  context.fillText('x', width / 2 + most * scale + 6, height / 2 + 4)
  for (const { angle, size, survived } of kicks) {
    context.beginPath()
    context.arc(
      width / 2 + size * scale * Math.cos(angle),
      height / 2 - size * scale * Math.sin(angle),
      3,
      0,
      2 * Math.PI,
    )
    context.fillStyle = accent
    context.strokeStyle = warning
    if (survived) context.fill()
    else context.stroke()
  }
  // Over the dots, which are everywhere.
  context.lineWidth = 4
  context.lineJoin = 'round'
  context.strokeStyle = ground
  context.fillStyle = soft
  for (const share of [0.5, 1]) {
    const text = `${formatNumber(share * most, 3)} N·s/kg`
    const place = [width / 2 + 4, height / 2 - share * most * scale - 3] as const
    context.strokeText(text, ...place)
    context.fillText(text, ...place)
  }
}

/** 'Survives 93 of 128 kicks of the pole; all of them up to 1.5 N·s/kg.' */
export function kicksSentence(kicks: readonly ProbedKick[], body: string): string {
  const lost = kicks.filter(({ survived }) => !survived)
  const least = lost.reduce((min, { size }) => Math.min(min, size), Number.POSITIVE_INFINITY)
  const safe = kicks.reduce((max, { size }) => (size < least ? Math.max(max, size) : max), 0)
  const all = safe > 0 ? `; all of them up to ${formatNumber(safe, 3)} N·s/kg` : ''
  return `Survives ${kicks.length - lost.length} of ${kicks.length} kicks of ${body}, within 5 s${all}.`
}
