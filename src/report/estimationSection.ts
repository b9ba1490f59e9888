/** The part of a report on how well a run's state was estimated: errors beside what the filter promises, and its gain. */
import type { ReportContent } from './content.ts'
import type { Drawing } from './drawing.ts'
import { quotientUnit } from '../experiment/format.ts'
import { matrixChart, shadeKey } from './matrixChart.ts'
import { ESTIMATE_HEADER, estimateRows, OUTPUT_HEADER, outputRows } from './metricRows.ts'
import { htmlTable } from './htmlTable.ts'

export function estimationSection(drawing: Drawing, { estimation, linearization }: ReportContent): string[] {
  if (estimation === undefined) return []
  const columns = estimation.outputs.map(({ name, unit }) => ({ name, unit }))
  const blocks = [{ title: 'L', matrix: estimation.L, columns }]
  const rows = estimateRows(estimation)
  return [
    '<h2>Estimation</h2>',
    '<p>δx̂ = δx̂⁻ + L(y − Cδx̂⁻) from the outputs below. Expected: standard deviations that the filter promises once it has settled, ' +
      'were the simulator as linear and as noisy as it assumes.</p>',
    '<div class="scroll">',
    htmlTable(OUTPUT_HEADER, outputRows(estimation)),
    '</div>',
    rows.length > 16 ? `<details><summary>${rows.length} states</summary>` : '',
    '<div class="scroll" style="margin-top:16px">',
    htmlTable(ESTIMATE_HEADER, rows),
    '</div>',
    rows.length > 16 ? '</details>' : '',
    '<h2>Kalman gain</h2><div class="scroll">',
    matrixChart(drawing, blocks, {
      rows: linearization.layout.dx,
      shade: 'linear',
      describe: (row, column, value) =>
        `${row.name} per ${column.name}: ${value} ${quotientUnit(row.unit, column.unit)}`.trim(),
      label: 'The Kalman gain L',
    }),
    '</div>',
    shadeKey(blocks, 'linear'),
  ]
}
