/** jacsense/mujoco: the MuJoCo engine and its files. Needs the optional package @mujoco/mujoco. Public names only. */
export { loadMjcf } from './engine/mujoco/loadMjcf.ts'
export type { Mjcf } from './engine/mujoco/mjcf.ts'
export { type MujocoOptions, mujocoEngine } from './engine/mujoco/mujocoEngine.ts'
export { type SceneToMjcfOptions, sceneToMjcf } from './engine/mujoco/sceneToMjcf.ts'
