/** report.html of a sweep: how often runs succeeded, over what varied; what failed and why. */
import { counted, escapeHtml, formatNumber } from '../../experiment/format.ts'
import type { OutlinedAxis, OutlinedStudy } from '../../experiment/sweep/outline.ts'
import type { SweepRecord } from '../../experiment/sweep/resultsFolder.ts'
import type { Drawing } from '../drawing.ts'
import { htmlTable } from '../htmlTable.ts'
import { STYLE } from '../style.ts'
import {
  errorChart,
  keyOf,
  labelOf,
  settlingCurve,
  shareText,
  successCurve,
  successDots,
  successMap,
} from './sweepCharts.ts'
import { grouped, type SweepPoint, shareOf } from './sweepPoint.ts'

export interface SweepContent {
  readonly record: SweepRecord
  readonly studies: readonly OutlinedStudy[]
  readonly points: readonly SweepPoint[]
  readonly command?: string
}

const SHOWN_REASONS = 20
const SHOWN_GROUPS = 40

export function sweepPage(drawing: Drawing, { record, studies, points, command }: SweepContent): string {
  const { sweep } = record
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escapeHtml(sweep.name)}: sweep</title><style>${STYLE}</style></head><body><main>`,
    `<h1>${escapeHtml(sweep.name)}</h1>`,
    sweep.description ? `<p class="lead">${escapeHtml(sweep.description)}</p>` : '',
    facts(record, points),
    studies.length > 1 ? overview(studies, points) : '',
    ...studies.flatMap((study) => studySection(drawing, study, ofStudy(points, study))),
    ...errorSection(drawing, points),
    ...failureSection(points),
    footer(record, command),
    '</main></body></html>\n',
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function ofStudy(points: readonly SweepPoint[], { name }: OutlinedStudy): SweepPoint[] {
  return points.filter(({ study }) => study === name)
}

function facts({ runs }: SweepRecord, points: readonly SweepPoint[]): string {
  const fact = (value: string, label: string, kind = '') =>
    `<div class="fact ${kind}"><b>${escapeHtml(value)}</b><span>${escapeHtml(label)}</span></div>`
  const share = shareOf(points)
  const count = (result: SweepPoint['result']) => points.filter((point) => point.result === result).length
  const missing = runs - points.length
  return [
    '<div class="facts">',
    fact(
      counted(points.length, 'run'),
      missing > 0 ? `of ${runs}; ${missing} are still to be made` : 'all that there are',
    ),
    fact(`${(100 * share.rate).toFixed(1)} %`, `succeeded, ${share.successes} of them`, 'good'),
    fact(String(count('diverged')), 'diverged', count('diverged') > 0 ? 'bad' : ''),
    fact(String(count('failed')), 'could not be made', count('failed') > 0 ? 'bad' : ''),
    '</div>',
  ].join('\n')
}

function overview(studies: readonly OutlinedStudy[], points: readonly SweepPoint[]): string {
  const rows = studies.map((study) => {
    const share = shareOf(ofStudy(points, study))
    return [
      study.name ?? '',
      String(share.runs),
      shareText(share),
      share.settling === null ? '' : formatNumber(share.settling),
    ]
  })
  return `<div class="scroll">${htmlTable(['study', 'runs', 'succeeded (95 % interval)', 'median settling time (s)'], rows)}</div>`
}

function studySection(drawing: Drawing, study: OutlinedStudy, points: readonly SweepPoint[]): string[] {
  if (points.length === 0) return []
  const varying = study.axes.filter(({ count }) => count > 1)
  const grid = varying.filter(({ isDrawn, isNumeric }) => !isDrawn && isNumeric)
  const drawn = varying.filter(({ isDrawn, isNumeric }) => isDrawn && isNumeric)
  const named = varying.filter(({ isNumeric }) => !isNumeric)
  const share = shareOf(points)
  const sections = [
    study.name === null ? '<h2>Success</h2>' : `<h2>${escapeHtml(study.name)}</h2>`,
    study.description === '' ? '' : `<p>${escapeHtml(study.description)}</p>`,
    `<p>Succeeded: ${escapeHtml(shareText(share))}.</p>`,
  ]
  const figure = (title: string, svg: string) =>
    svg === '' ? '' : `<figure><figcaption>${escapeHtml(title)}</figcaption>${svg}</figure>`
  if (grid.length >= 2) {
    const [x, y] = grid as [OutlinedAxis, OutlinedAxis]
    const rest = varying.length > 2 ? ', over all else that varies' : ''
    sections.push(
      figure(`Share of successes by ${x.name} and ${y.name}${rest}`, successMap(drawing, points, x, y)),
      '<div class="shade"><span>0 %</span><i style="background:var(--warn);opacity:.22"></i><i style="background:var(--accent);opacity:.5"></i><i style="background:var(--accent)"></i><span>100 %</span></div>',
    )
  }
  const series = named.find(({ count, isDrawn }) => !isDrawn && count <= 6) ?? null
  const curves = grid.length === 1 ? grid : grid.length === 0 ? drawn : []
  if (series && curves.length > 0) {
    const names = [...grouped(points, ({ parameters }) => String(parameters[series.name])).keys()]
    sections.push(`<p>${keyOf(names.map(escapeHtml)).join(' ')}</p>`)
  }
  sections.push('<div class="charts">')
  for (const axis of curves) {
    const bins = axis.isDrawn ? ', in groups of equal size' : ''
    sections.push(
      figure(`Success by ${labelOf(axis)}, 95 % intervals${bins}`, successCurve(drawing, points, axis, series)),
    )
  }
  if (curves.length === 1)
    sections.push(figure(`Settling time by ${labelOf(curves[0]!)}`, settlingCurve(drawing, points, curves[0]!)))
  if (grid.length === 0 && drawn.length >= 2)
    sections.push(
      figure(
        `Runs by ${drawn[0]!.name} and ${drawn[1]!.name}; blue: succeeded`,
        successDots(drawing, points, drawn[0]!, drawn[1]!),
      ),
    )
  sections.push('</div>', ...named.map((axis) => groupTable(axis, points)))
  return sections
}

function groupTable(axis: OutlinedAxis, points: readonly SweepPoint[]): string {
  const groups = [...grouped(points, ({ parameters }) => String(parameters[axis.name]))]
  const rows = groups.slice(0, SHOWN_GROUPS).map(([value, group]) => {
    const share = shareOf(group)
    return [value, String(share.runs), shareText(share), share.settling === null ? '' : formatNumber(share.settling)]
  })
  const more =
    groups.length > rows.length ? `<p class="lead">… and ${groups.length - rows.length} more values.</p>` : ''
  return `<div class="scroll">${htmlTable([axis.name, 'runs', 'succeeded (95 % interval)', 'median settling time (s)'], rows)}</div>${more}`
}

function errorSection(drawing: Drawing, points: readonly SweepPoint[]): string[] {
  const chart = errorChart(drawing, points)
  if (chart === null) return []
  return [
    '<h2>Errors of the linearization</h2>',
    '<p>‖A − A₀‖ / ‖A₀ − I‖ against dense central differences without noise; lines: medians.</p>',
    `<p>${keyOf(chart.methods.map(escapeHtml)).join(' ')}</p>`,
    chart.svg,
  ]
}

function failureSection(points: readonly SweepPoint[]): string[] {
  const lost = points.filter(({ result }) => result !== 'completed')
  if (lost.length === 0) return []
  const groups = [...grouped(lost, ({ result, reason }) => `${result}\n${reason ?? ''}`)].sort(
    ([, a], [, b]) => b.length - a.length || a[0]!.index - b[0]!.index,
  )
  const rows = groups.slice(0, SHOWN_REASONS).map(([key, group]) => {
    const [result, reason] = key.split('\n') as [string, string]
    const { index, parameters } = group[0]!
    const first = Object.entries(parameters).map(
      ([name, value]) => `${name} = ${typeof value === 'number' ? formatNumber(value) : value}`,
    )
    return `<tr><td>${result}</td><td class="text">${escapeHtml(reason)}</td><td>${group.length}</td><td class="text">${escapeHtml(`run ${index}: ${first.join(', ')}`)}</td></tr>`
  })
  const more =
    groups.length > rows.length
      ? `<p class="lead">… and ${groups.length - rows.length} more reasons (results.csv has them all).</p>`
      : ''
  return [
    '<h2>Runs that diverged or could not be made</h2>',
    `<div class="scroll"><table><thead><tr><th>result</th><th>reason</th><th>runs</th><th>the first</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
    more,
  ]
}

function footer({ jacsense, fingerprint, sweep }: SweepRecord, command: string | undefined): string {
  const parts = [
    command === undefined ? '' : `<code>${escapeHtml(command)}</code>`,
    escapeHtml(`seed ${sweep.seed ?? 1} · jacsense ${jacsense} · sweep ${fingerprint.slice(0, 12)}`),
  ]
  return `<footer>${parts.filter((part) => part !== '').join('<br>')}</footer>`
}
