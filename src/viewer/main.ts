/** The page: draws what the worker simulates and passes on what the user does. Nothing is simulated or sensed here. */
import type { SceneTexts } from '../scene/sceneTexts.ts'
import { settingsFault } from './controllerForm.ts'
import { type Choice, controlPanel } from './controlPanel.ts'
import { element, save } from './elements.ts'
import { errorNote } from './errorNote.ts'
import { type Experiment, experimentNamed } from './experiments.ts'
import { exportButton, history } from './history.ts'
import { listenToKeys } from './keys.ts'
import { linearizePanel } from './linearizePanel.ts'
import { CLEAN } from './measurement.ts'
import { marksPanel } from './marksPanel.ts'
import { measurementPanel } from './measurementPanel.ts'
import { modelPanel } from './modelPanel.ts'
import { newWorker } from './newWorker.ts'
import { openDropped } from './openDropped.ts'
import type { EngineName, Opening } from './openRobot.ts'
import { plotsPanel } from './plotsPanel.ts'
import type { Frame, FromSensing, FromSimulation, Opened, ToSimulation } from './protocol.ts'
import { pullBodies } from './pullBodies.ts'
import { type SceneEntry, sceneList } from './sceneList.ts'
import { sceneView } from './sceneView.ts'
import { recordButton } from './record.ts'
import { sensingDesk } from './sensingDesk.ts'
import { readShared, shareButton } from './shareLink.ts'
import { tabs } from './tabs.ts'
import { theme } from './theme.ts'
import { transport } from './transport.ts'

const canvas = element<HTMLCanvasElement>('view')
const view = sceneView(canvas)
const past = history()
const note = errorNote()
const fail = note.show
const simulation = newWorker('simulation', (message) => simulated(message as FromSimulation))
const sensing = sensingDesk(sensed)
let opening: Opening | null = null
let opened: Opened | null = null
let latest: Frame | null = null
let isPlaying = true
let openings = 0
let begins: Float64Array | undefined // where an experiment does; else, where its task does
let wanted = false // to linearize, once the robot is there
let isAwaited = false // a state to design from
let planning: ReturnType<typeof setTimeout> | undefined // from a moment that was gone back to
let waits = false // to play until the first gain is there
const pending = new Map<number, (opened: Opened | string) => void>()

const list = sceneList(view.resize)
const linear = linearizePanel()
const control = controlPanel({
  changed() {
    fail('')
    design()
  },
  byHand: (u) => tell({ type: 'hold', u }),
  showEstimate: (shown) => tell({ type: 'showEstimate', shown }),
})
const measurement = measurementPanel(() => {
  const again = linear.sensed !== null
  // A robot that another controller is to hold begins anew.
  if (control.isOn) void reset().then(() => again && linearizeHere())
  else if (again) linearizeHere()
})
const model = modelPanel(
  (engine) => opening && void open({ ...opening, engine }),
  ({ x, u }) => {
    past.clear()
    tell({ type: 'set', x })
    tell({ type: 'hold', u: [...u] })
  },
)
const charts = plotsPanel(() => control.choice)

const tell = (message: ToSimulation) => simulation.post(message)

function sensed(message: FromSensing): void {
  switch (message.type) {
    case 'progress':
      linear.progress(message.done, message.total)
      break
    case 'failed':
      linear.idle()
      fail(message.message)
      begin()
      break
    case 'linearized':
      linear.show(message)
      showRollouts()
      if (element<HTMLInputElement>('ghost').checked) tell({ type: 'ghost', lin: message.lin })
      if (linear.follows) setTimeout(() => linear.follows && linearizeHere(), 80)
      break
    case 'designed':
      linear.idle()
      control.show(message)
      linear.closedLoop(control.isOn ? message.closed : [])
      tell({ type: 'control', design: control.isOn ? message.design : null })
      begin()
      break
    case 'probed':
      linear.idle()
      control.probed(message.kicks)
  }
}

/** Plays what was opened, once its controller is there. */
function begin(): void {
  if (waits) play(true)
  waits = false
}

function linearizeHere(): void {
  wanted = latest === null
  if (!opening || !latest) return
  fail('')
  linear.begin()
  sensing.ask({ type: 'linearize', opening, x: latest.x, u: latest.u, measurement: measurement.value })
}

/** Plans begin where the robot is, and iLQR's where it stands still meanwhile. */
function design(): void {
  const { settings } = control.choice
  if (!control.isOn) {
    tell({ type: 'control', design: null })
    control.show(null)
    linear.closedLoop([])
    begin()
    return
  }
  const fault = settingsFault(settings)
  if (fault !== '') fail(fault)
  const isPlan = fault === '' && settings.controller === 'ilqr'
  if (isPlan && isPlaying) {
    play(false)
    waits = true
  }
  isAwaited = fault === '' && (latest === null || (isPlan && latest.playing))
  if (fault !== '' || isAwaited || !opening || !latest) return
  sensing.ask({ type: 'design', opening, ...control.choice, x: latest.x, measurement: measurement.value })
}

function simulated(data: FromSimulation): void {
  switch (data.type) {
    case 'frame':
      latest = data
      isPlaying = data.playing
      if (wanted) linearizeHere()
      if (isAwaited) design()
      if (data.playing || past.length === 0) past.push(data)
      break
    case 'paused':
      fail(data.message)
      break
    case 'planning':
      linear.progress(data.done, data.total)
      break
    case 'planned':
      linear.idle()
      break
    case 'opened':
      pending.get(data.id)?.(data.opened)
      break
    case 'failed':
      pending.get(data.id)?.(data.message)
  }
}

/** A robot that can't be opened is an error on the page, and the running one goes on. */
async function open(next: Opening, state?: Float64Array, choice?: Choice | 'kept'): Promise<boolean> {
  const id = ++openings
  const result = await new Promise<Opened | string>((resolve) => {
    pending.set(id, resolve)
    tell({ type: 'open', id, opening: next, state })
  })
  pending.delete(id)
  if (typeof result === 'string') {
    fail(result)
    model.runs(opening)
    return false
  }
  fail('')
  // What was asked of another robot keeps this one waiting no longer.
  if (next !== opening) {
    sensing.drop()
    begins = undefined
  }
  opening = next
  opened = result
  latest = null
  past.clear()
  linear.clear()
  view.rollouts([])
  control.open(result, choice === 'kept' ? control.choice : choice)
  charts.open(result)
  const { figure, home } = result
  view.show(figure, home.poses)
  view.colors(theme().dark)
  model.show(result)
  model.runs(next)
  // A robot that is to be balanced falls while it waits for its gain.
  play(false)
  waits = true
  design()
  return true
}

async function openScene(name: string, engine: EngineName = 'cannon', start?: Float64Array): Promise<boolean> {
  const response = await fetch(`./scenes/${encodeURIComponent(name)}.json`)
  if (!response.ok) {
    fail(`There is no scene "${name}".`)
    return false
  }
  const texts = (await response.json()) as SceneTexts
  measurement.set(CLEAN)
  const isOpen = await open({ texts, engine: texts.kind === 'mjcf' ? 'mujoco' : engine }, start)
  if (isOpen) list.current(name)
  return isOpen
}

/** Sets the page up for an experiment of the gallery. */
async function begun({ scene, engine, controller, start, tab, ...setting }: Experiment): Promise<void> {
  const from = start && Float64Array.from(start)
  if (!(await openScene(scene, engine, from))) return
  begins = from
  measurement.set(setting.measurement)
  control.switchTo(controller)
  design()
  choose(tab)
  element<HTMLInputElement>('byColor').checked = setting.byColor
  element<HTMLInputElement>('rollouts').checked = setting.rollouts
  if (setting.linearize) linearizeHere()
}

/** What the address asks for: #try= an experiment, #scene= a scene, or what "Share link" made. */
async function follow(address: string, openFirst: () => Promise<boolean>): Promise<void> {
  const [, key, value] = /^(try|scene)=([\w%.!~*'()-]+)$/.exec(address) ?? []
  const experiment = key === 'try' ? experimentNamed(value!) : null
  list.guide(experiment)
  if (experiment) return begun(experiment)
  if (key === 'scene' && ((await openScene(decodeURIComponent(value!))) || opened)) return
  const refused = key === 'scene' ? note.message : `There is no experiment "${value}".`
  const shared = key ? refused : readShared(address)
  if (shared === null || typeof shared === 'string') {
    await openFirst()
    if (shared !== null) fail(shared)
  } else await open(shared.opening, shared.x, shared)
}

function showRollouts(): void {
  view.rollouts(element<HTMLInputElement>('rollouts').checked ? (linear.sensed?.rollouts ?? []) : [])
}

function play(on: boolean): void {
  isPlaying = on
  tell({ type: 'play', playing: on })
}

/** Where the task or the experiment begins, as at opening; weights and controller stay. */
async function reset(): Promise<void> {
  if (!opened || !opening) return
  const { figure, home } = opened
  past.clear()
  fail('')
  if (figure.task) await open(opening, begins, 'kept')
  else tell({ type: 'set', x: home.x })
}

const bar = transport({
  togglePlay: () => play(!isPlaying),
  step: () => tell({ type: 'step' }),
  reset: () => void reset(),
  kick: () => tell({ type: 'kick' }),
  speed: (factor) => tell({ type: 'speed', speed: factor }),
  goTo(moment) {
    play(false)
    const { x } = past.at(moment) ?? {}
    if (x) tell({ type: 'set', x })
    clearTimeout(planning)
    if (control.choice.settings.controller === 'ilqr') planning = setTimeout(design, 300)
  },
})
shareButton(() => latest && opening && { opening, x: latest.x, ...control.choice })

// Panels
element('rollouts').addEventListener('change', showRollouts)
element('linearize').addEventListener('click', linearizeHere)
element('cancel').addEventListener('click', () => {
  sensing.drop()
  linear.idle()
  tell({ type: 'cancel' })
  begin()
})
element('follow').addEventListener('change', () => linear.follows && linearizeHere())
element('ghost').addEventListener('change', ({ target }) => {
  const lin = (target as HTMLInputElement).checked ? (linear.sensed?.lin ?? null) : null
  tell({ type: 'ghost', lin })
})
const marks = marksPanel(view, (on) => tell({ type: 'contacts', on }))
element('probe').addEventListener('click', () => {
  const loop = control.designed?.design
  if (opening && loop) sensing.ask({ type: 'probe', opening, design: loop })
})
recordButton(canvas, () => opened?.figure.name ?? 'scene')
exportButton(past, () => opened)
const choose = tabs((chosen) => {
  linear.redraw()
  control.redraw()
  if (chosen === 'plots') void charts.choose()
})

// Keyboard
const help = element<HTMLDialogElement>('help')
element('helpToggle').addEventListener('click', () => help.showModal())
listenToKeys(
  pullBodies(canvas, view, (pull) => tell({ type: 'pull', pull })),
  { F1: () => (help.open ? help.close() : help.showModal()) },
  {
    ' ': () => play(!isPlaying),
    ArrowRight: () => tell({ type: 'step' }),
    Backspace: () => void reset(),
    '+': () => bar.faster(1),
    '-': () => bar.faster(-1),
    k: () => tell({ type: 'kick' }),
    l: linearizeHere,
    c: marks.toggleContacts,
    Escape: () => void (note.dismiss() || view.resetCamera()),
  },
  { p: () => void view.capture().then((blob) => blob && save(`${opened?.figure.name ?? 'scene'}.png`, blob)) },
)

openDropped(async (texts) => {
  if (await open({ texts, engine: texts.kind === 'mjcf' ? 'mujoco' : 'cannon' })) list.current('')
}, fail)

// Drawing
let drawn = 0
let ticks = 0
let placed: Frame | null = null
function draw(): void {
  requestAnimationFrame(draw)
  if (latest && opened) {
    if (latest !== placed) view.place(latest.poses, latest.ghost, latest.contacts?.values ?? null)
    placed = latest
    if (++ticks % 6 === 0) {
      bar.show(latest, past, isPlaying)
      marks.show(latest)
      if (!element('plotsPanel').hidden) charts.draw(past)
    }
  }
  if (view.render()) drawn++
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
  charts.recolor()
})

async function start(): Promise<void> {
  view.resize()
  view.colors(theme().dark)
  choose('linearize')
  draw()
  const { scenes, first, engine } = (await (await fetch('./scenes/index.json')).json()) as {
    readonly scenes: readonly SceneEntry[]
    readonly first: string
    readonly engine?: EngineName
  }
  list.fill(scenes, (name) => {
    list.guide(null)
    // What the page is opened with again.
    window.history.replaceState(null, '', `#scene=${encodeURIComponent(name)}`)
    void openScene(name)
  })
  const here = () => follow(location.hash.slice(1), () => openScene(first, engine))
  window.addEventListener('hashchange', () => void here())
  await here()
}

/** What tests and the curious read back: the numbers that the page shows. */
const shownNow = () => ({
  opened,
  latest,
  sensed: linear.sensed,
  designed: control.designed,
  pixelOf: view.pixelOf,
  frames: () => drawn,
  drawing: view.drawing,
})
Object.assign(window, { jacsense: shownNow })

void start()
