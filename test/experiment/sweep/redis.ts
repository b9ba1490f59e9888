/** Redis from Debian's packages, installed where it is missing: servers of their own for tests, on free ports, in folders of their own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { aptInstall } from '../../aptInstall.ts'
import { tethered } from './tether.ts'

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Ends the server as a crash (SIGKILL) or as an operator would, and starts it again on the same data. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  stop(): Promise<void>
}

/** What is written is kept (appendonly). The caller stops it. */
export async function startRedis({ password = '' } = {}): Promise<RedisServer> {
  const program = redisPath()
  const folder = mkdtempSync(join(tmpdir(), 'jacsense-redis-'))
  const port = await freePort()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'yes']
  const start = async (): Promise<ChildProcess> => {
    const more = password === '' ? [] : ['--requirepass', password]
    const server = tethered(spawn(program, [...args, '--appendfsync', 'always', ...more], { stdio: 'ignore' }))
    await answering(port).catch((error: unknown) => {
      server.kill('SIGKILL')
      throw error
    })
    return server
  }
  let server = await start()
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill(signal)
    await ended
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async restart(signal) {
      await end(signal)
      server = await start()
    },
    async stop() {
      await end('SIGKILL') // nothing is to be kept
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function answering(port: number): Promise<void> {
  for (let k = 0; k < 300; k++) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', () => resolve(false))
      socket.once('data', (data) => {
        socket.destroy()
        resolve(/PONG|NOAUTH/.test(String(data))) // not while it loads
      })
      socket.once('connect', () => socket.write('PING\r\n'))
    })
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`redis-server does not answer on port ${port}`)
}

function redisPath(): string {
  const places = (process.env.PATH ?? '').split(delimiter).concat('/usr/bin', '/usr/local/bin')
  const find = () => places.map((place) => join(place, 'redis-server')).find((path) => existsSync(path))
  const found = find()
  if (found !== undefined) return found
  install()
  return find() ?? missing('it is still missing')
}

function install(): void {
  try {
    aptInstall('redis-server')
  } catch (error) {
    missing(error instanceof Error ? error.message.slice(0, 400) : String(error))
  }
}

function missing(reason: string): never {
  throw new Error(
    `The tests of queues need redis-server (Debian: apt-get install redis-server). Installing it failed: ${reason}`,
  )
}
