/** Streams of this side's: items down under credit, items up, and their ends. */
import { afterAll, describe, expect, test, vi } from 'vitest';
import { toBytes } from '../src/codec/index.js';
import { ApplicationError, connect, memoryPair, messagePortTransport } from '../src/index.js';
import { Flows } from './generated/sample-flows.js';
import { FlowsErrorCodec } from './generated/types.js';
import { bound, CALLEE, FakeHub, rejection, turn } from './support/hub.js';

const [count, sum, mirror, pictures] = Flows.channels;
if (!count || !sum || !mirror || !pictures) throw new Error('the sample contract has changed');
const summary = { items: 3, sum: 3n };
const credit = { streamItems: 4, streamBytes: 100 };
const grant = (id: number, items: number) => ({ id, flags: CALLEE, ordinal: items, budget: 1000 });

describe('items down', () => {
  test('are read in order, with the reply at last; credit goes back as they are read (R10)', async () => {
    const { client, hub } = await bound(Flows, { limits: credit });
    const stream = client.count(3, null);
    const { id, budget } = await hub.next('request');
    expect(budget).toBe(count.deadlineMs);
    for (let n = 0; n < 4; n++) hub.item(id, count.down, n);
    await turn();
    expect(hub.frames, 'nothing was read yet').toEqual([]);
    const items = stream[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: 0 });
    await turn();
    expect(hub.frames).toEqual([]);
    expect(await items.next()).toEqual({ done: false, value: 1 });
    expect(await hub.next('credit')).toMatchObject({ id, flags: 0, ordinal: 2, budget: 2 });
    hub.item(id, count.down, 4);
    hub.item(id, count.down, 5);
    hub.end(id, 'ok', toBytes(count.reply, summary));
    const rest = [];
    let last = await items.next();
    for (; last.done !== true; last = await items.next()) rest.push(last.value);
    expect(rest).toEqual([2, 3, 4, 5]);
    expect(last.value).toEqual(summary);
    expect(await items.next()).toEqual({ done: true, value: summary });
    expect(await stream.reply).toEqual(summary);
    expect(await stream.reply.result).toEqual({ ok: true, value: summary });
    await turn();
    expect(hub.frames, 'no credit for what has ended').toEqual([]);
  });

  test('by bytes as well', async () => {
    const { client, hub } = await bound(Flows, { limits: { streamItems: 100, streamBytes: 10 } });
    const stream = client.mirror((async function* () {})());
    const { id } = await hub.next('request');
    hub.item(id, mirror.down, 'abcde');
    for await (const item of stream) {
      expect(item).toBe('abcde');
      expect(await hub.next('credit')).toMatchObject({ ordinal: 1, budget: 6 });
      break;
    }
  });

  test('leaving the loop cancels, and nothing comes after (R5)', async () => {
    const { client, hub } = await bound(Flows);
    const stream = client.count(9, null);
    const { id } = await hub.next('request');
    for (let n = 0; n < 3; n++) hub.item(id, count.down, n);
    const seen: number[] = [];
    for await (const item of stream) {
      seen.push(item);
      if (item === 1) break;
    }
    expect(await hub.next('cancel')).toMatchObject({ id });
    hub.item(id, count.down, 3);
    hub.fail(id, 'cancelled');
    await turn();
    for await (const item of stream) seen.push(item);
    expect(seen).toEqual([0, 1]);
    expect(await stream.reply.result).toMatchObject({ ok: false, error: { status: 'cancelled' } });
    expect(hub.frames.filter(({ kind }) => kind === 'cancel')).toEqual([]);
    void client.stall().reply.result;
    expect((await hub.next('request')).id, 'the slot is free again').toBe(0x3_0000);
  });

  test("an error comes behind the items, and is the application's own where it is", async () => {
    const { client, hub } = await bound(Flows);
    const stream = client.count(9, 2);
    const { id } = await hub.next('request');
    hub.item(id, count.down, 0);
    hub.item(id, count.down, 1);
    const error = { type: 'broken', after: 2 } as const;
    hub.end(id, 'application', toBytes(FlowsErrorCodec, error));
    const seen: number[] = [];
    const caught = await rejection(
      (async () => {
        for await (const item of stream) seen.push(item);
      })(),
    );
    expect(seen).toEqual([0, 1]);
    expect(caught).toBeInstanceOf(ApplicationError);
    expect(caught.channel).toBe('sample.flows.count');
    expect(caught.stack).toContain('streams.test');
  });

  test('a failure that nobody asks for is no unhandled rejection', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { client, hub } = await bound(Flows);
    client.count(1, null);
    hub.fail((await hub.next('request')).id, 'unavailable');
    await turn();
    await turn();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  test('an item that cannot be read ends the stream, and nothing else', async () => {
    const { client, hub, portcullis } = await bound(Flows);
    const stream = client.count(1, null);
    const { id } = await hub.next('request');
    hub.send('item', { id, flags: CALLEE, body: Uint8Array.of(0x80) });
    expect(await rejection(stream.reply)).toMatchObject({ status: 'internal' });
    expect(await hub.next('cancel')).toMatchObject({ id });
    expect(portcullis.state.status).toBe('connected');
  });

  test('the time is that to the first item', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { client, hub } = await bound(Flows);
      const slow = client.count(1, null, { timeoutMs: 50 });
      const quick = client.count(1, null, { timeoutMs: 50 });
      await hub.next('request');
      const { id } = await hub.next('request');
      hub.item(id, count.down, 7);
      const error = rejection(slow.reply);
      await vi.advanceTimersByTimeAsync(60);
      expect(await error).toMatchObject({ status: 'deadline_exceeded' });
      await vi.advanceTimersByTimeAsync(100_000);
      hub.end(id, 'ok', toBytes(count.reply, summary));
      expect(await quick.reply).toEqual(summary);
    } finally {
      vi.useRealTimers();
    }
  });

  test('cancel, signal and loss end the loop with an error', async () => {
    const { client, hub, portcullis } = await bound(Flows);
    const controller = new AbortController();
    const streams = [client.stall(), client.stall({ signal: controller.signal }), client.stall()];
    const loops = streams.map((stream) =>
      rejection(
        (async () => {
          for await (const item of stream) void item;
        })(),
      ),
    );
    for (const _ of streams) await hub.next('request');
    streams[0]?.cancel();
    controller.abort();
    portcullis.close();
    expect((await Promise.all(loops)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled', 'unavailable']);
  });
});

describe('items up', () => {
  test('are pulled as the hub gives credit, and finished', async () => {
    const { client, hub } = await bound(Flows, {}, { streamItems: 2 });
    const pulled: number[] = [];
    const reply = client.sum(
      (function* () {
        for (let n = 0; n < 4; n++) {
          pulled.push(n);
          yield n;
        }
      })(),
    );
    const { id } = await hub.next('request');
    await turn();
    expect(pulled).toEqual([0, 1]);
    expect(hub.frames.map(({ kind }) => kind)).toEqual(['item', 'item']);
    expect(hub.frames[1]).toMatchObject({ id, flags: 0, ordinal: 0 });
    hub.send('credit', grant(id, 1));
    await turn();
    expect(pulled).toEqual([0, 1, 2]);
    hub.send('credit', grant(id, 5));
    expect(await hub.next('finish')).toMatchObject({ id });
    hub.end(id, 'ok', toBytes(sum.reply, summary));
    expect(await reply).toEqual(summary);
  });

  test('when the call ends first, the source is told', async () => {
    const { client, hub } = await bound(Flows, {}, { streamItems: 1 });
    let over = false;
    const reply = client.sum(
      (async function* () {
        try {
          for (let n = 0; ; n++) yield n;
        } finally {
          over = true;
        }
      })(),
    );
    const { id } = await hub.next('request');
    await turn();
    hub.end(id, 'ok', toBytes(sum.reply, summary));
    expect(await reply).toEqual(summary);
    await turn();
    expect(over).toBe(true);
    hub.frames.length = 0;
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test('a source that fails, or gives what breaks the contract, cancels the call', async () => {
    const { client, hub } = await bound(Flows);
    const failing = client.sum(
      (async function* () {
        yield 1;
        throw new Error('the disk is gone');
      })(),
    );
    const { id } = await hub.next('request');
    const error = await rejection(failing);
    expect(error).toMatchObject({ status: 'cancelled' });
    expect(error.cause.message).toBe('the disk is gone');
    expect(await hub.next('cancel')).toMatchObject({ id });
    const wrong = client.sum([1, -1]);
    expect(await rejection(wrong)).toMatchObject({ status: 'invalid_argument' });
    expect(await rejection(client.sum(5 as never))).toMatchObject({ status: 'cancelled' });
  });

  test('in both directions at once', async () => {
    const { client, hub } = await bound(Flows);
    const stream = client.mirror(['a', 'b']);
    const { id } = await hub.next('request');
    for (let n = 0; n < 2; n++) {
      const item = await hub.next('item');
      hub.send('item', { id, flags: CALLEE, body: item.body });
    }
    await hub.next('finish');
    hub.end(id, 'ok');
    const seen = [];
    for await (const item of stream) seen.push(item);
    expect(seen).toEqual(['a', 'b']);
  });
});

describe('bytes as views', () => {
  const { port1, port2 } = new MessageChannel();
  afterAll(() => port1.close());

  test('are windows into the message where it has memory of its own, and copies elsewhere', async () => {
    const pixels = new Uint8Array(5000).fill(3);
    for (const own of [true, false]) {
      const [near, far] = own ? [messagePortTransport(port1), messagePortTransport(port2)] : memoryPair();
      if (!own) Object.defineProperty(near, 'ownsMessages', { value: false });
      const hub = new FakeHub(far);
      const portcullis = connect(near);
      await hub.welcome();
      const binding = portcullis.bind(Flows);
      await hub.bound(5);
      const client = await binding;
      for (const bytes of ['view', 'copy', undefined] as const) {
        const items = client.pictures(1, 5000, { bytes })[Symbol.asyncIterator]();
        const next = items.next();
        const { id } = await hub.next('request');
        hub.item(id, pictures.down, { sequence: 1, pixels });
        const { value } = await next;
        if (value === undefined || !('pixels' in value)) throw new Error('no item');
        expect(value.pixels).toEqual(pixels);
        const windows = own && bytes === 'view';
        expect(value.pixels.byteOffset > 0).toBe(windows);
        expect(value.pixels.buffer.byteLength > 5000).toBe(windows);
        await items.return?.();
        hub.fail(id, 'cancelled');
      }
      portcullis.close();
    }
  });
});
