/** What can be opened: the scenes with their pictures, and the gallery of experiments. */
import { element } from './elements.ts'
import { EXPERIMENTS, type Experiment } from './experiments.ts'

const WIDE = 1280 // px
const NARROW = 760 // px, as in style.css
const KEY = 'jacsense.gallery'

export interface SceneEntry {
  readonly name: string
  readonly description: string
}

export interface SceneList {
  fill(scenes: readonly SceneEntry[], open: (name: string) => void): void
  current(name: string): void
  /** Shows what an experiment wants of the reader; null: nothing. */
  guide(experiment: Experiment | null): void
}

/** `resized` hears when the guide comes or goes. */
export function sceneList(resized: () => void): SceneList {
  const list = element('sceneList')
  const gallery = element('gallery')
  const open = (button: HTMLElement, content: HTMLElement, isOpen: boolean) => {
    content.hidden = !isOpen
    button.setAttribute('aria-expanded', String(isOpen))
  }
  const toggle = (button: HTMLElement, content: HTMLElement) =>
    button.addEventListener('click', () => open(button, content, content.hidden !== false))
  toggle(element('scenesToggle'), list)
  toggle(element('galleryToggle'), gallery)
  // Who comes for the first time sees what there is to try; then it is as it was left.
  const left = remembered()
  open(element('galleryToggle'), gallery, left === null ? window.innerWidth >= WIDE : left === 'open')
  element('galleryToggle').addEventListener('click', () => remember(gallery.hidden ? 'closed' : 'open'))
  /** What was chosen is to be seen where lists would cover it. */
  const makeRoom = () => {
    if (window.innerWidth > NARROW) return
    open(element('scenesToggle'), list, false)
    open(element('galleryToggle'), gallery, false)
  }
  for (const { name, title } of EXPERIMENTS) {
    const item = document.createElement('li')
    const link = document.createElement('a')
    Object.assign(link, { href: `#try=${name}`, textContent: title })
    // The one that the page shows begins anew.
    link.addEventListener('click', () => {
      makeRoom()
      if (location.hash === link.hash) window.dispatchEvent(new HashChangeEvent('hashchange'))
    })
    item.append(link)
    gallery.append(item)
  }
  element('guideClose').addEventListener('click', () => {
    element('guide').hidden = true
    resized()
  })

  return {
    fill(scenes, choose) {
      for (const { name, description } of scenes) {
        const [item, button, picture, label] = [
          document.createElement('li'),
          document.createElement('button'),
          document.createElement('img'),
          document.createElement('span'),
        ]
        Object.assign(button, { type: 'button', title: description })
        button.dataset.name = name
        Object.assign(picture, { src: `./scenes/${name}.svg`, alt: '', loading: 'lazy' })
        label.textContent = name.replace(/^opened-/, '') // what `jacsense view` was given, beside a scene of the same name
        button.append(picture, label)
        button.addEventListener('click', () => {
          makeRoom()
          choose(name)
        })
        item.append(button)
        list.append(item)
      }
      makeRoom()
    },
    current(name) {
      for (const button of list.querySelectorAll('button'))
        button.setAttribute('aria-current', String(button.dataset.name === name))
    },
    guide(experiment) {
      element('guide').hidden = experiment === null
      if (!experiment) return resized()
      element('guideTitle').textContent = experiment.title
      const steps = experiment.steps.map((text) => {
        const item = document.createElement('li')
        item.textContent = text
        return item
      })
      element('guideSteps').replaceChildren(...steps)
      resized()
    },
  }
}

/** null: nothing, or nowhere to remember it. */
function remembered(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

function remember(state: 'open' | 'closed'): void {
  try {
    localStorage.setItem(KEY, state)
  } catch {
    // a page that may keep nothing
  }
}
