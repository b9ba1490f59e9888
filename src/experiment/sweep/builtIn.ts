/** Sweeps that need no file. */
export const BUILT_IN: readonly string[] = ['robustness']

export async function builtInSweep(_name: string, _scene: string, _options: object): Promise<unknown> {
  return {}
}
