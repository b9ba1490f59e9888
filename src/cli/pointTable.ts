/** The point a command works at, by name and unit, and how far it is from the scene's home. */
import { counted, formatNumber, withUnit } from '../experiment/format.ts'
import { shownValue } from '../experiment/rounding.ts'
import type { Setup } from './prepare.ts'
import { textTable } from './table.ts'

const MAX_ROWS = 32

/** '' at home. Positions and controls, and velocities that are not zero; of large systems only what is not as at home. */
export function pointTable({ engine, point, where }: Setup): string {
  if (where === 'home') return ''
  const { layout, home } = engine
  const { ndx, nv, nu } = layout
  const away = new Float64Array(ndx)
  engine.difference(point.x, home.x, away)
  const placedAt = new Map(layout.x.map(({ name }, k) => [name, point.x[k]!]))
  const entries = [
    ...layout.dx.map(({ name, unit }, k) => ({
      name,
      unit,
      value: placedAt.get(name),
      moved: away[k]!,
      rate: k >= nv,
    })),
    ...layout.u.map(({ name, unit }, k) => ({
      name,
      unit,
      value: point.u[k]! as number | undefined,
      moved: point.u[k]! - home.u[k]!,
      rate: false,
    })),
  ].map((entry) => ({ ...entry, moved: shownValue(entry.moved, 1) }))
  const told = entries.filter(({ rate, value, moved }) => !rate || moved !== 0 || (value ?? 0) !== 0)
  const shown = told.length <= MAX_ROWS ? told : told.filter(({ moved }) => moved !== 0)
  const rows = shown
    .slice(0, MAX_ROWS)
    .map(({ name, unit, value, moved }) => [
      name,
      unit,
      value === undefined ? '' : formatNumber(shownValue(value, 1), 6),
      formatNumber(moved, 4),
    ])
  const more = shown.length - rows.length
  const rest = told.length > MAX_ROWS ? `${more > 0 ? `and ${more} more; ` : ''}what is not listed is as at home\n` : ''
  const beyond = Array.from({ length: nu }, (_, k) => k).flatMap((k) => {
    const { name, unit, range } = layout.u[k]!
    const [low, high] = range
    const value = point.u[k]!
    return value < low || value > high ? [`${name} ${withUnit(value, unit)} is outside its range ${low} … ${high}`] : []
  })
  const note = beyond.length > 0 ? `${beyond.join('; ')}: a run is saturated there\n` : ''
  const table = rows.length > 0 ? textTable(['point', 'unit', 'value', 'from home'], rows, [0, 1]) : ''
  return `at    ${where}${rows.length === 0 ? `: as at home (${counted(entries.length, 'entry', 'entries')})` : ''}\n${table}${rest}${note}\n`
}
