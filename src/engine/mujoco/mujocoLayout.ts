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
  const activations: Coordinate[] = Array.from({ length: na }, (_, k) => ({ name: `activation${k}`, unit: '' }))
  const u: ControlCoordinate[] = new Array(nu)
  const taken = new Set<string>()
  for (const [k, actuator] of actuatorsOf(model).entries()) {
    const name = unique(nameAt(model, model.name_actuatoradr[k]) ?? `actuator${k}`, taken)
    const inputs = inputsOf(mj, model, k)
    for (const [c, control] of actuator.controls.entries())
      u[control] =
        inputs === null
          ? { name, unit: controlUnit(mj, model, k), range: ranges[control]! }
          : { name: `${name}.${inputs[c]}`, unit: '', range: ranges[control]! }
    for (const [a, activation] of actuator.activations.entries())
      activations[activation] = { name: `${name}.activation${actuator.activations.length > 1 ? a : ''}`, unit: '' }
  }
  const x = [...positions, ...velocities, ...activations]
  const dx = [...tangent, ...velocities, ...activations]
  return { nq, nv, nx: x.length, ndx: dx.length, nu, x, dx, u }
}

/** What belongs to each actuator: entries of ctrl, of which some have several, such as setpoints of position and velocity, and of act. */
export function actuatorsOf(model: MjModel): { controls: readonly number[]; activations: readonly number[] }[] {
  const from = (first: number, length: number) => Array.from({ length }, (_, k) => first + k)
  return Array.from({ length: model.nactuator }, (_, k) => ({
    controls: from(model.actuator_ctrladr[k], model.actuator_ctrlnum[k]),
    activations: from(model.actuator_actadr[k], model.actuator_actnum[k]),
  }))
}

/** The names of an actuator's controls where there are several: 'pos', 'vel' …, or numbers where an input has several itself; else null. */
function inputsOf({ mjtCtrlInput }: MainModule, model: MjModel, k: number): string[] | null {
  const count: number = model.actuator_ctrlnum[k]
  if (count === 1) return null
  const { mjINPUT_POS, mjINPUT_VEL, mjINPUT_FF, mjINPUT_VOLTAGE } = mjtCtrlInput
  const known = { pos: mjINPUT_POS, vel: mjINPUT_VEL, ff: mjINPUT_FF, voltage: mjINPUT_VOLTAGE }
  const taken = Object.entries(known).filter(([, { value }]) => (model.actuator_ctrlspec[k] & value) !== 0)
  return Array.from({ length: count }, (_, c) => (taken.length === count ? taken[c]![0] : String(c)))
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
