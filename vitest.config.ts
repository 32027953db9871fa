import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // V8 may abort while it frees the code of WASM functions that were tiered up (nodejs/node issue 64500)
    execArgv: ['--no-wasm-code-gc'],
  },
});
