/** The formats of scenes and sweeps as JSON Schemas, for completion and checks while a file is being edited. */
import * as z from 'zod/mini'
import { sceneSchema } from './schema.ts'
import { sweepSchema } from './sweep/sweepFile.ts'

/** JSON Schema (draft 7, which editors know best) of a scene file: every key with its description, unit, range and default. */
export function sceneJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(sceneSchema, { io: 'input', target: 'draft-7' })
  return { ...schema, title: 'jacsense scene' }
}

/** JSON Schema (draft 7) of a sweep file. */
export function sweepJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(sweepSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  return { ...schema, title: 'jacsense sweep' }
}
