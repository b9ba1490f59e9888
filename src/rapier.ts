/** jacsense/rapier: the Rapier engine. Needs the optional package @dimforge/rapier3d-compat. Public names only. */
export { rapierEngine } from './engine/rapier/rapierEngine.ts'
