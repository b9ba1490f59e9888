import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sealPlanFile } from '../../src/experiment/planFile.ts'
import { invoke } from './invoke.ts'

const STRUCTURE = {
  inputs: [
    { name: 'level', unit: 'm', at: 2 },
    { name: 'pump', unit: 'V', at: 1, scale: 5 },
  ],
  outputs: [
    { name: 'next level', unit: 'm' },
    { name: 'flow', unit: 'l/s' },
  ],
}

let folder = ''
/** Of good.json: header index, next level, flow, pump, as good.csv holds them. */
let good: string[][]
let plan: Record<string, unknown> & { plan: Record<string, unknown> }
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-malformed-'))
  await writeFile(join(folder, 'structure.json'), JSON.stringify(STRUCTURE))
  await invoke('plan', join(folder, 'structure.json'), '--out', join(folder, 'good.json'))
  plan = JSON.parse(await readFile(join(folder, 'good.json'), 'utf8'))
  const [, ...rows] = (await readFile(join(folder, 'good.points.csv'), 'utf8')).trimEnd().split('\n')
  const measured = rows.map((row) => {
    const [index, , level, pump] = row.split(',') as [string, string, string, string]
    const flow = 0.1 * Math.sqrt(Number(level))
    return [index, String(Number(level) - flow + 0.2 * Number(pump)), String(flow), pump]
  })
  good = [['index', 'next level', 'flow', 'pump'], ...measured]
  await writeFile(join(folder, 'good.csv'), text(good))
  await invoke('plan', 'cartpole', '--out', join(folder, 'scene.json'))
  await mkdir(join(folder, 'folder.json'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const text = (rows: readonly (readonly string[])[]) => `${rows.map((row) => row.join(',')).join('\n')}\n`
const withRows = (change: (rows: string[][]) => unknown) => () => {
  const rows = good.map((row) => [...row])
  change(rows)
  return text(rows)
}
const withCell = (row: number, column: number, cell: string) => withRows((rows) => rows[row]!.splice(column, 1, cell))
const without = (column: number) => withRows((rows) => rows.forEach((row) => void row.splice(column, 1)))
const withPlan = (change: (copy: typeof plan) => unknown) => () => {
  const copy = structuredClone(plan)
  change(copy)
  return JSON.stringify(copy)
}
/** A forged plan: changed, and sealed anew. */
const resealed = (change: (copy: typeof plan) => unknown) => () => {
  const { format: _, version: __, fingerprint: ___, ...content } = structuredClone(plan)
  change(content as typeof plan)
  return JSON.stringify(sealPlanFile(content as unknown as Parameters<typeof sealPlanFile>[0]))
}

/** Runs, and expects one line on stderr, exit code 2, and no file more than before. */
async function refused(argv: string[], message: RegExp): Promise<void> {
  const before = await readdir(folder)
  const { code, stdout, stderr } = await invoke(...argv)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(stderr).toMatch(message)
  expect(stderr).not.toMatch(/internal error/)
  expect(await readdir(folder)).toEqual(before)
}

it('what the cases break works', async () => {
  const { code, stdout, stderr } = await invoke('recover', join(folder, 'good.json'), join(folder, 'good.csv'))
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('Certified')
})

describe('recover refuses measurements', () => {
  it.each<[string, () => string, RegExp]>([
    ['an empty file', () => '', /m\.csv: expected a header .*"next level", "flow", found an empty file/],
    ['empty lines', () => '\n \n\r\n', /found an empty file/],
    ['a header alone', () => 'next level,flow\n', /m\.csv: expected 8 rows, one for each planned point, found 0/],
    ['a missing column', without(2), /line 1: expected a column "flow", found "index", "next level", "pump"/],
    ['a misspelt column', withCell(0, 2, 'flwo'), /expected a column "flow".*did you mean "flwo"/],
    ['no header', withRows((rows) => void rows.shift()), /line 1: expected a column "next level"/],
    ['a column twice', withCell(0, 3, 'flow'), /the column "flow" once, found it twice/],
    ['a column twice, once with its unit', withCell(0, 3, 'flow [l/s]'), /the column "flow" once/],
    ['an index column twice', withCell(0, 3, 'index'), /the column "index" once/],
    ['semicolons', () => text(good).replaceAll(',', ';'), /separated by commas, found semicolons/],
    ['tabs', () => text(good).replaceAll(',', '\t'), /separated by commas, found tabs/],
    ['a short row', withRows((rows) => void rows[3]!.pop()), /line 4: expected 4 cells, as in the header, found 3/],
    ['a long row', withRows((rows) => void rows[3]!.push('')), /line 4: expected 4 cells, .*found 5/],
    [
      'a text in a number',
      withCell(2, 2, '0.14 l/s'),
      /line 3 \(index 2\), column flow: expected a finite number, found "0\.14 l\/s"/,
    ],
    ['NaN', withCell(2, 1, 'NaN'), /line 3 \(index 2\), column next level: .*found "NaN"/],
    ['infinity', withCell(2, 1, '-inf'), /column next level: .*found "-inf"/],
    ['a number too large', withCell(2, 1, '1e999'), /column next level: .*found "1e999"/],
    ['nothing in a cell', withCell(8, 2, ' '), /line 9 \(index 8\), column flow: .*found nothing/],
    ['a hexadecimal number', withCell(2, 1, '0x1p3'), /found "0x1p3"/],
    ['a decimal comma', withCell(2, 1, '"1,98"'), /found "1,98"/],
    [
      'an index twice',
      withCell(5, 0, '2'),
      /line 6, column index: expected each index once, found 2, which line 3 has too/,
    ],
    ['an index of zero', withCell(1, 0, '0'), /column index: .*from 1 to 8, found "0"/],
    ['an index beyond', withCell(1, 0, '9'), /column index: .*from 1 to 8, found "9"/],
    ['an index that is none', withCell(1, 0, '1.5'), /column index: .*found "1\.5"/],
    ['a missing row', withRows((rows) => void rows.splice(4, 1)), /expected 8 rows, .*found none with index 4/],
    ['a row too few, in order', () => without(0)().split('\n').slice(0, 8).join('\n'), /expected 8 rows, .*found 7/],
    ['a row too many, in order', () => `${without(0)()}1,2,1\n`, /line 10: expected 8 rows, .*found 9/],
    [
      'another point',
      withRows((rows) => {
        ;[rows[3]![3], rows[4]![3]] = [rows[4]![3]!, rows[3]![3]!]
      }),
      /line 4 \(index 3\), column pump: expected 1\.00003.*, the planned point, found 0\.9999/,
    ],
    ['an open quote', () => text(good).replace('2,', '"2,'), /line \d+: expected a double quote that closes the cell/],
    ['text after a quote', () => text(good).replace('2,', '"2"2,'), /after the closing quote, found "2"/],
    ['a quote inside', () => text(good).replace('2,', '2",'), /quotes around the whole cell or none/],
    ['other data', () => '\u0000\u0001PNG', /expected a column "next level"/],
  ])('%s', async (_, content, message) => {
    await writeFile(join(folder, 'm.csv'), content())
    for (const more of [[], ['--json'], ['--out', join(folder, 'J.csv')]])
      await refused(['recover', join(folder, 'good.json'), join(folder, 'm.csv'), ...more], message)
  })

  it('a quaternion that is none', async () => {
    await invoke('plan', 'quadrotor', '--out', join(folder, 'quad.json'))
    const points = (await readFile(join(folder, 'quad.points.csv'), 'utf8')).trimEnd().split('\n')
    const header = points[0]!.split(',')
    const rows = points.slice(1).map((row) => row.split(','))
    rows[4]![header.indexOf('base.qw')] = '0.5'
    await writeFile(join(folder, 'quad.csv'), text([header, ...rows]))
    const message = /quad\.csv: expected states of the scene, found row 5: base\.qw should begin a unit quaternion/
    await refused(['recover', join(folder, 'quad.json'), join(folder, 'quad.csv')], message)
  })
})

describe('recover refuses plans', () => {
  it.each<[string, () => string, RegExp]>([
    ['an empty file', () => '', /p\.json: expected JSON, found an empty file/],
    ['broken JSON', () => '{ "format": ', /p\.json: line 1/],
    ['another kind of file', () => JSON.stringify(STRUCTURE), /format: expected "jacsense-plan".*found nothing/],
    ['no object', () => '[1]', /format: expected "jacsense-plan"/],
    ['another version', withPlan((copy) => Object.assign(copy, { version: 2 })), /version: expected 1, .*found 2/],
    ['no version', withPlan((copy) => void delete copy.version), /version: expected 1/],
    ['a missing plan', withPlan((copy) => void delete (copy as { plan?: unknown }).plan), /plan: expected a plan/],
    ['an unknown key', withPlan((copy) => Object.assign(copy, { inptus: [] })), /inptus: .*did you mean "inputs"/],
    [
      'a changed point',
      withPlan((copy) => Object.assign((copy.inputs as object[])[0]!, { at: 3 })),
      /fingerprint: .*changed/,
    ],
    ['a changed step', withPlan((copy) => (copy.plan.steps as unknown[]).splice(0, 1, 1e-3)), /fingerprint: .*changed/],
    ['a changed tolerance', withPlan((copy) => Object.assign(copy.plan, { tolerance: 1 })), /fingerprint: .*changed/],
    [
      'another fingerprint',
      withPlan((copy) => Object.assign(copy, { fingerprint: '0123456789abcdef' })),
      /found 0123456789abcdef/,
    ],
    [
      'a text among numbers',
      withPlan((copy) => (copy.plan.D as unknown[]).splice(1, 1, '1')),
      /plan\.D: expected a list of/,
    ],
    ['an infinite step', () => withPlan(() => {})().replace(/"steps":\[[\d.e-]+/, '"steps":[1e999'), /plan\.steps: /],
    [
      'an unknown method',
      resealed((copy) => Object.assign(copy.plan, { method: 'magic' })),
      /method must be one of dense, .*magic/,
    ],
    ['an unknown scheme', resealed((copy) => Object.assign(copy.plan, { scheme: 'left' })), /scheme must be one of/],
    ['too few directions', resealed((copy) => void (copy.plan.D as number[]).pop()), /D must have 4 entries, got 3/],
    ['a step of zero', resealed((copy) => (copy.plan.steps as unknown[]).splice(0, 1, 0)), /steps must be .*got 0/],
    [
      'another decoder',
      resealed((copy) => Object.assign(copy.plan, { decoder: { method: 'colored' } })),
      /needs its decoder/,
    ],
    ['names of others', resealed((copy) => void (copy.outputs as unknown[]).pop()), /2 outputs, and names of 1/],
    [
      'indices out of range',
      resealed((copy) => {
        const facts = { numColors: 2, colors: [0, 1], colPtr: [0, 1e9, 1e9], rowIdx: [0], elimination: null }
        Object.assign(copy.plan, { method: 'colored', decoder: { method: 'colored', ...facts } })
      }),
      /colPtr must be whole numbers from 0 to 1, got 1000000000/,
    ],
    [
      'ties that are none',
      resealed((copy) => Object.assign(copy.plan, { ties: { rows: 2, cols: 2, tiedColumns: 7, tiedRows: [] } })),
      /ties must be lists/,
    ],
  ])('%s', async (_, content, message) => {
    await writeFile(join(folder, 'p.json'), content())
    await refused(['recover', join(folder, 'p.json'), join(folder, 'good.csv')], message)
  })

  it('that are not there', () => refused(['recover', join(folder, 'none.json'), 'm.csv'], /none\.json: .*no such file/))
  it('without measurements', () =>
    refused(['recover', join(folder, 'good.json'), join(folder, 'none.csv')], /none\.csv: .*no such file/))
  it('written into what is read', () =>
    refused(
      ['recover', join(folder, 'good.json'), join(folder, 'good.csv'), '--out', join(folder, 'good.csv')],
      /--out: expected a file of its own, found .*good\.csv", which is read/,
    ))
  it('written as something else', () =>
    refused(['recover', join(folder, 'good.json'), join(folder, 'good.csv'), '--out', 'J.txt'], /\.json or \.csv/))
})

describe('plan refuses', () => {
  const structure = (change: object) => () => JSON.stringify({ ...STRUCTURE, ...change })
  const inputs = (...list: object[]) => structure({ inputs: list })
  it.each<[string, () => string, RegExp, string[]?]>([
    ['no inputs', inputs(), /inputs: expected a list of inputs, 1 at least/],
    ['no outputs', () => JSON.stringify({ inputs: STRUCTURE.inputs }), /outputs: expected a list of outputs/],
    ['a name twice', inputs({ name: 'a', at: 0 }, { name: 'a', at: 0 }), /inputs\[1\]\.name: .*once, found "a"/],
    ['an output twice', structure({ outputs: ['a', 'a'] }), /outputs\[1\]\.name: .*once/],
    ['a name of a column', inputs({ name: 'index', at: 0 }), /inputs\[0\]\.name: .*other than index and for/],
    ['a name of two lines', inputs({ name: 'a\nb', at: 0 }), /inputs\[0\]\.name: .*in one line/],
    ['no point', inputs({ name: 'a' }), /inputs\[0\]\.at: expected a number, found nothing/],
    ['a point that is none', inputs({ name: 'a', at: '1' }), /inputs\[0\]\.at: expected a number, found "1"/],
    ['a scale of zero', inputs({ name: 'a', at: 0, scale: 0 }), /inputs\[0\]\.scale: expected a number > 0/],
    ['a misspelt key', inputs({ name: 'a', at: 0, scal: 1 }), /scal: .*did you mean "scale"/],
    ['a sparsity of others', structure({ sparsity: { flwo: [] } }), /sparsity\.flwo: .*did you mean "flow"/],
    ['an entry of others', structure({ sparsity: [['flow', 'pmup']] }), /sparsity\[0\]\[1\]: .*did you mean "pump"/],
    ['a sparsity that is none', structure({ sparsity: 3 }), /sparsity: expected a Matrix Market file/],
    ['a pattern that is not there', structure({ sparsity: 'no.mtx' }), /no\.mtx: .*no such file/],
    [
      'a symmetry of others',
      structure({ symmetric: [{ outputs: ['flow'], inputs: ['x'] }] }),
      /symmetric\[0\]\.inputs\[0\]/,
    ],
    ['known entries of others', structure({ known: [['flow', 'x', 1]] }), /known\[0\]\[1\]: .*one of the inputs/],
    ['known entries without a value', structure({ known: [['flow', 'pump']] }), /known\[0\]/],
    [
      'an entry that is known twice',
      structure({
        known: [
          ['flow', 'pump', 1],
          ['flow', 'pump', 2],
        ],
      }),
      /known/,
    ],
    ['tied entries of others', structure({ tied: [[['x', 'pump']]] }), /tied\[0\]\[0\]\[0\]: .*one of the outputs/],
    ['a family of another name', structure({ tied: 'toplitz' }), /tied: expected "toeplitz", "hankel", "circulant"/],
    [
      'a circulant that is not square',
      structure({ outputs: ['flow'], sparsity: undefined, tied: 'circulant' }),
      /circulant/,
    ],
    ['row groups of others', structure({ rowGroups: [['x']] }), /rowGroups\[0\]\[0\]: .*one of the outputs/],
    ['ties of others', structure({ ties: { inputs: [{ name: 'x' }] } }), /ties\.inputs\[0\]\.name/],
    ['ties in a circle', structure({ ties: { inputs: [{ name: 'pump', from: { pump: 1 } }] } }), /comes later/],
    ['a step that vanishes', inputs({ name: 'a', at: 1e20, scale: 1 }), /inputs\[0\]: .*does not vanish/],
    ['two steps', inputs({ name: 'a', at: 0, step: 1 }), /--step: .*not both/, ['--step', '0.1']],
    ['a method without a pattern', structure({}), /needs a sparsity pattern/, ['--method', 'colored']],
    ['a step too coarse', structure({}), /cannot meet the tolerance/, ['--step', '0.1', '--tolerance', '1e-6']],
    ['options of another method', structure({}), /for method 'compressed'/, ['--sparsity-level', '2']],
    ['options of a scene', structure({}), /--engine: expected a scene/, ['--engine', 'reference']],
    ['ties that it states itself', structure({}), /--no-ties: expected a scene/, ['--no-ties']],
    ['a plan', () => JSON.stringify(plan), /expected a structure or a scene, found a plan/],
    ['neither structure nor scene', () => '{ "input": [] }', /input: expected one of the keys/],
  ])('%s', async (_, content, message, options = []) => {
    await writeFile(join(folder, 's.json'), content())
    await refused(['plan', join(folder, 's.json'), '--out', join(folder, 'new.json'), ...options], message)
  })

  it.each<[string, string[], RegExp]>([
    ['a scene that is not there', ['cartpol', '--out', '<>/new.json'], /cartpol.*cartpole/],
    ['a symmetric scene', ['cartpole', '--out', '<>/new.json', '--symmetric'], /--symmetric: expected a pattern/],
    ['its source as output', ['<>/structure.json', '--out', '<>/structure.json'], /which is read/],
    ['one file for both', ['<>/structure.json', '--out', '<>/a.json', '--points', '<>/a.json'], /ends in \.csv/],
    ['a folder as output', ['<>/structure.json', '--out', '<>/folder.json'], /expected a file, found a folder/],
    ['a folder that is not there', ['<>/structure.json', '--out', '<>/no/plan.json'], /in a folder that is there/],
    ['a plan that is no .json', ['<>/structure.json', '--out', '<>/plan.txt'], /ends in \.json/],
    ['an unknown method', ['<>/structure.json', '--method', 'native'], /"native" is invalid/],
  ])('%s', (_, argv, message) => refused(['plan', ...argv.map((word) => word.replace('<>', folder))], message))
})
