/** The page: offers the experiment to the test, here and in a worker. */
import { loadScene } from 'jacsense'
import { experiment, type Job, type Outcome } from './experiment.ts'

declare global {
  interface Window {
    onPage: (job: Job) => Promise<Outcome>
    inWorker: (job: Job) => Promise<Outcome>
    loadByName: (name: string) => Promise<unknown>
  }
}

window.onPage = experiment
window.loadByName = loadScene
window.inWorker = (job) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }: MessageEvent<{ outcome?: Outcome; error?: string }>) => {
      worker.terminate()
      if (data.outcome) resolve(data.outcome)
      else reject(new Error(data.error))
    }
    worker.onerror = ({ message }) => reject(new Error(message))
    worker.postMessage(job)
  })
