/** A scene whose bodies, joints and motors differ: heavier, rougher, more damped. */
import { InputError } from '../../scene/inputError.ts'
import { listed, suggestion } from '../../scene/nearest.ts'
import type { Body, Inertia, Scene, Shape } from '../../scene/scene.ts'
import type { ByName, Changes } from '../../scene/sweep/runSettings.ts'

const ENVIRONMENT = 'environment'

/** Throws InputError, naming `path`, on names of bodies, joints and controls that are not there. */
export function changeScene(scene: Scene, changes: Changes | undefined, path: string): Scene {
  if (changes === undefined) return scene
  const bodies = scene.bodies.map(({ name }) => name)
  const moving = scene.joints.filter(({ type }) => type === 'hinge' || type === 'slider')
  const damped = scene.joints.filter(({ type }) => type !== 'free' && type !== 'fixed')
  const controls = [...scene.actuators, ...scene.thrusters].map(({ name }) => name)
  const of = (key: keyof Changes, known: readonly string[], missing: number) => {
    const given: ByName = changes[key] ?? missing
    if (typeof given === 'number') return (name: string) => (known.includes(name) ? given : missing)
    for (const name of Object.keys(given))
      if (!known.includes(name))
        throw new InputError({
          path: `${path}.${key}.${name}`,
          expected: `one of ${listed(known)}`,
          found: `"${name}"${suggestion(name, known)}`,
        })
    return (name: string) => (Object.hasOwn(given, name) ? given[name]! : missing)
  }
  const mass = of('mass', bodies, 1)
  const friction = of('friction', [...bodies, ENVIRONMENT], 1)
  const damping = of(
    'damping',
    damped.map(({ name }) => name),
    1,
  )
  const addedDamping = of(
    'addedDamping',
    moving.map(({ name }) => name),
    0,
  )
  const gear = of('gear', controls, 1)
  const rough = (shapes: readonly Shape[], factor: number): readonly Shape[] =>
    factor === 1 ? shapes : shapes.map((shape) => ({ ...shape, friction: factor * shape.friction }))
  return {
    ...scene,
    bodies: scene.bodies.map(
      (body): Body => ({
        ...body,
        mass: mass(body.name) * body.mass,
        inertia: body.inertia.map((entry) => mass(body.name) * entry) as unknown as Inertia,
        shapes: rough(body.shapes, friction(body.name)),
      }),
    ),
    joints: scene.joints.map((joint) => ({
      ...joint,
      damping: damping(joint.name) * joint.damping + addedDamping(joint.name),
    })),
    actuators: scene.actuators.map((one) => ({ ...one, gear: gear(one.name) * one.gear })),
    thrusters: scene.thrusters.map((one) => ({ ...one, gear: gear(one.name) * one.gear })),
    environment: rough(scene.environment, friction(ENVIRONMENT)),
  }
}
