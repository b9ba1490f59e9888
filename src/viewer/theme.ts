/** Colors of the page, for what is drawn on canvases. */
export interface Theme {
  readonly dark: boolean
  readonly ground: string
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly accent: string
  readonly warning: string
}

export function theme(): Theme {
  const style = getComputedStyle(document.documentElement)
  const color = (name: string) => style.getPropertyValue(name).trim()
  return {
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    ground: color('--ground'),
    ink: color('--ink'),
    soft: color('--soft'),
    line: color('--line'),
    accent: color('--accent'),
    warning: color('--warning'),
  }
}

/** A canvas of `height` CSS pixels, as wide as its place, sharp on any screen, empty; drawn to in CSS pixels. */
export function sheet(canvas: HTMLCanvasElement, height: number) {
  const ratio = window.devicePixelRatio || 1
  const width = canvas.clientWidth || 334
  canvas.style.height = `${height}px`
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext('2d')!
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
  context.font = '11px system-ui, sans-serif'
  return { context, width, height }
}
