import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Waits are long because machines are busy; nothing here is about time. */
const patience = 60_000

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: ['*.test.ts'],
    globalSetup: ['setup.ts'],
    testTimeout: patience,
    hookTimeout: patience,
    teardownTimeout: 10_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
