import { expect, it } from 'vitest'
import { run } from '../../sims/digits.ts'

it('gradients by Hadamard directions are nearer to the exact ones than by Gaussian, at every k', async () => {
  const rows = await run({ budget: 1 }) // a few digits
  const errorOf = (name: string) => rows.find((row) => row['backward pass'] === name)!['gradient error']!
  expect(errorOf('Hadamard, k = 32')).toBeLessThan(0.1) // noise alone
  for (const k of [32, 16, 8]) expect(errorOf(`Hadamard, k = ${k}`)).toBeLessThan(errorOf(`Gaussian, k = ${k}`))
}, 300_000)
