/** The test kit: what a test can make happen, and that all else is as it is in an application. */
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { ApplicationError, CallError, connect, type Outcome, type Portcullis, publisherOf, reconnecting } from '../src/index.js';
import { mock, type Mock } from '../src/testing/index.js';
import { Echo, type EchoClient, type EchoHandlers } from './generated/sample-echo.js';
import { Flows } from './generated/sample-flows.js';
import { Topics } from './generated/sample-topics.js';
import type { EchoError, EchoReply } from './generated/types.js';
import { MemoryLogger, rejection } from './support/hub.js';

const mocks: Mock<any, any, any>[] = [];
afterEach(() => {
  for (const made of mocks.splice(0)) made.close();
  vi.useRealTimers();
});

const logger = new MemoryLogger();
const make: typeof mock = async (descriptor, handlers, options) => {
  const made = await mock(descriptor, handlers, { connect: { logger }, ...options });
  mocks.push(made);
  return made;
};

/** Lets what is under way arrive, with timers faked or not: everything in memory takes microtasks only. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}

const never = () => new Promise<never>(() => undefined);

describe('calls', () => {
  test('reach the handlers through codec and session, and are recorded', async () => {
    const echo = await make(Echo, {
      call: async ({ number, text, value }) => ({ number: number + 1n, text: `${text}!`, value }),
      fail: (number) => {
        throw new ApplicationError<EchoError>({ type: 'odd', number });
      },
    });
    expect(await echo.client.call({ number: 1n, text: 'a', value: 0.5 })).toEqual({ number: 2n, text: 'a!', value: 0.5 });
    const failure = await rejection(echo.client.fail(3n, []));
    expect(failure).toBeInstanceOf(ApplicationError);
    expect(failure.error).toEqual({ type: 'odd', number: 3n });
    const open = echo.client.later(5);
    await settled();
    expect(echo.calls.map(({ method, caller, outcome }) => [method, caller, outcome?.ok])).toEqual([
      ['call', 'test', true],
      ['fail', 'test', false],
      ['later', 'test', false],
    ]);
    expect(echo.calls[0]?.arguments).toEqual([{ number: 1n, text: 'a', value: 0.5 }]);
    expect(echo.callsOf('fail')[0]?.outcome).toMatchObject({ ok: false, error: { status: 'application', error: { type: 'odd' } } });
    expect(await rejection(open)).toMatchObject({ status: 'unimplemented', channel: 'sample.echo.later' });
    echo.clearCalls();
    expect(echo.calls).toEqual([]);
  });

  test('that break their contract are refused before they leave, and replies that do are `internal`', async () => {
    const echo = await make(Echo, { later: () => -1 });
    expect(await rejection(echo.client.call({ number: 1 as never, text: '', value: 0 }))).toMatchObject({ status: 'invalid_argument' });
    expect(echo.calls).toEqual([]);
    expect(await rejection(echo.client.later(1))).toMatchObject({ status: 'internal' });
    expect(echo.callsOf('later')[0]?.outcome).toMatchObject({ ok: false, error: { status: 'internal' } });
  });

  test('handlers can be replaced, and are called as methods', async () => {
    const handlers = {
      base: 10,
      later(ms: number) {
        return ms + this.base;
      },
    };
    const echo = await make(Echo, handlers);
    expect(await echo.client.later(1)).toBe(11);
    handlers.base = 20;
    expect(await echo.client.later(1)).toBe(21);
    handlers.later = () => 0;
    expect(await echo.client.later(1)).toBe(0);
  });

  test('of an interface that no mock serves', async () => {
    const echo = await make(Echo);
    expect(await rejection(echo.portcullis.bind(Flows))).toMatchObject({ status: 'permission_denied' });
    await make(Flows, {}, { beside: echo, instance: 'left' });
    await echo.portcullis.bind(Flows, { instance: 'left' });
    expect(await rejection(echo.portcullis.bind(Flows, { instance: 'right' }))).toMatchObject({ status: 'unavailable' });
    expect(await rejection(echo.portcullis.bind({ ...Flows, hash: '0'.repeat(32) }))).toMatchObject({ status: 'contract_mismatch' });
  });
});

describe('time', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  test('latency, on fake timers', async () => {
    const echo = await make(Echo, { later: (ms) => ms, nothing: () => undefined });
    echo.delay(200);
    echo.delay(50, 'later');
    const done: string[] = [];
    void echo.client.nothing().then(() => done.push('nothing'));
    void echo.client.later(1).then(() => done.push('later'));
    await vi.advanceTimersByTimeAsync(49);
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toEqual(['later']);
    await vi.advanceTimersByTimeAsync(150);
    expect(done).toEqual(['later', 'nothing']);
    echo.delay(0);
    await echo.client.nothing();
    expect(() => echo.delay(-1)).toThrow(RangeError);
  });

  test('a deadline ends the call at both ends', async () => {
    const seen: unknown[] = [];
    const echo = await make(Echo, {
      later: (_, cx) => {
        cx.signal.addEventListener('abort', () => seen.push((cx.signal.reason as CallError).status));
        return never();
      },
    });
    const call = rejection(echo.client.later(1, { timeoutMs: 500 }));
    await vi.advanceTimersByTimeAsync(499);
    expect(echo.calls[0]?.outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(5);
    expect(await call).toMatchObject({ status: 'deadline_exceeded' });
    expect(seen.length).toBe(1);
    expect(echo.calls[0]?.outcome).toMatchObject({ ok: false, error: { status: 'deadline_exceeded' } });
  });

  test('a deadline passes while a mock delays', async () => {
    const handler = vi.fn(() => 1);
    const echo = await make(Echo, { later: handler });
    echo.delay(1000);
    const call = rejection(echo.client.later(1, { timeoutMs: 100 }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(await call).toMatchObject({ status: 'deadline_exceeded' });
    expect(handler).not.toHaveBeenCalled();
  });

  test('cancelling reaches the handler', async () => {
    const seen: unknown[] = [];
    const echo = await make(Echo, {
      later: (_, cx) => {
        cx.signal.addEventListener('abort', () => seen.push((cx.signal.reason as CallError).status));
        return never();
      },
    });
    const abort = new AbortController();
    const call = rejection(echo.client.later(1, { signal: abort.signal }));
    await settled();
    abort.abort();
    expect(await call).toMatchObject({ status: 'cancelled' });
    await settled();
    expect(seen).toEqual(['cancelled']);
    expect(echo.calls[0]?.outcome).toMatchObject({ ok: false, error: { status: 'cancelled' } });
    expect(echo.portcullis.hub.connection.session.callsOpen).toEqual([0, 0]);
  });
});

describe('injected failures', () => {
  test('of the next call, of the next calls, of every call', async () => {
    const handler = vi.fn(() => 7);
    const echo = await make(Echo, { later: handler });
    echo.fail('later', { status: 'unavailable', message: 'it rests', retry: { type: 'after', ms: 20 } });
    expect(await rejection(echo.client.later(1))).toMatchObject({
      status: 'unavailable',
      detail: 'it rests',
      retry: { type: 'after', ms: 20 },
    });
    expect(await echo.client.later(1)).toBe(7);
    echo.fail('later', { status: 'invalid_argument', path: 'ms' }, 2);
    const three = await Promise.all([1, 2, 3].map((ms) => echo.client.later(ms).result));
    expect(three.map((outcome) => (outcome.ok ? outcome.value : outcome.error.path))).toEqual(['ms', 'ms', 7]);
    const stop = echo.fail('later', { status: 'internal' }, Infinity);
    for (let n = 0; n < 20; n++) expect((await echo.client.later(n).result).ok).toBe(false);
    stop();
    expect(await echo.client.later(1)).toBe(7);
    expect(handler).toHaveBeenCalledTimes(3);
  });

  test('with the error of the application', async () => {
    const echo = await make(Echo, {});
    echo.fail('fail', { error: { type: 'odd', number: 5n } });
    const outcome = await echo.client.fail(1n, []).result;
    expect(outcome).toMatchObject({ ok: false, error: { status: 'application', error: { type: 'odd', number: 5n } } });
    expect(echo.callsOf('fail')[0]?.outcome).toEqual(outcome);
  });

  test('of a stream, before its first item', async () => {
    const flows = await make(Flows, {
      async *count(count) {
        for (let n = 0; n < count; n++) yield n;
        return { items: count, sum: 0n };
      },
    });
    flows.fail('count', { status: 'resource_exhausted' });
    const items = async () => {
      const seen: number[] = [];
      for await (const item of flows.client.count(3, null)) seen.push(item);
      return seen;
    };
    expect(await rejection(items())).toMatchObject({ status: 'resource_exhausted' });
    expect(await items()).toEqual([0, 1, 2]);
  });

  test('of a method that there is none of', async () => {
    const topics = await make(Topics);
    expect(() => topics.fail('emmit' as never, { status: 'internal' })).toThrow(TypeError);
    expect(() => topics.fail('ticked' as never, { status: 'internal' })).toThrow(TypeError);
  });
});

describe('streams', () => {
  test('in both directions, with credit', async () => {
    const flows = await make(Flows, {
      async sum(items) {
        let sum = 0n;
        let count = 0;
        for await (const item of items) {
          sum += BigInt(item);
          count++;
        }
        return { items: count, sum };
      },
      async *mirror(items) {
        for await (const item of items) yield item.toUpperCase();
      },
    });
    const numbers = Array.from({ length: 500 }, (_, n) => n);
    expect(await flows.client.sum(numbers)).toMatchObject({ items: 500, sum: 124_750n });
    const texts: string[] = [];
    for await (const text of flows.client.mirror(numbers.map((n) => `a${n}`))) texts.push(text);
    expect(texts).toEqual(numbers.map((n) => `A${n}`));
    expect(flows.calls).toMatchObject([
      { method: 'sum', arguments: [], outcome: { ok: true, value: { items: 500 } } },
      { method: 'mirror', arguments: [], outcome: { ok: true } },
    ]);
  });

  test('leaving one cancels it', async () => {
    const returned = vi.fn();
    const flows = await make(Flows, {
      async *count() {
        try {
          for (let n = 0; ; n++) yield n;
        } finally {
          returned();
        }
      },
    });
    for await (const item of flows.client.count(1, null)) if (item === 40) break;
    await vi.waitFor(() => expect(returned).toHaveBeenCalledOnce());
    expect(flows.calls[0]?.outcome).toMatchObject({ ok: false, error: { status: 'cancelled' } });
  });

  test('large items wait for the window, and arrive', async () => {
    const size = 900_000;
    const flows = await make(Flows, {
      async *pictures(count, bytes) {
        for (let n = 0; n < count; n++) {
          yield { sequence: n, pixels: new Uint8Array(bytes) };
          // Whoever is slow misses items of this stream.
          await new Promise((resolve) => setTimeout(resolve));
        }
        return { items: count, sum: 0n };
      },
    });
    let bytes = 0;
    for await (const { pixels } of flows.client.pictures(20, size)) bytes += pixels.length;
    expect(bytes).toBe(20 * size);
  });
});

describe('topics', () => {
  test('events and states are published by the test', async () => {
    const topics = await make(Topics);
    topics.publisher.level(1n);
    topics.publisher.level(2n);
    topics.publisher.ticked(0);
    await settled();
    const levels: bigint[] = [];
    const ticks: number[] = [];
    topics.client.onLevel((value) => levels.push(value));
    const off = topics.client.onTicked((value) => ticks.push(value));
    await settled();
    // The state first, and nothing of an event that was before.
    expect([levels, ticks]).toEqual([[2n], []]);
    for (let n = 1; n <= 40; n++) topics.publisher.ticked(n);
    topics.publisher.level(3n);
    await settled();
    expect(levels).toEqual([2n, 3n]);
    expect(ticks.at(-1)).toBe(40);
    off();
    await settled();
    topics.publisher.ticked(41);
    await settled();
    expect(ticks.at(-1)).toBe(40);
  });

  test('what a slow subscriber misses is counted', async () => {
    const options = { connect: { logger, limits: { streamItems: 2 } } };
    const topics = await make(Topics, {}, options);
    const seen: [number, number][] = [];
    const kept: [number, number][] = [];
    const ends: CallError[] = [];
    topics.client.onTicked((value, { missed }) => seen.push([value, missed]));
    topics.client.onKept((value, { missed }) => kept.push([value, missed]));
    topics.client.onStrict(() => undefined, { onEnd: (error) => ends.push(error) });
    await settled();
    for (let n = 1; n <= 40; n++) {
      topics.publisher.ticked(n);
      topics.publisher.kept(n);
      topics.publisher.strict(n);
    }
    await settled();
    topics.publisher.ticked(41);
    topics.publisher.kept(41);
    await settled();
    // Two by credit, 16 that wait: the oldest of those between went.
    expect(seen.map(([value]) => value)).toEqual([1, 2, ...Array.from({ length: 16 }, (_, n) => 25 + n), 41]);
    expect(seen.reduce((sum, [, missed]) => sum + missed, 0)).toBe(22);
    expect(seen[2]).toEqual([25, 22]);
    // Two by credit and two that wait: the newest went.
    expect(kept).toEqual([[1, 0], [2, 0], [3, 0], [4, 0], [41, 36]]);
    expect(ends).toMatchObject([{ status: 'resource_exhausted' }]);
  });

  test('reports say who got it', async () => {
    const topics = await make(Topics);
    expect(await topics.publisher.tickedReported(1, 1000)).toEqual({ delivered: [], missed: [] });
    topics.client.onTicked(() => undefined);
    await settled();
    expect(await topics.publisher.tickedReported(2, 1000)).toMatchObject({ delivered: [{ label: 'test' }], missed: [] });
  });

  test('others may publish, too', async () => {
    const topics = await make(Topics);
    const ticks: number[] = [];
    topics.client.onTicked((value) => ticks.push(value));
    const publisher = await publisherOf(topics.portcullis, Topics);
    publisher.ticked(5);
    await settled();
    expect(ticks).toEqual([5]);
  });

  test('a withdrawn interface ends them', async () => {
    const topics = await make(Topics);
    const ends: CallError[] = [];
    topics.client.onTicked(() => undefined, { onEnd: (error) => ends.push(error) });
    await settled();
    await topics.withdraw();
    await settled();
    expect(ends).toMatchObject([{ status: 'unavailable' }]);
    expect(await rejection(topics.client.emit(1, 1))).toMatchObject({ status: 'unavailable' });
    expect(await rejection(topics.portcullis.bind(Topics))).toMatchObject({ status: 'unavailable' });
  });
});

test('calls on a withdrawn interface end at once, however long their handlers take', async () => {
  const echo = await make(Echo, { never: () => new Promise<never>(() => undefined) });
  const outcome = rejection(echo.client.never());
  await settled();
  await echo.withdraw();
  expect(await outcome).toMatchObject({ status: 'unavailable' });
});

describe('the connection', () => {
  test('is lost, refused and made again', async () => {
    const aborted: string[] = [];
    const echo = await make(
      Echo,
      {
        later: (ms, cx) => {
          cx.signal.addEventListener('abort', () => aborted.push((cx.signal.reason as CallError).status));
          return ms === 0 ? 5 : never();
        },
      },
      { label: 'viewer-1', role: 'viewer' },
    );
    expect(echo.portcullis.state).toMatchObject({ status: 'connected', label: 'viewer-1', role: 'viewer' });
    const before = echo.portcullis;
    const states: unknown[] = [];
    before.onState((state) => states.push(state.status === 'closed' ? state.reason : state.status));
    const call = rejection(echo.client.later(1));
    await settled();
    echo.disconnect();
    expect(await call).toMatchObject({ status: 'unavailable' });
    expect(states).toEqual(['transport_lost']);
    await settled();
    expect(aborted).toEqual(['cancelled']);
    expect(echo.calls[0]?.outcome).toMatchObject({ ok: false, error: { status: 'cancelled' } });

    const refused = connect(echo.transport(), { logger });
    expect(await rejection(refused.bind(Echo))).toMatchObject({ status: 'unavailable' });
    expect(refused.state).toMatchObject({ reason: 'transport_lost' });

    const client = await echo.reconnect();
    expect(client).toBe(echo.client);
    expect(echo.portcullis).not.toBe(before);
    expect(await client.later(0)).toBe(5);
  });

  test('of a client that reconnects comes back', async () => {
    const topics = await make(Topics, { emit: () => undefined });
    const peer = reconnecting(() => topics.transport(), { logger, waits: { initialMs: 1 } });
    const levels: string[] = [];
    const client = await peer.bind(Topics);
    client.onLevel((level) => levels.push(String(level)), { onAnew: () => levels.push('anew') });
    topics.publisher.level(1n);
    await vi.waitFor(() => expect(levels).toEqual(['1']));
    topics.disconnect();
    topics.publisher.level(2n);
    await vi.waitFor(() => expect(peer.state.status).toBe('waiting'));
    const call = client.emit(1, 1);
    await topics.reconnect();
    // It waited for the connection.
    await call;
    await vi.waitFor(() => expect(levels).toEqual(['1', 'anew', '2']));
    peer.close();
  });

  test('can end with a goodbye', async () => {
    const echo = await make(Echo);
    echo.disconnect('going_away', 'main quits');
    await settled();
    expect(echo.portcullis.state).toEqual({ status: 'closed', reason: 'going_away', message: 'main quits' });
  });

  test('is shared by mocks beside each other', async () => {
    const echo = await make(Echo, { later: () => 1 });
    const topics = await make(Topics, {}, { beside: echo });
    expect(topics.portcullis).toBe(echo.portcullis);
    topics.disconnect();
    await settled();
    expect(echo.portcullis.state.status).toBe('closed');
    await Promise.all([echo.reconnect(), topics.reconnect()]);
    expect(topics.portcullis).toBe(echo.portcullis);
    expect(await echo.client.later(0)).toBe(1);
    const levels: bigint[] = [];
    topics.client.onLevel((value) => levels.push(value));
    topics.publisher.level(4n);
    await settled();
    expect(levels).toEqual([4n]);
  });

  test('ten thousand calls leave nothing open', async () => {
    const echo = await make(Echo, { later: (ms) => ms });
    for (let round = 0; round < 20; round++) {
      const outcomes = await Promise.all(Array.from({ length: 600 }, (_, n) => echo.client.later(n)));
      expect(outcomes[599]).toBe(599);
    }
    expect(echo.portcullis.hub.connection.session.callsOpen).toEqual([0, 0]);
    expect(echo.calls.length).toBe(10_000);
  });
});

test('types follow the interface', () => {
  const typed = (echo: Mock<EchoClient, EchoHandlers, null>, portcullis: Portcullis) => {
    expectTypeOf(echo.client).toEqualTypeOf<EchoClient>();
    expectTypeOf(echo.portcullis).toEqualTypeOf(portcullis);
    const [call] = echo.callsOf('call');
    expectTypeOf(call?.outcome).toEqualTypeOf<Outcome<EchoReply> | undefined>();
    const [join] = echo.callsOf('join');
    if (join !== undefined) expectTypeOf(join.arguments[0]).toEqualTypeOf<string>();
    const [any] = echo.calls;
    if (any?.method === 'later') expectTypeOf(any.arguments[0]).toEqualTypeOf<number>();
    // @ts-expect-error there is no such method
    echo.fail('latter', { status: 'internal' });
    // @ts-expect-error it declares no error of its own
    echo.fail('later', { error: { type: 'odd', number: 1n } });
    // @ts-expect-error a handler takes what its channel declares
    void mock(Echo, { later: (text: string) => text.length });
    // @ts-expect-error there is no such method
    void mock(Echo, { latter: () => 1 });
  };
  expect(typed).toBeTypeOf('function');
});
