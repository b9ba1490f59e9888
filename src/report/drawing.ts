/** Observable Plot on a jsdom document: charts as SVG text. Loaded only when a report is written. */
import type { PlotOptions } from '@observablehq/plot'

type Plot = typeof import('@observablehq/plot')

export interface Drawing {
  readonly Plot: Plot
  /** The chart as an inline SVG, titled for screen readers; `fit` shrinks it with its container, `natural` never does. */
  render(options: PlotOptions, label: string, size?: 'fit' | 'natural'): string
}

/** Loads Plot and jsdom (about half a second); the drawing is reused for all charts of a report. */
export async function loadDrawing(): Promise<Drawing> {
  const [Plot, { JSDOM }] = await Promise.all([import('@observablehq/plot'), import('jsdom')])
  const { document } = new JSDOM('').window
  return {
    Plot,
    render(options, label, size = 'fit') {
      const svg = Plot.plot({
        document,
        figure: false,
        marginTop: 12,
        marginRight: 16,
        marginBottom: 36,
        marginLeft: 52,
        ...options,
        className: 'chart',
        style: { background: 'none', color: 'var(--ink)' },
      })
      svg.querySelector('style')?.remove()
      svg.removeAttribute('style')
      svg.setAttribute('role', 'img')
      svg.setAttribute('aria-label', label)
      const width = `${options.width ?? 400}px`
      svg.setAttribute('style', size === 'fit' ? `max-width:${width}` : `width:${width}`)
      return svg.outerHTML
    },
  }
}
