// Writes scenes/scene.schema.json from the built package (`npm run schema`). A test fails while the committed file is out of date.
import { rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { sceneJsonSchema } from '../dist/scene/jsonSchema.js'

const target = fileURLToPath(new URL('../scenes/scene.schema.json', import.meta.url))
const temporary = `${target}.${process.pid}.tmp`
await writeFile(temporary, `${JSON.stringify(sceneJsonSchema(), null, 2)}\n`)
await rename(temporary, target)
