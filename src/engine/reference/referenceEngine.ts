/** Reference engines of textbook models given by their numbers. */
import type { Inertia, Joint, JointActuator, Quat, Scene, Thruster, Vec3 } from '../../scene/scene.ts'
import type { Engine } from '../engine.ts'
import { referenceFromScene } from './referenceFromScene.ts'

/**
 * 'pendulum': angle 0 hangs straight down; coordinates pendulum.angle, pendulum.velocity, control motor (N·m).
 * 'cart-pole': angle 0 stands upright, positive angles lean towards positive positions; slide.position, pole.angle,
 * slide.velocity, pole.velocity, control motor (N on the cart).
 * 'free-bodies': rigid bodies body0, body1, … with forces fixed in them (point masses: set any inertia).
 */
export type ReferenceModel =
  | {
      readonly type: 'pendulum'
      readonly mass: number // kg
      readonly inertia: number // kg·m², about the centre of mass
      readonly length: number // m, pivot to centre of mass
      readonly gravity?: number // m/s², default 9.81
      readonly damping?: number // N·m·s/rad, default 0
    }
  | {
      readonly type: 'cart-pole'
      readonly cartMass: number // kg
      readonly poleMass: number // kg
      readonly poleInertia: number // kg·m², about the pole's centre of mass
      readonly length: number // m, hinge to the pole's centre of mass
      readonly gravity?: number // m/s², default 9.81
      readonly cartDamping?: number // N·s/m, default 0
      readonly poleDamping?: number // N·m·s/rad, default 0
    }
  | {
      readonly type: 'free-bodies'
      readonly bodies: readonly {
        readonly mass: number // kg
        readonly inertia: Vec3 // kg·m², principal
      }[]
      readonly gravity?: Vec3 // m/s², default (0, 0, −9.81)
      readonly thrusters?: readonly {
        readonly body: number // index
        readonly position?: Vec3 // m, default the centre of mass
        readonly direction: Vec3 // unit, body frame
        readonly reactionTorque?: number // N·m per N
      }[]
    }

/** An engine with analytic derivatives for a textbook model; `dt` s is the control period, made of `substeps` steps. */
export function referenceEngine(
  model: ReferenceModel,
  { dt, substeps = 1 }: { dt: number; substeps?: number },
): Engine {
  if (!(dt > 0)) throw new RangeError(`reference engine: dt must be a number > 0 (s), got ${dt}`)
  return referenceFromScene({ ...sceneOf(model), dt }, { substeps })
}

function sceneOf(model: ReferenceModel): Scene {
  switch (model.type) {
    case 'pendulum':
      return {
        ...emptyScene('pendulum', [0, 0, -(model.gravity ?? 9.81)]),
        bodies: [bodyOf('pendulum', model.mass, [0, 0, -model.length], spread(model.inertia))],
        joints: [jointOf('pendulum', 'hinge', -1, 0, model.damping ?? 0)],
        actuators: [motorOn(0)],
      }
    case 'cart-pole':
      return {
        ...emptyScene('cart-pole', [0, 0, -(model.gravity ?? 9.81)]),
        bodies: [
          bodyOf('cart', model.cartMass, [0, 0, 0], spread(1)),
          bodyOf('pole', model.poleMass, [0, 0, model.length], spread(model.poleInertia)),
        ],
        joints: [
          { ...jointOf('slide', 'slider', -1, 0, model.cartDamping ?? 0), axis: [1, 0, 0] },
          jointOf('pole', 'hinge', 0, 1, model.poleDamping ?? 0),
        ],
        actuators: [motorOn(0)],
      }
    case 'free-bodies':
      return {
        ...emptyScene('free-bodies', model.gravity ?? [0, 0, -9.81]),
        bodies: model.bodies.map(({ mass, inertia }, i) => bodyOf(`body${i}`, mass, [0, 0, 0], [...inertia, 0, 0, 0])),
        joints: model.bodies.map((_, i) => jointOf(`body${i}`, 'free', -1, i, 0)),
        thrusters: (model.thrusters ?? []).map(
          ({ body, position = [0, 0, 0], direction, reactionTorque = 0 }, k): Thruster => ({
            name: `thruster${k}`,
            body,
            position,
            direction,
            gear: 1,
            reactionTorque,
            range: UNBOUNDED,
          }),
        ),
      }
  }
}

const UNBOUNDED = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const
const IDENTITY: Quat = [1, 0, 0, 0]

function emptyScene(name: string, gravity: Vec3): Scene {
  return {
    name,
    description: '',
    file: null,
    gravity,
    dt: 0.01,
    bodies: [],
    joints: [],
    actuators: [],
    thrusters: [],
    closures: [],
    environment: [],
    contact: { enabled: false, restitution: 0 },
    home: { positions: {}, velocities: {}, controls: {} },
    task: null,
    engines: {
      cannon: { coordinates: 'reduced', substeps: 1, iterations: 50, contactStiffness: 1e5, contactRelaxation: 3 },
      rapier: { substeps: 1, iterations: null, contactFrequency: 30 },
    },
  }
}

function bodyOf(name: string, mass: number, com: Vec3, inertia: Inertia): Scene['bodies'][number] {
  return { name, mass, com, inertia, shapes: [] }
}

function jointOf(name: string, type: Joint['type'], parent: number, child: number, damping: number): Joint {
  return {
    name,
    type,
    parent,
    child,
    parentAnchor: [0, 0, 0],
    rotation: IDENTITY,
    childAnchor: [0, 0, 0],
    axis: [0, 1, 0],
    damping,
    limits: null,
  }
}

function motorOn(joint: number): JointActuator {
  return { name: 'motor', joint, gear: 1, range: UNBOUNDED }
}

/** The same moment about every axis. */
function spread(moment: number): Inertia {
  return [moment, moment, moment, 0, 0, 0]
}
