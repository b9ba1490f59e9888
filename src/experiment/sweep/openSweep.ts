/** A sweep file made ready to run: everything in it that can be wrong is found here, before anything is started or written. */
import { InputError } from '../../scene/inputError.ts'
import { pathText } from '../../scene/problem.ts'
import type { SceneTexts } from '../../scene/sceneTexts.ts'
import { parseRun } from '../../scene/sweep/parseJob.ts'
import type { RunSettings } from '../../scene/sweep/runSettings.ts'
import { parseSweep, type SweepFile } from '../../scene/sweep/sweepFile.ts'
import { type ExpandedAxis, type ExpandedStudy, type ExpandedSweep, expandSweep } from './expandSweep.ts'
import type { SweepJob } from './job.ts'
import { type RunEngines, runEngines } from './openRun.ts'
import { givenPoint, resolveRun } from './resolveRun.ts'
import { canonical, readScene, sceneKey, sha256 } from './sceneTexts.ts'

export interface OpenSweepOptions {
  readonly file?: string | null // named in errors
  readonly folder?: string // that paths of scenes start from; default: the working directory
  readonly signal?: AbortSignal | undefined
}

export interface OpenedSweep {
  readonly sweep: SweepFile
  readonly expanded: ExpandedSweep
  readonly scenes: Readonly<Record<string, string>> // keys of the scenes by how the file names them
  readonly fingerprint: string // of the file and its scenes
  /** A job with the texts of its scene. Rejects with InputError where its settings do not fit each other. */
  jobAt(index: number): Promise<{ readonly job: SweepJob; readonly texts: SceneTexts }>
}

/** Values of one axis whose engines are looked at; all are checked for types and ranges. */
const MAX_OPENED = 500
const MAX_KEPT = 64 // scenes

/**
 * Reads and checks the value of a sweep file, its scenes, and every value of every axis. Throws InputError naming the path in the file, what was
 * expected and what was found.
 */
export async function openSweep(
  value: unknown,
  { file = null, folder = '.', signal }: OpenSweepOptions = {},
): Promise<OpenedSweep> {
  const sweep = parseSweep(value, { file })
  const expanded = expandSweep(sweep, { file })
  const kept = new Map<string, Promise<{ key: string; texts: SceneTexts }>>()
  const sceneFor = ({ scene, engine }: RunSettings) => {
    const reference = canonical([scene, engine === 'mujoco'])
    let found = kept.get(reference)
    if (found === undefined) {
      found = readScene(scene, { folder, engine, signal }).then(async (texts) => ({
        key: await sceneKey(texts),
        texts,
      }))
      kept.set(reference, found)
      if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!)
    }
    return found
  }
  const scenes: Record<string, string> = {}
  const engines = runEngines()
  try {
    for (const study of expanded.studies)
      await checkStudy(study, file, async (settings, isOpened) => {
        signal?.throwIfAborted()
        const checked = parseRun(settings)
        const { key, texts } = await sceneFor(checked).catch((error: unknown) => {
          throw error instanceof InputError ? inScene(error) : error
        })
        if (typeof checked.scene === 'string') scenes[checked.scene] = key
        if (isOpened) await checkOpened(checked, key, texts, engines)
      })
  } finally {
    engines.dispose()
  }
  return {
    sweep,
    expanded,
    scenes,
    fingerprint: await sha256(canonical([sweep, scenes])),
    async jobAt(index) {
      const job = expanded.job(index)
      const settings = parseRun(job.settings)
      const { key, texts } = await sceneFor(settings)
      return { job: { ...job, settings: { ...job.settings, scene: key } }, texts }
    },
  }
}

async function checkOpened(settings: RunSettings, key: string, texts: SceneTexts, engines: RunEngines): Promise<void> {
  const { scene, engine } = await engines.open(settings, key, texts)
  const run = resolveRun(settings, scene, engine)
  run.start(givenPoint(settings.at, scene, engine))
}

function inScene({ file, path, expected, found }: InputError): InputError {
  const inner = [file, path].filter((part) => part).join(': ')
  return new InputError({ path: 'scene', expected: inner === '' ? expected : `${inner}: ${expected}`, found })
}

type Check = (settings: Record<string, unknown>, isOpened: boolean) => Promise<void>

/** All values of each axis, those of the others being the first. */
async function checkStudy(study: ExpandedStudy, file: string | null, check: Check): Promise<void> {
  const axes = [...study.grid, ...study.drawn]
  const first = axes.map(() => 0)
  await told({ study, axes, file, varied: null }, first, () => check(study.settingsAt(first), true))
  for (const [a, axis] of axes.entries())
    for (const [n, k] of distinct(axis).entries()) {
      if (k === 0) continue
      const positions = first.with(a, k)
      await told({ study, axes, file, varied: a }, positions, () => check(study.settingsAt(positions), n < MAX_OPENED))
    }
}

/** Positions of the values to look at: each that can be told apart, of numbers drawn at random the least and the largest. */
function distinct(axis: ExpandedAxis): number[] {
  if (!axis.isDrawn) {
    const seen = new Map<unknown, number>()
    for (let k = 0; k < axis.count; k++) {
      const value = axis.valueAt(k)
      seen.set(typeof value === 'number' ? value : axis.placeOf(k), k)
    }
    return [...seen.values()]
  }
  let [least, most] = [0, 0]
  for (let k = 1; k < axis.count; k++) {
    const value = axis.valueAt(k) as number
    if (value < (axis.valueAt(least) as number)) least = k
    if (value > (axis.valueAt(most) as number)) most = k
  }
  return [...new Set([least, most])]
}

interface Place {
  readonly study: ExpandedStudy
  readonly axes: readonly ExpandedAxis[]
  readonly file: string | null
  readonly varied: number | null // axis
}

/** Errors about settings become errors about the place in the file that they come from. */
async function told(
  { study, axes, file, varied }: Place,
  positions: readonly number[],
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action()
  } catch (error) {
    if (!(error instanceof InputError) || error.file !== null) throw error
    const { path, expected, found } = error
    const where = (a: number | null) =>
      varied === null || a === varied ? '' : `, with ${axes[varied]!.placeOf(positions[varied]!)}`
    // The axis that says most of the path: one may set a whole controller, another one its horizon.
    let most = 0
    let place: string | null = null
    let ofAxis: number | null = null
    for (const [a, axis] of axes.entries())
      for (const set of axis.paths) {
        const text = pathText(set)
        const rest = path.slice(text.length)
        if (text.length > most && path.startsWith(text) && (rest === '' || /^[.[ ]/.test(rest))) {
          most = text.length
          place = `${axis.placeOf(positions[a]!)}${rest}`
          ofAxis = a
        }
        // A part of what the axis sets would have to be there: "scene" where it sets "scene.dt".
        if (path !== '' && text.startsWith(`${path}.`))
          throw new InputError({ file, path: `${axis.place}.set`, expected: `${path}: ${expected}`, found })
      }
    const key = /^\w*/.exec(path)![0]
    const isOfStudy = study.place !== '' && Object.hasOwn(study.ownBase, key)
    if (place !== null) throw new InputError({ file, path: place, expected, found: `${found}${where(ofAxis)}` })
    const base = isOfStudy ? `${study.place}base` : 'base'
    throw new InputError({
      file,
      path: path === '' ? base : `${base}.${path}`,
      expected,
      found: `${found}${where(null)}`,
    })
  }
}
