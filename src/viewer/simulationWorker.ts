/** The worker that simulates: steps the engine at the pace of the clock and tells the page what it sees, 60 times a second. */
import { Matrix } from 'ml-matrix'
import { CONTACT, createContacts } from '../engine/contacts.ts'
import type { LinearizationJson } from '../experiment/linearizationJson.ts'
import { placedPoint } from '../scene/pose.ts'
import type { Vec3 } from '../scene/scene.ts'
import { bodyImpulse, poseOf } from './bodyImpulse.ts'
import { openRobot, type Robot } from './openRobot.ts'
import type { FoundContacts, FromSimulation, Gain, Pull, ToSimulation } from './protocol.ts'

const FRAME_MS = 1000 / 60
const WORK_MS = 12 // of a frame, at most
const SPRING = 40 // N/m of a pull, per kg of the robot's bodies
const FASTEST = 60 // N per kg
const PULL_S = 1 / 60 // s, of an impulse of a pull
const KICK = 1 // N·s per kg of the body that is kicked

interface Running {
  readonly robot: Robot
  readonly changeBy: ReturnType<typeof bodyImpulse>
  x: Float64Array
  u: Float64Array
  time: number // s
}

let running: Running | null = null
let opening = 0
let isPlaying = false
let speed = 1
let gain: Gain | null = null
let K: Matrix | null = null
let pull: Pull | null = null
let held: Float64Array | null = null // controls by hand
let kicks = 0
let ghost: { readonly lin: LinearizationJson; dx: Float64Array } | null = null
let showsContacts = false
const touching = createContacts()
let owed = 0 // simulated seconds
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
      if (running) step(running)
      break
    case 'set':
      if (running && data.x.length === running.robot.engine.layout.nx) {
        running.x = data.x.slice()
        running.time = 0
        ghost = null
      }
      break
    case 'speed':
      speed = data.speed
      break
    case 'gain':
      gain = data.gain
      K = gain && new Matrix(gain.K as number[][])
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
    running?.robot.dispose()
    const { engine, figure } = robot
    const { layout, dt, home } = engine
    const start =
      state?.length === layout.nx
        ? state
        : figure.task && engine.point
          ? engine.point(figure.task.initial, home).x
          : home.x
    running = { robot, changeBy: bodyImpulse(robot), x: start.slice(), u: home.u.slice(), time: 0 }
    gain = K = pull = ghost = held = null
    kicks = 0
    const standing = { x: home.x.slice(), u: home.u.slice(), poses: robot.poses(home.x) }
    const keyframes = [...(engine.keyframes ?? [])].map(([name, { x, u }]) => ({ name, x, u }))
    tell({
      type: 'opened',
      id,
      opened: { figure, dt, states: layout.dx, controls: layout.u, keyframes, home: standing },
    })
    show()
  } catch (error) {
    tell({ type: 'failed', id, message: error instanceof Error ? error.message : String(error) })
  }
}

function difference(from: Float64Array, out: Float64Array): void {
  running!.robot.engine.difference(running!.x, from, out)
}

/** One control period; pauses where a value is not finite, with its name. */
function step(running: Running): void {
  const { engine } = running.robot
  const { layout, dt, home } = engine
  const { nx, ndx, nu } = layout
  const u = (held ?? home.u).slice()
  if (gain && K) {
    const dx = new Float64Array(ndx)
    difference(gain.xBar, dx)
    for (let i = 0; i < nu; i++) {
      u[i] = gain.uBar[i]!
      for (let j = 0; j < ndx; j++) u[i]! -= K.get(i, j) * dx[j]!
    }
  }
  for (let i = 0; i < nu; i++) u[i] = Math.min(Math.max(u[i]!, layout.u[i]!.range[0]), layout.u[i]!.range[1])
  const xNext = new Float64Array(nx)
  engine.step(running.x, u, xNext)
  const bad = xNext.findIndex((value) => !Number.isFinite(value))
  if (bad >= 0) {
    isPlaying = false
    tell({
      type: 'paused',
      message: `Paused: the ${engine.name} engine gives ${xNext[bad]} for ${layout.x[bad]!.name}.`,
    })
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
  const { robot, x, u, time } = running
  const { engine } = robot
  const dx = new Float64Array(engine.layout.ndx)
  difference(engine.home.x, dx)
  let shadow: Float64Array | null = null
  if (ghost) {
    shadow = new Float64Array(x.length)
    engine.integrate(Float64Array.from(ghost.lin.xBar), ghost.dx, shadow)
    if (!shadow.every((value) => Math.abs(value) < 1e3)) shadow = ghost = null
  }
  tell({
    type: 'frame',
    time,
    x,
    dx,
    u,
    poses: robot.poses(x),
    ghost: shadow && robot.poses(shadow),
    contacts: contactsAt(running),
    realTimeFactor: factor,
    playing: isPlaying,
  })
}

/** With the forces that the controls which were last applied leave. */
function contactsAt({ robot: { engine }, x, u }: Running): FoundContacts | null {
  if (!showsContacts || !engine.contacts) return null
  engine.contacts(x, u, touching)
  const { count, bodies, values } = touching
  return { bodies: bodies.slice(0, 2 * count), values: values.slice(0, CONTACT * count) }
}

function tick(): void {
  const now = performance.now()
  const elapsed = Math.min(100, now - lastTick) / 1000
  lastTick = now
  if (running && isPlaying) {
    const { dt } = running.robot.engine
    owed += elapsed * speed
    let simulated = 0
    // A pull is applied for a little at a time, however slow the machine, so that its spring stays stable.
    while (owed >= dt && isPlaying && performance.now() - now < WORK_MS) {
      if (pull && pulledFor <= 0) {
        const seconds = Math.max(dt, PULL_S)
        applyPull(running, seconds)
        pulledFor += seconds
      }
      step(running)
      pulledFor = Math.max(0, pulledFor - dt)
      owed -= dt
      simulated += dt
    }
    if (owed > 4 * dt) owed = 0 // the machine is too slow: the real-time factor says so
    if (elapsed > 0) factor += 0.05 * (simulated / elapsed - factor)
    show()
  }
  setTimeout(tick, Math.max(0, FRAME_MS - (performance.now() - now)))
}

export function startSimulation(): void {
  self.onmessage = ({ data }: MessageEvent<ToSimulation>) => receive(data)
  lastTick = performance.now()
  tick()
}
