/** The gallery: experiments to try by oneself, each a link (#try=name) that sets the page up. */
import type { ControllerSettings } from '../experiment/controllerSettings.ts'
import { LQR, OFF } from './controllerForm.ts'
import { CLEAN } from './measurement.ts'
import type { EngineName } from './openRobot.ts'
import type { Measurement } from './protocol.ts'
import type { TabName } from './tabs.ts'

export interface Experiment {
  readonly name: string // in the address
  readonly title: string
  readonly steps: readonly string[] // what to do, and what to look at
  readonly scene: string
  readonly engine: EngineName
  readonly controller: ControllerSettings
  readonly start?: readonly number[] // [nx]; default: where the task begins
  readonly tab: TabName
  readonly linearize: boolean // at once
  readonly byColor: boolean // show the classes of the coloring
  readonly rollouts: boolean // show the perturbed copies
  readonly measurement: Measurement
}

const USUAL = {
  engine: 'cannon',
  controller: OFF,
  linearize: false,
  byColor: false,
  rollouts: false,
  measurement: CLEAN,
} as const

export const EXPERIMENTS: readonly Experiment[] = [
  {
    ...USUAL,
    name: 'poles',
    title: 'Watch the poles move',
    scene: 'cartpole',
    controller: LQR,
    tab: 'control',
    steps: [
      'LQR balances the cart-pole. The filled dots are the eigenvalues of the closed loop, the hollow ones those without control: one is outside of the unit circle, and the pole falls.',
      'Move the slider of R, the price of control. Cheap control pulls the poles inwards, and the pole is up sooner; dear control leaves them near the circle.',
      'Kick it (K) with each, and look at the plots. Esc brings the camera back to a cart that rolls away.',
    ],
  },
  {
    ...USUAL,
    name: 'knock',
    title: 'Knock the quadrotor',
    scene: 'quadrotor',
    controller: LQR,
    tab: 'plots',
    steps: [
      'The quadrotor hovers by LQR. Hold Ctrl and drag it with the mouse, or press K for a kick.',
      'How far can you pull before it can’t come back? The gain knows the robot near hovering only.',
      'Choose no controller in Control, and kick again.',
    ],
  },
  {
    ...USUAL,
    name: 'swing',
    title: 'Swing up by planning ahead',
    scene: 'cartpole',
    controller: { controller: 'mpc', horizon: 1, iterations: 1, every: 2 },
    start: [0, 3, 0, 0],
    tab: 'control',
    steps: [
      'The pole hangs, where LQR can do nothing. MPC plans the next second again and again, at every other step, on the simulator itself, and swings it up.',
      'Kick it (K), or pull it over with Ctrl and the mouse: it catches itself, or swings up anew.',
      'Choose no controller, and when the pole has fallen, LQR: it can’t. Choose MPC once more, to look ahead for 0.3 s only, and let the pole hang again (Reset, Backspace): does that still do?',
    ],
  },
  {
    ...USUAL,
    name: 'spheres',
    title: '192 columns for a few calls',
    scene: 'spheres',
    tab: 'linearize',
    linearize: true,
    byColor: true,
    rollouts: true,
    steps: [
      'Sixteen free spheres have 192 states; central differences, column by column, take 385 steps of the simulator.',
      'Spheres apart from each other don’t meet within a step, so their columns may be moved together: each color of the map is one direction. The faint copies are the rollouts, exaggerated.',
      'Hold Ctrl, drag one sideways against another, and linearize (L) as they meet: the columns of spheres that touch can’t be moved together, which takes more calls; and what may come to touch within a step has no derivative, which the certificate names.',
    ],
  },
  {
    ...USUAL,
    name: 'noise',
    title: 'Noise, and steps that lie',
    scene: 'quadrotor',
    controller: LQR,
    tab: 'linearize',
    linearize: true,
    measurement: { noise: 1e-4, corrupted: 0.1, decoding: 'squares', maxCalls: 0 },
    steps: [
      'Every step is now measured with noise of 1e-4, and one in ten is grossly wrong. Least squares believes them all: the certificate fails, and the controller made of it throws the robot.',
      'Choose LP decoding: the robot begins anew, and the same share of lies is outvoted. The error falls by orders of magnitude, and the robot hovers.',
      'Then try 20 %, or more noise.',
    ],
  },
  {
    ...USUAL,
    name: 'budget',
    title: 'Spend fewer calls',
    scene: 'cartpole',
    controller: LQR,
    tab: 'linearize',
    linearize: true,
    measurement: { ...CLEAN, maxCalls: 5 },
    steps: [
      'The controller is made of a linearization that may spend a few steps of the simulator only: 5, and even 4, are enough for a cart-pole, as its columns move together.',
      'Allow 3. What is not measured is a guess, the certificate says so, no gain comes of it, and the pole falls. 2 are refused.',
    ],
  },
]

export function experimentNamed(name: string): Experiment | null {
  return EXPERIMENTS.find((one) => one.name === name) ?? null
}
