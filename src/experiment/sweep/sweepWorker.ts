/** A thread that makes the runs of a sweep, one after the other. It is told scenes once. */
import { parentPort } from 'node:worker_threads'
import type { SceneTexts } from '../../scene/sceneTexts.ts'
import type { SweepJob } from './job.ts'
import { runEngines } from './openRun.ts'
import { runJob } from './runJob.ts'

export interface ToThread {
  readonly job: SweepJob
  readonly texts: SceneTexts | null // null: known
  readonly forget: boolean // all scenes known before
}

const scenes = new Map<string, SceneTexts>()
const engines = runEngines()
const port = parentPort!

port.on('message', async ({ job, texts, forget }: ToThread) => {
  if (forget) scenes.clear()
  const key = job.settings.scene as string
  if (texts !== null) scenes.set(key, texts)
  port.postMessage(await runJob(job, scenes.get(key)!, engines))
})
port.postMessage('ready')
