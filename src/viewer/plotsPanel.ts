/** The panel of the plots, loaded when it is first looked at. */
import { element } from './elements.ts'
import type { History } from './history.ts'
import type { Plots, Weights } from './plots.ts'
import type { Opened } from './protocol.ts'

export interface PlotsPanel extends Plots {
  /** It is looked at. */
  choose(): Promise<void>
}

export function plotsPanel(weights: () => Weights): PlotsPanel {
  let charts: Plots | null = null
  let robot: Opened | null = null
  return {
    async choose() {
      if (charts) return
      const { plots } = await import('./plots.ts')
      charts ??= plots(element('plots'), element<HTMLSelectElement>('plotted'), weights)
      if (robot) charts.open(robot)
    },
    open(opened) {
      robot = opened
      charts?.open(opened)
    },
    draw(past: History) {
      if (!element('plotsPanel').hidden) charts?.draw(past)
    },
    recolor: () => charts?.recolor(),
  }
}
