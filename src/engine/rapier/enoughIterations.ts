/**
 * How many iterations Rapier's Gauss–Seidel solver takes until its joints hold as well as single precision allows: doubled until steps
 * from home and from bent, moving states leave next to nothing. The count is then the same for every step: stopping early in some of
 * them would make derivatives wrong.
 */
import { random } from '../../linalg/random.ts'
import type { Scene } from '../../scene/scene.ts'
import type { Engine } from '../engine.ts'

const FEWEST = 16
const FEWEST_IN_CONTACT = 64
const MOST = 4096
const HELD = 1e-4 // of the velocities that joints change; rounding leaves 1e-7 to 7e-6
const BENT_STATES = 8
const BEND = 2 // of positions and speeds
const SEED = 1

export interface ProbedEngine {
  readonly engine: Engine
  /** What the last step left of the joints' velocity error, relative to the velocities that joints changed. */
  unsolved(): number
}

/** `make` builds the engine with so many iterations. */
export function enoughIterations(scene: Scene, make: (iterations: number) => ProbedEngine): number {
  let iterations = scene.contact.enabled ? FEWEST_IN_CONTACT : FEWEST
  if (scene.joints.every(({ type }) => type === 'free')) return iterations
  for (; iterations < MOST; iterations *= 2) {
    const probed = make(iterations)
    const left = worstOf(probed)
    probed.engine.dispose()
    if (left <= HELD) break
  }
  return iterations
}

function worstOf({ engine, unsolved }: ProbedEngine): number {
  const { uniform } = random(SEED)
  const { home, layout } = engine
  const x = new Float64Array(layout.nx)
  let worst = 0
  for (let k = 0; k <= BENT_STATES; k++) {
    const bend = Float64Array.from({ length: layout.ndx }, () => (k === 0 ? 0 : BEND * (2 * uniform() - 1)))
    engine.integrate(home.x, bend, x)
    engine.step(x, home.u, x)
    worst = Math.max(worst, unsolved())
  }
  return worst
}
