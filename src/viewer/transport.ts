/** The bar below: play, step, reset, kick, speed, the timeline and the clock. */
import { element } from './elements.ts'
import type { History } from './history.ts'
import type { Frame } from './protocol.ts'

export interface TransportActions {
  togglePlay(): void
  step(): void
  reset(): void
  kick(): void
  speed(factor: number): void
  goTo(moment: number): void // in the history
}

export interface Transport {
  show(frame: Frame, past: History, isPlaying: boolean): void
  faster(by: 1 | -1): void
}

export function transport(act: TransportActions): Transport {
  const speed = element<HTMLSelectElement>('speed')
  const timeline = element<HTMLInputElement>('timeline')
  element('play').addEventListener('click', act.togglePlay)
  element('step').addEventListener('click', act.step)
  element('reset').addEventListener('click', act.reset)
  element('kick').addEventListener('click', act.kick)
  speed.addEventListener('change', () => act.speed(Number(speed.value)))
  timeline.addEventListener('input', () => act.goTo(Number(timeline.value)))
  // How much of the window it takes: the panels end above it.
  new ResizeObserver(() => {
    const { top } = element('transport').getBoundingClientRect()
    document.documentElement.style.setProperty('--bar', `${window.innerHeight - top}px`)
  }).observe(element('transport'))
  return {
    show({ time, realTimeFactor }, past, isPlaying) {
      element('clock').textContent = `${time.toFixed(2)} s · ${realTimeFactor.toFixed(2)} × real time`
      element('play').textContent = isPlaying ? '❚❚' : '▶'
      element('play').setAttribute('aria-pressed', String(isPlaying))
      if (!isPlaying) return
      timeline.max = String(Math.max(0, past.length - 1))
      timeline.value = timeline.max
    },
    faster(by) {
      speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + by))
      act.speed(Number(speed.value))
    },
  }
}
