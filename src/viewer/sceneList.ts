/** What can be opened: the scenes with their pictures, and the gallery of experiments. */
import { element } from './elements.ts'
import { EXPERIMENTS, type Experiment } from './experiments.ts'

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

export function sceneList(): SceneList {
  const list = element('sceneList')
  const toggle = (button: HTMLElement, content: HTMLElement) => {
    button.addEventListener('click', () => {
      content.hidden = !content.hidden
      button.setAttribute('aria-expanded', String(!content.hidden))
    })
  }
  toggle(element('scenesToggle'), list)
  toggle(element('galleryToggle'), element('gallery'))
  for (const { name, title } of EXPERIMENTS) {
    const item = document.createElement('li')
    const link = document.createElement('a')
    Object.assign(link, { href: `#try=${name}`, textContent: title })
    // The one that the page shows begins anew.
    link.addEventListener('click', () => {
      if (location.hash === link.hash) window.dispatchEvent(new HashChangeEvent('hashchange'))
    })
    item.append(link)
    element('gallery').append(item)
  }
  element('guideClose').addEventListener('click', () => {
    element('guide').hidden = true
  })

  return {
    fill(scenes, open) {
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
        button.addEventListener('click', () => open(name))
        item.append(button)
        list.append(item)
      }
      if (window.innerWidth < 760) element('scenesToggle').click()
    },
    current(name) {
      for (const button of list.querySelectorAll('button'))
        button.setAttribute('aria-current', String(button.dataset.name === name))
    },
    guide(experiment) {
      element('guide').hidden = experiment === null
      if (!experiment) return
      element('guideTitle').textContent = experiment.title
      const steps = experiment.steps.map((text) => {
        const item = document.createElement('li')
        item.textContent = text
        return item
      })
      element('guideSteps').replaceChildren(...steps)
    },
  }
}
