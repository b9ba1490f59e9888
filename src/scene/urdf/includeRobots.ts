/** The robots that a scene file includes, read from the texts of their files. */
import { type Problem, shown } from '../problem.ts'
import type { SceneInput } from '../schema.ts'
import { placeRobot, type RobotParts } from './placeRobot.ts'
import { readUrdf } from './readUrdf.ts'

const MAX_ROBOTS = 1000

/**
 * Places every robot of a scene. `files` holds texts by the path as the scene writes it; errors in them name the path beside `file`.
 * Throws InputError on what readUrdf and placeRobot refuse, a file that is not there, and names that stand twice in the scene.
 */
export function includeRobots(
  input: SceneInput,
  files: ReadonlyMap<string, string>,
  file: string | null,
  problem: Problem,
): RobotParts[] {
  const { robots, bodies, joints, actuators, thrusters } = input
  if (robots.length > MAX_ROBOTS) throw problem('robots', `at most ${MAX_ROBOTS} robots`, `${robots.length}`)
  const texts = new Map<string, ReturnType<typeof readUrdf>>()
  const known = {
    body: new Set(bodies.map(({ name }) => name)),
    joint: new Set(joints.map(({ name }) => name)),
    control: new Set([...actuators, ...thrusters].map(({ name }) => name)),
  }
  return robots.map((robot, r) => {
    const text = files.get(robot.urdf)
    if (text === undefined)
      throw problem(`robots[${r}].urdf`, 'a URDF file that is given with the scene', shown(robot.urdf))
    const urdf = texts.get(robot.urdf) ?? readUrdf(text, besides(file, robot.urdf))
    texts.set(robot.urdf, urdf)
    const parts = placeRobot(urdf, robot, input.contact?.friction ?? 0.5)
    const add = (kind: keyof typeof known, names: readonly string[]) => {
      for (const name of names) {
        if (known[kind].has(name))
          throw problem(
            `robots[${r}]`,
            `names that nothing else in the scene has (a "prefix" tells robots apart)`,
            `the ${kind} "${name}" a second time`,
          )
        known[kind].add(name)
      }
    }
    add('body', [...new Set([...parts.bodies.map(({ name }) => name), ...parts.frames.keys()])])
    add(
      'joint',
      parts.joints.map(({ name }) => name),
    )
    add(
      'control',
      parts.actuators.map(({ name }) => name),
    )
    joints.forEach(({ child }, j) => {
      if (parts.frames.has(child))
        throw problem(
          `joints[${j}].child`,
          'a body of "bodies"',
          `"${child}", a link of robots[${r}], which has its joint`,
        )
    })
    return parts
  })
}

/** The path of a file that `file` names, as an error shows it. */
function besides(file: string | null, name: string): string {
  return `${(file ?? '').replace(/[^/\\]*$/, '')}${name}`
}
