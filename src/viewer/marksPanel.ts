/** What is drawn beside the robot: checkboxes of the panel Model, and contacts by a key. */
import { CONTACT } from '../engine/contacts.ts'
import { element } from './elements.ts'
import type { Frame } from './protocol.ts'
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
      if (found !== null) element('contactText').textContent = contactText(found)
    },
    toggleContacts() {
      contacts.checked = !contacts.checked
      change()
    },
  }
}

function contactText(contacts: Float64Array): string {
  const count = contacts.length / CONTACT
  if (count === 0) return 'nothing touches'
  let up = 0
  for (let k = 0; k < count; k++) {
    up += contacts[CONTACT * k + 8]!
  }
  const points = count === 1 ? '1 point' : `${count} points`
  return Number.isFinite(up) ? `${points}, ${up.toPrecision(3)} N upwards` : points
}
