/** The page: draws what the worker simulates and passes on what the user does. Nothing is simulated or sensed here. */
import type { SceneTexts } from '../scene/sceneTexts.ts'
import { controlPanel } from './controlPanel.ts'
import { element, fillTable, save } from './elements.ts'
import { history } from './history.ts'
import { linearizePanel } from './linearizePanel.ts'
import type { Plots } from './plots.ts'
import type { Frame, FromSensing, FromSimulation, Opened, ToSensing, ToSimulation } from './protocol.ts'
import { sceneView } from './sceneView.ts'
import { openDropped } from './openDropped.ts'
import { pullBodies } from './pullBodies.ts'
import { readShared, sharedText } from './shareLink.ts'
import { theme } from './theme.ts'
import { newWorker } from './newWorker.ts'

interface SceneEntry {
  readonly name: string
  readonly description: string
}

const canvas = element<HTMLCanvasElement>('view')
const view = sceneView(canvas)
const past = history()
const timeline = element<HTMLInputElement>('timeline')
const simulation = newWorker('simulation', (message) => simulated(message as FromSimulation))
let sensing = newSensing()
let bundle: SceneTexts | null = null
let opened: Opened | null = null
let latest: Frame | null = null
let isPlaying = true
let asked = 0 // number of the last request to the sensing worker
let opening = 0
let waits = false // to play until the first gain is there
const pending = new Map<number, (opened: Opened | string) => void>()

const linear = linearizePanel()
const control = controlPanel(() => design())
let charts: Plots | null = null

const tell = (message: ToSimulation) => simulation.post(message)
const ask = (message: ToSensing) => sensing.post(message)

function fail(message: string): void {
  const place = element('error')
  place.textContent = message
  place.hidden = message === ''
}

function newSensing() {
  return newWorker('sensing', (message) => sensed(message as FromSensing))
}

function sensed(message: FromSensing): void {
  switch (message.type) {
    case 'progress':
      linear.progress(message.done, message.total)
      break
    case 'failed':
      linear.failed()
      fail(message.message)
      begin()
      break
    case 'linearized':
      linear.show(message)
      if (element<HTMLInputElement>('ghost').checked) tell({ type: 'ghost', lin: message.lin })
      if (linear.follows) setTimeout(() => linear.follows && linearizeHere(), 80)
      break
    case 'designed':
      if (message.id !== asked && control.designed) return
      control.show(message)
      linear.closedLoop(control.isOn ? message.closed : [])
      tell({ type: 'gain', gain: control.isOn ? message.gain : null })
      begin()
  }
}

/** Plays what was opened, once its controller is there. */
function begin(): void {
  if (waits) play(true)
  waits = false
}

function linearizeHere(): void {
  if (!bundle || !latest) return
  fail('')
  linear.begin()
  ask({ type: 'linearize', id: ++asked, bundle, x: latest.x, u: latest.u })
}

function design(): void {
  if (!control.isOn) {
    tell({ type: 'gain', gain: null })
    linear.closedLoop([])
    return
  }
  if (bundle) ask({ type: 'design', id: ++asked, bundle, ...control.weights() })
}

function simulated(data: FromSimulation): void {
  switch (data.type) {
    case 'frame':
      latest = data
      isPlaying = data.playing
      if (data.playing || past.length === 0) past.push({ time: data.time, x: data.x, dx: data.dx, u: data.u })
      break
    case 'paused':
      fail(data.message)
      break
    case 'opened':
      pending.get(data.id)?.(data.opened)
      break
    case 'failed':
      pending.get(data.id)?.(data.message)
  }
}

/** A robot that can't be opened is an error on the page, and the running one goes on. */
async function open(next: SceneTexts, state?: Float64Array): Promise<boolean> {
  const id = ++opening
  const result = await new Promise<Opened | string>((resolve) => {
    pending.set(id, resolve)
    tell({ type: 'open', id, bundle: next, state })
  })
  pending.delete(id)
  if (typeof result === 'string') {
    fail(result)
    return false
  }
  fail('')
  bundle = next
  opened = result
  latest = null
  past.clear()
  linear.clear()
  control.open(result)
  charts?.open(result)
  const { scene, home } = result
  view.show(scene, home.poses)
  view.colors(theme().dark)
  element('description').textContent = scene.description
  document.title = `${scene.name} – jacsense`
  fillTable(
    element<HTMLTableElement>('bodies'),
    ['name', 'mass, kg'],
    scene.bodies.map(({ name, mass }) => [name, String(Number(mass.toPrecision(4)))]),
  )
  fillTable(
    element<HTMLTableElement>('joints'),
    ['name', 'type', 'parent'],
    scene.joints.map(({ name, type, parent }) => [name, type, scene.bodies[parent]?.name ?? 'world']),
  )
  for (const button of element('sceneList').querySelectorAll('button'))
    button.setAttribute('aria-current', String(button.dataset.name === scene.name))
  control.switchTo(scene.task !== null)
  // A robot that is to be balanced falls while it waits for its gain.
  play(false)
  waits = true
  if (control.isOn) design()
  else begin()
  return true
}

async function openScene(name: string): Promise<boolean> {
  const response = await fetch(`./scenes/${encodeURIComponent(name)}.json`)
  if (!response.ok) {
    fail(`There is no scene "${name}".`)
    return false
  }
  return open((await response.json()) as SceneTexts)
}

function play(on: boolean): void {
  isPlaying = on
  tell({ type: 'play', playing: on })
}

function reset(): void {
  if (!opened || !bundle) return
  const { scene, home } = opened
  past.clear()
  fail('')
  // Where the task begins, as at opening.
  if (scene.task) {
    const weights = control.weights()
    const wasOn = control.isOn
    void open(bundle).then(() => {
      control.setWeights(weights.Q, weights.R)
      control.switchTo(wasOn)
      design()
    })
  } else tell({ type: 'set', x: home.x })
}

// Transport
element('play').addEventListener('click', () => play(!isPlaying))
element('step').addEventListener('click', () => tell({ type: 'step' }))
element('reset').addEventListener('click', reset)
const speed = element<HTMLSelectElement>('speed')
speed.addEventListener('change', () => tell({ type: 'speed', speed: Number(speed.value) }))
timeline.addEventListener('input', () => {
  play(false)
  const moment = past.at(Number(timeline.value))
  if (moment) tell({ type: 'set', x: moment.x })
})
element('share').addEventListener('click', () => {
  if (!latest || !bundle) return
  const text = sharedText({ bundle, x: latest.x, controller: control.isOn, ...control.weights() })
  window.history.replaceState(null, '', `#${text}`)
  void navigator.clipboard?.writeText(location.href).catch(() => undefined)
  element('share').textContent = 'Link in the address bar'
  setTimeout(() => {
    element('share').textContent = 'Share link'
  }, 2000)
})

// Panels
element('linearize').addEventListener('click', linearizeHere)
element('cancel').addEventListener('click', () => {
  sensing.end()
  sensing = newSensing()
  linear.failed()
})
element('follow').addEventListener('change', () => linear.follows && linearizeHere())
element('ghost').addEventListener('change', ({ target }) => {
  const lin = (target as HTMLInputElement).checked ? (linear.sensed?.lin ?? null) : null
  tell({ type: 'ghost', lin })
})
for (const id of ['showAxes', 'showCentres'])
  element(id).addEventListener('change', () =>
    view.marks({
      axes: element<HTMLInputElement>('showAxes').checked,
      centres: element<HTMLInputElement>('showCentres').checked,
    }),
  )
element('exportRun').addEventListener('click', () => {
  if (!opened) return
  const heads = ['time', ...opened.states.map(({ name }) => name), ...opened.controls.map(({ name }) => name)]
  const rows = Array.from({ length: past.length }, (_, k) => {
    const { time, dx, u } = past.at(k)!
    return [time, ...dx, ...u].join(',')
  })
  save(`${opened.scene.name}-run.csv`, `${heads.join(',')}\n${rows.join('\n')}\n`)
})
const tabs = ['linearize', 'control', 'plots', 'model']
function choose(chosen: string): void {
  for (const name of tabs) {
    const tab = element(`tab-${name}`)
    tab.setAttribute('aria-selected', String(name === chosen))
    tab.tabIndex = name === chosen ? 0 : -1
    element(`${name}Panel`).hidden = name !== chosen
  }
  linear.redraw()
  control.redraw()
  if (chosen === 'plots') void openCharts()
}

/** Loaded when they are first looked at. */
async function openCharts(): Promise<void> {
  if (charts) return
  const { plots } = await import('./plots.ts')
  charts ??= plots(element('plots'), element<HTMLSelectElement>('plotted'))
  if (opened) charts.open(opened)
}
tabs.forEach((name, k) => {
  element(`tab-${name}`).addEventListener('click', () => choose(name))
  element(`tab-${name}`).addEventListener('keydown', (event) => {
    const move = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (move === 0) return
    event.stopPropagation()
    const next = tabs[(k + move + tabs.length) % tabs.length]!
    choose(next)
    element(`tab-${next}`).focus()
  })
})
const scenesToggle = element('scenesToggle')
scenesToggle.addEventListener('click', () => {
  const list = element('sceneList')
  list.hidden = !list.hidden
  scenesToggle.setAttribute('aria-expanded', String(!list.hidden))
})

// Keyboard
const help = element<HTMLDialogElement>('help')
element('helpToggle').addEventListener('click', () => help.showModal())
window.addEventListener('keydown', (event) => {
  const { target, key } = event
  const isTyping = target instanceof HTMLElement && /^(INPUT|SELECT|BUTTON|TEXTAREA)$/.test(target.tagName)
  const act: Readonly<Record<string, () => void>> = {
    F1: () => (help.open ? help.close() : help.showModal()),
    ...(event.ctrlKey && { p: screenshot }),
    ...(!isTyping &&
      !event.ctrlKey && {
        ' ': () => play(!isPlaying),
        ArrowRight: () => tell({ type: 'step' }),
        Backspace: reset,
        '+': () => faster(1),
        '-': () => faster(-1),
        Escape: view.resetCamera,
      }),
  }
  const action = act[key]
  if (!action) return
  event.preventDefault()
  action()
})
function faster(by: number): void {
  speed.selectedIndex = Math.min(speed.options.length - 1, Math.max(0, speed.selectedIndex + by))
  tell({ type: 'speed', speed: Number(speed.value) })
}
function screenshot(): void {
  view.render()
  canvas.toBlob((blob) => blob && save(`${opened?.scene.name ?? 'scene'}.png`, blob))
}

pullBodies(canvas, view, (pull) => tell({ type: 'pull', pull }))

openDropped(open, fail)

// Drawing
let drawn = 0
let ticks = 0
let placed: Frame | null = null
function draw(): void {
  requestAnimationFrame(draw)
  if (latest && opened) {
    if (latest !== placed) view.place(latest.poses, latest.ghost)
    placed = latest
    if (++ticks % 6 === 0) showClock(latest)
  }
  if (view.render()) drawn++
}
function showClock({ time, realTimeFactor }: Frame): void {
  element('clock').textContent = `${time.toFixed(2)} s · ${realTimeFactor.toFixed(2)} × real time`
  element('play').textContent = isPlaying ? '❚❚' : '▶'
  element('play').setAttribute('aria-pressed', String(isPlaying))
  if (isPlaying) {
    timeline.max = String(Math.max(0, past.length - 1))
    timeline.value = timeline.max
  }
  if (!element('plotsPanel').hidden) charts?.draw(past)
}
window.addEventListener('resize', () => {
  view.resize()
  linear.redraw()
  control.redraw()
})
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  view.colors(theme().dark)
  linear.redraw()
  control.redraw()
})

async function start(): Promise<void> {
  view.resize()
  view.colors(theme().dark)
  choose('linearize')
  draw()
  const { scenes, first } = (await (await fetch('./scenes/index.json')).json()) as {
    readonly scenes: readonly SceneEntry[]
    readonly first: string
  }
  const list = element('sceneList')
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
    label.textContent = name
    button.append(picture, label)
    button.addEventListener('click', () => void openScene(name))
    item.append(button)
    list.append(item)
  }
  if (window.innerWidth < 760) scenesToggle.click()
  const shared = readShared(location.hash.slice(1))
  if (typeof shared === 'string') fail(shared)
  if (shared === null || typeof shared === 'string') await openScene(first)
  else if (await open(shared.bundle, shared.x)) {
    control.setWeights(shared.Q, shared.R)
    control.switchTo(shared.controller)
    design()
  }
}

/** What tests and the curious read back: the numbers that the page shows. */
const shownNow = () => ({
  opened,
  latest,
  sensed: linear.sensed,
  designed: control.designed,
  pixelOf: view.pixelOf,
  frames: () => drawn,
})
Object.assign(window, { jacsense: shownNow })

void start()
