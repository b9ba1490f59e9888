/** Sweeps that need no file: they are made for a scene. */
import { type RobustnessOptions, robustnessSweep } from './robustness.ts'

const MAKERS: Readonly<Record<string, (scene: string, options: RobustnessOptions) => Promise<unknown>>> = {
  robustness: robustnessSweep,
}

export const BUILT_IN: readonly string[] = Object.keys(MAKERS)

/** The value of a sweep file. Throws InputError where there can't be one. */
export function builtInSweep(name: string, scene: string, options: RobustnessOptions): Promise<unknown> {
  return MAKERS[name]!(scene, options)
}
