import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// What runs the tests must not change what kd says is to be typed next.
delete process.env.npm_command;

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    alias: [{ find: /^.*\/base\/tfjs\.cjs$/, replacement: join(import.meta.dirname, 'tests/tfjs.ts') }],
    globalSetup: ['tests/global-setup.ts'],
    // Native TensorFlow lives once a process and does not like worker threads.
    pool: 'forks',
    // Vitest leaves a core to itself, and a test that runs the command waits for it: half the machine would idle.
    maxWorkers: '100%',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
