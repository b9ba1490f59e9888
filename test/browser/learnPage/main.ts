import { type Learned, learn } from './learn.ts'

declare global {
  interface Window {
    learn: () => Promise<Learned>
  }
}

window.learn = learn
