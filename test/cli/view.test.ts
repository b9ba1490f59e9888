import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { run } from '../../src/cli/main.ts'
import { invoke } from './invoke.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jacsense-view-'))
})
afterAll(() => rm(folder, { recursive: true }))

// From the built command: the page is beside it.
const built = new URL('../../dist/cli/main.js', import.meta.url).href

/** Serves, hands over the address, and ends as Ctrl+C would. */
async function served(args: readonly string[], visit: (url: string) => Promise<void>): Promise<number> {
  const { run: runBuilt } = (await import(/* @vite-ignore */ built)) as { run: typeof run }
  const interrupt = new AbortController()
  let answer = (_url: string) => {}
  let refuse = (_error: Error) => {}
  const address = new Promise<string>((resolve, reject) => {
    answer = resolve
    refuse = reject
  })
  const done = runBuilt(['view', ...args, '--json'], {
    stdout: { write: (text: string) => answer((JSON.parse(text) as { url: string }).url) },
    stderr: { write: (text: string) => refuse(new Error(text)) },
    signal: interrupt.signal,
  } as unknown as Parameters<typeof run>[1])
  try {
    await visit(await address)
  } finally {
    interrupt.abort()
  }
  return done
}

describe('jacsense view', () => {
  it('serves the page, its scenes and the scene asked for, and nothing outside of the site', async () => {
    const file = join(folder, 'mine.json')
    const pendulum = await readFile(new URL('../../scenes/pendulum/scene.json', import.meta.url), 'utf8')
    await writeFile(file, pendulum.replace('"name": "pendulum"', '"name": "mine"'))
    const code = await served([file], async (url) => {
      expect(await (await fetch(url)).text()).toContain('<title>jacsense viewer</title>')
      const { first, scenes } = (await (await fetch(`${url}scenes/index.json`)).json()) as {
        first: string
        scenes: { name: string }[]
      }
      expect(first).toBe('opened-mine')
      expect(scenes.map(({ name }) => name)).toContain('cartpole')
      const texts = (await (await fetch(`${url}scenes/${first}.json`)).json()) as { source: { name: string } }
      expect(texts.source.name).toBe('mine')
      for (const path of ['mujoco/mujoco.js', 'mujoco/mujoco.wasm', 'rapier/rapier.js'])
        expect((await fetch(`${url}${path}`, { method: 'HEAD' })).status).toBe(200)
      for (const path of ['%2e%2e/cli/main.js', '..%2fcli%2fmain.js', 'no-such.js', '%'])
        expect((await fetch(`${url}${path}`)).status).toBe(404)
    })
    expect(code).toBe(0)
  })

  it('refuses an MJCF model that MuJoCo does not take', async () => {
    const file = join(folder, 'bad.xml')
    await writeFile(file, '<mujoco><worldbody><body><geom size="-1"/></body></worldbody></mujoco>')
    const { code, stderr } = await invoke('view', file)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: .*bad\.xml.*size/)
  })

  it('writes a static site, and leaves a folder with something in it alone', async () => {
    const { run: runBuilt } = (await import(/* @vite-ignore */ built)) as { run: typeof run }
    const out = join(folder, 'site')
    let text = ''
    const io = { stdout: { write: () => true }, stderr: { write: (line: string) => (text += line) } }
    const call = () => runBuilt(['view', 'quadrotor', '--out', out], io as unknown as Parameters<typeof run>[1])
    expect(await call()).toBe(0)
    expect(JSON.parse(await readFile(join(out, 'scenes/index.json'), 'utf8'))).toMatchObject({ first: 'quadrotor' })
    const before = await readdir(out)
    expect(before).toEqual(expect.arrayContaining(['mujoco', 'rapier']))
    expect(await readdir(join(out, 'rapier'))).toEqual(['rapier.js'])
    expect(await call()).toBe(2)
    expect(text).toMatch(/^error: --out: expected a folder that is empty or not there yet, found /)
    expect(await readdir(out)).toEqual(before)
  })

  it.each([
    [['nonesuch'], /nonesuch/],
    [['model.xml'], /model\.xml/],
    [['model.xml', '--engine', 'rapier'], /--engine: expected mujoco for an MJCF model, found rapier/],
    [['cartpole', '--port', '70000'], /--port: expected a port, 0 … 65535, found 70000/],
  ])('%j is refused before anything is served', async (args, message) => {
    const { code, stderr } = await invoke('view', ...args)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })
})
