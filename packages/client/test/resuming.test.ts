/** Subscriptions of a client that reconnects (docs/decisions/reconnecting.md). */
import { describe, expect, test, vi } from 'vitest';
import { type CallError, iterate, reconnecting, serve } from '../src/index.js';
import { mock } from '../src/testing/index.js';
import { Topics } from './generated/sample-topics.js';
import { back, cut, idle, later, logger, onFakeTimers, open, played, settled } from './support/again.js';
import { bound as playedBound, type FakeHub, turn } from './support/hub.js';

onFakeTimers();

describe('a subscription', () => {
  async function listening() {
    const topics = await mock(Topics, {}, { connect: { logger } });
    const peer = reconnecting(() => topics.transport(), { logger });
    open.push(topics, peer);
    return { topics, peer, client: await peer.bind(Topics) };
  }

  test('begins anew after each gap, and says so before its first value; a state gives its value first', async () => {
    const { topics, client } = await listening();
    const [levels, ticks]: [string[], string[]] = [[], []];
    client.onLevel((level) => levels.push(String(level)), { onAnew: () => levels.push('anew') });
    client.onTicked((tick) => ticks.push(String(tick)), { onAnew: () => ticks.push('anew'), onEnd: () => ticks.push('end') });
    await settled();
    topics.publisher.level(1n);
    topics.publisher.ticked(1);
    await settled();
    await cut(topics);
    topics.publisher.level(2n);
    topics.publisher.ticked(2);
    await back(topics);
    topics.publisher.ticked(3);
    await settled();
    await cut(topics, 'going_away');
    await back(topics);
    topics.publisher.level(4n);
    await settled();
    expect(levels).toEqual(['1', 'anew', '2', 'anew', '2', '4']);
    expect(ticks).toEqual(['1', 'anew', '3', 'anew']);
  });

  test('begins anew when its instance is back', async () => {
    const { topics, client } = await listening();
    const log: string[] = [];
    client.onTicked((tick) => log.push(`tick ${tick}`), { onAnew: () => log.push('anew') });
    await settled();
    await topics.withdraw();
    await later(1_000);
    const { publisher } = await serve(topics.portcullis, Topics, { emit: () => undefined });
    await later(5_000);
    publisher.ticked(9);
    await settled();
    expect(log).toEqual(['anew', 'tick 9']);
  });

  test('that begins in a gap begins with the connection, and not anew', async () => {
    const { topics, client } = await listening();
    await cut(topics);
    const log: string[] = [];
    client.onLevel((level) => log.push(`level ${level}`), { onAnew: () => log.push('anew') });
    topics.publisher.level(5n);
    await back(topics);
    expect(log).toEqual(['level 5']);
  });

  test('tells nothing after it was left, in every phase', async () => {
    const { topics, client } = await listening();
    const log: string[] = [];
    const options = { onAnew: () => log.push('anew'), onEnd: () => log.push('end') };
    const tell = (tick: number) => log.push(`tick ${tick}`);
    const abort = new AbortController();
    const offs = [client.onTicked(tick(1), options), client.onTicked(tick(2), options), client.onTicked(tick(3), options)];
    client.onTicked(tick(4), { ...options, signal: abort.signal });
    // Left before it has begun, and when it begins anew.
    client.onTicked(tick(5), options)();
    client.onTicked(tick(6), { ...options, signal: AbortSignal.abort() });
    const left = client.onTicked(tick(7), { ...options, onAnew: () => left() });
    function tick(subscriber: number) {
      return (value: number) => void tell(subscriber * 100 + value);
    }
    await settled();
    offs[0]?.();
    topics.publisher.ticked(1);
    await settled();
    await cut(topics);
    offs[1]?.();
    client.onTicked(tick(8), options)();
    await settled();
    abort.abort();
    await back(topics);
    topics.publisher.ticked(2);
    await settled();
    offs[2]?.();
    offs[2]?.();
    topics.publisher.ticked(3);
    await settled();
    expect(log).toEqual(['tick 201', 'tick 301', 'tick 401', 'tick 701', 'anew', 'tick 302']);
    await later(60_000);
    await idle();
  });

  test('ends for what is final, once', async () => {
    for (const status of ['permission_denied', 'resource_exhausted'] as const) {
      const { client, hub } = await lastingTopics();
      const ends: CallError[] = [];
      client.onTicked(() => undefined, { onEnd: (error) => ends.push(error) });
      await settled();
      hub.fail((await hub.next('subscribe')).id, status);
      await later(60_000);
      expect(ends).toMatchObject([{ status }]);
      expect(hub.frames).toEqual([]);
    }
  });

  async function lastingTopics() {
    const { client: peer, hubs } = played();
    open.push(peer);
    const binding = peer.bind(Topics);
    await settled();
    const hub = hubs[0] as FakeHub;
    await hub.bound(5);
    return { peer, hub, client: await binding };
  }

  test('that is refused for now waits before it is begun again, ever longer', async () => {
    const { client, hub } = await lastingTopics();
    client.onTicked(() => undefined);
    let tries = 0;
    for (let ms = 0; ms < 1_000; ms += 50) {
      await settled();
      for (const { id } of hub.frames.splice(0)) {
        tries++;
        hub.fail(id, 'unavailable', 'the application is quitting');
      }
      await later(50);
    }
    // At 0, 100, 300 and 700 ms.
    expect(tries).toBe(4);
  });

  test('ends with the client, once, whatever it was doing', async () => {
    const { topics, peer, client } = await listening();
    const ends: string[] = [];
    const onEnd = ({ status, detail }: CallError) => ends.push(`${status}: ${detail}`);
    client.onTicked(() => undefined, { onEnd });
    await settled();
    await cut(topics);
    client.onTicked(() => undefined, { onEnd });
    await settled();
    peer.close('over');
    peer.close();
    client.onTicked(() => undefined, { onEnd });
    await later(60_000);
    expect(ends).toEqual(Array.from({ length: 3 }, () => 'unavailable: the connection ended: over'));
    await idle();
  });

  test('in a loop shows the gap at the value behind it', async () => {
    const { topics, client } = await listening();
    const values = iterate<number>((listener, options) => client.onTicked(listener, options), { depth: 1 });
    await settled();
    topics.publisher.ticked(1);
    await settled();
    expect(await values.next()).toMatchObject({ value: { value: 1, anew: false } });
    await cut(topics);
    await back(topics);
    for (const tick of [2, 3]) topics.publisher.ticked(tick);
    await settled();
    // What was dropped behind the gap takes its mark along.
    expect(await values.next()).toMatchObject({ value: { value: 3, missed: 1, anew: true } });
    topics.publisher.ticked(4);
    await settled();
    expect(await values.next()).toMatchObject({ value: { value: 4, anew: false } });
    await values.return?.();
  });

  test('an ordinary client has no gap to tell of', async () => {
    vi.useRealTimers();
    const { client, hub } = await playedBound(Topics);
    const log: string[] = [];
    client.onTicked(() => undefined, { onAnew: () => log.push('anew'), onEnd: ({ status }) => log.push(status) });
    await hub.next('subscribe');
    hub.transport.close();
    await turn();
    expect(log).toEqual(['unavailable']);
  });
});
