/** The part of a report on how a trajectory was optimized: cost by iteration, and what it took. */
import type { Optimization } from './content.ts'
import type { Drawing } from './drawing.ts'
import { counted, escapeHtml, formatNumber } from '../experiment/format.ts'

export function optimizationSection(drawing: Drawing, optimization: Optimization | undefined): string[] {
  if (optimization === undefined) return []
  const { result, message, horizon, calls, iterations } = optimization
  const sum = (of: 'checked' | 'certified') => iterations.reduce((total, one) => total + one[of], 0)
  const isFine = result === 'solved'
  return [
    '<h2>Optimal trajectory</h2>',
    `<p${isFine ? '' : ' class="note bad"'}>${escapeHtml(`iLQR over ${formatNumber(horizon)} s, ${result}: ${message}.`)}</p>`,
    `<p>${counted(calls.derivatives, 'step')} of the simulator for derivatives (dense differences: ${calls.denseDerivatives}), ` +
      `${calls.rollouts} for rollouts; ${sum('certified')} of ${sum('checked')} held-out checks passed.</p>`,
    iterations.length < 2 ? '' : `<div class="charts">${costChart(drawing, iterations)}</div>`,
  ]
}

function costChart({ Plot, render }: Drawing, iterations: Optimization['iterations']): string {
  const isPositive = iterations.every(({ cost }) => cost > 0)
  const svg = render(
    {
      width: 400,
      height: 220,
      x: { ticks: 6, label: null, tickFormat: (k: number) => formatNumber(k, 3) },
      y: {
        type: isPositive ? 'log' : 'linear',
        ticks: 5,
        label: null,
        grid: true,
        tickFormat: (v: number) => formatNumber(v, 3),
      },
      marks: [
        Plot.line(iterations, { x: 'iteration', y: 'cost', stroke: 'var(--accent)', strokeWidth: 1.75 }),
        Plot.dot(iterations, {
          x: 'iteration',
          y: 'cost',
          r: 2,
          fill: 'var(--accent)',
          title: ({ iteration, cost, stepLength, regularization }: Optimization['iterations'][number]) =>
            `iteration ${iteration}: cost ${formatNumber(cost, 6)}, step length ${formatNumber(stepLength, 3)}, μ = ${formatNumber(regularization, 2)}`,
        }),
      ],
    },
    'cost against iteration',
  )
  return `<figure><figcaption><b>cost</b> <span class="unit">by iteration</span></figcaption>${svg}</figure>`
}
