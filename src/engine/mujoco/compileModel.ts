/** From MJCF text to a MuJoCo model and data, with errors that say where. */
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { InputError } from '../../scene/inputError.ts'
import { checkExpansion } from './checkExpansion.ts'
import { actuatorsOf, nameAt } from './mujocoLayout.ts'

const MAX_DOFS = 20_000

/** What lets a control have a range that does not bind. */
const UNLIMITED = /\b(ctrllimited|autolimits)\s*=\s*["']false/

export interface CompiledModel {
  readonly model: MjModel
  readonly data: MjData
  readonly ranges: readonly (readonly [number, number])[] // of the controls; ±Infinity where unbounded
}

/**
 * Compiles a model that never clamps its controls: a control at its bound would have a column of zeros (saturation is
 * `simulate`'s). Throws InputError on what MuJoCo refuses and on what has state beyond positions, velocities and activations.
 */
export function compileModel(
  mj: MainModule,
  xml: string,
  files: ReadonlyMap<string, Uint8Array>,
  file: string | null,
): CompiledModel {
  checkExpansion(xml, files, file)
  const vfs = new mj.MjVFS()
  let model: MjModel | undefined
  let data: MjData | undefined
  try {
    for (const [name, content] of files) vfs.addBuffer(name, content)
    const texts = [xml, ...[...files].filter(([name]) => /\.(xml|mjcf)$/i.test(name)).map(([, bytes]) => decode(bytes))]
    const without = texts.some((text) => UNLIMITED.test(text)) ? actuatorsWithoutRange(mj, xml, vfs) : new Set<number>()
    model = mj.MjModel.from_xml_string(xml, vfs)
    checkModel(model, file)
    data = new mj.MjData(model)
    const range: Float64Array = model.actuator_ctrlrange
    const unbounded = new Set(actuatorsOf(model).flatMap(({ controls }, k) => (without.has(k) ? controls : [])))
    const ranges = Array.from({ length: model.nu }, (_, k): [number, number] =>
      unbounded.has(k) || !(range[2 * k]! < range[2 * k + 1]!)
        ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
        : [range[2 * k]!, range[2 * k + 1]!],
    )
    for (let k = 0; k < model.nu; k++) range.set([-Number.MAX_VALUE, Number.MAX_VALUE], 2 * k)
    return { model, data, ranges }
  } catch (error) {
    data?.delete()
    model?.delete()
    throw error instanceof InputError ? error : refused(error, file)
  } finally {
    vfs.delete()
  }
}

/**
 * Actuators whose controls' range does not bind: the compiled model keeps that range, and the flag beside it can't be read in JavaScript.
 * Asked only where a file says so, as MuJoCo never frees all of a parsed specification.
 */
function actuatorsWithoutRange(mj: MainModule, xml: string, vfs: InstanceType<MainModule['MjVFS']>): Set<number> {
  const spec = mj.parseXMLString(xml, vfs)
  const free = new Set<number>()
  try {
    const { autolimits } = spec.compiler
    const isFree = (limited: number) =>
      limited === mj.mjtLimited.mjLIMITED_FALSE.value || (limited === mj.mjtLimited.mjLIMITED_AUTO.value && !autolimits)
    let element = mj.mjs_firstElement(spec, mj.mjtObj.mjOBJ_ACTUATOR)
    for (let k = 0; element; k++) {
      const actuator = mj.mjs_asActuator(element)
      if (actuator && isFree(actuator.ctrllimited.value)) free.add(k)
      actuator?.delete()
      const next = mj.mjs_nextElement(spec, element)
      element.delete()
      element = next
    }
  } finally {
    spec.delete()
  }
  return free
}

/** 'MuJoCo Error: Loading error: XML Error: invalid keyword: 'x'⏎Element 'joint', line 1⏎' as an InputError. */
function refused(error: unknown, file: string | null): InputError {
  const text = (error instanceof Error ? error.message : String(error)).replace(/^((\w+ ){0,2}error: )+/i, '')
  const lines = text.split('\n').map((line) => line.trim())
  const found = lines.filter((line) => line !== '').join('; ')
  return new InputError({ file, expected: 'a model that MuJoCo can compile', found })
}

function checkModel(model: MjModel, file: string | null): void {
  const refuse = (expected: string, found: string) => new InputError({ file, expected, found })
  if (model.nv === 0) throw refuse('a model with at least one joint', 'none')
  const { timestep } = model.opt
  if (!(timestep > 0 && timestep < Number.POSITIVE_INFINITY)) throw refuse('a timestep > 0 (s)', String(timestep))
  if (model.nv > MAX_DOFS) throw refuse(`at most ${MAX_DOFS} degrees of freedom`, String(model.nv))
  if (model.nplugin > 0) throw refuse('a model without plugins', `${model.nplugin}`)
  if (model.nhistory > 0)
    throw refuse('actuators and sensors without delay: what they remember is no part of the state', 'a delay')
  checkKeyframes(model, file)
}

/** Throws InputError naming the keyframe whose state or controls are not finite. */
function checkKeyframes(model: MjModel, file: string | null): void {
  const { nq, nv, na, nu } = model
  const parts: [string, Float64Array, number][] = [
    ['qpos', model.key_qpos, nq],
    ['qvel', model.key_qvel, nv],
    ['act', model.key_act, na],
    ['ctrl', model.key_ctrl, nu],
  ]
  for (let k = 0; k < model.nkey; k++)
    for (const [part, values, width] of parts) {
      const found = values.subarray(k * width, (k + 1) * width).find((value) => !Number.isFinite(value))
      if (found === undefined) continue
      const path = `${part} of the keyframe "${nameAt(model, model.name_keyadr[k]) ?? `key${k}`}"`
      throw new InputError({ file, path, expected: 'finite numbers', found: String(found) })
    }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
