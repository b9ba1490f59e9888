/** report.html: one self-contained page about a linearization and the closed loop built on it. */
import type { Trajectory } from '../experiment/simulate.ts'
import type { Linearization } from '../linearization/linearization.ts'
import { callsSentence, certificateSentence, notesBeside } from '../experiment/certificate.ts'
import type { ReportContent } from './content.ts'
import type { Drawing } from './drawing.ts'
import { estimationSection } from './estimationSection.ts'
import { eigenvalueCharts } from './eigenvalueChart.ts'
import { counted, escapeHtml, formatNumber, quotientUnit, withUnit } from '../experiment/format.ts'
import { htmlTable } from './htmlTable.ts'
import { matrixChart, shadeKey } from './matrixChart.ts'
import { CONTROL_HEADER, controlRows, STATE_HEADER, stateRows } from './metricRows.ts'
import { optimizationSection } from './optimizationSection.ts'
import { settlingSentence } from './outcome.ts'
import { defectOf, shownEigenvalues, shownMatrices } from '../experiment/rounding.ts'
import { STYLE } from './style.ts'
import { timeCharts } from './timeCharts.ts'

export function reportPage(drawing: Drawing, content: ReportContent): string {
  const { scene, description } = content
  const title = `${scene}: ${content.trajectory ? 'linearization and closed loop' : 'linearization'}`
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main>`,
    `<h1>${escapeHtml(scene)}</h1>`,
    description ? `<p class="lead">${escapeHtml(description)}</p>` : '',
    ...facts(content),
    ...closedLoopSection(drawing, content),
    ...estimationSection(drawing, content),
    ...optimizationSection(drawing, content.optimization),
    ...linearizationSection(drawing, content),
    ...designSection(drawing, content),
    ...metricsSection(content),
    ...qualitySection(content),
    footer(content),
    '</main></body></html>\n',
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function facts({ linearization, trajectory, metrics, closedLoop }: ReportContent): string[] {
  const { quality, layout, dt } = linearization
  const fact = (label: string, value: string, kind = '') =>
    `<div class="fact ${kind}"><b>${escapeHtml(value)}</b><span>${escapeHtml(unbroken(label))}</span></div>`
  const radius = closedLoop && Math.max(0, ...closedLoop.map(({ re, im }) => Math.hypot(re, im)))
  return [
    '<div class="facts">',
    fact(
      quality.smoothing
        ? 'smoothed linearization'
        : `linearization, residual ${formatNumber(quality.heldOutResidual, 2)}`,
      quality.certified ? 'certified' : 'not certified',
      quality.certified ? 'good' : 'bad',
    ),
    fact(`of the simulator, ${methodText(quality)}`, counted(quality.calls, 'step')),
    fact(`${counted(layout.nu, 'control')}, control period ${formatNumber(dt)} s`, counted(layout.ndx, 'state')),
    radius === undefined
      ? ''
      : fact(
          `closed-loop spectral radius${Math.abs(1 - radius) < 1e-2 ? `, 1 − |λ| = ${formatNumber(1 - radius, 2)}` : ''}`,
          formatNumber(radius, 6),
          radius < 1 ? 'good' : 'bad',
        ),
    trajectory === undefined
      ? ''
      : fact(
          simulated(trajectory),
          `${formatNumber(trajectory.times[trajectory.steps]!)} s`,
          trajectory.result === 'completed' ? 'good' : 'bad',
        ),
    metrics === undefined || trajectory?.result !== 'completed'
      ? ''
      : fact(
          `settling time, ${formatNumber(100 * metrics.band)} % band`,
          metrics.settlingTime === null ? 'not settled' : `${formatNumber(metrics.settlingTime, 3)} s`,
          metrics.settlingTime === null ? 'bad' : '',
        ),
    '</div>',
  ]
}

function simulated({ result, controller }: Trajectory): string {
  if (result === 'diverged') return 'before it diverged'
  return controller === 'none' ? 'simulated without feedback' : `simulated with ${controller}`
}

function closedLoopSection(drawing: Drawing, { trajectory, metrics, estimation }: ReportContent): string[] {
  if (trajectory === undefined) return []
  const { controller, result, message, disturbances, saturatedFraction } = trajectory
  const kicks = disturbances.map((event) => {
    const [name, entry] =
      'coordinate' in event
        ? [event.coordinate, trajectory.layout.dx.find(({ name }) => name === event.coordinate)]
        : [event.control, trajectory.layout.u.find(({ name }) => name === event.control)]
    const length = 'duration' in event ? ` for ${formatNumber(event.duration)} s` : ''
    return `${name} ${event.amount < 0 ? '−' : '+'}${withUnit(Math.abs(event.amount), entry?.unit ?? '')} at ${formatNumber(event.time)} s${length}`
  })
  return [
    `<h2>${controller === 'none' ? 'Open loop' : `Closed loop with ${escapeHtml(controller)}`}</h2>`,
    result === 'diverged' ? `<p class="note bad">${escapeHtml(message)}</p>` : '',
    metrics === undefined ? '' : `<p>${escapeHtml(settlingSentence(trajectory, metrics))}</p>`,
    kicks.length > 0 ? `<p>Disturbed (dashed): ${escapeHtml(kicks.join('; '))}.</p>` : '',
    saturatedFraction > 0
      ? `<p>Controls at their limits during ${formatNumber(100 * saturatedFraction, 2)} % of the steps.</p>`
      : '',
    estimation === undefined
      ? ''
      : '<p><span class="key"><i></i>state</span> <span class="key"><i class="estimate"></i>estimate of it</span></p>',
    `<div class="charts">${timeCharts(drawing, trajectory, estimation).join('\n')}</div>`,
  ]
}

function linearizationSection(drawing: Drawing, { linearization, closedLoop }: ReportContent): string[] {
  const { layout } = linearization
  const { A, B, note } = shownMatrices(linearization)
  const blocks = [
    { title: 'A', matrix: A, columns: layout.dx },
    { title: 'B', matrix: B, columns: layout.u },
  ]
  const defect = defectOf(linearization).map(({ name, unit, value }) => `${name} ${withUnit(value, unit)}`)
  const more = defect.length > 8 ? ` and ${defect.length - 8} more` : ''
  const elsewhere = closedLoop === undefined ? '' : '; the loop settles elsewhere'
  return [
    '<h2>Linearization</h2>',
    '<p>δx⁺ = A δx + B δu + c over one control period. Rows: what changes; columns: what changes it.</p>',
    '<div class="scroll">',
    matrixChart(drawing, blocks, {
      rows: layout.dx,
      shade: 'log',
      describe: (row, column, value) =>
        `∂ ${row.name}⁺ / ∂ ${column.name} = ${value} ${quotientUnit(row.unit, column.unit)}`.trim(),
      label: 'The matrices A and B side by side',
    }),
    '</div>',
    shadeKey(blocks, 'log'),
    note === '' ? '' : `<p class="lead">${escapeHtml(unbroken(note))}.</p>`,
    defect.length === 0
      ? '<p class="lead">c = 0: the point is an equilibrium.</p>'
      : `<p class="lead">The point is not an equilibrium: c = ${escapeHtml(defect.slice(0, 8).join(', '))}${more}${elsewhere}.</p>`,
  ]
}

function designSection(
  drawing: Drawing,
  { linearization, openLoop, closedLoop, K, integral }: ReportContent,
): string[] {
  if (openLoop === undefined && closedLoop === undefined && K === undefined) return []
  const { layout } = linearization
  const parts = ['<h2>Eigenvalues</h2>']
  if (openLoop !== undefined || closedLoop !== undefined) {
    const charts = eigenvalueCharts(drawing, shownEigenvalues(openLoop ?? []), shownEigenvalues(closedLoop ?? []))
    const keys = [
      openLoop ? '<span class="key"><i class="hollow"></i>open loop</span>' : '',
      closedLoop ? '<span class="key"><i class="filled"></i>closed loop</span>' : '',
      '<span class="key"><i class="filled off"></i>unstable, |λ| &gt; 1</span>',
    ]
    parts.push(`<p>${keys.join(' ')}</p><div class="pair">`)
    const titles = ['Unit circle', 'Closer, axes to the same scale']
    charts.forEach((svg, k) => {
      parts.push(`<figure><figcaption>${titles[k]}</figcaption>${svg}</figure>`)
    })
    parts.push('</div>')
  }
  if (K !== undefined) {
    const blocks = [{ title: 'K', matrix: shownMatrices(linearization, K).K!, columns: layout.dx }]
    if (integral) blocks.push({ title: 'Kz', matrix: integral.Kz, columns: [...integral.columns] })
    parts.push(
      `<h2>Gain</h2><p>u = uBar − K (x ⊖ xBar)${integral ? ' − Kz z, z the integrals of outputs' : ''}.</p><div class="scroll">`,
      matrixChart(drawing, blocks, {
        rows: layout.u,
        shade: 'linear',
        describe: (row, column, value) =>
          `${row.name} per ${column.name}: ${value} ${quotientUnit(row.unit, column.unit)}`.trim(),
        label: 'The gain matrix K',
      }),
      '</div>',
      shadeKey(blocks, 'linear'),
    )
  }
  return parts
}

function metricsSection({ metrics }: ReportContent): string[] {
  if (metrics === undefined) return []
  const states = stateRows(metrics)
  const controls = controlRows(metrics)
  return [
    '<h2>What it achieved</h2>',
    metrics.cost === null ? '' : `<p>Quadratic cost Σ δxᵀQ δx + δuᵀR δu: ${formatNumber(metrics.cost, 6)}</p>`,
    states.length > 16 ? `<details><summary>${states.length} states</summary>` : '',
    '<div class="scroll">',
    htmlTable(STATE_HEADER, states),
    '</div>',
    states.length > 16 ? '</details>' : '',
    controls.length === 0
      ? ''
      : `<div class="scroll" style="margin-top:16px">${htmlTable(CONTROL_HEADER, controls)}</div>`,
  ]
}

function methodText({ method, smoothing }: Linearization['quality']): string {
  return smoothing ? 'a cloud of rollouts' : `${method} differences`
}

function qualitySection({ linearization, trajectory }: ReportContent): string[] {
  const { quality } = linearization
  const unused = trajectory?.controller === 'none' && !quality.certified
  const rows: [string, string][] = [
    [
      'Certificate',
      `${certificateSentence(linearization)}${unused ? ' The run without feedback does not use it.' : ''}`,
    ],
    ['Cost', callsSentence(linearization)],
    [
      'Method',
      quality.smoothing
        ? 'smoothed: regression over a Gaussian cloud'
        : `${quality.method}, ${quality.scheme} differences`,
    ],
    [
      quality.smoothing ? 'Pairs of rollouts' : 'Directions',
      `${quality.directions}${quality.colors === null ? '' : `, from ${counted(quality.colors, 'color')}`}`,
    ],
    [
      quality.smoothing ? 'Deviations and steps' : 'Difference steps',
      `${formatNumber(quality.stepRange[0], 3)} … ${formatNumber(quality.stepRange[1], 3)}, in units of the inputs`,
    ],
    ['Noise level', quality.noiseLevel === null ? 'not estimated' : formatNumber(quality.noiseLevel, 3)],
    ['Seed', String(quality.seed)],
    ...notesBeside(linearization).map((note): [string, string] => ['Note', note]),
  ]
  const cells = rows.map(([name, text]) => `<tr><td>${name}</td><td class="text">${escapeHtml(text)}</td></tr>`)
  return ['<h2>How it was sensed</h2>', `<table><tbody>${cells.join('')}</tbody></table>`]
}

function footer({ linearization, versions = {}, command, date }: ReportContent): string {
  const parts = [
    command === undefined ? '' : `<code>${escapeHtml(command)}</code>`,
    [`engine ${linearization.engine}`, ...Object.entries(versions).map(([name, version]) => `${name} ${version}`)]
      .map(escapeHtml)
      .join(' · '),
    date === undefined ? '' : escapeHtml(date),
  ]
  return `<footer>${parts.filter((part) => part !== '').join('<br>')}</footer>`
}

/** Keeps numbers and their units on one line, and their signs from breaking. */
function unbroken(text: string): string {
  return text.replace(/(?<=\d) (?=(s|%)( |$))/g, '\u00a0').replace(/e-(?=\d)/g, 'e−')
}
