/** The worker that simulates: steps the engine at the pace of the clock and tells the page what it sees, 60 times a second. */
import { CONTACT, createContacts } from '../engine/contacts.ts'
import type { ControllerDesign } from '../experiment/controllerDesign.ts'
import type { LinearizationJson } from '../experiment/linearizationJson.ts'
import { placedPoint } from '../scene/pose.ts'
import type { Vec3 } from '../scene/scene.ts'
import { bodyImpulse, poseOf } from './bodyImpulse.ts'
import { type ControlLoop, controlLoop } from './controlLoop.ts'
import { openRobot, type Robot } from './openRobot.ts'
import type { FoundContacts, FromSimulation, Pull, ToSimulation } from './protocol.ts'

const FRAME_MS = 1000 / 60
const WORK_MS = 12 // of a frame, at most
const SPRING = 40 // N/m of a pull, per kg of the robot's bodies
const FASTEST = 60 // N per kg
const CONTACTS_MS = 1 // of a frame, on average, to find contacts
const FACTOR_S = 1 / 3 // s, over which the real-time factor is taken
const PULL_S = 1 / 60 // s, of an impulse of a pull
const KICK = 1 // N·s per kg of the body that is kicked
const LONG_MS = 200 // planning that takes longer is shown, and can be cancelled

interface Running {
  readonly robot: Robot
  readonly changeBy: ReturnType<typeof bodyImpulse>
  x: Float64Array
  u: Float64Array
  time: number // s
  loop: ControlLoop | null
}

let running: Running | null = null
let opening = 0
let isPlaying = false
let speed = 1
let designs = 0
let making: Promise<void> | null = null // of a controller, which the next step waits for
let stepping: Promise<void> | null = null // a step whose controller takes time
let isLong = false // it does
let pull: Pull | null = null
let held: Float64Array | null = null // controls by hand
let kicks = 0
let isEstimateShown = false
let ghost: { readonly lin: LinearizationJson; dx: Float64Array } | null = null
let showsContacts = false
const touching = createContacts()
let found: FoundContacts | null = null // those that were told last
let contactsWait = 0 // frames until they are found anew
let owed = 0 // simulated seconds
let gained = 0 // simulated seconds since the last tick began
let pulledFor = 0 // simulated seconds to come that the last impulse of a pull stands for
let lastTick = 0
let factor = 0

const tell = (message: FromSimulation) => self.postMessage(message)

function receive(data: ToSimulation): void {
  switch (data.type) {
    case 'open':
      void open(data)
      return
    case 'play':
      isPlaying = data.playing
      owed = 0
      break
    case 'step':
      isPlaying = false
      void stepOnce()
      break
    case 'set':
      if (running && data.x.length === running.robot.engine.layout.nx) {
        running.x = data.x.slice()
        running.time = 0
        running.loop?.restart()
        ghost = null
      }
      break
    case 'speed':
      speed = data.speed
      break
    case 'control':
      controlBy(data.design)
      break
    case 'cancel':
      cancel()
      break
    case 'showEstimate':
      isEstimateShown = data.shown
      break
    case 'pull':
      pull = data.pull
      break
    case 'hold':
      held = running && data.u.length === running.robot.engine.layout.nu ? Float64Array.from(data.u) : null
      break
    case 'kick':
      if (running) kick(running)
      break
    case 'contacts':
      showsContacts = data.on
      found = null
      break
    case 'ghost':
      ghost = data.lin && running ? { lin: data.lin, dx: new Float64Array(running.robot.engine.layout.ndx) } : null
      if (ghost) difference(Float64Array.from(ghost.lin.xBar), ghost.dx)
      break
  }
  show()
}

/** A robot that can't be opened leaves the running one alone; one that comes late, after another was asked for, is not shown. */
async function open({ id, opening: wanted, state }: Extract<ToSimulation, { type: 'open' }>): Promise<void> {
  const mine = ++opening
  try {
    const robot = await openRobot(wanted)
    if (mine !== opening) {
      robot.dispose()
      tell({ type: 'failed', id, message: '' })
      return
    }
    const left = running
    running = null
    left?.loop?.end()
    // A plan that is being made steps the robot that is left.
    if (left) void (stepping ?? Promise.resolve()).then(() => left.robot.dispose())
    const { engine, figure } = robot
    const { layout, dt, home } = engine
    const start =
      state?.length === layout.nx
        ? state
        : figure.task && engine.point
          ? engine.point(figure.task.initial, home).x
          : home.x
    running = { robot, changeBy: bodyImpulse(robot), x: start.slice(), u: home.u.slice(), time: 0, loop: null }
    designs++
    isPlaying = false
    making = pull = ghost = held = found = null
    kicks = 0
    const standing = { x: home.x.slice(), u: home.u.slice(), poses: robot.poses(home.x) }
    const keyframes = [...(engine.keyframes ?? [])].map(([name, { x, u }]) => ({ name, x, u }))
    tell({
      type: 'opened',
      id,
      opened: { figure, dt, states: layout.dx, positions: layout.nv, controls: layout.u, keyframes, home: standing },
    })
    show()
  } catch (error) {
    tell({ type: 'failed', id, message: error instanceof Error ? error.message : String(error) })
  }
}

function difference(from: Float64Array, out: Float64Array): void {
  running!.robot.engine.difference(running!.x, from, out)
}

/** What was designed elsewhere controls from the next step on; until it is there, nothing moves. */
function controlBy(design: ControllerDesign | null): void {
  if (!running) return
  const mine = running
  const number = ++designs
  mine.loop?.end()
  mine.loop = making = null
  if (design === null) return
  making = controlLoop(mine.robot.engine, design, (done, total) => isLong && tell({ type: 'planning', done, total }))
    .then((loop) => {
      if (number === designs) mine.loop = loop
    })
    .catch((error: Error) => pause(error.message))
    .finally(() => {
      if (number === designs) making = null
    })
}

/** Ends planning, and pauses; with the next step it begins anew. */
function cancel(): void {
  if (!running?.loop || !stepping) return
  pause('Planning was cancelled: the simulation is paused.')
  controlBy(running.loop.design)
}

function pause(message: string): void {
  isPlaying = false
  tell({ type: 'paused', message })
}

async function stepOnce(): Promise<void> {
  await making
  if (running && !stepping) await step(running)
  show()
}

/** One control period; a promise where the controller takes time. */
function step(mine: Running): Promise<void> | void {
  const { loop } = mine
  try {
    const pending = loop?.prepare(mine.x)
    if (!pending) return move(mine)
    const timer = setTimeout(() => {
      isLong = true
      tell({ type: 'planning', done: 0, total: 0 })
    }, LONG_MS)
    stepping = pending
      .then(() => {
        if (running === mine && mine.loop === loop) move(mine)
      })
      .catch((error: Error) => {
        if (running === mine && mine.loop === loop) pause(`Paused: ${error.message}`)
      })
      .finally(() => {
        clearTimeout(timer)
        stepping = null
        if (isLong) tell({ type: 'planned' })
        isLong = false
      })
    return stepping
  } catch (error) {
    pause(`Paused: ${(error as Error).message}`)
  }
}

/** Pauses where a value is not finite, with its name. */
function move(running: Running): void {
  const { engine } = running.robot
  const { layout, dt, home } = engine
  const { nx, nu } = layout
  const u = (held ?? home.u).slice()
  running.loop?.control(running.x, u)
  for (let i = 0; i < nu; i++) u[i] = Math.min(Math.max(u[i]!, layout.u[i]!.range[0]), layout.u[i]!.range[1])
  const xNext = new Float64Array(nx)
  engine.step(running.x, u, xNext)
  const bad = xNext.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    pause(`Paused: the ${engine.name} engine gives ${xNext[bad]} for ${layout.x[bad]!.name}.`)
    return
  }
  if (ghost) predict(ghost, u)
  running.x = xNext
  running.u = u
  running.time += dt
}

/** δx⁺ = A δx + B δu + c. */
function predict(shadow: NonNullable<typeof ghost>, u: Float64Array): void {
  const { A, B, c, uBar } = shadow.lin
  const { dx } = shadow
  shadow.dx = Float64Array.from(c, (constant, i) => {
    let value = constant
    A[i]!.forEach((a, j) => {
      value += a * dx[j]!
    })
    B[i]!.forEach((b, j) => {
      value += b * (u[j]! - uBar[j]!)
    })
    return value
  })
}

/** The pull's impulse of so many seconds. */
function applyPull(running: Running, seconds: number): void {
  const { robot } = running
  if (!pull || !robot.figure.bodies[pull.body]) return
  const mass = robot.figure.bodies.reduce((sum, body) => sum + body.mass, 0)
  const point = pull.point as Vec3
  const at = placedPoint(poseOf(robot.poses(running.x), pull.body), point)
  const away = pull.target.map((value, k) => (value - at[k]!) * SPRING * mass)
  const size = Math.hypot(...away)
  const scale = seconds * Math.min(1, (FASTEST * mass) / Math.max(size, 1e-12))
  const impulse = away.map((value) => value * scale) as unknown as Vec3
  const change = running.changeBy(running.x, { body: pull.body, point, impulse })
  if (change.every(Number.isFinite)) robot.engine.integrate(running.x, change, running.x)
}

/** A blow to the middle of the last body, from another side each time; sides that its joints bear are left out. */
function kick({ robot, x, changeBy }: Running): void {
  const { bodies } = robot.figure
  const body = bodies.length - 1
  const { com, mass } = bodies[body]!
  for (let side = 0; side < 4; side++) {
    const angle = (kicks++ * Math.PI) / 2
    const impulse: Vec3 = [KICK * mass * Math.cos(angle), KICK * mass * Math.sin(angle), 0]
    const change = changeBy(x, { body, point: com, impulse })
    if (!change.every(Number.isFinite) || Math.hypot(...change) < 1e-6) continue
    robot.engine.integrate(x, change, x)
    return
  }
}

function show(): void {
  if (!running) return
  const { robot, x, u, time, loop } = running
  const { engine } = robot
  const fromHome = (state: Float64Array) => {
    const dx = new Float64Array(engine.layout.ndx)
    engine.difference(state, engine.home.x, dx)
    return dx
  }
  let shadow: Float64Array | null = null
  if (ghost) {
    shadow = new Float64Array(x.length)
    engine.integrate(Float64Array.from(ghost.lin.xBar), ghost.dx, shadow)
    if (!shadow.every((value) => Math.abs(value) < 1e3)) shadow = ghost = null
  }
  const estimate = loop?.estimate() ?? null
  shadow ??= isEstimateShown ? estimate : null
  tell({
    type: 'frame',
    time,
    x,
    dx: fromHome(x),
    u,
    poses: robot.poses(x),
    ghost: shadow && robot.poses(shadow),
    estimate: estimate && fromHome(estimate),
    contacts: contactsAt(running),
    realTimeFactor: factor,
    playing: isPlaying,
  })
}

/** With the forces that the controls which were last applied leave. */
function contactsAt({ robot: { engine }, x, u }: Running): FoundContacts | null {
  if (!showsContacts || !engine.contacts) return null
  if (found && isPlaying && --contactsWait > 0) return found
  const before = performance.now()
  engine.contacts(x, u, touching)
  contactsWait = Math.ceil((performance.now() - before) / CONTACTS_MS)
  const { count, bodies, values } = touching
  found = { bodies: bodies.slice(0, 2 * count), values: values.slice(0, CONTACT * count) }
  return found
}

async function tick(): Promise<void> {
  const now = performance.now()
  const elapsed = (now - lastTick) / 1000
  lastTick = now
  if (running && isPlaying && elapsed > 0) factor += (1 - Math.exp(-elapsed / FACTOR_S)) * (gained / elapsed - factor)
  gained = 0
  if (running && isPlaying && !making && !stepping) {
    const mine = running
    const { dt } = mine.robot.engine
    owed += Math.min(0.1, elapsed) * speed
    // A pull is applied for a little at a time, however slow the machine, so that its spring stays stable.
    while (owed >= dt && isPlaying && running === mine && !making && performance.now() - now < WORK_MS) {
      if (pull && pulledFor <= 0) {
        const seconds = Math.max(dt, PULL_S)
        applyPull(mine, seconds)
        pulledFor += seconds
      }
      const pending = step(mine)
      if (pending) await pending
      pulledFor = Math.max(0, pulledFor - dt)
      owed -= dt
      gained += dt
    }
    if (owed > 4 * dt) owed = 0 // the machine is too slow: the real-time factor says so
    show()
  }
  setTimeout(() => void tick(), Math.max(0, FRAME_MS - (performance.now() - now)))
}

export function startSimulation(): void {
  self.onmessage = ({ data }: MessageEvent<ToSimulation>) => receive(data)
  lastTick = performance.now()
  void tick()
}
