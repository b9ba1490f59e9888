/** The scene format as a JSON Schema, for completion and checks while a scene is being edited. */
import * as z from 'zod/mini'
import { sceneSchema } from './schema.ts'

/** JSON Schema (draft 7, which editors know best) of a scene file: every key with its description, unit, range and default. */
export function sceneJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(sceneSchema, { io: 'input', target: 'draft-7' })
  return { ...schema, title: 'jacsense scene' }
}
