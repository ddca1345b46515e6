import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** The oldest React that is supported, which a workspace of its own holds. */
const oldest = (name: string) => fileURLToPath(new URL(`../../tests/react-18/node_modules/${name}`, import.meta.url));

export default defineConfig({
  // The client as it is written, not as it was last compiled.
  ssr: { resolve: { conditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'happy-dom',
    setupFiles: ['test/setup.ts'],
    // A page in memory and a React take longer to load than most of these tests take: one for all files.
    isolate: false,
    maxWorkers: 1,
    // A watchdog, not a measurement: what hangs ends.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'react-19', provide: { react: '19' } } },
      { extends: true, resolve: { alias: { react: oldest('react'), 'react-dom': oldest('react-dom') } }, test: { name: 'react-18', provide: { react: '18' } } },
    ],
  },
});
