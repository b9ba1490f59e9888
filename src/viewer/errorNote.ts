/** What went wrong, until it is dismissed, by its button or by Escape. */
import { element } from './elements.ts'

export interface ErrorNote {
  readonly message: string // '' where nothing is wrong
  /** Nothing, where the message is empty. */
  show(message: string): void
  /** False where there is nothing to dismiss. */
  dismiss(): boolean
}

export function errorNote(): ErrorNote {
  const place = element('error')
  const show = (message: string) => {
    element('errorText').textContent = message
    place.hidden = message === ''
  }
  element('errorClose').addEventListener('click', () => {
    show('')
    element('view').focus()
  })
  return {
    get message() {
      return place.hidden ? '' : element('errorText').textContent!
    },
    show,
    dismiss() {
      const was = !place.hidden
      show('')
      return was
    },
  }
}
