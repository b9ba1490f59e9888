/** A robot as its files hold it, before it is parsed: what passes to a place that can't read files. */
export interface SceneTexts {
  readonly kind: 'scene' | 'urdf'
  readonly file: string // named in errors
  readonly source: unknown // the value of a scene.json, or the text of a URDF file
  readonly files: Readonly<Record<string, string>> // texts of the URDF files that the scene names, by their paths in it
}
