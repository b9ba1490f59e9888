import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import type { Blackbox } from '../../src/blackbox/blackbox.ts'
import { countCalls } from '../../src/blackbox/countCalls.ts'
import { densePattern } from '../../src/linalg/pattern.ts'
import type { Ties } from '../../src/linalg/ties.ts'
import { measure } from '../../src/sensing/measure.ts'
import { prepareSensing } from '../../src/sensing/prepareSensing.ts'
import { recover } from '../../src/sensing/recover.ts'
import { sense } from '../../src/sensing/sense.ts'

/**
 * A damped oscillator chain in one symplectic step: v⁺ = v + h(u − d v − k sin q), q⁺ = q + h v⁺. With its ties: position rows from
 * velocity rows; velocity columns from control columns, ∂v⁺/∂v = I − d ∂v⁺/∂u.
 */
const N = 4
const h = 0.1
const damping = [0.5, 1, 2, 0]
function chain(truth = damping): Blackbox {
  return {
    inputs: 3 * N,
    outputs: 2 * N,
    evaluate(z, y) {
      for (let i = 0; i < N; i++) {
        const next = i + 1 < N ? z[i + 1]! : 0
        const v = z[N + i]! + h * (z[2 * N + i]! - truth[i]! * z[N + i]! - Math.sin(z[i]! - 0.3 * next))
        y[N + i] = v
        y[i] = z[i]! + h * v
      }
    },
  }
}
const ties: Ties = {
  rows: 2 * N,
  cols: 3 * N,
  tiedColumns: damping.map((d, i) => ({
    column: N + i,
    from: d === 0 ? [] : [{ index: 2 * N + i, value: -d }],
    known: [{ index: N + i, value: 1 }],
    reason: 'damping',
  })),
  tiedRows: damping.map((_, i) => ({
    row: i,
    from: [{ index: N + i, value: h }],
    known: [{ index: i, value: 1 }],
    reason: 'symplectic',
  })),
}
const at = Float64Array.from({ length: 3 * N }, (_, j) => 0.1 * j)

function exact(): Matrix {
  const J = Matrix.zeros(2 * N, 3 * N)
  for (let i = 0; i < N; i++) {
    const slope = Math.cos(at[i]! - (i + 1 < N ? 0.3 * at[i + 1]! : 0))
    J.set(N + i, i, -h * slope)
    if (i + 1 < N) J.set(N + i, i + 1, 0.3 * h * slope)
    J.set(N + i, N + i, 1 - h * damping[i]!)
    J.set(N + i, 2 * N + i, h)
    for (let j = 0; j < 3 * N; j++) J.set(i, j, h * J.get(N + i, j) + (i === j ? 1 : 0))
  }
  return J
}

describe('ties', () => {
  it('leave fewer columns to measure, the same Jacobian, certified, with exact counts', async () => {
    for (const scheme of ['central', 'forward'] as const) {
      const counted = countCalls(chain())
      const { J, result, quality } = await sense(counted, {
        at,
        scheme,
        method: 'colored',
        structure: { ties, sparsity: sparsity() },
      })
      expect(result).toBe('certified')
      expect(Matrix.sub(J, exact()).norm('max')).toBeLessThan(scheme === 'central' ? 1e-9 : 1e-6)
      // angles in two colors; a control shares its row with two angles
      expect(quality.colors).toBe(3)
      expect(quality.callsFor.directions).toBe(scheme === 'central' ? 6 : 3)
      expect(counted.calls).toBe(quality.calls)
    }
  })

  it('survive JSON in a plan, and prepare, measure, recover in three steps', async () => {
    const plan = JSON.parse(
      JSON.stringify(prepareSensing({ inputs: 3 * N, outputs: 2 * N, ties }, { method: 'colored' })),
    )
    const measurements = JSON.parse(JSON.stringify(await measure(chain(), plan, { at })))
    const { J, quality } = recover(plan, measurements)
    expect(quality.certified).toBe(true)
    expect(quality.directions).toBe(2 * N) // no pattern given: each column that is left alone
    expect(Matrix.sub(J, exact()).norm('max')).toBeLessThan(1e-9)
  })

  it('that do not hold are found out and dropped, and the Jacobian is right', async () => {
    for (let wrong = 0; wrong < N; wrong++) {
      const truth = damping.map((d, i) => (i === wrong ? d + 1e-3 : d))
      const counted = countCalls(chain(truth))
      const { J, result, quality } = await sense(counted, {
        at,
        method: 'colored',
        structure: { ties, sparsity: sparsity() },
      })
      expect(result).toBe('certified')
      expect(J.get(N + wrong, N + wrong)).toBeCloseTo(1 - h * truth[wrong]!, 9)
      expect(quality.repairedRows).toContain(N + wrong)
      expect(quality.callsFor.repair).toBeGreaterThan(0)
      expect(quality.notes.join(' ')).toContain('does not hold here')
      expect(counted.calls).toBe(quality.calls)
    }
  })

  it('that do not hold cost no more than dense differences where columns stood alone', async () => {
    const counted = countCalls(chain(damping.map((d) => d + 0.5)))
    const { J, result, quality } = await sense(counted, {
      at,
      method: 'colored',
      structure: { ties, sparsity: densePattern(2 * N, 3 * N) },
    })
    expect(result).toBe('certified')
    expect(J.get(N, N)).toBeCloseTo(1 - h, 9)
    expect(quality.callsFor.directions + quality.callsFor.repair + quality.callsFor.fallback).toBe(2 * 3 * N)
  })

  it('from another plan do not survive where they are wrong: the reused plan is refused and repaired', async () => {
    const { plan } = await sense(chain(), { at, method: 'colored', structure: { ties, sparsity: sparsity() } })
    const changed = chain(damping.map((d) => d + 0.5))
    const { J, result, quality } = await sense(changed, { at, plan, structure: { sparsity: sparsity() } })
    expect(result).toBe('certified')
    expect(J.get(N, N)).toBeCloseTo(1 - h, 9)
    expect(quality.callsFor.repair).toBeGreaterThan(0)
  })

  it('are refused by name where they are malformed', () => {
    const prepare = (changed: Partial<Ties>) => () =>
      prepareSensing({ inputs: 3 * N, outputs: 2 * N, ties: { ...ties, ...changed } }, { method: 'colored' })
    const [first] = ties.tiedColumns
    expect(prepare({ cols: 3 })).toThrow('ties must be of [8 × 12], got [8 × 3]')
    expect(prepare({ tiedColumns: [first!, first!] })).toThrow('a column is tied twice')
    expect(prepare({ tiedColumns: [{ ...first!, column: 12 }] })).toThrow(
      'column of the ties must lie in 0 … 11, got 12',
    )
    expect(prepare({ tiedColumns: [{ ...first!, from: [{ index: 4, value: 1 }] }] })).toThrow(
      'column 4 is tied to column 4',
    )
    expect(prepare({ tiedRows: [{ row: 0, from: [{ index: 0, value: 1 }], known: [], reason: '' }] })).toThrow(
      'row 0 is tied to row 0',
    )
    expect(prepare({ tiedColumns: [{ ...first!, known: [{ index: 0, value: Number.NaN }] }] })).toThrow('finite')
  })
})

function sparsity() {
  const columns: number[][] = Array.from({ length: 3 * N }, () => [])
  for (let i = 0; i < N; i++)
    for (const row of [i, N + i])
      for (const j of [i, i + 1, N + i, 2 * N + i]) if (j !== N || i + 1 < N) columns[j]!.push(row)
  const rowIdx: number[] = []
  const colPtr = [0]
  for (const column of columns) {
    rowIdx.push(...[...new Set(column)].sort((a, b) => a - b))
    colPtr.push(rowIdx.length)
  }
  return { rows: 2 * N, cols: 3 * N, colPtr: Int32Array.from(colPtr), rowIdx: Int32Array.from(rowIdx) }
}
