import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { sceneJsonSchema, sweepJsonSchema } from '../../src/scene/jsonSchema.ts'

type Node = { [key: string]: unknown }

test.each([
  ['scene', sceneJsonSchema()],
  ['sweep', sweepJsonSchema()],
])('the committed schema of a %s is current (else: npm run schema)', async (name, schema) => {
  const file = new URL(`../../scenes/${name}.schema.json`, import.meta.url)
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)))
})

test('an editor can explain every key: each has a description', () => {
  const bare: string[] = []
  visit(sceneJsonSchema(), '', (property, path) => {
    if (property.description === undefined && property.const === undefined) bare.push(path)
  })
  expect(bare).toEqual([])
})

test('lengths, masses and forces name their unit', () => {
  const described = new Map<string, string>()
  visit(sceneJsonSchema(), '', (property, path) => {
    described.set(path, String(property.description))
  })
  expect(described.get('.dt')).toContain('in s.')
  expect(described.get('.bodies[].mass')).toContain('in kg.')
  expect(described.get('.bodies[].com')).toContain('in m.')
  expect(described.get('.bodies[].inertia')).toContain('kg·m²')
  expect(described.get('.gravity')).toContain('m/s²')
  expect(described.get('.joints[].damping')).toContain('N·m·s/rad')
})

test('unknown keys and missing ones are marked in the editor', () => {
  const schema = sceneJsonSchema()
  expect(schema.additionalProperties).toBe(false)
  expect(schema.required).toEqual(['name'])
})

/** Calls `seen` for each property of the schema and of the schemas in it. */
function visit(schema: Node, path: string, seen: (property: Node, path: string) => void): void {
  for (const [name, property] of Object.entries((schema.properties ?? {}) as Record<string, Node>)) {
    seen(property, `${path}.${name}`)
    visit(property, `${path}.${name}`, seen)
  }
  for (const option of [...((schema.oneOf ?? []) as Node[]), ...((schema.anyOf ?? []) as Node[])])
    visit(option, path, seen)
  if (schema.items && !Array.isArray(schema.items)) visit(schema.items as Node, `${path}[]`, seen)
}
