/** An MJCF model with all the files it needs, as it was read: a plain value that can be sent to workers. */
export interface Mjcf {
  readonly format: 'mjcf'
  readonly name: string // of the file, without its extension
  readonly description: string
  readonly file: string | null // where it was read from
  readonly task: null // a scene may have one
  readonly xml: string
  readonly files: ReadonlyMap<string, Uint8Array> // includes, meshes, textures … by path from the model's folder
}

/** Whether a value is a model as `loadMjcf` returns it. */
export function isMjcf(value: unknown): value is Mjcf {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 'mjcf'
}
