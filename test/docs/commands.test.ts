/** Every command that the documentation shows exists, with every option that it is shown with. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { codeBlocks } from '../../scripts/docs/codeBlocks.ts'
import { commandsOf } from '../../scripts/docs/followPage.ts'
import { PICTURES } from '../../scripts/docs/pictures.ts'
import { invoke } from '../cli/invoke.ts'
import { pages, root } from './pages.ts'

/** Commands in blocks and in the running text, without what is around `jacsense …` in them. */
function shown(markdown: string): string[] {
  const inText = [...markdown.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code!)
  const inBlocks = codeBlocks(markdown).flatMap(({ language, text }) => (language === 'sh' ? commandsOf(text) : []))
  return [...inText, ...inBlocks].flatMap((line) => {
    const command = /(?:^| )jacsense ([a-z].*)$/.exec(line.replaceAll('\n', ' '))
    return command === null ? [] : [command[1]!]
  })
}

const help = new Map<string, Promise<string>>()
function helpOf(name: string): Promise<string> {
  if (!help.has(name))
    help.set(
      name,
      invoke(name, '--help').then(({ stdout, stderr }) => stdout + stderr),
    )
  return help.get(name)!
}

describe('commands in the documentation', () => {
  it.each(pages)('%s', async (page) => {
    for (const command of shown(readFileSync(`${root}${page}`, 'utf8'))) {
      const [name, ...words] = command.split(' ') as [string, ...string[]]
      const text = await helpOf(name)
      expect(text, command).toContain(`Usage: jacsense ${name}`)
      for (const word of words)
        if (word.startsWith('--')) expect(text, command).toMatch(new RegExp(`^ .*${word.split('=')[0]}\\b`, 'm'))
    }
  })

  it('are found', () => {
    expect(shown(readFileSync(`${root}README.md`, 'utf8')).length).toBeGreaterThan(10)
  })
})

it('every picture is used, and it is written down how it is made', () => {
  const texts = pages.map((page) => readFileSync(`${root}${page}`, 'utf8')).join('\n')
  const pictures = readdirSync(`${root}docs/images`).sort()
  expect(Object.keys(PICTURES)).toEqual(pictures)
  for (const picture of pictures) expect(texts, picture).toContain(`images/${picture})`)
})
