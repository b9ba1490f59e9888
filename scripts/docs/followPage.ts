/**
 * Follows a page as a reader would, in a folder: files that it says to save are saved, commands are run one by one where the last one
 * left off, and what they print is held against the block `text` after them.
 *
 * - ```` ```json robot.json ```` (any language, then a file's name) is saved; with `adds` after the name its members join the object
 *   in the file, at the end.
 * - ```` ```sh ```` is run, each line by itself; `cd` leads to where the next ones start. A command that serves until it is
 *   interrupted is visited, then interrupted.
 * - ```` ```text ```` is what the last command prints; see sameOutput.
 */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { codeBlocks } from './codeBlocks.ts'
import { sameOutput } from './sameOutput.ts'

export interface FollowOptions {
  readonly folder: string // where the reader starts
  /** What to run in the place of a command; null: nothing. By default, what is written. */
  readonly instead?: (command: string, folder: string) => string | null
  /** Languages of blocks that others look after. */
  readonly except?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly onCommand?: (command: string, seconds: number) => void
}

/** Throws where a command fails or prints something else; returns the commands that were run. */
export async function followPage(markdown: string, options: FollowOptions): Promise<string[]> {
  const { instead = (command) => command, except = [], onCommand } = options
  const done: string[] = []
  let folder = options.folder
  let output: string | null = null
  for (const { language, words, text, line } of codeBlocks(markdown)) {
    if (except.includes(language)) continue
    const [file, how] = words
    if (file !== undefined) save(join(folder, file), text, how)
    else if (language === 'text') {
      if (output === null) throw new Error(`line ${line}: shows what is printed, but no command is before it`)
      const fault = sameOutput(output, text)
      if (fault !== null) throw new Error(`line ${line}: the command prints something else: ${fault}`)
    } else if (language === 'sh') {
      for (const command of commandsOf(text)) {
        const [, target] = /^cd (\S+)$/.exec(command) ?? []
        if (target !== undefined) folder = resolve(folder, target)
        else {
          const replaced = instead(command, folder)
          if (replaced === null) continue
          const start = performance.now()
          output = await run(replaced, folder, options.env ?? {}).catch((error: Error) => {
            throw new Error(`line ${line}: ${command}: ${error.message}`)
          })
          onCommand?.(command, (performance.now() - start) / 1000)
        }
        done.push(command)
      }
    } else throw new Error(`line ${line}: nothing is known to be done with a block of ${language || 'no language'}`)
  }
  return done
}

/** The lines of a block, without comments. */
export function commandsOf(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const command = line.replace(/(^|\s+)#.*$/, '').trim()
    return command === '' ? [] : [command]
  })
}

function save(path: string, text: string, how: string | undefined): void {
  if (how === undefined) writeFileSync(path, text)
  else if (how === 'adds') {
    const before = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    writeFileSync(path, JSON.stringify({ ...before, ...JSON.parse(`{${text}}`) }, null, 2))
  } else throw new Error(`nothing is known to be done with "${how}"`)
}

/** What a command prints; it has to end well, by itself or interrupted after it was visited. */
async function run(command: string, folder: string, env: Readonly<Record<string, string>>): Promise<string> {
  // A group of its own, as a terminal gives it: what interrupts it reaches all of its processes.
  const child = spawn('sh', ['-c', command], { cwd: folder, env: { ...process.env, ...env }, detached: true })
  child.stdin.end()
  let printed = ''
  let errors = ''
  let visit: Promise<unknown> | null = null
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    const [, url] = /(http:\/\/\S+) \(Ctrl\+C ends it\)/.exec(printed) ?? []
    if (url !== undefined && visit === null) visit = look(url).finally(() => process.kill(-child.pid!, 'SIGINT'))
  })
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  await visit
  // a shell that was interrupted says so, whatever its command did
  if (code !== 0 && visit === null) throw new Error(`exit code ${code}\n${printed}${errors}`)
  return printed
}

async function look(url: string): Promise<void> {
  const response = await fetch(url)
  const text = await response.text()
  if (!response.ok || !/<title>/.test(text)) throw new Error(`${url} is no page: ${response.status}`)
}
