/** One connection after the other: when another one follows, after which wait, and what is told (docs/decisions/reconnecting.md). */
import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { connect, memoryPair, type Portcullis, REASON_CODES, RECONNECT_REASONS, reconnecting, type ReasonName, serve, type Transport, WAIT_POLICY, Waits } from '../src/index.js';
import { mock } from '../src/testing/index.js';
import { Echo } from './generated/sample-echo.js';
import { Topics } from './generated/sample-topics.js';
import { later, onFakeTimers, played, settled, told, word } from './support/again.js';
import { FakeHub, MemoryLogger, rejection } from './support/hub.js';

onFakeTimers();

describe('another connection', () => {
  const reasons = Object.keys(REASON_CODES) as ReasonName[];

  test.each(reasons)('follows %s or not, as the table of reasons says', async (reason) => {
    const { client, hubs, states } = played();
    await settled();
    hubs[0]?.goodbye(reason, 'that is all');
    await settled();
    const again = RECONNECT_REASONS.includes(reason);
    expect(client.state).toMatchObject({ status: again ? 'waiting' : 'closed', reason, message: 'that is all' });
    await later(60_000);
    expect(hubs.length).toBe(again ? 2 : 1);
    expect(states).toEqual(['connected viewer-1', ...(again ? [`waiting 100 ${reason}`, 'connecting 2', 'connected viewer-1'] : [`closed ${reason}`])]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('follows a lost transport, and not a breach of the protocol by the hub', async () => {
    const { client, hubs } = played();
    await settled();
    hubs[0]?.transport.close();
    await later(100);
    expect(client.state).toMatchObject({ status: 'connected', peer: 7, label: 'viewer-1', role: 'viewer' });
    hubs[1]?.transport.send(new Uint8Array(24));
    await settled();
    expect(client.state).toMatchObject({ status: 'closed', reason: 'malformed_frame' });
  });

  test('follows silence while the hub is awaited', async () => {
    const { client, hubs, states } = played();
    const bind = rejection(client.bind(Echo, 'any', { timeoutMs: 200_000 }));
    await settled();
    (hubs[0] as FakeHub).answersPings = false;
    await later(30_000);
    expect(states.at(-1)).toBe('waiting 100 unresponsive');
    await later(100);
    expect(client.state.status).toBe('connected');
    client.close();
    await bind;
  });

  test('follows dials that throw, reject, or give what is lost at once', async () => {
    const echo = await mock(Echo, {}, { connect: { logger: new MemoryLogger() } });
    let attempts = 0;
    const client = reconnecting(() => {
      attempts++;
      if (attempts === 1) throw new TypeError('fetch failed');
      if (attempts === 2) return Promise.reject(new Error('no ticket'));
      if (attempts === 3) return connect(lost());
      return echo.transport();
    });
    // It has thrown already.
    const states = [word(client.state)];
    client.onState((state) => states.push(word(state)));
    await later(700);
    expect(states).toEqual([
      'waiting 100 dial_failed',
      'connecting 2',
      'waiting 200 dial_failed',
      'connecting 3',
      'waiting 400 transport_lost',
      'connecting 4',
      'connected test',
    ]);
    client.close();
  });

  function lost(): Transport {
    const [near, far] = memoryPair();
    queueMicrotask(() => far.close());
    return near;
  }

  test('that stood already when it was given is one as well', async () => {
    const echo = await mock(Echo, {}, { connect: { logger: new MemoryLogger() } });
    const client = reconnecting(() => echo.portcullis);
    await settled();
    expect(client.state.status).toBe('connected');
    expect(client.current).toBe(echo.portcullis);
    echo.disconnect();
    await later(100);
    // Each attempt gets the same, which has ended.
    expect(word(client.state)).toBe('waiting 200 transport_lost');
    expect(client.current).toBe(undefined);
    client.close();
  });

  test('does not follow where `again` says no, which is asked only where one would', async () => {
    const asked: string[] = [];
    const again = ({ reason, error }: { reason: string; error?: unknown }) => (asked.push(`${reason} ${String(error)}`), error === undefined);
    let attempts = 0;
    const client = reconnecting(
      () => {
        if (++attempts === 2) throw new Error('refused');
        return lost();
      },
      { again },
    );
    const states = told(client);
    await later(60_000);
    expect(asked).toEqual(['transport_lost undefined', 'dial_failed Error: refused']);
    expect(states).toEqual(['waiting 100 transport_lost', 'connecting 2', 'closed dial_failed']);
    const { hubs } = played({ again });
    await settled();
    hubs[0]?.goodbye('revoked', '');
    await settled();
    expect(asked.length).toBe(2);
  });

  test('does not follow when as many have failed in a row as may', async () => {
    const { states, hubs } = played({ attempts: 3 }, (attempt) => attempt === 1);
    await later(WAIT_POLICY.steadyMs);
    hubs[0]?.transport.close();
    for (let attempt = 1; attempt < 10; attempt++) {
      await later(5_000);
      hubs[attempt]?.transport.close();
      await settled();
    }
    // The first one had stood for long: it counts for nothing.
    expect(states).toEqual([
      'connected viewer-1',
      'waiting 100 transport_lost',
      'connecting 1',
      'waiting 200 transport_lost',
      'connecting 2',
      'waiting 400 transport_lost',
      'connecting 3',
      'closed transport_lost',
    ]);
  });

  test('follows an attempt that takes too long; what comes of that one is closed', async () => {
    const signals: AbortSignal[] = [];
    let dialled: ((transport: Transport) => void) | undefined;
    const client = reconnecting(
      (signal) => {
        signals.push(signal);
        return new Promise<Transport>((resolve) => (dialled ??= resolve));
      },
      { attemptMs: 1_000 },
    );
    const states = told(client);
    await later(1_100);
    expect(states).toEqual(['waiting 100 handshake_timeout', 'connecting 2']);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    const closed = vi.fn();
    dialled?.({ close: closed } as unknown as Transport);
    await settled();
    expect(closed).toHaveBeenCalledOnce();
    client.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('follows a hub that does not greet, which is told', async () => {
    const { hubs, states } = played({ attemptMs: 1_000 }, (attempt) => attempt > 1);
    await later(1_100);
    expect(states).toEqual(['waiting 100 handshake_timeout', 'connecting 2', 'connected viewer-1']);
    expect((await (hubs[0] as FakeHub).next('goodbye')).ordinal).toBe(REASON_CODES.handshake_timeout);
  });
});

describe('waits', () => {
  interface Case {
    readonly name: string;
    readonly policy: typeof WAIT_POLICY;
    readonly steps: readonly { readonly readyMs: number; readonly roll: number; readonly then: string; readonly afterMs?: number }[];
  }
  const vectors = new URL('../../../tests/vectors/supervisor/restarts.json', import.meta.url);
  const cases = (JSON.parse(readFileSync(vectors, 'utf8')) as Case[]).filter(({ steps }) => steps.some(({ then }) => then === 'restart'));

  test.each(cases)('are those of the supervisor: $name', ({ policy, steps }) => {
    const waits = new Waits(policy);
    // What a supervisor gives up, or lets rest, it does not wait for.
    for (const { readyMs, roll, afterMs } of steps.filter(({ then }) => then === 'restart')) {
      expect(waits.next(readyMs, roll)).toBe(afterMs);
    }
  });

  test('double to the longest one, and begin anew after a connection has stood for ten seconds', async () => {
    const { states, hubs } = played({}, (attempt) => attempt > 8);
    for (let attempt = 0; attempt < 8; attempt++) {
      hubs[attempt]?.transport.close();
      await later(5_000);
    }
    const waits = () => states.filter((state) => state.startsWith('waiting')).map((state) => Number(state.split(' ')[1]));
    expect(waits()).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    await later(4_999);
    hubs[8]?.transport.close();
    await settled();
    // It had stood since the last wait was over: not yet for long.
    expect(waits().at(-1)).toBe(5000);
    await later(5_000 + WAIT_POLICY.steadyMs);
    hubs[9]?.transport.close();
    await settled();
    expect(waits().at(-1)).toBe(100);
  });

  test('are shortened by a fifth at most, by chance', async () => {
    vi.mocked(Math.random).mockReturnValue(0.999_999);
    const { states, hubs } = played();
    await settled();
    hubs[0]?.transport.close();
    await settled();
    expect(states.at(-1)).toBe('waiting 81 transport_lost');
  });

  test('can be said', async () => {
    const { states, hubs } = played({ waits: { initialMs: 7, jitterPercent: 0 } });
    await settled();
    hubs[0]?.transport.close();
    await settled();
    expect(states.at(-1)).toBe('waiting 7 transport_lost');
  });

  test('are the only timers that nobody waits for', async () => {
    const { client, hubs } = played();
    await settled();
    expect(vi.getTimerCount()).toBe(0);
    hubs[0]?.transport.close();
    await settled();
    expect(vi.getTimerCount()).toBe(1);
    client.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('always', () => {
  test('is done on this connection and each later one, and ended with it', async () => {
    const { client, hubs, logger } = played();
    const done: string[] = [];
    let count = 0;
    const run = (portcullis: Portcullis) => {
      const number = ++count;
      done.push(`begin ${number} ${portcullis.state.status}`);
      return () => void done.push(`end ${number}`);
    };
    client.always(run);
    await settled();
    const off = client.always(run);
    await settled();
    hubs[0]?.transport.close();
    await later(100);
    off();
    off();
    client.close();
    expect(done).toEqual([
      'begin 1 connected',
      'begin 2 connected',
      'end 1',
      'end 2',
      'begin 3 connected',
      'begin 4 connected',
      'end 4',
      'end 3',
    ]);
    expect(logger.lines).toEqual([]);
  });

  test('what comes too late is ended at once, and what fails is logged while the connection stands', async () => {
    const { client, hubs, logger } = played();
    const ended = vi.fn();
    let finish: (() => void) | undefined;
    client.always(async () => {
      await new Promise<void>((resolve) => (finish ??= resolve));
      return ended;
    });
    client.always(() => {
      throw new Error('at once');
    });
    let fail: ((error: Error) => void) | undefined;
    client.always(() => new Promise((_, reject) => (fail ??= reject)));
    await settled();
    expect(logger.lines.map(({ details }) => String(details[0]))).toEqual(['Error: at once']);
    hubs[0]?.transport.close();
    await settled();
    finish?.();
    fail?.(new Error('of the connection that was'));
    await settled();
    expect(ended).toHaveBeenCalledOnce();
    expect(logger.lines.length).toBe(1);
    client.close();
  });

  test('serves and publishes again, which others notice', async () => {
    const echo = await mock(Echo, {}, { connect: { logger: new MemoryLogger() } });
    const topics = await mock(Topics, {}, { beside: echo });
    const server = reconnecting(() => echo.transport());
    const states: string[] = told(server);
    let served = 0;
    server.always(async (portcullis) => {
      const made = await serve(portcullis, Topics, { emit: () => undefined }, { instance: '' });
      made.publisher.level(BigInt(++served));
      return () => states.push('served no more');
    });
    await settled();
    await topics.withdraw();
    echo.disconnect();
    await echo.reconnect();
    await later(100);
    const watcher = await echo.portcullis.bind(Topics);
    const levels: bigint[] = [];
    watcher.onLevel((level) => levels.push(level));
    await settled();
    expect(levels).toEqual([2n]);
    expect(states).toEqual(['connected test', 'served no more', 'waiting 100 transport_lost', 'connecting 2', 'connected test']);
    server.close();
  });
});

describe('the end', () => {
  test('is told once, and nothing follows', async () => {
    const { client, hubs, states } = played();
    const closing = vi.fn();
    client.always(() => closing);
    await settled();
    client.close('the window was closed');
    client.close();
    await later(60_000);
    expect(states).toEqual(['connected viewer-1', 'closed closed']);
    expect(client.state).toEqual({ status: 'closed', reason: 'closed', message: 'the window was closed' });
    expect((await (hubs[0] as FakeHub).next('goodbye')).ordinal).toBe(REASON_CODES.closed);
    expect(closing).toHaveBeenCalledOnce();
    expect(hubs.length).toBe(1);
    expect(await rejection(client.bind(Echo))).toMatchObject({ status: 'unavailable', sent: false, detail: 'the connection ended: the window was closed' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('can be made by a listener, in every state', async () => {
    for (const status of ['connecting', 'connected', 'waiting']) {
      const { client, hubs, states } = played({}, (attempt) => attempt > 1);
      client.onState((state) => state.status === status && client.close());
      await settled();
      hubs[0]?.transport.close();
      await later(10_000);
      expect(states.at(-1)).toBe('closed closed');
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  test('comes with the connection that the application itself has closed', async () => {
    const { client } = played();
    await settled();
    client.current?.close();
    expect(word(client.state)).toBe('closed closed');
  });
});
