import { experiment, type Job } from './experiment.ts'

self.onmessage = ({ data }: MessageEvent<Job>) => {
  experiment(data).then(
    (outcome) => self.postMessage({ outcome }),
    (error: unknown) => self.postMessage({ error: String(error) }),
  )
}
