import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The client as it is written, not as it was last compiled.
  ssr: { resolve: { conditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: {
    include: ['test/**/*.test.ts'],
    // A watchdog, not a measurement: what hangs ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
