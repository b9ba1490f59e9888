/** The part of the window that panels leave to the robot. */
import { element } from './elements.ts'

export interface FreePart {
  readonly middle: readonly [number, number] // px
  readonly width: number // px
  readonly height: number // px
}

const NARROW = 760 // px, as in style.css: panels are above and below there

export function freePart(): FreePart {
  const { innerWidth, innerHeight } = window
  if (innerWidth <= NARROW)
    return { middle: [innerWidth / 2, 0.3 * innerHeight], width: innerWidth, height: 0.6 * innerHeight }
  const left = element('scenes').getBoundingClientRect().right
  const right = element('panel').getBoundingClientRect().left
  const guide = element('guide')
  const bottom = (guide.hidden ? element('transport') : guide).getBoundingClientRect().top
  return { middle: [(left + right) / 2, bottom / 2], width: right - left, height: bottom }
}
