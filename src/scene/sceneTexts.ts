/** A robot as its files hold it, before it is parsed: what passes to a place that can't read files. */
export interface SceneTexts {
  readonly kind: 'scene' | 'urdf' | 'mjcf'
  readonly file: string // named in errors
  readonly source: unknown // the value of a scene.json, or the text of a URDF or MJCF file
  /** Scene: texts of the URDF files that it names, by their paths in it. MJCF: base64 of what it includes, by path from its folder. */
  readonly files: Readonly<Record<string, string>>
}
