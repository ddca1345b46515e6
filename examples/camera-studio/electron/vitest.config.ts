import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The packages as they are written, not as they were last compiled.
  ssr: { resolve: { conditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: { include: ['test/**/*.test.ts'] },
});
