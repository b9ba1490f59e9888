/** Charts of benchmarks as SVG files of their own, readable on light and dark pages. */
import type { BenchmarkChart } from '../experiment/benchmark.ts'
import { loadDrawing } from './drawing.ts'

const COLORS = ['#c2571a', '#2f6f9f', '#6b8e23', '#7a4fa3']

/** An SVG document: panels by column and row, a colored line with dots for each series. */
export async function benchmarkChart({ title, x, y, points }: BenchmarkChart): Promise<string> {
  const { Plot, render } = await loadDrawing()
  const series = [...new Set(points.map((point) => point.series))]
  const columns = new Set(points.map(({ column }) => column)).size
  const rows = new Set(points.map(({ row }) => row)).size
  const svg = render(
    {
      width: 160 + 200 * columns,
      height: 110 + 150 * rows,
      marginTop: 56,
      marginRight: 110,
      marginLeft: 64,
      x: { type: 'log', label: x, grid: true, ticks: 4, tickFormat: (value: number) => short(value) },
      y: { type: 'log', label: y, grid: true, ticks: 4, tickFormat: (value: number) => value.toExponential(0) },
      fx: { label: null, domain: [...new Set(points.map(({ column }) => column))] },
      fy: { label: null, domain: [...new Set(points.map(({ row }) => row))] },
      color: { domain: series, range: COLORS },
      marks: [
        Plot.frame({ stroke: '#888', strokeOpacity: 0.4 }),
        Plot.line(points, { x: 'x', y: 'y', stroke: 'series', fx: 'column', fy: 'row', sort: 'x', strokeWidth: 1.5 }),
        Plot.dot(points, { x: 'x', y: 'y', fill: 'series', fx: 'column', fy: 'row', r: 3 }),
      ],
    },
    title,
    'natural',
  )
  const legend = series
    .map((name, s) => {
      const left = 330 + 130 * s
      return `<circle cx="${left}" cy="14" r="4" fill="${COLORS[s % COLORS.length]}"/><text x="${left + 9}" y="18" text-anchor="start">${escapeXml(name)}</text>`
    })
    .join('')
  const style = 'style="background:#fbfbfa;color:#222;font:11px system-ui,sans-serif"'
  return `${svg
    .replace('<svg', `<svg xmlns="http://www.w3.org/2000/svg" ${style}`)
    .replace(/ style="width:[^"]*"/, '')
    .replace('</svg>', `<g fill="#222" font-size="12">${legend}</g></svg>`)}\n`
}

function short(value: number): string {
  return value >= 1000 ? `${value / 1000}k` : `${value}`
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
}
