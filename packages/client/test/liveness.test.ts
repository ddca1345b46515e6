/** Keep-alive at the peer's end: a silent hub is found, a sleeping page is not mistaken for one. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Echo } from './generated/sample-echo.js';
import { Topics } from './generated/sample-topics.js';
import { bound, connected, turn } from './support/hub.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('an idle connection sends nothing and has no timer', async () => {
  const { client, hub } = await bound(Topics);
  client.onTicked(() => undefined);
  await hub.next('subscribe');
  hub.answersPings = false;
  await vi.advanceTimersByTimeAsync(3_600_000);
  await turn();
  expect(hub.frames).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a hub that is silent while it is awaited ends the connection (R14)', async () => {
  const { client, hub, portcullis } = await bound(Echo);
  hub.answersPings = false;
  const call = client.inline(1, { timeoutMs: 600_000 }).result;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await hub.next('ping')).toMatchObject({ id: 1 });
  hub.send('pong', { id: 1 });
  await turn();
  await vi.advanceTimersByTimeAsync(10_000);
  await hub.next('ping');
  await vi.advanceTimersByTimeAsync(19_999);
  expect(portcullis.state.status).toBe('connected');
  await vi.advanceTimersByTimeAsync(1);
  expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'unresponsive' });
  expect(await call).toMatchObject({ ok: false, error: { status: 'unavailable' } });
});

test('a first call after a long idle time does not ping at once', async () => {
  const { client, hub } = await bound(Echo);
  hub.answersPings = false;
  await vi.advanceTimersByTimeAsync(3_600_000);
  void client.inline(1).result;
  await vi.advanceTimersByTimeAsync(4_000);
  await turn();
  expect(hub.frames.map(({ kind }) => kind)).toEqual(['request']);
});

test('a time-out that fires long after it was due says that this side slept', async () => {
  const { client, hub, portcullis } = await bound(Echo);
  hub.answersPings = false;
  void client.inline(1, { timeoutMs: 3_600_000 }).result;
  await vi.advanceTimersByTimeAsync(10_000);
  await hub.next('ping');
  // The clock goes on while the timers stand still.
  const slept = performance.now() + 500_000;
  vi.spyOn(performance, 'now').mockImplementation(() => slept);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(portcullis.state.status).toBe('connected');
  vi.restoreAllMocks();
});

test('it can be switched off', async () => {
  const { portcullis, hub } = await connected({ keepalive: false });
  hub.answersPings = false;
  const binding = portcullis.bind(Echo, 'any', { timeoutMs: 600_000 }).catch(() => undefined);
  await hub.next('request');
  await vi.advanceTimersByTimeAsync(100_000);
  expect(hub.frames).toEqual([]);
  expect(portcullis.state.status).toBe('connected');
  portcullis.close();
  await binding;
});
