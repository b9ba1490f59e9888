/** Sweep values that the tests share. */

/** Short closed-loop runs of the cart-pole: starts by angle and rate, two draws each. */
export function cartpoleSweep({ angles = 25, rates = 20, draws = 2, duration = 0.3 } = {}): Record<string, unknown> {
  return {
    format: 'jacsense-sweep',
    version: 1,
    name: 'cartpole-starts',
    seed: 3,
    base: { scene: 'cartpole', initial: {}, duration, controller: { type: 'lqr' }, success: { within: 5 } },
    grid: [
      { set: 'offset.pole.angle', name: 'angle', unit: 'rad', range: { from: -1, to: 1, count: angles } },
      { set: 'offset.pole.velocity', name: 'rate', unit: 'rad/s', range: { from: -3, to: 3, count: rates } },
    ],
    sample: {
      count: draws,
      axes: [
        { set: 'plant.mass.pole', name: 'mass', logUniform: [0.5, 2] },
        { set: 'measurementNoise', name: 'noise', uniform: [0, 0.01] },
      ],
    },
  }
}

/** Runs that can't be: NaN, no end in time, and two that are as they should be on either side. */
export function poisonedSweep(): Record<string, unknown> {
  return {
    format: 'jacsense-sweep',
    version: 1,
    name: 'poisoned',
    timeLimit: 6, // on a machine that has much else to do, others take a second
    base: { scene: 'cartpole', duration: 0.2 },
    grid: [
      { set: 'offset.slide.position', name: 'start', values: [0, 1e308, 0.1] },
      { set: 'duration', name: 'duration', values: [0.1, 120_000] },
    ],
  }
}
