/** Calls that end before their time: what handlers see of it, and that a call ends with its handler and not before. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { toBytes } from '../src/codec/index.js';
import type { CallContext } from '../src/index.js';
import type { EchoHandlers } from './generated/sample-echo.js';
import { connected, readFailure, statusOf, turn } from './support/hub.js';
import { ask, channel, echo, flow, flows } from './support/serving.js';

/** Handlers that end when the test says so. */
function pending() {
  const contexts: CallContext[] = [];
  const settles: (() => void)[] = [];
  const work = (cx: CallContext): Promise<never> => {
    contexts.push(cx);
    return new Promise<never>((resolve) => settles.push(resolve as () => void));
  };
  const handlers: Partial<EchoHandlers> = { never: work, tell: (_, cx) => work(cx) };
  return { contexts, settles, handlers };
}

const tell = (hub: Awaited<ReturnType<typeof connected>>['hub'], text = '') =>
  hub.send('notify', { binding: 3, ordinal: channel('tell').ordinal, body: toBytes(channel('tell').args, [text]) });

/** `caller`: who makes the calls behind it. */
const callerIs = (hub: Awaited<ReturnType<typeof connected>>['hub'], peer: number, label: string) => {
  const text = new TextEncoder().encode(label);
  hub.send('caller', { binding: peer, body: Uint8Array.of(text.length, ...text, 1, 'w'.charCodeAt(0)) });
};

describe('the end of a call before its time', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('the caller cancels: the handler sees it, the call ends once, with its handler (f13)', async () => {
    const { contexts, settles, handlers } = pending();
    const { hub } = await echo(handlers);
    const id = ask(hub, channel('never'), []);
    await turn();
    const signal = contexts[0]?.signal;
    expect(signal?.aborted).toBe(false);
    hub.send('cancel', { id });
    hub.send('cancel', { id });
    await turn();
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ status: 'cancelled' });
    expect(hub.frames).toEqual([]);
    settles[0]?.();
    const end = await hub.next('end');
    expect(end.id).toBe(id);
    expect(statusOf(end)).toBe('cancelled');
    expect(readFailure(end.body)).toMatchObject({ channel: 'sample.echo.never' });
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test('a handler that heeds its signal and throws because of it ends its call, and says nothing more', async () => {
    const { hub, logger } = await echo({
      never: (cx) => new Promise((_, reject) => cx.signal.addEventListener('abort', () => reject(cx.signal.reason))),
    });
    const id = ask(hub, channel('never'), []);
    await turn();
    hub.send('cancel', { id });
    expect(statusOf(await hub.next('end'))).toBe('cancelled');
    await turn();
    expect(hub.frames).toEqual([]);
    expect(logger.lines).toEqual([]);
  });

  test('the time runs out: that of the frame, or the declared one (R16, f22)', async () => {
    const { contexts, settles, handlers } = pending();
    const { hub } = await echo(handlers);
    const own = ask(hub, channel('never'), [], 70);
    const declared = ask(hub, channel('never'), [], 0);
    await turn();
    hub.send('cancel', { id: declared });
    await turn();
    expect(contexts[0]?.remainingMs()).toBe(70);
    expect(contexts[1]?.remainingMs()).toBe(0);
    await vi.advanceTimersByTimeAsync(30);
    expect(contexts[0]?.remainingMs()).toBe(40);
    await vi.advanceTimersByTimeAsync(40);
    expect(contexts[0]?.signal.aborted).toBe(true);
    expect(contexts[0]?.remainingMs()).toBe(0);
    // The hub gives it up as well, a little later.
    hub.send('cancel', { id: own });
    settles[0]?.();
    const end = await hub.next('end');
    expect(end.id).toBe(own);
    expect(statusOf(end)).toBe('deadline_exceeded');
    const late = ask(hub, channel('never'), [], 0);
    await turn();
    await vi.advanceTimersByTimeAsync(channel('never').deadlineMs - 1);
    expect(contexts[2]?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    settles[2]?.();
    expect(await hub.next('end')).toMatchObject({ id: late, ordinal: 4 });
  });

  test('the connection ends: every handler sees it (R14)', async () => {
    const { contexts, handlers } = pending();
    const { hub, portcullis } = await echo(handlers);
    ask(hub, channel('never'), []);
    await turn();
    portcullis.close();
    expect(contexts[0]?.signal.reason).toMatchObject({ status: 'unavailable' });
  });

  test('withdrawn: open calls are given up, later ones are refused, and it is told once', async () => {
    const { contexts, settles, handlers } = pending();
    const { hub, served } = await echo(handlers);
    const id = ask(hub, channel('never'), []);
    await turn();
    const gone = served.withdraw();
    expect(contexts[0]?.signal.aborted).toBe(true);
    const request = await hub.next('request');
    expect(request).toMatchObject({ binding: 0, ordinal: 3, body: Uint8Array.of(3) });
    settles[0]?.();
    const end = await hub.next('end');
    expect([end.id, statusOf(end)]).toEqual([id, 'unavailable']);
    ask(hub, channel('nothing'), []);
    expect(statusOf(await hub.next('end'))).toBe('unavailable');
    hub.end(request.id, 'ok');
    await gone;
    await served.withdraw();
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test.each(['stall', 'pictures'] as const)('a stream ends with its source, however that takes its end (%s)', async (method) => {
    let clean = () => {};
    const cleaned = new Promise<void>((resolve) => (clean = resolve));
    const { hub } = await flows({
      [method]: async function* () {
        try {
          yield method === 'stall' ? 0 : { sequence: 0, pixels: new Uint8Array(1) };
          await new Promise((resolve) => setImmediate(resolve));
          yield method === 'stall' ? 1 : { sequence: 1, pixels: new Uint8Array(1) };
        } finally {
          await cleaned;
        }
      } as never,
    });
    const id = ask(hub, flow(method), method === 'stall' ? [] : [5, 0], 60_000);
    await hub.next('item');
    hub.send('cancel', { id });
    await turn();
    expect(hub.frames.filter(({ kind }) => kind === 'end')).toEqual([]);
    clean();
    expect(statusOf(await hub.next('end'))).toBe('cancelled');
  });

  test.each(['stall', 'pictures'] as const)('a source that leaves, and never gives the item that was asked of it, ends its call (%s)', async (method) => {
    const source = { next: () => new Promise(() => undefined), return: async () => ({ done: true, value: undefined }) };
    const { hub } = await flows({ [method]: () => ({ [Symbol.asyncIterator]: () => source }) as never });
    const id = ask(hub, flow(method), method === 'stall' ? [] : [5, 0], 60_000);
    await turn();
    hub.send('cancel', { id });
    expect(statusOf(await hub.next('end'))).toBe('cancelled');
  });
});

describe('places', () => {
  test('handlers that do not heed their signal keep their call, and so their place at the hub (f15, f16)', async () => {
    const { contexts, settles, handlers } = pending();
    const { hub, portcullis } = await echo(handlers, { limits: { calls: 2 } });
    for (let n = 0; n < 2; n++) {
      const id = ask(hub, channel('never'), [], 1000, (n + 1) * 0x1_0000 + n);
      await turn();
      hub.send('cancel', { id });
    }
    await turn();
    expect(contexts.length).toBe(2);
    expect(hub.frames).toEqual([]);
    // A hub that asks for more all the same asks for a slot that is taken.
    settles[1]?.();
    expect(await hub.next('end')).toMatchObject({ id: 0x2_0001 });
    ask(hub, channel('nothing'), [], 1000, 0x3_0001);
    expect(await hub.next('end')).toMatchObject({ id: 0x3_0001 });
    ask(hub, channel('never'), [], 1000, 0x3_0000);
    await turn();
    expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'duplicate_id' });
  });

  test('notifications take no places of calls, and one caller leaves others theirs (f15)', async () => {
    const { contexts, settles, handlers } = pending();
    const { hub } = await echo({ ...handlers, nothing: () => undefined } as never, { limits: { calls: 4 } });
    callerIs(hub, 7, 'greedy');
    for (let n = 0; n < 9; n++) tell(hub);
    await turn();
    expect(contexts.map(({ caller }) => caller?.label)).toEqual(['greedy', 'greedy']);
    // Nor by another connection.
    callerIs(hub, 8, 'greedy');
    tell(hub);
    callerIs(hub, 9, 'other');
    tell(hub);
    await turn();
    expect(contexts.map(({ caller }) => caller?.label)).toEqual(['greedy', 'greedy', 'other']);
    ask(hub, channel('nothing'), [], 1000, 0x1_0000);
    expect(statusOf(await hub.next('end'))).toBe('ok');
    settles[0]?.();
    await turn();
    callerIs(hub, 8, 'greedy');
    tell(hub);
    await turn();
    expect(contexts.length).toBe(4);
  });
});

describe('lines', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('faults of one caller without end do not fill the log, and those of others are told (f06)', async () => {
    const { hub, logger } = await echo({
      tell: (text) => {
        throw new Error(text);
      },
    });
    callerIs(hub, 7, 'loud');
    for (let n = 0; n < 1000; n++) tell(hub, 'loud');
    callerIs(hub, 8, 'quiet');
    tell(hub, 'quiet');
    await turn();
    const lines = logger.lines.map(({ message }) => message);
    // Eight, then the 16th, 32nd … 512th; and one of the other's.
    expect(lines.length).toBe(8 + 6 + 1);
    expect(lines[13]).toMatch(/^portcullis: sample\.echo\.tell threw \[[0-9a-f]+\] \(512 times within a minute\)$/);
    vi.advanceTimersByTime(60_001);
    tell(hub, 'quiet');
    await turn();
    expect(logger.lines.length).toBe(16);
  });
});
