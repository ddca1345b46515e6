import { defineConfig } from 'vitest/config';

// The reporter groups failures with it, and Node 20 has none: without it a failing run shows no reason.
const withGroupBy = Map as unknown as { groupBy?: (items: Iterable<unknown>, key: (item: unknown) => unknown) => Map<unknown, unknown[]> };
withGroupBy.groupBy ??= (items, key) => {
  const groups = new Map<unknown, unknown[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
};

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A watchdog, not a measurement: what hangs ends.
    testTimeout: 30_000,
  },
});
