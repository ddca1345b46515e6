/** Calls and streams of a client that reconnects (docs/decisions/reconnecting.md). */
import { describe, expect, test, vi } from 'vitest';
import { ApplicationError, reconnecting, serve } from '../src/index.js';
import { mock } from '../src/testing/index.js';
import { Blobs, type BlobsHandlers } from './generated/sample-blobs.js';
import { Echo } from './generated/sample-echo.js';
import { Flows, type FlowsHandlers } from './generated/sample-flows.js';
import { back, cut, echoing, idle, later, logger, never, onFakeTimers, open, settled } from './support/again.js';
import { rejection } from './support/hub.js';

onFakeTimers();

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
    expect(error.stack).toContain('retrying.test.ts');
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
