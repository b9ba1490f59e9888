import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { architectureFaults, ROOMS } from './architecture/architecture.ts'

const ROOT = new URL('../', import.meta.url)

async function sourcesIn(folder: string): Promise<[string, string][]> {
  const entries = await readdir(new URL(folder, ROOT), { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) =>
      `${entry.parentPath}/${entry.name}`.slice(`${entry.parentPath}/${entry.name}`.lastIndexOf(`/${folder}/`) + 1),
    )
  return Promise.all(paths.map(async (path) => [path, await readFile(new URL(path, ROOT), 'utf8')] as [string, string]))
}

test('the sources keep the rules of the rooms', async () => {
  const files = new Map([...(await sourcesIn('src')), ...(await sourcesIn('sims'))])
  expect(files.has('src/engine/engine.ts')).toBe(true)
  expect(architectureFaults(files)).toEqual([])
})

test('the table of rooms has no cycles itself', () => {
  const reach = (room: string, seen: string[]): string[] => {
    if (seen.includes(room)) return [[...seen, room].join(' → ')]
    const { rooms, typesOnly = [] } = ROOMS[room]!
    return [...rooms, ...typesOnly].flatMap((next) => reach(next, [...seen, room]))
  }
  expect(Object.keys(ROOMS).flatMap((room) => reach(room, []))).toEqual([])
})

describe('each rule can fail', () => {
  const faultsOf = (files: Record<string, string>) => architectureFaults(new Map(Object.entries(files)))

  test.each<[string, Record<string, string>, string]>([
    [
      'an upstream import',
      { 'src/linalg/a.ts': `import { b } from '../control/b.ts'` },
      'may not import from room "control"',
    ],
    ['the same as a type', { 'src/sensing/a.ts': `import type { E } from '../engine/e.ts'` }, 'room "sensing" may not'],
    ['the same, inline', { 'src/sensing/a.ts': `let e: import('../engine/e.ts').E` }, 'room "sensing" may not'],
    ['the same, lazily', { 'src/scene/a.ts': `await import('../engine/e.ts')` }, 'room "scene" may not'],
    ['the same, re-exported', { 'src/scene/a.ts': `export type { E } from '../engine/e.ts'` }, 'room "scene" may not'],
    [
      'a value where types are allowed',
      { 'src/control/a.ts': `import { f } from '../linearization/f.ts'` },
      'types only',
    ],
    [
      'one value among types',
      { 'src/control/a.ts': `import { type A, f } from '../linearization/f.ts'` },
      'types only',
    ],
    [
      'an adapter where the interface is allowed',
      { 'src/linearization/a.ts': `import { c } from '../engine/cannon/c.ts'` },
      'only engine.ts',
    ],
    ['an unlisted room', { 'src/magic/a.ts': '' }, '"magic" is not a room'],
    ['a file beside the rooms', { 'src/helpers.ts': '' }, '"helpers.ts" is not a room'],
    [
      'a room that imports the entry',
      { 'src/cli/a.ts': `import { lqr } from '../index.ts'` },
      'for users of the package',
    ],
    ['the entry importing the cli', { 'src/index.ts': `export { main } from './cli/main.ts'` }, 'room "cli"'],
    [
      'the cli importing the viewer',
      { 'src/cli/a.ts': `import { v } from '../viewer/v.ts'` },
      'may not import from room "viewer"',
    ],
    ['a path out of src', { 'src/cli/a.ts': `import s from '../../scenes/s.json'` }, 'outside of the rooms'],
    ['a package of another room', { 'src/control/a.ts': `import { z } from 'zod'` }, 'belongs to "scene"'],
    ['the same as a subpath', { 'src/control/a.ts': `import { z } from 'zod/mini'` }, 'belongs to "scene"'],
    ['a package no room lists', { 'src/linalg/a.ts': `import _ from 'lodash'` }, 'which no room lists'],
    ['a scoped package no room lists', { 'src/linalg/a.ts': `import _ from '@stdlib/stdlib/x'` }, '"@stdlib/stdlib"'],
    [
      'an engine outside its adapter',
      { 'src/engine/kinematics.ts': `import { Body } from 'cannon-es'` },
      'src/engine/cannon',
    ],
    [
      'an adapter by a longer name',
      { 'src/engine/cannonball.ts': `import { Body } from 'cannon-es'` },
      'src/engine/cannon',
    ],
    [
      'node at the top of a browser room',
      { 'src/scene/a.ts': `import { readFile } from 'node:fs/promises'` },
      'runs in browsers too',
    ],
    ['a computed import', { 'src/scene/a.ts': `await import(name)` }, 'computed'],
    ['a barrel', { 'src/linalg/a.ts': `export * from './b.ts'` }, 'barrel'],
    ['a value re-exported', { 'src/engine/a.ts': `export { f } from '../scene/f.ts'` }, 're-exports from room "scene"'],
    [
      'a cycle',
      { 'src/linalg/a.ts': `import './b.ts'`, 'src/linalg/b.ts': `import './a.ts'` },
      'a.ts → src/linalg/b.ts → src/linalg/a.ts',
    ],
    [
      'a cycle of types',
      { 'src/linalg/a.ts': `import type {B} from './b.ts'`, 'src/linalg/b.ts': `import type {A} from './a.ts'` },
      'import cycle',
    ],
    ['printing', { 'src/sensing/a.ts': `console.log(1)` }, 'console.log'],
    ['random numbers without a seed', { 'src/cli/a.ts': `const r = Math.random()` }, 'Math.random'],
    [
      'an experiment that goes deeper',
      { 'sims/a.ts': `import { dare } from '../src/control/dare.ts'` },
      'only "jacsense"',
    ],
    ['an experiment that imports another one', { 'sims/a.ts': `import { run } from './b.ts'` }, 'only "jacsense"'],
    ['an experiment with its own package', { 'sims/a.ts': `import { Matrix } from 'ml-matrix'` }, 'only "jacsense"'],
  ])('%s', (_, files, expected) => {
    const faults = faultsOf(files)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toContain(expected)
  })

  test('what is allowed passes', () => {
    expect(
      faultsOf({
        'src/index.ts': `export { f } from './control/f.ts'\nexport * from './linalg/a.ts'`,
        'src/linalg/a.ts': `import { Matrix } from 'ml-matrix'\nimport { x } from 'pure-rand/generator/x'\n// Math.random, console.log`,
        'src/engine/cannon/world.ts': `import { Body } from 'cannon-es'\nimport { a } from '../../linalg/a.ts'`,
        'src/engine/engine.ts': `export type { Layout } from '../scene/layout.ts'`,
        'src/scene/load.ts': `const { readFile } = await import('node:fs/promises')`,
        'src/control/f.ts': `import type { L } from '../linearization/l.ts'\nimport { type M } from '../linearization/l.ts'`,
        'src/cli/main.ts': `import { readFile } from 'node:fs'\nconsole.log("random")`,
        'sims/a.ts': `import { lqr } from 'jacsense'\nimport { argv } from 'node:process'`,
        'sims/b.ts': `import { rounded } from './parts/rounded.ts'`,
        'sims/bench/a.ts': `import { dare } from '../../src/control/dare.ts'`,
      }),
    ).toEqual([])
  })
})
