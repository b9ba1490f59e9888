/** What a job is on the queue, under which names things are kept there, and how they are checked when they arrive. Data only. */
import { InputError } from '../../../scene/inputError.ts'
import { shown } from '../../../scene/problem.ts'
import type { SceneTexts } from '../../../scene/sceneTexts.ts'
import { jobJsonSchema, MAX_JOB_BYTES, parseJob } from '../../../scene/sweep/parseJob.ts'
import { packageVersion } from '../../packageVersion.ts'
import type { SweepJob } from '../job.ts'
import { canonical, isSceneKey, MAX_SCENE_BYTES, sceneKey, sha256 } from '../sceneTexts.ts'

/** Of all keys in Redis. */
export const PREFIX = 'jacsense'
/** The names of all queues that sweeps were put on: how a worker learns of those of other versions. */
export const QUEUES = `${PREFIX}:queues`
const MAX_REASON = 500 // characters
/** How long scenes and rows outlive those who put them there. */
export const KEPT_S = 7 * 24 * 3600

export interface QueueFormat {
  readonly version: string // of the package
  readonly hash: string // of the format of jobs
  readonly queue: string // name
}

export interface Envelope {
  readonly version: string
  readonly format: string // hash
  readonly sweep: string // whose rows are kept under rowsKey(sweep)
  readonly job: SweepJob
}

export async function queueFormat(version?: string): Promise<QueueFormat> {
  const own = version ?? (await packageVersion())
  const hash = (await sha256(canonical(jobJsonSchema()))).slice(0, 8)
  return { version: own, hash, queue: `sweeps-${own}-${hash}` }
}

/** 'sweeps-0.1.0-1a2b3c4d' → '0.1.0'. */
export function versionOf(queue: string): string {
  return /^sweeps-(.+)-[0-9a-f]{8}$/.exec(queue)?.[1] ?? queue
}

export function rowsKey(sweep: string): string {
  return `${PREFIX}:rows:${sweep}`
}

export function sceneKeyOf(scene: string): string {
  return `${PREFIX}:scene:${scene}`
}

/** Throws InputError on anything but a job of this version, in this format, whose scene is named by its hash. */
export function openEnvelope(value: unknown, { version, hash }: QueueFormat): Envelope {
  const problem = (path: string, expected: string, found: string) =>
    new InputError({ file: 'job', path, expected, found })
  if (typeof value !== 'object' || value === null) throw problem('', 'a job', shown(value))
  if (JSON.stringify(value).length > MAX_JOB_BYTES) throw problem('', `at most ${MAX_JOB_BYTES / 2 ** 20} MB`, 'more')
  const { version: its, format, sweep, job, ...rest } = value as Record<string, unknown>
  if (its !== version) throw problem('version', version, shown(its))
  if (format !== hash) throw problem('format', hash, shown(format))
  if (typeof sweep !== 'string' || !/^[0-9a-f]{16}$/.test(sweep))
    throw problem('sweep', 'the id of a sweep', shown(sweep))
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw problem(unknown, 'nothing of this name', shown(rest[unknown]))
  const parsed = parseJob(job, 'job')
  if (!isSceneKey(parsed.settings.scene))
    throw problem('settings.scene', 'the hash of a scene', shown(parsed.settings.scene))
  // As it was written: what the schema fills in is not part of it.
  return { version, format: hash, sweep, job: job as SweepJob }
}

/** The texts of a scene as they came. Throws InputError where they are not what their key says. */
export async function openTexts(text: string | null, key: string): Promise<SceneTexts> {
  const problem = (expected: string, found: string) => new InputError({ file: 'scene of a job', expected, found })
  if (text === null) throw problem(`the scene ${key.slice(0, 19)}…`, 'nothing')
  if (text.length > MAX_SCENE_BYTES) throw problem(`at most ${MAX_SCENE_BYTES / 2 ** 20} MB`, 'more')
  const value = parsed(text) as SceneTexts | null
  const { kind, file, files } = value ?? {}
  const isSound =
    value != null &&
    ['scene', 'urdf', 'mjcf'].includes(String(kind)) &&
    typeof file === 'string' &&
    typeof files === 'object' &&
    files !== null &&
    Object.values(files).every((one) => typeof one === 'string')
  // What is nested so deeply that it can't be walked through has no hash either.
  if (!isSound || (await sceneKey(value).catch(() => null)) !== key)
    throw problem(`content with the hash ${key.slice(0, 19)}…`, 'something else')
  return value
}

/** What others wrote, for a terminal or a row: on one line, of a length that can be read, nothing in it that moves a cursor. */
export function tame(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON)}…` : line
}

/** undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
