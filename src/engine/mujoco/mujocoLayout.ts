/** Names, units and places of a MuJoCo model's coordinates: x = (qpos, qvel, act), named after joints as scenes name theirs. */
import type { MainModule, MjModel } from '@mujoco/mujoco'
import type { ControlCoordinate, Coordinate, Layout } from '../../scene/layout.ts'
import { JOINT_COORDINATES } from '../../scene/layout.ts'

export const JOINT_TYPES = ['free', 'ball', 'slider', 'hinge'] as const // by mjtJoint

/**
 * A joint without a name is called after its body, 'torso', or 'torso-2' where that is taken; unnamed bodies and actuators are
 * 'body3', 'actuator0', counted as MuJoCo counts them. Activations are 'motor.activation'.
 */
export function mujocoLayout(
  mj: MainModule,
  model: MjModel,
  ranges: readonly (readonly [number, number])[], // of the controls
): Layout {
  const { njnt, nq, nv, na, nu } = model
  const jointNames = jointNamesOf(model)
  const positions: Coordinate[] = []
  const tangent: Coordinate[] = []
  const velocities: Coordinate[] = []
  for (let j = 0; j < njnt; j++) {
    const coordinates = JOINT_COORDINATES[JOINT_TYPES[model.jnt_type[j]]!]
    const named = ([suffix, unit]: readonly [string, string]) => ({ name: `${jointNames[j]}.${suffix}`, unit })
    positions.push(...coordinates.positions.map(named))
    tangent.push(...coordinates.tangent.map(named))
    velocities.push(...coordinates.velocities.map(named))
  }
  const taken = new Set<string>()
  const controlNames = Array.from({ length: nu }, (_, k) =>
    unique(nameAt(model, model.name_actuatoradr[k]) ?? `actuator${k}`, taken),
  )
  const activations: Coordinate[] = Array.from({ length: na }, (_, k) => ({ name: `activation${k}`, unit: '' }))
  for (let k = 0; k < nu; k++) {
    const count: number = model.actuator_actnum[k]
    for (let a = 0; a < count; a++)
      activations[model.actuator_actadr[k] + a] = {
        name: `${controlNames[k]}.activation${count > 1 ? a : ''}`,
        unit: '',
      }
  }
  const u = controlNames.map(
    (name, k): ControlCoordinate => ({ name, unit: controlUnit(mj, model, k), range: ranges[k]! }),
  )
  const x = [...positions, ...velocities, ...activations]
  const dx = [...tangent, ...velocities, ...activations]
  return { nq, nv, nx: x.length, ndx: dx.length, nu, x, dx, u }
}

export function jointNamesOf(model: MjModel): string[] {
  const names = Array.from({ length: model.njnt }, (_, j) => nameAt(model, model.name_jntadr[j]))
  const taken = new Set(names.filter((name) => name !== null))
  return names.map((name, j) => {
    if (name !== null) return name
    const body: number = model.jnt_bodyid[j]
    return unique(nameAt(model, model.name_bodyadr[body]) ?? `body${body}`, taken)
  })
}

/** `name`, or 'name-2', 'name-3' … where it is taken. */
function unique(name: string, taken: Set<string>): string {
  let free = name
  for (let k = 2; taken.has(free); k++) free = `${name}-${k}`
  taken.add(free)
  return free
}

/** The name at an address of the model's name buffer; null where the element has none. */
export function nameAt(model: MjModel, address: number): string | null {
  const names = model.names as Int8Array
  const end = names.indexOf(0, address)
  return end > address ? new TextDecoder().decode(Uint8Array.from(names.subarray(address, end))) : null
}

/** Force or torque of a plain motor with a gear of 1, angle or length of a position servo; '' where u has a scale of its own. */
function controlUnit(mj: MainModule, model: MjModel, k: number): string {
  const { mjtTrn, mjtDyn, mjtGain, mjtBias, mjtJoint } = mj
  const type = model.jnt_type[model.actuator_trnid[2 * k]]
  const isSlide = type === mjtJoint.mjJNT_SLIDE.value
  const gear = (model.actuator_gear as Float64Array).subarray(6 * k, 6 * k + 6)
  const onLine =
    model.actuator_trntype[k] === mjtTrn.mjTRN_JOINT.value && (isSlide || type === mjtJoint.mjJNT_HINGE.value)
  const isPlain = model.actuator_dyntype[k] === mjtDyn.mjDYN_NONE.value && gear[0] === 1
  if (!(onLine && isPlain && model.actuator_gaintype[k] === mjtGain.mjGAIN_FIXED.value)) return ''
  const gain = model.actuator_gainprm[k * mj.mjNGAIN]
  if (model.actuator_biastype[k] === mjtBias.mjBIAS_NONE.value) return gain !== 1 ? '' : isSlide ? 'N' : 'N·m'
  const isServo =
    model.actuator_biastype[k] === mjtBias.mjBIAS_AFFINE.value && model.actuator_biasprm[k * mj.mjNBIAS + 1] === -gain
  return !isServo ? '' : isSlide ? 'm' : 'rad'
}
