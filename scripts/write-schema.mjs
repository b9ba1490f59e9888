// Writes the schemas under scenes/ from the built package (`npm run schema`). A test fails while a committed file is out of date.
import { rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { sceneJsonSchema, sweepJsonSchema } from '../dist/scene/jsonSchema.js'

for (const [name, schema] of [
  ['scene', sceneJsonSchema()],
  ['sweep', sweepJsonSchema()],
]) {
  const target = fileURLToPath(new URL(`../scenes/${name}.schema.json`, import.meta.url))
  const temporary = `${target}.${process.pid}.tmp`
  await writeFile(temporary, `${JSON.stringify(schema, null, 2)}\n`)
  await rename(temporary, target)
}
