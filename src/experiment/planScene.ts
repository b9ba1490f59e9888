/** A plan for the steps of a scene that a robot or another simulator will take. */
import type { Engine, Point } from '../engine/engine.ts'
import { isMjcf, type Mjcf } from '../engine/mujoco/mjcf.ts'
import { type PrepareLinearizationOptions, prepareLinearization } from '../linearization/prepareLinearization.ts'
import { stepDifferences } from '../linearization/stepDifferences.ts'
import { InputError } from '../scene/inputError.ts'
import { RESERVED } from '../scene/parseStructure.ts'
import type { Scene } from '../scene/scene.ts'
import { fingerprint } from '../sensing/fingerprint.ts'
import type { MeasuringPlan } from './planFile.ts'
import { type PreparedPlan, refusedAsInput } from './planStructure.ts'

/** The plan around a point of a scene. Throws InputError, naming the scene, on what prepareSensing refuses. */
export function planScene(
  scene: Scene | Mjcf,
  engine: Engine,
  point: Point,
  options: PrepareLinearizationOptions & { readonly coordinates?: 'reduced' | 'maximal' | undefined },
): PreparedPlan {
  const { coordinates = null, ...prepare } = options
  const plan = refusedAsInput(scene.file, () => prepareLinearization(engine, point, prepare))
  const { layout } = engine
  const clash = layout.u.find(({ name }) => RESERVED.includes(name))
  if (clash !== undefined)
    throw new InputError({
      file: scene.file,
      path: 'actuators',
      expected: `controls with names other than ${RESERVED.join(' and ')}, columns of the table of points`,
      found: `"${clash.name}"`,
    })
  const { scale } = stepDifferences(engine, point, point.x)
  return {
    inputs: [...layout.dx, ...layout.u].map(({ name, unit }, j) => ({
      name,
      unit,
      at: 0,
      scale: scale![j]!,
      step: null,
    })),
    outputs: layout.dx.map(({ name, unit }) => ({ name, unit, scale: null })),
    scene: {
      name: scene.name,
      engine: engine.name,
      coordinates,
      fingerprint: sceneFingerprint(scene),
      dt: engine.dt,
      x: Array.from(point.x),
      u: Array.from(point.u),
    },
    plan,
  }
}

/** The point of a scene's plan. Throws InputError where the scene is no longer the one that the plan was made for. */
export function pointOfPlan(
  { scene: planned, inputs }: MeasuringPlan,
  scene: Scene | Mjcf,
  engine: Engine,
  file: string | null,
): Point {
  const { layout } = engine
  const { x, u, fingerprint: stated, dt } = planned!
  const found = sceneFingerprint(scene)
  const refuse = (path: string, expected: string, what: string): never => {
    throw new InputError({ file, path: `scene.${path}`, expected, found: what })
  }
  if (found !== stated)
    refuse('fingerprint', `${found}, that of ${scene.file ?? scene.name}`, `${stated}: the scene has changed since`)
  const names = [...layout.dx, ...layout.u].map(({ name }) => name)
  if (names.join('\n') !== inputs.map(({ name }) => name).join('\n') || dt !== engine.dt)
    refuse('engine', `coordinates and dt of the engine ${engine.name} as it is`, 'others: plan again')
  if (x.length !== layout.nx || u.length !== layout.nu)
    refuse('x', `${layout.nx} states and ${layout.nu} controls`, `${x.length} and ${u.length}`)
  return { x: Float64Array.from(x), u: Float64Array.from(u) }
}

/** Of all that an engine is made from: not of where the file is, what it is described as, or its task. */
function sceneFingerprint(scene: Scene | Mjcf): string {
  if (isMjcf(scene)) {
    const files = [...scene.files].sort(([a], [b]) => (a < b ? -1 : 1))
    return fingerprint(scene.xml, ...files.flat())
  }
  const { file: _, description: __, task: ___, ...rest } = scene
  return fingerprint(JSON.stringify(rest))
}
