/** Where a call was made, as its error shows it: of which calls that is noted. */
import { expect, test, vi } from 'vitest';
import { Echo } from './generated/sample-echo.js';
import { bound, rejection } from './support/hub.js';

test('without call stacks there is no trace of it', async () => {
  const { client, hub } = await bound(Echo, { callStacks: false });
  const promise = client.nothing();
  hub.fail((await hub.next('request')).id, 'not_found');
  const error = await rejection(promise);
  expect(error.stack).toContain(error.message);
  expect(error.stack).not.toContain('call-stacks.test');
});

test('a burst does not pay for traces: 100 in each tenth of a second have one, unless all are to have it', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    for (const [callStacks, shown] of [[undefined, 100], [true, 250]] as const) {
      const { client, portcullis } = await bound(Echo, { callStacks });
      vi.advanceTimersByTime(100);
      const burst = () => Array.from({ length: 250 }, () => rejection(client.later(1, { timeoutMs: 0 })));
      const traced = async (errors: Promise<any>[]) => (await Promise.all(errors)).map(({ stack }) => stack.includes('call-stacks.test'));
      const first = await traced(burst());
      // What binding left over is used up as well.
      expect(first.indexOf(false)).toBe(callStacks === true ? -1 : 199);
      vi.advanceTimersByTime(100);
      expect((await traced(burst())).filter(Boolean).length).toBe(shown);
      vi.advanceTimersByTime(99);
      expect((await traced(burst())).filter(Boolean).length).toBe(shown === 250 ? 250 : 0);
      portcullis.close();
    }
  } finally {
    vi.useRealTimers();
  }
});
