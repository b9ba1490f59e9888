/** Plots over time of one coordinate, of the controls, and of what a step costs with the weights of the panel Control. */
import uPlot from 'uplot'
import type { History } from './history.ts'
import type { Opened } from './protocol.ts'
import { theme } from './theme.ts'

export interface Plots {
  open(opened: Opened): void
  draw(past: History): void
  /** In the colors of the page as they are now. */
  recolor(): void
}

const SHOWN = 600 // moments
const HUES = [212, 28, 145, 275, 340, 90]

export interface Weights {
  readonly Q: readonly number[] // [ndx]
  readonly R: readonly number[] // [nu]
}

export function plots(place: HTMLElement, select: HTMLSelectElement, weights: () => Weights): Plots {
  let robot: Opened | null = null
  let charts: { readonly chart: uPlot; readonly take: (k: number, past: History) => (number | null)[] }[] = []
  let isEstimated = false

  const build = () => {
    for (const { chart } of charts) chart.destroy()
    charts = []
    if (!robot) return
    const { states, controls } = robot
    const index = Math.max(0, select.selectedIndex)
    const { name, unit } = states[index]!
    charts.push({
      chart: chartOf(place, unit === '' ? name : `${name}, ${unit}`, isEstimated ? [name, 'estimate'] : [name]),
      take(k, past) {
        const { dx, estimate } = past.at(k)!
        return isEstimated ? [dx[index]!, estimate?.[index] ?? null] : [dx[index]!]
      },
    })
    const { u: uHome } = robot.home
    charts.push({
      chart: chartOf(place, 'cost of a step, from home', ['cost']),
      take: (k, past) => {
        const { dx, u } = past.at(k)!
        const { Q, R } = weights()
        const ofStates = Q.reduce((sum, q, i) => sum + q * dx[i]! ** 2, 0)
        return [R.reduce((sum, r, i) => sum + r * (u[i]! - uHome[i]!) ** 2, ofStates)]
      },
    })
    const some = controls.slice(0, 6)
    if (some.length === 0) return
    const units = [...new Set(some.map((control) => control.unit))].join(', ')
    charts.push({
      chart: chartOf(
        place,
        units === '' ? 'controls' : `controls, ${units}`,
        some.map((control) => control.name),
      ),
      take: (k, past) => some.map((_, i) => past.at(k)!.u[i]!),
    })
  }
  select.addEventListener('change', build)

  return {
    open(opened) {
      robot = opened
      select.replaceChildren(...opened.states.map(({ name }) => new Option(name, name)))
      build()
    },
    recolor: build,
    draw(past) {
      const wasEstimated = isEstimated
      isEstimated = (past.at(past.length - 1)?.estimate ?? null) !== null
      if (wasEstimated !== isEstimated) build()
      const from = Math.max(0, past.length - SHOWN)
      const times = Array.from({ length: past.length - from }, (_, k) => past.at(from + k)!.time)
      for (const { chart, take } of charts) {
        const rows = times.map((_, k) => take(from + k, past))
        const series = Array.from({ length: chart.series.length - 1 }, (_, i) => rows.map((row) => row[i] ?? null))
        chart.setData([times, ...series])
      }
    },
  }
}

function chartOf(place: HTMLElement, title: string, names: readonly string[]): uPlot {
  const { ink, line, dark } = theme()
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } }
  return new uPlot(
    {
      title,
      width: place.clientWidth || 334,
      height: 160,
      scales: { x: { time: false } },
      cursor: { sync: { key: 'jacsense' } },
      axes: [
        { ...axis, label: 'time, s', labelSize: 16, size: 30 },
        { ...axis, size: 56 },
      ],
      series: [
        { label: 's' },
        ...names.map((label, i) => ({
          label,
          width: 1.5,
          stroke: `hsl(${HUES[i % HUES.length]} 70% ${dark ? 68 : 40}%)`,
        })),
      ],
    },
    [[], ...names.map(() => [])],
    place,
  )
}
