/** Requests to the sensing worker: of each kind only the newest is answered, and none after another robot was opened. */
import { newWorker } from './newWorker.ts'
import type { FromSensing, ToSensing } from './protocol.ts'

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

export interface SensingDesk {
  ask(request: WithoutId<ToSensing>): void
  /** Ends what is being worked on, and whatever waits behind it. */
  drop(): void
}

const KIND_OF = { linearized: 'linearize', designed: 'design', probed: 'probe' } as const

export function sensingDesk(hear: (message: FromSensing) => void): SensingDesk {
  const newest: Record<ToSensing['type'], number> = { linearize: 0, design: 0, probe: 0 }
  const unanswered = new Set<number>()
  let last = 0
  const start = () =>
    newWorker('sensing', (received) => {
      const message = received as FromSensing
      if (message.type !== 'progress') unanswered.delete(message.id)
      const isNewest =
        message.type === 'progress' || message.type === 'failed'
          ? Object.values(newest).includes(message.id)
          : newest[KIND_OF[message.type]] === message.id
      if (isNewest) hear(message)
    })
  let worker = start()
  return {
    ask(request) {
      newest[request.type] = ++last
      unanswered.add(last)
      worker.post({ ...request, id: last })
    },
    drop() {
      if (unanswered.size === 0) return
      worker.end()
      worker = start()
      unanswered.clear()
      newest.linearize = newest.design = newest.probe = 0
    },
  }
}
