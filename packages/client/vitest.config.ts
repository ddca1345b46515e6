import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A watchdog, not a measurement: what hangs ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
