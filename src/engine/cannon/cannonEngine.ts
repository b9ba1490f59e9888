/** cannon-es as a pure step function, in reduced (joint) or maximal (body) coordinates. */
import type { Scene } from '../../scene/scene.ts'
import type { Engine } from '../engine.ts'
import { maximalCannonEngine } from './maximalEngine.ts'
import { reducedCannonEngine } from './reducedEngine.ts'

/** `coordinates` overrides the scene's `engines.cannon.coordinates`. */
export function cannonEngine(
  scene: Scene,
  { coordinates = scene.engines.cannon.coordinates }: { coordinates?: 'reduced' | 'maximal' } = {},
): Engine {
  return coordinates === 'maximal' ? maximalCannonEngine(scene) : reducedCannonEngine(scene)
}
