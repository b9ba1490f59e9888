/** A connection to the Redis of a queue, tried before it is relied on. bullmq and ioredis are loaded here, when a queue is asked for. */
import type { Redis } from 'ioredis'
import { InputError } from '../../../scene/inputError.ts'
import { QueueError } from './queueError.ts'

export interface RedisConnection {
  readonly redis: Redis
  readonly bullmq: typeof import('bullmq')
  readonly where: string // 'redis://host:6379', without user and password
  /** Ends the connection, whatever state it is in. */
  close(): Promise<void>
}

const PATIENCE_MS = 8000 // for the first connection
const CONNECT_MS = 5000
const SLOWEST_RETRY_MS = 2000
const FAREWELL_MS = 2000

/**
 * Connects, or throws: InputError on an address that is none and on packages that are not installed, QueueError where nothing answers or the
 * password is refused. A connection that was there and breaks is tried again for as long as it takes; `onNotice` hears of it.
 */
export async function connectRedis(
  url: string,
  { onNotice, signal }: { onNotice?: ((text: string) => void) | undefined; signal?: AbortSignal | undefined } = {},
): Promise<RedisConnection> {
  const where = placeOf(url)
  const { bullmq, ioredis } = await packages()
  let isConnected = false
  let isClosed = false
  let lastError: Error | null = null
  const redis = new ioredis.Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (isConnected ? Math.min(100 * times, SLOWEST_RETRY_MS) : null),
  })
  redis.on('error', (error: Error) => {
    lastError = error
  })
  let isLost = false
  redis.on('close', () => {
    if (isConnected && !isClosed && !isLost) {
      isLost = true
      onNotice?.(`the connection to ${where} is lost; trying again until it is back`)
    }
  })
  redis.on('ready', () => {
    if (isLost) onNotice?.(`connected to ${where} again`)
    isLost = false
  })

  let timer: NodeJS.Timeout | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      redis.connect().then(() => redis.ping().then(() => resolve(), reject), reject)
    })
  } catch (error) {
    redis.disconnect()
    signal?.throwIfAborted()
    throw new QueueError(reasonOf(lastError ?? error, where), { cause: error })
  } finally {
    clearTimeout(timer)
  }
  isConnected = true
  return {
    redis,
    bullmq,
    where,
    async close() {
      isClosed = true
      if (redis.status === 'ready') await within(redis.quit())
      redis.disconnect()
    },
  }
}

/** Waits for what may never come while Redis is away, for a while. */
export async function within(action: Promise<unknown>, ms = FAREWELL_MS): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([action.catch(() => {}), new Promise((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}

function placeOf(url: string): string {
  const expected = 'the address of a Redis, such as redis://localhost:6379'
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new InputError({ path: '--queue', expected, found: `"${url}"` })
  }
  const { protocol, hostname, port, pathname } = parsed
  // What may hold a password is not repeated.
  if (protocol !== 'redis:' && protocol !== 'rediss:')
    throw new InputError({ path: '--queue', expected, found: `an address that begins with "${protocol}"` })
  if (hostname === '') throw new InputError({ path: '--queue', expected, found: 'an address without a host' })
  if (!/^(\/\d*)?$/.test(pathname))
    throw new InputError({
      path: '--queue',
      expected: 'the number of a database after the host, if anything',
      found: `"${pathname}"`,
    })
  return `${protocol}//${hostname}:${port === '' ? 6379 : port}`
}

function reasonOf(error: unknown, where: string): string {
  const { message, code } = error as NodeJS.ErrnoException
  if (/WRONGPASS|invalid (username-)?password/i.test(message)) return `${where} refuses the password`
  if (/NOAUTH/.test(message)) return `${where} asks for a password: redis://:password@host:port`
  if (/without any password configured|AUTH <password> called/.test(message))
    return `${where} has no password, but one was given`
  if (/Protocol error/.test(message)) return `what answers at ${where} is no Redis`
  if (code === 'ECONNREFUSED') return `nothing answers at ${where} (connection refused)`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no such host: ${where}`
  return `${where} can't be reached: ${message}`
}

async function packages() {
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')])
    return { bullmq, ioredis }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new InputError({
      path: '--queue',
      expected: 'the packages bullmq and ioredis (npm install bullmq ioredis)',
      found: 'at least one of them missing',
    })
  }
}
