/** Numbers, units and markup as people read them. */

/** `digits` significant digits, without trailing zeros; exponents outside 1e-4 … 1e6. Never '-0'. */
export function formatNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞'
  const magnitude = Math.abs(value)
  if (magnitude === 0) return '0'
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e') as [string, string]
  const power = Number(exponent)
  if (power < -4 || power >= 6) return `${trimZeros(mantissa)}e${power}`
  return trimZeros(value.toFixed(Math.max(0, digits - 1 - power)))
}

function trimZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal
}

/** A complex number: '0.983 ± 0.0042i' when `pair`, else with its own sign. */
export function formatComplex(re: number, im: number, digits = 5): string {
  if (im === 0) return formatNumber(re, digits)
  return `${formatNumber(re, digits)} ${im < 0 ? '-' : '+'} ${formatNumber(Math.abs(im), digits)}i`
}

/** '3.2 s', '12' where there is no unit. */
export function withUnit(value: number, unit: string, digits = 4): string {
  return unit === '' ? formatNumber(value, digits) : `${formatNumber(value, digits)} ${unit}`
}

/** '1 state', '2 states'; the plural where it is not with an s. */
export function counted(count: number, what: string, plural = `${what}s`): string {
  return `${count} ${count === 1 ? what : plural}`
}

/** '(rad/s)/N', '' where both have none or the same. */
export function quotientUnit(above: string, below: string): string {
  const part = (unit: string) => (/[/·]/.test(unit) ? `(${unit})` : unit)
  if (above === below) return ''
  if (below === '') return above
  return `${above === '' ? '1' : part(above)}/${part(below)}`
}

/** Text made safe inside HTML elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
