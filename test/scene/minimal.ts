/** A small valid scene file value, made anew for every test that breaks it. */
export function minimalScene() {
  return {
    name: 'minimal',
    bodies: [
      { name: 'cart', mass: 1, inertia: [0.1, 0.1, 0.1] },
      { name: 'pole', mass: 0.1, com: [0, 0, 0.3], inertia: [0.003, 0.003, 0.0001] },
      { name: 'drone', mass: 2, shapes: [{ type: 'box', size: [0.2, 0.2, 0.1] }] },
    ],
    joints: [
      { name: 'slide', type: 'slider', parent: 'world', child: 'cart', axis: [1, 0, 0], limits: [-2, 2] },
      { name: 'hinge', type: 'hinge', parent: 'cart', child: 'pole', axis: [0, 1, 0] },
      { name: 'flight', type: 'free', parent: 'world', child: 'drone' },
    ],
    actuators: [{ name: 'motor', joint: 'slide', range: [-10, 10] }],
    thrusters: [{ name: 'rotor', body: 'drone', range: [0, null] }],
    environment: [{ type: 'plane' }],
    home: { positions: { slide: 0.5, flight: [0, 0, 1, 1, 0, 0, 0] }, controls: { rotor: 19.62 } },
    task: { Q: { 'hinge.angle': 10 }, R: 0.1, duration: 5 },
  }
}

/** Replaces (or, with undefined, removes) the value at a path such as 'bodies[1].mass'; makes missing objects on the way. */
export function withValue(base: unknown, path: string, value: unknown): unknown {
  const copy = structuredClone(base)
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '')
  let here = copy as Record<string, unknown>
  for (const key of keys.slice(0, -1)) {
    here[key] ??= {}
    here = here[key] as Record<string, unknown>
  }
  const last = keys.at(-1)!
  if (value === undefined) delete here[last]
  else here[last] = value
  return copy
}
