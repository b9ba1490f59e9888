import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { notInstalled } from '../../src/engine/mujoco/loadMujoco.ts'
import { InputError } from '../../src/scene/inputError.ts'

test('without the optional package, the error names the command that installs it', () => {
  let missing: unknown
  try {
    createRequire(import.meta.url)('a-package-that-is-not-there')
  } catch (error) {
    missing = error
  }
  expect(notInstalled(missing)).toBeInstanceOf(InputError)
  expect(notInstalled(missing)).toMatchObject({ expected: expect.stringContaining('npm install @mujoco/mujoco') })
  const other = new Error('WebAssembly is switched off')
  expect(notInstalled(other)).toBe(other)
})
