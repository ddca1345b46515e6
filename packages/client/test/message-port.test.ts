/** What a port can bring besides messages of the protocol, and what holds a sender where ports have no back-pressure. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { toBytes } from '../src/codec/index.js';
import { connect, messagePortTransport, type MessagePortOptions } from '../src/index.js';
import { Echo } from './generated/sample-echo.js';
import { buildFrame, joinBytes, splitFrames } from './support/bytes.js';
import { FakeHub, MemoryLogger, rejection, turn } from './support/hub.js';

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A transport on one end of a channel, what it tells, and the bare other end. */
function make(options?: MessagePortOptions) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const transport = messagePortTransport(port1, options);
  const why: string[] = [];
  const seen: number[][] = [];
  transport.onClose = (reason) => why.push(reason);
  transport.onMessage = (bytes) => seen.push([...bytes]);
  return { transport, port: port1, other: port2, why, seen };
}

/** What comes out of a bare port, in order. */
function received(port: MessagePort): unknown[] {
  const all: unknown[] = [];
  port.onmessage = ({ data }) => all.push(data);
  return all;
}

describe('bytes', () => {
  test.each([false, true])('of any form reach the connection (copy: %s)', async (copy) => {
    const { other, seen, why } = make({ copy });
    other.postMessage(Uint8Array.of(1, 2).buffer);
    other.postMessage(Uint8Array.of(3, 4));
    other.postMessage(Buffer.from([5, 6]));
    // A part of a larger buffer, as Node's buffers are.
    other.postMessage(Uint8Array.of(0, 7, 8, 0).subarray(1, 3));
    other.postMessage(new ArrayBuffer(0));
    await vi.waitFor(() => expect(seen.length).toBe(5));
    expect(seen).toEqual([[1, 2], [3, 4], [5, 6], [7, 8], []]);
    expect(why).toEqual([]);
  });

  test('are moved, unless they are to be copied', async () => {
    for (const copy of [false, true]) {
      const { transport, other } = make({ copy });
      const all = received(other);
      const whole = Uint8Array.of(1, 2, 3);
      const part = Uint8Array.of(4, 5, 6).subarray(1);
      transport.send(whole);
      transport.send(part);
      expect(whole.byteLength).toBe(copy ? 3 : 0);
      await vi.waitFor(() => expect(all.length).toBe(2));
      // Nothing but array buffers, of just the bytes that were sent.
      expect(all.map((one) => [...new Uint8Array(one as ArrayBuffer)])).toEqual([[1, 2, 3], [5, 6]]);
      expect(all.every((one) => one instanceof ArrayBuffer)).toBe(true);
    }
  });

  test('a copy is sent without a transfer list', () => {
    const { transport, port } = make({ copy: true });
    const post = vi.spyOn(port, 'postMessage');
    transport.send(Uint8Array.of(1));
    expect(post.mock.calls[0]?.length).toBe(1);
  });

  test('that cannot be posted end it, and nothing throws', () => {
    const { transport, port, why } = make();
    vi.spyOn(port, 'postMessage').mockImplementationOnce(() => {
      throw new DOMException('out of memory', 'DataCloneError');
    });
    transport.send(Uint8Array.of(1, 2, 3));
    expect(why.length).toBe(1);
    expect(why[0]).toContain('could not be sent');
    transport.send(Uint8Array.of(1));
    transport.close();
    expect(why.length).toBe(1);
  });
});

describe('the other end', () => {
  test('that closes its port without a word is noticed, behind what it sent', async () => {
    const { other, why, seen } = make();
    other.postMessage(Uint8Array.of(1).buffer);
    other.close();
    await vi.waitFor(() => expect(why).toEqual(['the other end was closed']));
    expect(seen).toEqual([[1]]);
  });

  test('that says so first is heard once', async () => {
    const { other, why } = make();
    other.postMessage(null);
    other.postMessage(Uint8Array.of(1).buffer);
    other.close();
    await vi.waitFor(() => expect(why).toEqual(['the other end was closed']));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(why.length).toBe(1);
  });

  test('is told of a close here, once, and nothing is told here', async () => {
    const { transport, other, why } = make();
    const all = received(other);
    const closed = vi.fn();
    other.addEventListener('close', closed);
    transport.close();
    transport.close();
    await vi.waitFor(() => expect(closed).toHaveBeenCalledOnce());
    expect(all).toEqual([null]);
    expect(why).toEqual([]);
  });
});

describe('what is no bytes ends it with a reason', () => {
  const shared = new SharedArrayBuffer(32);
  test.each<[string, unknown]>([
    ['text', 'text'],
    ['a number', 24],
    ['an object that looks like bytes', { byteLength: 24, length: 24, 0: 24 }],
    ['a list of numbers', [24, 0, 0, 0]],
    ['a view of another kind', new DataView(new ArrayBuffer(24))],
    ['wider numbers', new Uint32Array(6)],
    ['shared memory', shared],
    ['a view of shared memory', new Uint8Array(shared)],
  ])('%s', async (_, data) => {
    const { other, why, seen } = make();
    other.postMessage(data);
    other.postMessage(Uint8Array.of(1).buffer);
    await vi.waitFor(() => expect(why).toEqual(['something that is no bytes came through the port']));
    await turn();
    expect(seen).toEqual([]);
  });

  const throws = () => {
    throw new Error('thrown by what came');
  };
  const hostile = Object.defineProperties(new Uint8Array(4), {
    buffer: { get: throws },
    byteLength: { get: throws },
  });
  test.each<[string, object]>([
    ['getters that throw', hostile],
    ['a proxy', new Proxy({}, { getPrototypeOf: throws, get: throws, has: throws })],
    ['a buffer that was moved away', (() => structuredClone(new ArrayBuffer(8)))()],
  ])('%s, from a script of the page', (name, data) => {
    const { port, why } = make();
    if (name.startsWith('a buffer')) structuredClone(data, { transfer: [data as ArrayBuffer] });
    const event = Object.assign(new Event('message'), { data });
    expect(() => port.onmessage?.(event as MessageEvent)).not.toThrow();
    expect(why).toEqual(['something that is no bytes came through the port']);
  });

  test('an event without data that can be read', () => {
    const { port, why } = make();
    const event = Object.defineProperty(new Event('message'), 'data', { get: throws });
    expect(() => port.onmessage?.(event as MessageEvent)).not.toThrow();
    expect(why.length).toBe(1);
  });

  test('a message that could not be read', () => {
    const { port, why } = make();
    port.onmessageerror?.(new MessageEvent('messageerror'));
    expect(why).toEqual(['a message could not be read']);
  });

  test('the connection says why, and its calls fail', async () => {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    const portcullis = connect(messagePortTransport(port1), { logger: new MemoryLogger() });
    const call = rejection(portcullis.bind(Echo));
    port2.postMessage('text');
    expect(await call).toMatchObject({ status: 'unavailable', detail: expect.stringContaining('no bytes came') });
    expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'transport_lost' });
  });
});

describe('the window', () => {
  const limits = { windowBytes: 8192, frameBytes: 4096 };
  const bytesChannel = Echo.channels.find(({ method }) => method === 'bytes');
  if (bytesChannel === undefined) throw new Error('the sample contract has changed');

  async function conversation() {
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    const hub = new FakeHub(messagePortTransport(port2));
    const portcullis = connect(messagePortTransport(port1), { limits, logger: new MemoryLogger() });
    await hub.welcome(limits);
    const binding = portcullis.bind(Echo);
    await hub.bound(5);
    return { hub, portcullis, client: await binding };
  }

  test('holds this side: what the hub has not acknowledged is not posted', async () => {
    const { hub, client, portcullis } = await conversation();
    const before = hub.messages.flat().length;
    const calls = Array.from({ length: 100 }, () => client.bytes(new Uint8Array(1000)).result);
    await turn();
    await turn();
    const posted = hub.messages.flat().slice(before);
    // The window may be overdrawn by the frame that passes it.
    expect(posted.length).toBeGreaterThan(5);
    expect(posted.reduce((sum, { body }) => sum + body.length + 24, 0)).toBeLessThan(limits.windowBytes + limits.frameBytes);
    hub.send('window', { budget: 3 * 1026 });
    await vi.waitFor(() => expect(hub.messages.flat().length).toBe(before + posted.length + 3));
    portcullis.close();
    expect((await Promise.all(calls)).every(({ ok }) => !ok)).toBe(true);
  });

  test('holds the hub: more than it allows at once ends the connection', async () => {
    const { hub, client, portcullis } = await conversation();
    const calls = Array.from({ length: 8 }, () => client.bytes(new Uint8Array(10)).result);
    const body = toBytes(bytesChannel.reply, new Uint8Array(2000));
    const ends = [];
    for (let at = 0; at < calls.length; at++) {
      const { id } = await hub.next('request');
      ends.push(buildFrame('end', { id, body }));
    }
    const all = joinBytes(...ends);
    expect(splitFrames(all).length).toBe(8);
    expect(all.length).toBeGreaterThan(limits.windowBytes + limits.frameBytes);
    hub.sendAll(all);
    const goodbye = await hub.next('goodbye');
    expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'window_exceeded' });
    expect(goodbye.ordinal).toBeGreaterThanOrEqual(32);
    const outcomes = await Promise.all(calls);
    // What stood within the window was taken in.
    expect(outcomes.filter(({ ok }) => ok).length).toBe(6);
    expect(outcomes.slice(6).every((outcome) => !outcome.ok && outcome.error.status === 'unavailable')).toBe(true);
  });

  test('the same bytes in messages that are acknowledged on the way end nothing', async () => {
    const { hub, client, portcullis } = await conversation();
    for (let round = 0; round < 10; round++) {
      const call = client.bytes(new Uint8Array(10));
      const { id } = await hub.next('request');
      hub.end(id, 'ok', toBytes(bytesChannel.reply, new Uint8Array(3000)));
      expect((await call).length).toBe(3000);
    }
    expect(hub.frames.filter(({ kind }) => kind === 'window').length).toBeGreaterThan(3);
    expect(portcullis.state.status).toBe('connected');
    portcullis.close();
  });
});
