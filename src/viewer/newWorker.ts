/** A worker of the page; what is sent before it has loaded is kept for it. */
export interface PageWorker {
  post(message: unknown): void
  end(): void
}

export function newWorker(name: 'simulation' | 'sensing', receive: (message: unknown) => void): PageWorker {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name })
  let waiting: unknown[] | null = []
  worker.onmessage = ({ data }: MessageEvent<{ readonly type: string }>) => {
    if (data.type !== 'ready') return receive(data)
    for (const message of waiting ?? []) worker.postMessage(message)
    waiting = null
  }
  return {
    post(message) {
      if (waiting) waiting.push(message)
      else worker.postMessage(message)
    },
    end: () => worker.terminate(),
  }
}
