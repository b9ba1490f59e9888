import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: {
      'jacsense/mujoco': new URL('./src/mujoco.ts', import.meta.url).pathname,
      'jacsense/tfjs': new URL('./src/tfjs.ts', import.meta.url).pathname,
      jacsense: new URL('./src/index.ts', import.meta.url).pathname,
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    // One context for all files of a worker: modules are loaded once. No test may leave anything behind in them.
    pool: 'threads',
    isolate: false,
    maxWorkers: '100%',
  },
})
