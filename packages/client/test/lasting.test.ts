/** Clients that outlive connections and instances: calls, streams, subscriptions (docs/decisions/reconnecting.md). */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ApplicationError, type CallError, iterate, type ReasonName, reconnecting, type Reconnecting, serve } from '../src/index.js';
import { mock, type Mock } from '../src/testing/index.js';
import { Blobs, type BlobsHandlers } from './generated/sample-blobs.js';
import { Echo, type EchoClient, type EchoHandlers } from './generated/sample-echo.js';
import { Flows, type FlowsHandlers } from './generated/sample-flows.js';
import { Topics } from './generated/sample-topics.js';
import { played, settled } from './support/again.js';
import { bound as playedBound, FakeHub, MemoryLogger, rejection, turn } from './support/hub.js';

const open: { close(): void }[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  for (const each of open.splice(0)) each.close();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const logger = new MemoryLogger();
/** Nothing waits: a session's one timer may still run, once. */
async function idle(): Promise<void> {
  await later(60_000);
  expect(vi.getTimerCount()).toBe(0);
}

const never = () => new Promise<never>(() => undefined);

/** Echo, served by handlers of the test's, and a client of a peer that reconnects. */
async function echoing(handlers: Partial<EchoHandlers>): Promise<{ echo: Mock<EchoClient, EchoHandlers, null>; peer: Reconnecting; client: EchoClient }> {
  const echo = await mock(Echo, handlers, { connect: { logger } });
  const peer = reconnecting(() => echo.transport(), { logger });
  open.push(echo, peer);
  return { echo, peer, client: await peer.bind(Echo) };
}

/** Ends the connections to a mock, and lets that be noticed. */
async function cut(echo: Mock<any, any, any>, reason?: ReasonName): Promise<void> {
  echo.disconnect(reason);
  await settled();
}

/** Lets them stand again. */
async function back(echo: Mock<any, any, any>): Promise<void> {
  await echo.reconnect();
  await later(5_000);
}

/** A server of its own, beside a mock's, that the test starts and ends. */
async function serving(echo: Mock<any, any, any>, handlers: Partial<EchoHandlers>): Promise<() => Promise<void>> {
  const { withdraw } = await serve(echo.portcullis, Echo, handlers as EchoHandlers, { instance: '' });
  return withdraw;
}

describe('a binding', () => {
  test('waits for the connection and the instance', async () => {
    const echo = await mock(Echo, { inline: (number) => number }, { connect: { logger } });
    open.push(echo);
    await echo.withdraw();
    await cut(echo);
    const peer = reconnecting(() => echo.transport(), { logger });
    open.push(peer);
    let client: EchoClient | undefined;
    void peer.bind(Echo).then((made) => (client = made));
    await later(5_000);
    await echo.portcullis.bind(Echo).catch(() => undefined);
    await echo.reconnect().catch(() => undefined);
    await later(5_000);
    expect(peer.state.status).toBe('connected');
    expect(client).toBe(undefined);
    await serving(echo, { inline: (number) => number + 1 });
    await later(5_000);
    expect(await client?.inline(1)).toBe(2);
  });

  test('waits inside its deadline, and says what it has waited for', async () => {
    const { client, hubs } = played({}, (attempt) => attempt > 1);
    open.push(client);
    const none = rejection(client.bind(Echo, 'any', { timeoutMs: 50 }));
    await later(50);
    expect(await none).toMatchObject({ status: 'deadline_exceeded', detail: 'the time for the call ran out: there is no connection', sent: false });
    hubs[0]?.transport.close();
    await later(100);
    const unserved = rejection(client.bind(Echo, 'any', { timeoutMs: 500 }));
    for (let tries = 0; tries < 2; tries++) {
      (hubs[1] as FakeHub).fail((await (hubs[1] as FakeHub).next('request')).id, 'unavailable', 'nobody serves it');
      await later(400);
    }
    expect(await unserved).toMatchObject({ status: 'deadline_exceeded', detail: 'the time for the call ran out: nobody serves it' });
    // The wait behind the second answer would have ended too late.
    expect(hubs[1]?.frames).toEqual([]);
    const abort = new AbortController();
    const given = rejection(client.bind(Echo, 'any', { signal: abort.signal }));
    abort.abort('enough');
    expect(await given).toMatchObject({ status: 'cancelled', cause: 'enough' });
    expect(await rejection(client.bind(Echo, 'any', { signal: abort.signal }))).toMatchObject({ status: 'cancelled' });
  });

  test.each(['permission_denied', 'contract_mismatch'] as const)('is not tried again after %s: who waits is told', async (status) => {
    const { client, hubs } = played();
    open.push(client);
    const bind = rejection(client.bind(Echo));
    await settled();
    const hub = hubs[0] as FakeHub;
    hub.fail((await hub.next('request')).id, status, 'no');
    expect(await bind).toMatchObject({ status, detail: 'no', sent: false, retry: { type: 'never' } });
    await later(60_000);
    expect(hub.frames).toEqual([]);
    await idle();
  });

  test('is made anew where its instance has left, when somebody needs it, and gives the old one back', async () => {
    const { client, hubs } = played();
    open.push(client);
    const binding = client.bind(Echo);
    await settled();
    const hub = hubs[0] as FakeHub;
    await hub.bound(5);
    const echo = await binding;
    hub.send('unbound', { binding: 5 });
    await later(60_000);
    // Nobody needs it.
    expect(hub.frames).toEqual([]);
    const call = echo.inline(3);
    await settled();
    const release = await hub.next('request');
    expect([release.binding, release.ordinal, release.body[0]]).toEqual([0, 1, 5]);
    hub.end(release.id, 'ok');
    hub.fail((await hub.next('request')).id, 'unavailable', 'it starts');
    await later(100);
    await hub.bound(6);
    await settled();
    const request = await hub.next('request');
    expect(request.binding).toBe(6);
    hub.end(request.id, 'ok', request.body);
    expect(await call).toBe(3);
  });

  test('asks no more for an instance when nobody waits for it any more', async () => {
    const { echo, client } = await echoing({});
    await echo.withdraw();
    const abort = new AbortController();
    const call = rejection(client.inline(1, { signal: abort.signal }));
    await later(1_000);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    abort.abort();
    expect(await call).toMatchObject({ status: 'cancelled', sent: false });
    await idle();
  });

  test('that was given back fails, and looks for nothing', async () => {
    const { echo, peer, client } = await echoing({ inline: (number) => number, later: never });
    const [ends, values]: [CallError[], number[]] = [[], []];
    const topics = await mock(Topics, {}, { beside: echo });
    const listened = await peer.bind(Topics);
    listened.onTicked((value) => values.push(value), { onEnd: (error) => ends.push(error) });
    const running = rejection(client.later(1));
    await settled();
    await Promise.all([peer.release(client), peer.release(client), peer.release(listened)]);
    expect(await rejection(client.inline(1))).toMatchObject({ status: 'unavailable', sent: false, detail: 'its client was given back' });
    topics.publisher.ticked(1);
    await settled();
    expect([values, ends]).toEqual([[1], []]);
    await cut(echo);
    expect(await running).toMatchObject({ status: 'unavailable', sent: true });
    expect(ends).toMatchObject([{ status: 'unavailable' }]);
    await back(echo);
    expect(echo.portcullis.hub.connection.session.callsOpen).toEqual([0, 0]);
    await idle();
  });
});

describe('a call', () => {
  test('in a gap waits for the next connection, inside its deadline', async () => {
    const { echo, client } = await echoing({ inline: (number) => number });
    await cut(echo);
    const [late, well] = [rejection(client.inline(1, { timeoutMs: 50 })), client.inline(2)];
    await later(50);
    expect(await late).toMatchObject({ status: 'deadline_exceeded', sent: false, retry: { type: 'later' } });
    await back(echo);
    expect(await well).toBe(2);
    expect(echo.calls.map(({ arguments: [number] }) => number)).toEqual([2]);
  });

  test('keeps its order with those before and after it', async () => {
    const { echo, client } = await echoing({ inline: (number) => number, tell: () => undefined });
    const calls = [client.inline(1)];
    client.tell('2');
    calls.push(client.inline(3));
    await settled();
    await cut(echo);
    calls.push(client.inline(4), client.inline(5));
    await back(echo);
    await Promise.all(calls);
    expect(echo.calls.map(({ arguments: [first] }) => first)).toEqual([1, '2', 3, 4, 5]);
  });

  test('that was lost is made again where it is idempotent; another is told that it may have been executed', async () => {
    let hang = true;
    const { echo, client } = await echoing({ join: (left) => (hang ? never() : left), inline: () => never() });
    const [idempotent, other] = [client.join('a', null, 1), rejection(client.inline(1))];
    await settled();
    hang = false;
    await cut(echo);
    await back(echo);
    expect(await other).toMatchObject({ status: 'unavailable', sent: true, retry: { type: 'never' } });
    expect(await idempotent).toBe('a');
    expect([echo.callsOf('join').length, echo.callsOf('inline').length]).toEqual([2, 1]);
  });

  test('that had not left is made again, whatever it is', async () => {
    const { echo, peer, client } = await echoing({ inline: (number) => number });
    const call = client.inline(7);
    // In the turn in which it was made: it still stands in the outbox.
    peer.current?.hub.connection.transport.onClose?.('cut');
    await later(200);
    expect(await call).toBe(7);
    expect(echo.calls.length).toBe(1);
  });

  test('that was sent once says so, however it ends', async () => {
    const { echo, client } = await echoing({ join: never });
    const call = rejection(client.join('', null, 1, { timeoutMs: 2_000 }));
    await settled();
    await cut(echo);
    await later(2_000);
    expect(await call).toMatchObject({ status: 'deadline_exceeded', sent: true });
    expect(vi.getTimerCount()).toBe(1);
  });

  test('waits between its tries, ever longer, and never longer than its deadline lets it', async () => {
    const { echo, client } = await echoing({});
    echo.fail('join', { status: 'unavailable' }, Infinity);
    const tries: number[] = [];
    const call = rejection(client.join('', null, 1, { timeoutMs: 1_000 }));
    for (let ms = 0; ms < 1_000; ms += 50) {
      tries.push(echo.calls.length);
      await later(50);
    }
    // At 0, 100, 300 and 700 ms; the next would come at 1,500.
    expect([tries[1], tries[3], tries[7], tries[15]]).toEqual([1, 2, 3, 4]);
    expect(await call).toMatchObject({ status: 'unavailable', sent: true });
    expect(echo.calls.length).toBe(4);
  });

  test('heeds the advice to try again, if it is idempotent', async () => {
    const { echo, client } = await echoing({ join: (left) => left, inline: (number) => number });
    const busy = { status: 'resource_exhausted', retry: { type: 'after', ms: 700 } } as const;
    echo.fail('join', busy);
    echo.fail('inline', busy);
    const [idempotent, other] = [client.join('a', null, 1), rejection(client.inline(1))];
    await later(699);
    expect(await other).toMatchObject({ status: 'resource_exhausted', retry: { ms: 700 } });
    expect(echo.callsOf('join').length).toBe(1);
    await later(1);
    expect(await idempotent).toBe('a');
    echo.fail('join', { status: 'aborted', retry: { type: 'later' } });
    const lost = client.join('b', null, 1);
    await later(100);
    expect(await lost).toBe('b');
    // Advice that comes too late is no use; `never` means it; nothing else is tried again.
    echo.fail('join', { ...busy, retry: { type: 'after', ms: 60_000 } });
    expect(await rejection(client.join('', null, 1))).toMatchObject({ status: 'resource_exhausted' });
    for (const failure of [{ ...busy, retry: { type: 'never' } }, { status: 'deadline_exceeded' }, { status: 'internal', retry: { type: 'later' } }] as const) {
      echo.fail('join', failure);
      expect(await rejection(client.join('', null, 1))).toMatchObject({ status: failure.status });
    }
    await idle();
  });

  test("ends with the application's own error, as ever", async () => {
    const { client } = await echoing({
      fail: (number) => {
        throw new ApplicationError({ type: 'odd', number });
      },
    });
    expect(await client.fail(3n, []).result).toMatchObject({ ok: false, error: { status: 'application', error: { type: 'odd', number: 3n } } });
  });

  test('that breaks its contract fails at once, and where it was made', async () => {
    const { echo, client } = await echoing({});
    await cut(echo);
    const error = await rejection(client.inline(-1));
    expect(error).toMatchObject({ status: 'invalid_argument', sent: false });
    expect(error.stack).toContain('lasting.test.ts');
  });

  test('takes its arguments as they were when it was made, blobs as well', async () => {
    const echo = await mock(Echo, {}, { connect: { logger } });
    const seen: number[] = [];
    const handlers: Partial<BlobsHandlers> = { echo: (scan) => (seen.push(...scan.points, scan.pictures.length), scan) };
    const blobs = await mock(Blobs, handlers as BlobsHandlers, { beside: echo });
    const peer = reconnecting(() => echo.transport(), { logger });
    open.push(echo, blobs, peer);
    const client = await peer.bind(Blobs);
    await cut(echo);
    const points = new Uint8Array([1, 2]);
    const call = client.echo({ name: '', points, pictures: [new Uint8Array(3)], preview: null });
    points.fill(9);
    await back(echo);
    expect((await call).points).toEqual(new Uint8Array([1, 2]));
    expect(seen).toEqual([1, 2, 1]);
  });

  test('is cancelled in every phase', async () => {
    const { echo, client } = await echoing({ join: never });
    const abort = new AbortController();
    const { signal } = abort;
    const running = rejection(client.join('', null, 1, { signal }));
    await settled();
    await cut(echo);
    const waiting = rejection(client.inline(1, { signal }));
    await settled();
    abort.abort('enough');
    expect(await running).toMatchObject({ status: 'cancelled', sent: true, cause: 'enough' });
    expect(await waiting).toMatchObject({ status: 'cancelled', sent: false });
    expect(await rejection(client.inline(1, { signal }))).toMatchObject({ status: 'cancelled', sent: false });
    await back(echo);
    expect(echo.calls.length).toBe(1);
  });

  test('waits among at most 1,024, of 64 MiB', async () => {
    const { echo, client } = await echoing({ inline: (number) => number });
    await cut(echo);
    const calls = Array.from({ length: 1_024 }, (_, number) => client.inline(number));
    expect(await rejection(client.inline(1))).toMatchObject({ status: 'resource_exhausted', sent: false, retry: { type: 'later' } });
    await back(echo);
    expect((await Promise.all(calls)).length).toBe(1_024);
    await cut(echo);
    const large = new Uint8Array(15 << 20);
    const filled = [1, 2, 3, 4].map(() => rejection(client.bytes(large, { timeoutMs: 50 })));
    expect(await rejection(client.bytes(large))).toMatchObject({ status: 'resource_exhausted', sent: false });
    await later(50);
    await Promise.all(filled);
    const again = client.inline(1);
    await back(echo);
    expect(await again).toBe(1);
  });

  test('ends when there will be no connection any more', async () => {
    const { echo, peer, client } = await echoing({ join: never });
    const running = rejection(client.join('', null, 1));
    await settled();
    peer.close('the window was closed');
    expect(await running).toMatchObject({ status: 'unavailable', sent: true });
    expect(await rejection(client.inline(1))).toMatchObject({ status: 'unavailable', sent: false, detail: 'the connection ended: the window was closed' });
    const second = reconnecting(() => echo.transport(), { logger });
    const other = await second.bind(Echo);
    await cut(echo);
    const waiting = rejection(other.inline(1));
    second.close();
    expect(await waiting).toMatchObject({ status: 'unavailable', sent: false });
    await idle();
  });

  test('of which nothing comes back is dropped in a gap', async () => {
    const heard: string[] = [];
    const { echo, peer, client } = await echoing({ tell: (text) => void heard.push(text) });
    client.tell('before');
    await settled();
    await cut(echo);
    expect(peer.current).toBe(undefined);
    client.tell('in the gap');
    await back(echo);
    client.tell('after');
    await settled();
    expect(heard).toEqual(['before', 'after']);
  });
});

describe('a stream', () => {
  async function flowing(handlers: Partial<FlowsHandlers>) {
    const flows = await mock(Flows, handlers, { connect: { logger } });
    const peer = reconnecting(() => flows.transport(), { logger });
    open.push(flows, peer);
    return { flows, peer, client: await peer.bind(Flows) };
  }

  test('that is opened in a gap fails at once and was not sent; one that runs ends, and is not continued', async () => {
    const { flows, client } = await flowing({
      async *count(count) {
        for (let n = 0; n < count; n++) yield n;
        return never();
      },
      sum: async () => ({ items: 0, sum: 0n }),
    });
    const seen: number[] = [];
    const running = rejection((async () => {
      for await (const number of client.count(3, null)) seen.push(number);
    })());
    await settled();
    await cut(flows);
    expect(await running).toMatchObject({ status: 'unavailable', sent: true, retry: { type: 'never' } });
    expect(seen).toEqual([0, 1, 2]);
    const unsent = { status: 'unavailable', sent: false, retry: { type: 'later' } };
    expect(await rejection((async () => {
      for await (const number of client.count(3, null)) seen.push(number);
    })())).toMatchObject(unsent);
    expect(await rejection(client.sum([1]))).toMatchObject(unsent);
    await flows.reconnect();
    await later(100);
    expect(await client.sum([])).toMatchObject({ items: 0 });
    expect(flows.calls.map(({ method }) => method)).toEqual(['count', 'sum']);
  });

  test('that finds its instance gone makes it be looked for', async () => {
    const { flows, client } = await flowing({});
    await flows.withdraw();
    expect(await rejection(client.sum([]))).toMatchObject({ status: 'unavailable', sent: false });
    await serve(flows.portcullis, Flows, { sum: async () => ({ items: 5, sum: 0n }) } as unknown as FlowsHandlers);
    expect(await rejection(client.sum([]))).toMatchObject({ status: 'unavailable', sent: false });
    await settled();
    expect(await client.sum([])).toMatchObject({ items: 5 });
  });
});

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

test('what listeners throw is logged and breaks nothing', async () => {
  const own = new MemoryLogger();
  const topics = await mock(Topics, {}, { connect: { logger } });
  const peer = reconnecting(() => topics.transport(), { logger: own });
  open.push(topics, peer);
  const client = await peer.bind(Topics);
  const boom = () => {
    throw new Error('boom');
  };
  peer.onState(boom);
  peer.always(() => boom);
  const values: number[] = [];
  client.onTicked((value) => values.push(value), { onAnew: boom, onEnd: boom });
  await settled();
  await cut(topics);
  await back(topics);
  topics.publisher.ticked(1);
  await settled();
  peer.close();
  expect(values).toEqual([1]);
  expect(own.lines.map(({ message }) => message)).toEqual([
    'portcullis: the end of what is always done threw',
    'portcullis: a state listener threw',
    'portcullis: a state listener threw',
    'portcullis: a state listener threw',
    'portcullis: `onAnew` of a subscription threw',
    'portcullis: the end of what is always done threw',
    'portcullis: a state listener threw',
    'portcullis: `onEnd` of a subscription threw',
  ]);
});

