/** Topics: subscriptions with callbacks and loops, publications, reports. */
import { describe, expect, test, vi } from 'vitest';
import { type DeliveryReport, iterate, publisherOf } from '../src/index.js';
import { Topics } from './generated/sample-topics.js';
import { body, bound, connected, rejection, turn } from './support/hub.js';

const [, ticked, , , changed] = Topics.channels;
if (!ticked || !changed) throw new Error('the sample contract has changed');

describe('a callback', () => {
  test('gets each value with what was missed, and gives credit (R9)', async () => {
    const { client, hub } = await bound(Topics, { limits: { streamItems: 2 } });
    const seen: [number, number][] = [];
    client.onTicked((value, { missed }) => seen.push([value, missed]));
    const { id, ...frame } = await hub.next('subscribe');
    expect(frame).toMatchObject({ binding: 5, ordinal: 1, budget: 0 });
    expect(frame.body.length).toBe(0);
    hub.item(id, ticked.args, [1]);
    hub.item(id, ticked.args, [2], { missed: 6 });
    await turn();
    expect(seen).toEqual([[1, 0], [2, 6]]);
    expect(await hub.next('credit')).toMatchObject({ id, flags: 0, ordinal: 1, budget: 1 });
  });

  test('acknowledges when the hub asks for it', async () => {
    const { client, hub } = await bound(Topics);
    client.onTicked(() => undefined);
    const { id } = await hub.next('subscribe');
    hub.item(id, ticked.args, [1], { token: 77 });
    expect(await hub.next('ack')).toMatchObject({ id, budget: 77 });
  });

  test('is not called after it was taken back, nor told of its end (R5)', async () => {
    const { client, hub } = await bound(Topics);
    const seen: number[] = [];
    const onEnd = vi.fn();
    const off = client.onTicked((value) => {
      seen.push(value);
      off();
      off();
    }, { onEnd });
    const { id } = await hub.next('subscribe');
    hub.item(id, ticked.args, [1]);
    hub.item(id, ticked.args, [2]);
    expect(await hub.next('cancel')).toMatchObject({ id });
    hub.fail(id, 'cancelled');
    await turn();
    expect(seen).toEqual([1]);
    expect(onEnd).not.toHaveBeenCalled();
  });

  test('by a signal as well', async () => {
    const { client, hub } = await bound(Topics);
    const controller = new AbortController();
    const listener = vi.fn();
    const onEnd = vi.fn();
    client.onTicked(listener, { signal: controller.signal, onEnd });
    const { id } = await hub.next('subscribe');
    controller.abort();
    await hub.next('cancel');
    hub.item(id, ticked.args, [1]);
    client.onTicked(listener, { signal: controller.signal, onEnd });
    await turn();
    expect(listener).not.toHaveBeenCalled();
    expect(onEnd).not.toHaveBeenCalled();
    expect(hub.frames).toEqual([]);
  });

  test('that throws is logged, and gets the next value', async () => {
    const { client, hub, logger, portcullis } = await bound(Topics);
    const listener = vi.fn(() => {
      throw new Error('broken');
    });
    client.onTicked(listener);
    const { id } = await hub.next('subscribe');
    hub.item(id, ticked.args, [1]);
    hub.item(id, ticked.args, [2]);
    await turn();
    expect(listener).toHaveBeenCalledTimes(2);
    expect(logger.lines.map(({ message }) => message)).toEqual(Array(2).fill('portcullis: a listener of sample.topics.ticked threw'));
    expect(portcullis.state.status).toBe('connected');
  });

  test('is told once when the subscription ends by itself', async () => {
    const { client, hub, portcullis } = await bound(Topics);
    const ends: string[] = [];
    const onEnd = ({ status }: { status: string }) => void ends.push(status);
    client.onTicked(() => undefined, { onEnd });
    hub.fail((await hub.next('subscribe')).id, 'resource_exhausted');
    await turn();
    expect(ends).toEqual(['resource_exhausted']);
    client.onTicked(() => undefined, { onEnd });
    const { id } = await hub.next('subscribe');
    hub.send('item', { id, flags: 1, body: Uint8Array.of(0x80) });
    await turn();
    expect(ends).toEqual(['resource_exhausted', 'internal']);
    client.onTicked(() => undefined, { onEnd });
    portcullis.close();
    expect(ends).toEqual(['resource_exhausted', 'internal', 'unavailable']);
    const off = client.onTicked(() => undefined, { onEnd });
    expect(off).toBeTypeOf('function');
    expect(ends.length, 'not before `off` is known').toBe(3);
    await turn();
    expect(ends.length).toBe(4);
    const left = client.onTicked(() => undefined, { onEnd });
    left();
    await turn();
    expect(ends.length).toBe(4);
  });
});

describe('a loop', () => {
  test('gets values in order; a slow one misses the oldest, and knows how many', async () => {
    const { client, hub } = await bound(Topics);
    const values = iterate<number>((listener, options) => client.onTicked(listener, options), { depth: 2 });
    const { id } = await hub.next('subscribe');
    for (let n = 0; n < 5; n++) hub.item(id, ticked.args, [n], { missed: n === 1 ? 10 : 0 });
    await turn();
    expect(await values.next()).toEqual({ done: false, value: { value: 3, missed: 13, anew: false } });
    expect(await values.next()).toEqual({ done: false, value: { value: 4, missed: 0, anew: false } });
    const waiting = values.next();
    hub.item(id, ticked.args, [5]);
    expect(await waiting).toEqual({ done: false, value: { value: 5, missed: 0, anew: false } });
    await values.return?.();
    expect(await hub.next('cancel')).toMatchObject({ id });
    expect(await values.next()).toEqual({ done: true, value: undefined });
  });

  test('ends with the error of the subscription, or quietly by its signal', async () => {
    const { client, hub } = await bound(Topics);
    const values = iterate<number>((listener, options) => client.onTicked(listener, options));
    const { id } = await hub.next('subscribe');
    hub.item(id, ticked.args, [1]);
    hub.fail(id, 'unavailable');
    const seen: number[] = [];
    const error = await rejection(
      (async () => {
        for await (const { value } of values) seen.push(value);
      })(),
    );
    expect(seen).toEqual([1]);
    expect(error).toMatchObject({ status: 'unavailable' });
    const controller = new AbortController();
    const more = iterate<number>((listener, options) => client.onTicked(listener, options), { signal: controller.signal });
    controller.abort();
    for await (const value of more) expect(value).toBeUndefined();
    const aborted = iterate<number>((listener, options) => client.onTicked(listener, options), { signal: controller.signal });
    for await (const value of aborted) expect(value).toBeUndefined();
    const { signal } = new AbortController();
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    await iterate<number>((listener, options) => client.onTicked(listener, options), { signal }).return?.();
    expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
  });
});

describe('a publisher', () => {
  test('that was granted it publishes on the instance it is bound to', async () => {
    const { portcullis, hub } = await connected();
    const publisher = publisherOf(portcullis, Topics);
    await hub.bound(8);
    const topics = await publisher;
    topics.ticked(300);
    expect(await hub.next('publish')).toMatchObject({ binding: 8, ordinal: 1, id: 0, body: Uint8Array.of(0xac, 2) });
    expect(() => topics.ticked(-1)).toThrow('out_of_range');
    const released = portcullis.release(topics);
    hub.end((await hub.next('request')).id, 'ok');
    await released;
    topics.ticked(1);
    await turn();
    expect(hub.frames).toEqual([]);
  });

  test('gets a report of who has it and who has not (R9)', async () => {
    const { portcullis, hub } = await connected();
    const publisher = publisherOf(portcullis, Topics);
    await hub.bound(8);
    const report = (await publisher).tickedReported(1, 400);
    const { id, budget } = await hub.next('publish');
    expect(budget).toBe(400);
    const bytes = body((out) => {
      out.count(1);
      out.u32(3);
      out.string('left');
      out.count(2);
      for (const why of [0, 2]) {
        out.u32(4 + why);
        out.string(`right-${why}`);
        out.u8(why);
      }
    });
    hub.end(id, 'ok', bytes);
    const wanted: DeliveryReport = {
      delivered: [{ peer: 3, label: 'left' }],
      missed: [
        { peer: 4, label: 'right-0', why: 'dropped' },
        { peer: 6, label: 'right-2', why: 'timedOut' },
      ],
    };
    expect(await report).toEqual(wanted);
  });

  test('waits a little longer than the report has', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const { portcullis, hub } = await connected();
      const publisher = publisherOf(portcullis, Topics);
      await hub.bound(8);
      const topics = await publisher;
      const report = topics.tickedReported(1, 400);
      const late = rejection(topics.tickedReported(2, 400));
      const { id } = await hub.next('publish');
      await vi.advanceTimersByTimeAsync(450);
      hub.end(id, 'ok', Uint8Array.of(0, 0));
      expect(await report).toEqual({ delivered: [], missed: [] });
      await vi.advanceTimersByTimeAsync(1000);
      expect(await late).toMatchObject({ status: 'deadline_exceeded' });
    } finally {
      vi.useRealTimers();
    }
  });
});
