/** From the texts of a robot to an engine that runs it and a figure that is drawn. */
import type { Engine } from '../engine/engine.ts'
import type { Mjcf } from '../engine/mujoco/mjcf.ts'
import { type Figure, figureOf } from '../scene/figure.ts'
import { InputError } from '../scene/inputError.ts'
import { parseTexts } from '../scene/parseTexts.ts'
import type { Scene } from '../scene/scene.ts'
import type { SceneTexts } from '../scene/sceneTexts.ts'
import { reducedCannonEngine } from '../engine/cannon/reducedEngine.ts'
import { scenePoses } from './scenePoses.ts'

export type EngineName = 'cannon' | 'mujoco' | 'rapier'

/** What the page opens: data only. */
export interface Opening {
  readonly texts: SceneTexts
  readonly engine: EngineName // MJCF: 'mujoco'
}

export interface Robot {
  readonly figure: Figure
  readonly engine: Engine
  /** x y z (m) and w x y z of each body in the world, [7 bodies]. */
  poses(x: Float64Array): Float64Array
  dispose(): void
}

/** Where the page has what is loaded for an engine, and what puts it there. */
const OPTIONAL = {
  mujoco: { title: 'MuJoCo', file: 'mujoco/mujoco.js', package: '@mujoco/mujoco' },
  rapier: { title: 'Rapier', file: 'rapier/rapier.js', package: '@dimforge/rapier3d-compat' },
} as const

/**
 * In joint coordinates, as the page draws joints. The caller disposes it. Throws what reading the file throws, and InputError where
 * an engine is wanted that can't be loaded.
 */
export async function openRobot(opening: Opening): Promise<Robot> {
  try {
    return await open(opening)
  } catch (error) {
    const { engine } = opening
    if (engine === 'cannon' || !(error instanceof TypeError && /import|module/i.test(error.message))) throw error
    const { title, file, package: name } = OPTIONAL[engine]
    throw new InputError({
      path: 'engine',
      expected: `${title} beside the page (${file}): jacsense view takes it from the package ${name}`,
      found: `none; npm install ${name}, and start again`,
    })
  }
}

async function open({ texts, engine: name }: Opening): Promise<Robot> {
  if (texts.kind === 'mjcf') return openMjcf(mjcfOf(texts))
  const scene = await parseTexts(texts)
  const engine = await engineOf(scene, name)
  return { figure: figureOf(scene), engine, poses: scenePoses(scene), dispose: () => engine.dispose() }
}

async function engineOf(scene: Scene, name: EngineName): Promise<Engine> {
  if (name === 'mujoco') return (await import('../engine/mujoco/mujocoEngine.ts')).mujocoEngine(scene)
  if (name === 'rapier') return (await import('../engine/rapier/rapierEngine.ts')).rapierEngine(scene)
  return reducedCannonEngine(scene)
}

async function openMjcf(mjcf: Mjcf): Promise<Robot> {
  const { mujocoEngine } = await import('../engine/mujoco/mujocoEngine.ts')
  const { mujocoFigure } = await import('../engine/mujoco/mujocoFigure.ts')
  const engine = await mujocoEngine(mjcf).catch((error: Error) => {
    if (/opening file/i.test(error.message))
      error.message += '; drop the model together with the files that it names, or their folder'
    throw error
  })
  const { figure, poses, dispose } = await mujocoFigure(mjcf)
  return {
    figure,
    engine,
    poses,
    dispose() {
      engine.dispose()
      dispose()
    },
  }
}

/** Files beside an MJCF text travel as base64. */
function mjcfOf({ file, source, files }: SceneTexts): Mjcf {
  const name = file.replace(/^.*\//, '').replace(/\.\w+$/, '')
  const bytes = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  return {
    format: 'mjcf',
    name,
    description: '',
    file,
    task: null,
    xml: String(source),
    files: new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)])),
  }
}
