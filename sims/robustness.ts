/**
 * How much may a cart-pole differ from the model that LQR was designed with? Masses, damping, latency and noise that the design does not know, each by
 * itself, from starts within half of what it recovers from. With a path as argument, drawn there as SVG.
 */
import { fileURLToPath } from 'node:url'
import { robustnessSweep, type SweepRow, sweep } from 'jacsense'
import { chart, writeChart } from './parts/chart.ts'

export interface Row {
  readonly 'what the design does not know': string
  readonly values: number
  readonly 'runs at each': number
  readonly 'all recover from': number
  readonly to: number
  readonly 'recovered of all (%)': number
}

/** Shares of starts that recover, by value of one factor. */
interface Factor {
  readonly name: string
  readonly unit: string
  readonly shares: readonly (readonly [value: number, share: number])[]
  readonly runs: number
}

interface Study {
  readonly name: string
  readonly grid?: readonly { readonly name: string; readonly unit?: string }[]
}

const SAMPLES = 20

/** `budget`: runs at each value (20). */
export async function run({ budget = SAMPLES }: { budget?: number } = {}): Promise<Row[]> {
  return (await factors(budget)).map(({ name, unit, shares, runs }) => {
    const safe = shares.filter(([, share]) => share === 1).map(([value]) => value)
    const mean = shares.reduce((sum, [, share]) => sum + share, 0) / shares.length
    return {
      'what the design does not know': unit === '' ? name : `${name} (${unit})`,
      values: shares.length,
      'runs at each': runs / shares.length,
      'all recover from': safe[0] ?? 0,
      to: safe.at(-1) ?? 0,
      'recovered of all (%)': Number((100 * mean).toFixed(1)),
    }
  })
}

async function factors(samples: number): Promise<Factor[]> {
  const whole = await robustnessSweep('cartpole', { samples })
  const studies = (whole.studies as readonly Study[]).filter(({ grid }) => grid?.length === 1)
  const { rows } = await sweep({ ...whole, studies })
  return studies.map(({ name, grid }) => {
    const axis = grid![0]!
    const own = rows!.filter(({ study }) => study === name)
    const values = [...new Set(own.map((row) => settingOf(row, axis.name)))]
    return {
      name: axis.name,
      unit: axis.unit ?? '',
      runs: own.length,
      shares: values.map((value) => {
        const those = own.filter((row) => settingOf(row, axis.name) === value)
        return [value, those.filter(({ success }) => success).length / those.length] as const
      }),
    }
  })
}

function settingOf({ parameters }: SweepRow, name: string): number {
  return Number(parameters[name])
}

function drawn(found: readonly Factor[]): string {
  const most = Math.max(...found.map(({ shares }) => shares.length))
  const axes = {
    x: { label: 'share of starts that recover, at each value of the factor', range: [0, most], ticks: [] },
    y: { label: '', range: [-0.5, found.length - 0.5], ticks: [] },
  } as const
  const title = 'Starts from which LQR recovers a cart-pole that is not as its model, by factor'
  const keys = [
    { what: 'all recover', fill: '#2f6f9f' },
    { what: 'none', fill: '#f0d5c6' },
  ]
  return chart({ title, ...axes, keys }, (x, y) =>
    found.flatMap(({ name, unit, shares }, f) => {
      const row = found.length - 1 - f
      const [top, height] = [y(row + 0.22), y(row - 0.42) - y(row + 0.22)]
      const label = `<text x="${x(0) + 4}" y="${top - 5}" text-anchor="start">${unit === '' ? name : `${name} (${unit})`}</text>`
      const width = (x(most) - x(0)) / shares.length
      const cells = shares.map(([value, share], k) => {
        const left = x(0) + k * width
        const rect = (fill: string, opacity: number) =>
          `<rect x="${left.toFixed(1)}" y="${top}" width="${(width - 1).toFixed(1)}" height="${height.toFixed(1)}" fill="${fill}" fill-opacity="${opacity}"/>`
        const ink = share > 0.5 ? '#fff' : '#222'
        const text = `<text x="${(left + width / 2).toFixed(1)}" y="${(top + height / 2 + 4).toFixed(1)}" text-anchor="middle" fill="${ink}">${Number(value.toPrecision(2))}</text>`
        return `${rect('#f0d5c6', 1)}${rect('#2f6f9f', Number(share.toFixed(2)))}${text}`
      })
      return [label, ...cells]
    }),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.table(await run())
  const file = process.argv[2]
  if (file !== undefined) await writeChart(file, drawn(await factors(SAMPLES)))
}
