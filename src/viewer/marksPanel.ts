/** What is drawn beside the robot: checkboxes of the panel Model, and contacts by a key. */
import { CONTACT } from '../engine/contacts.ts'
import { counted, formatNumber } from '../experiment/format.ts'
import { element } from './elements.ts'
import type { FoundContacts, Frame } from './protocol.ts'
import type { SceneView } from './sceneView.ts'

export interface MarksPanel {
  /** How many contacts there are, and what they carry. */
  show(frame: Frame): void
  toggleContacts(): void
}

export function marksPanel(view: SceneView, askForContacts: (on: boolean) => void): MarksPanel {
  const box = (name: string) => element<HTMLInputElement>(name)
  const contacts = box('showContacts')
  const change = () => {
    view.marks({
      axes: box('showAxes').checked,
      centres: box('showCentres').checked,
      collision: box('showCollision').checked,
      contacts: contacts.checked,
    })
    askForContacts(contacts.checked)
    if (!contacts.checked) element('contactText').textContent = ''
  }
  for (const id of ['showAxes', 'showCentres', 'showCollision', 'showContacts'])
    box(id).addEventListener('change', change)
  return {
    show({ contacts: found }) {
      if (!contacts.checked) return
      element('contactText').textContent = found === null ? 'not told by this engine' : contactText(found)
    },
    toggleContacts() {
      contacts.checked = !contacts.checked
      change()
    },
  }
}

/** How many, and what the environment carries. */
function contactText({ bodies, values }: FoundContacts): string {
  const count = bodies.length / 2
  if (count === 0) return 'nothing touches'
  let up = 0
  for (let k = 0; k < count; k++) if (bodies[2 * k] === -1) up += values[CONTACT * k + 8]!
  const points = counted(count, 'point')
  return Number.isFinite(up) ? `${points}, ${formatNumber(up, 3)} N upwards` : points
}
