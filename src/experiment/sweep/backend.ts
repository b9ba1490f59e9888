/** Where the runs of a sweep are made: threads of this process, or workers elsewhere behind a queue. */
import type { SceneTexts } from '../../scene/sceneTexts.ts'
import type { SweepJob, SweepRow } from './job.ts'
import { openJobPool } from './jobPool.ts'

export interface Backend {
  readonly window: number // jobs to have under way at once
  run(job: SweepJob, texts: SceneTexts): Promise<SweepRow>
  /** Ends what is under way; jobs that nobody has taken yet are taken back. */
  close(): Promise<void>
}

export async function localBackend(workers: number | undefined): Promise<Backend> {
  const pool = await openJobPool({ workers })
  return { ...pool, window: 2 * pool.workers }
}
