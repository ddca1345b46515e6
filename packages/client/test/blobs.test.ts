/** Blobs through client and test kit, over memory: every kind of channel, and small calls beside large messages. */
import { afterEach, describe, expect, test } from 'vitest';
import {
  ApplicationError,
  connect,
  type ConnectOptions,
  memoryPair,
  messagePortTransport,
  serve,
  toBody,
} from '../src/index.js';
import { TestHub } from '../src/testing/hub.js';
import { mock, type Mock } from '../src/testing/index.js';
import { Blobs, type BlobsHandlers } from './generated/sample-blobs.js';
import { type BlobsError, type Scan, ScanCodec } from './generated/types.js';
import { buildFrame } from './support/bytes.js';
import { bound, connected, MemoryLogger, rejection, statusOf, turn } from './support/hub.js';

const MEGABYTE = 1024 * 1024;
const mocks: Mock<any, any, any>[] = [];
afterEach(() => {
  for (const made of mocks.splice(0)) made.close();
});

/** Bytes that tell their place. */
function ramp(length: number, first = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = first + at + (at >> 8);
  return bytes;
}

const scan = (more: Partial<Scan> = {}): Scan => ({ name: 'left', points: ramp(10), pictures: [], preview: null, ...more });
const none = new Uint8Array(0);

const handlers: Partial<BlobsHandlers> = {
  echo: (scan) => {
    if (scan.name === '') throw new ApplicationError<BlobsError>({ type: 'rejected', seen: scan.points });
    return scan;
  },
  small: (number) => number + 1,
  frames: async function* (count, bytes) {
    for (let n = 0; n < count; n++) yield new Uint8Array(bytes).fill(n);
  },
  total: async (items) => {
    let sum = 0n;
    for await (const item of items) sum += BigInt(item.length);
    return sum;
  },
};

async function blobs(options: ConnectOptions = {}, more: Partial<BlobsHandlers> = {}) {
  const logger = new MemoryLogger();
  const made = await mock(Blobs, { ...handlers, ...more }, { connect: { logger, ...options } });
  mocks.push(made);
  return { made, client: made.client, logger };
}

describe('calls', () => {
  test('carry blobs both ways, large, small and empty, each in a buffer of its own', async () => {
    const { client, made } = await blobs();
    const sent = scan({ points: ramp(3 * MEGABYTE), pictures: [none, ramp(70_000, 3), ramp(1)], preview: ramp(65_536, 9) });
    const got = await client.echo(sent);
    expect(got.name).toBe('left');
    // Compared as buffers: a diff of megabytes is of no use to anybody.
    const all = ({ points, pictures, preview }: Scan) => [points, ...pictures, preview as Uint8Array];
    for (const [at, one] of all(got).entries()) {
      expect(Buffer.compare(one, all(sent)[at] as Uint8Array)).toBe(0);
      expect(one.buffer.byteLength).toBe(one.length);
    }
    expect(got.points.buffer).not.toBe(sent.points.buffer);
    expect(made.callsOf('echo')[0]?.arguments[0].points.length).toBe(3 * MEGABYTE);
  });

  test('take the bytes as they are when the call is made', async () => {
    const { client } = await blobs();
    const points = ramp(200_000);
    const call = client.echo(scan({ points }));
    points.fill(0);
    expect(Buffer.compare((await call).points, ramp(200_000))).toBe(0);
  });

  test('end with an application\'s error that has a blob', async () => {
    const { client, made } = await blobs();
    const error = await rejection(client.echo(scan({ name: '', points: ramp(100_000) })));
    expect(error).toBeInstanceOf(ApplicationError);
    expect(error.error.type).toBe('rejected');
    expect(Buffer.compare(error.error.seen, ramp(100_000))).toBe(0);
    const [call] = made.callsOf('echo');
    expect(call?.outcome).toMatchObject({ ok: false, error: { error: { type: 'rejected' } } });
  });

  test('that are small overtake large ones', async () => {
    const { client } = await blobs();
    const ends: string[] = [];
    const large = client.echo(scan({ points: ramp(16 * MEGABYTE) })).then(() => ends.push('large'));
    const smalls = [1, 2, 3].map((number) => client.small(number).then((sum) => ends.push(`small ${sum}`)));
    await Promise.all([large, ...smalls]);
    expect(ends).toEqual(['small 2', 'small 3', 'small 4', 'large']);
  });

  test('of one channel keep their order', async () => {
    const seen: string[] = [];
    const { client } = await blobs({}, {
      echo: (scan) => {
        seen.push(scan.name);
        return scan;
      },
    });
    await Promise.all([
      client.echo(scan({ name: 'large', points: ramp(6 * MEGABYTE) })),
      client.echo(scan({ name: 'medium', points: ramp(100_000) })),
      client.echo(scan({ name: 'small' })),
    ]);
    expect(seen).toEqual(['large', 'medium', 'small']);
  });

  test('with more blobs than a message may have, or too long ones, are refused', async () => {
    const { client, made } = await blobs();
    const five = Array.from({ length: 5 }, () => none);
    expect(await rejection(client.echo(scan({ pictures: five })))).toMatchObject({ status: 'invalid_argument', path: 'scan.pictures' });
    const long = await rejection(client.echo(scan({ preview: ramp(65_537) })));
    expect(long).toMatchObject({ status: 'invalid_argument', path: 'scan.preview' });
    expect(await rejection(client.echo(scan({ points: 'text' as never })))).toMatchObject({ status: 'invalid_argument', path: 'scan.points' });
    expect(made.calls).toEqual([]);
  });
});

describe('what a side does not take', () => {
  test('is refused at its sender, before the welcome as well, and all else goes on', async () => {
    const { client, hub, portcullis } = await bound(Blobs, {}, { blobBytes: 1000 });
    expect(await rejection(client.echo(scan({ points: ramp(1001) })))).toMatchObject({ status: 'resource_exhausted' });
    const fits = client.echo(scan({ points: ramp(1000) }));
    await hub.next('request');
    portcullis.close();
    await rejection(fits);
  });

  test('of replies, items and values ends the call or subscription, and is no fault of a handler', async () => {
    const { client, logger, made } = await blobs({ limits: { blobBytes: 5000 } });
    expect(await rejection(client.frames(1, 6000).reply)).toMatchObject({ status: 'resource_exhausted' });
    const ended = new Promise((resolve) => client.onLatest(() => undefined, { onEnd: resolve }));
    await turn();
    made.publisher.latest(ramp(6000));
    expect(await ended).toMatchObject({ status: 'resource_exhausted' });
    expect((await client.echo(scan({ points: ramp(5000) }))).points.length).toBe(5000);
    expect(logger.lines).toEqual([]);
  });
});

describe('streams', () => {
  test('down and up, with items larger than the credit', async () => {
    const { client } = await blobs();
    const sizes: number[] = [];
    for await (const frame of client.frames(10, 1_500_000)) {
      expect(frame[frame.length - 1]).toBe(sizes.length);
      sizes.push(frame.length);
    }
    expect(sizes).toEqual(new Array(10).fill(1_500_000));
    expect(await client.total([ramp(2 * MEGABYTE), none, ramp(7)])).toBe(BigInt(2 * MEGABYTE + 7));
  });

  test('count the bytes of blobs against their credit', async () => {
    let made = 0;
    const { client } = await blobs({}, {
      frames: async function* (count, bytes) {
        for (; made < count; made++) yield new Uint8Array(bytes);
      },
    });
    const frames = client.frames(100, 400_000)[Symbol.asyncIterator]();
    await frames.next();
    for (let turns = 0; turns < 50; turns++) await turn();
    // 1 MiB of credit: two items and one that overdraws it, besides the one that was read and the one that is made.
    expect(made).toBeLessThanOrEqual(5);
    for (let n = 1; n < 100; n++) expect((await frames.next()).done).toBe(false);
    expect((await frames.next()).done).toBe(true);
  });
});

describe('topics', () => {
  test('events and states with blobs reach every subscriber, the last state late ones too', async () => {
    const { client, made } = await blobs();
    const scans: Scan[] = [];
    const states: number[][] = [];
    client.onScanned((scan) => scans.push(scan));
    client.onLatest((value) => states.push([0, value.length]));
    await turn();
    made.publisher.latest(ramp(300_000));
    const report = await made.publisher.scannedReported(scan({ points: ramp(2 * MEGABYTE), pictures: [ramp(3)] }), 5_000);
    expect(report.delivered.map(({ label }) => label)).toEqual(['test']);
    expect(Buffer.compare(scans[0]?.points as Uint8Array, ramp(2 * MEGABYTE))).toBe(0);
    const late = new Promise<number>((resolve) => client.onLatest((value) => resolve(value.length)));
    expect(await late).toBe(300_000);
    expect(states).toEqual([[0, 300_000]]);
  });

  test('notifications hand blobs over, in order with small ones', async () => {
    const seen: number[] = [];
    const { client } = await blobs({}, { handOver: (scan) => void seen.push(scan.points.length) });
    for (const length of [MEGABYTE, 1, 100_000, 2]) client.handOver(scan({ points: ramp(length) }));
    await client.small(0);
    for (let turns = 0; seen.length < 4 && turns < 1000; turns++) await turn();
    expect(seen).toEqual([MEGABYTE, 1, 100_000, 2]);
  });
});

test('typed arrays go both ways: each is a window into the blob that came', async () => {
  const { client } = await blobs({}, {
    waves: async function* (count, length) {
      for (let n = 0; n < count; n++) yield new Float32Array(length).fill(n);
    },
  });
  let waves = 0;
  for await (const wave of client.waves(3, 50_000)) {
    expect([wave.length, wave[0], wave[49_999], wave.byteOffset, wave.buffer.byteLength]).toEqual([50_000, waves, waves++, 0, 200_000]);
  }
  expect(waves).toBe(3);
});

test.each([false, true])('blobs go through a message port (copied: %s)', async (copy) => {
  const hub = new TestHub();
  hub.know(Blobs, '', () => undefined);
  const logger = new MemoryLogger();
  const server = connect(hub.admit('main', 'main').transport, { logger });
  await serve(server, Blobs, handlers as BlobsHandlers);
  const { port1, port2 } = new MessageChannel();
  hub.attach(messagePortTransport(port1 as never, { copy }), 'page', 'page');
  const peer = connect(messagePortTransport(port2 as never, { copy }), { logger });
  const client = await peer.bind(Blobs);
  const ends: string[] = [];
  const points = ramp(12 * MEGABYTE);
  const large = client.echo(scan({ points })).then((got) => {
    ends.push('large');
    return Buffer.compare(got.points, points);
  });
  expect(await client.small(1)).toBe(2);
  ends.push('small');
  expect(await large).toBe(0);
  expect(ends).toEqual(['small', 'large']);
  const closed = new Promise((resolve) => server.onState(resolve));
  peer.close();
  server.close();
  await closed;
});

test('a reply whose blobs are too large for the hub is refused as that', async () => {
  const { portcullis, hub, logger } = await connected({}, { blobBytes: 1000 });
  const serving = serve(portcullis, Blobs, { ...handlers, echo: (scan) => ({ ...scan, points: ramp(1001) }) } as BlobsHandlers);
  await hub.served(9);
  await serving;
  const body = toBody(ScanCodec, scan({ points: ramp(5) }));
  hub.sendAll(
    buildFrame('parcel', { id: 7, budget: 5, body: ramp(5) }),
    buildFrame('request', { binding: 9, ordinal: 0, id: 0x1_0000, parcels: [7], body: body.bytes }),
  );
  expect(statusOf(await hub.next('end'))).toBe('resource_exhausted');
  expect(logger.lines).toEqual([]);
  portcullis.close();
});

test('a call that is cancelled while its blobs are on their way makes room for the next', async () => {
  const hub = new TestHub();
  hub.know(Blobs, '', () => undefined);
  const logger = new MemoryLogger();
  const server = connect(hub.admit('main', 'main').transport, { logger });
  await serve(server, Blobs, handlers as BlobsHandlers);
  // A transport that takes nothing until it is told to.
  const [near, far] = memoryPair();
  hub.attach(far, 'page', 'page');
  let full = false;
  const peer = connect(Object.defineProperty(near, 'bufferedAmount', { get: () => (full ? 2 * MEGABYTE : 0) }), { logger });
  const client = await peer.bind(Blobs);
  full = true;
  const controllers = Array.from({ length: 3 }, () => new AbortController());
  const calls = controllers.map(({ signal }) => client.echo(scan({ points: ramp(30 * MEGABYTE) }), { signal }));
  expect(await rejection(client.echo(scan()))).toMatchObject({ status: 'resource_exhausted', detail: 'too much waits to be sent' });
  // Small ones do not wait for room among blobs.
  const small = client.small(1);
  for (const controller of controllers) controller.abort();
  for (const call of calls) expect(await rejection(call)).toMatchObject({ status: 'cancelled' });
  full = false;
  expect((await client.echo(scan({ points: ramp(MEGABYTE) }))).points.length).toBe(MEGABYTE);
  expect(await small).toBe(2);
  expect(peer.state.status).toBe('connected');
  peer.close();
  server.close();
});
