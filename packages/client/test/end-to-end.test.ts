/**
 * The client against the Rust hub, over a Unix socket. Needs the hub's program:
 * `cargo build -p conformance --example sample-hub`, and its path in `PORTCULLIS_SAMPLE_HUB`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplicationError, connect, type ConnectOptions, type Portcullis, publisherOf, reconnecting, serve, sharedState, type Stale } from '../src/index.js';
import { unixTransport } from '../src/node/index.js';
import { toNotation } from './codec-notation.js';
import { Blobs, type BlobsHandlers } from './generated/sample-blobs.js';
import { Echo, type EchoHandlers } from './generated/sample-echo.js';
import { Flows, type FlowsHandlers } from './generated/sample-flows.js';
import { Shared } from './generated/sample-shared.js';
import { Topics } from './generated/sample-topics.js';
import type { Samples, Tally } from './generated/types.js';
import { MemoryLogger, rejection } from './support/hub.js';

const program = process.env['PORTCULLIS_SAMPLE_HUB'] ?? '';

describe.skipIf(program === '')('against the Rust hub', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-'));
  const path = join(folder, 'socket', 'hub');
  const peers: Portcullis[] = [];
  let hub: ChildProcess;

  /** A hub that listens. */
  async function start(path: string): Promise<ChildProcess> {
    const started = spawn(program, [path], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(started.stdout as NonNullable<typeof started.stdout>, 'data');
    return started;
  }

  beforeAll(async () => {
    hub = await start(path);
  });

  afterAll(async () => {
    for (const peer of peers) peer.close();
    hub.stdin?.end();
    if (hub.exitCode === null) await once(hub, 'exit');
    rmSync(folder, { recursive: true });
  });

  function peer(options: ConnectOptions = {}): Portcullis {
    const made = connect(unixTransport({ path }), { client: 'node', interfaces: [Blobs, Echo, Flows, Shared, Topics], ...options });
    peers.push(made);
    return made;
  }

  test('calls of every kind', async () => {
    const portcullis = peer();
    const echo = await portcullis.bind(Echo);
    expect(portcullis.state).toMatchObject({ status: 'connected', label: 'peer', role: 'all' });
    expect(await echo.call({ number: 41n, text: 'answer', value: 1.5 })).toEqual({ number: 42n, text: 'answer', value: 3 });
    expect(await echo.join('ab', 'c', 2)).toBe('abcabc');
    const large = new Uint8Array(5_000_000).map((_, at) => at);
    expect(Buffer.compare(await echo.bytes(large), large)).toBe(0);
    const odd = await rejection(echo.fail(3n, []));
    expect(odd).toBeInstanceOf(ApplicationError);
    expect(odd.error).toEqual({ type: 'odd', number: 3n });
    expect(await rejection(echo.refuse('no'))).toMatchObject({ status: 'failed_precondition', path: 'message', detail: 'no' });
    const broken = await rejection(echo.panic('oh'));
    expect(broken.status).toBe('internal');
    expect(broken.correlation).not.toBe(0n);
    expect(await rejection(echo.never({ timeoutMs: 50 }))).toMatchObject({ status: 'deadline_exceeded' });
    for (let wave = 0; wave < 10; wave++) {
      const many = await Promise.all(Array.from({ length: 1000 }, (_, n) => echo.inline(n)));
      expect(many.every((value, n) => value === n)).toBe(true);
    }
  });

  test('a shared state that many windows change at once', async () => {
    const WINDOWS = 4;
    const CHANGES = 30;
    const follow = async () => {
      const client = await peer().bind(Shared);
      return sharedState<Tally>({
        subscribe: (listener, options) => client.onTally(listener, options),
        replace: (change, options) => client.replace(change, options),
      });
    };
    const states = await Promise.all(Array.from({ length: WINDOWS }, follow));
    const bump = (window: number, by: number) => (tally: Tally) => ({
      ...tally,
      counts: Array.from({ length: WINDOWS }, (_, at) => (tally.counts[at] ?? 0) + (at === window ? by : 0)),
    });
    const seen = states.map((state) => {
      const all: [number, string][] = [];
      state.onChange(() => {
        const { version, confirmed } = state;
        if (version !== undefined && version.number !== all.at(-1)?.[0]) all.push([version.number, JSON.stringify(confirmed)]);
      });
      return all;
    });
    await Promise.all(
      states.map(async (state, window) => {
        for (let turn = 0; turn < CHANGES / 2; turn++) {
          // Two at once: the second is gathered while the first is away.
          await Promise.all([state.update(bump(window, 1), { timeoutMs: 30_000 }), state.update(bump(window, 1), { timeoutMs: 30_000 })]);
        }
      }),
    );
    const last = await states[0]?.update(bump(0, 0), { timeoutMs: 30_000 });
    while (states.some(({ version }) => version?.number !== last?.number)) await new Promise((resolve) => setTimeout(resolve, 1));
    const values = new Map<number, string>();
    for (const [window, state] of states.entries()) {
      expect(state.value?.counts).toEqual(Array.from({ length: WINDOWS }, () => CHANGES));
      expect([state.value?.changedBy, state.pending]).toEqual(['peer', false]);
      const all = seen[window] ?? [];
      expect(all.map(([number]) => number)).toEqual([...all.map(([number]) => number)].sort((a, b) => a - b));
      for (const [number, value] of all) {
        expect(values.get(number) ?? value).toBe(value);
        values.set(number, value);
      }
    }
    // The same error in a call of one's own.
    const { replace } = await peer().bind(Shared).then((client) => ({ replace: client.replace.bind(client) }));
    const error = await rejection(replace([{ epoch: last?.epoch ?? 0, number: 0 }, { counts: [], changedBy: '' }]));
    expect((error as ApplicationError<Stale>).error).toEqual({ now: last });
    for (const state of states) state.close();
  });

  const ramp = (length: number) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = at + (at >> 9);
    return bytes;
  };

  test('blobs of every channel, and small calls beside them', async () => {
    const blobs = await peer().bind(Blobs);
    const scan = { name: 'left', points: ramp(3_000_000), pictures: [new Uint8Array(0), ramp(70_000)], preview: ramp(9) };
    const got = await blobs.echo(scan);
    expect(Buffer.compare(got.points, scan.points)).toBe(0);
    expect([...got.pictures, got.preview].map((one) => one?.length)).toEqual([0, 70_000, 9]);
    const rejected = await rejection(blobs.echo({ ...scan, name: '' }));
    expect(rejected).toBeInstanceOf(ApplicationError);
    expect(Buffer.compare(rejected.error.seen, scan.points)).toBe(0);
    const ends: string[] = [];
    const large = blobs.echo({ ...scan, points: ramp(60_000_000) }).then(() => ends.push('large'));
    expect(await blobs.small(7)).toBe(7);
    ends.push('small');
    await large;
    expect(ends).toEqual(['small', 'large']);
    let frames = 0;
    for await (const frame of blobs.frames(20, 1_500_000)) expect([frame.length, frame[1_499_999]]).toEqual([1_500_000, frames++]);
    expect(frames).toBe(20);
    expect(await blobs.total([ramp(2_000_000).fill(1), new Uint8Array(0), new Uint8Array(3).fill(2)])).toBe(2_000_006n);
    const latest = new Promise<number>((resolve) => blobs.onLatest((value) => resolve(value.length)));
    const scanned = new Promise<number>((resolve) => blobs.onScanned(({ points }) => resolve(points.length)));
    await blobs.small(1);
    blobs.handOver({ ...scan, points: ramp(1_000_000) });
    expect(await Promise.all([latest, scanned])).toEqual([1_000_000, 1_000_000]);
    const tooLarge = await rejection(blobs.echo({ ...scan, points: new Uint8Array(64 * 1024 * 1024) }));
    expect(tooLarge).toMatchObject({ status: 'resource_exhausted' });
    expect(await blobs.small(2)).toBe(2);
  });

  /** `count` floats, the first of which is `first`, and each further one greater by 0.5. */
  const wave = (count: number, first = 0) => Float32Array.from({ length: count }, (_, place) => first + place / 2);
  /** By their classes and bytes: to compare numbers one by one takes `toEqual` long. */
  const same = (got: unknown, sent: unknown) => expect(toNotation(got)).toEqual(toNotation(sent));
  const samples: Samples = {
    i8s: Int8Array.of(-128, 127),
    i16s: Int16Array.of(-2),
    u16s: Uint16Array.from({ length: 1000 }, (_, place) => place),
    i32s: Int32Array.of(-3),
    u32s: Uint32Array.of(2 ** 32 - 1),
    i64s: BigInt64Array.of(-(2n ** 63n)),
    u64s: BigUint64Array.of(2n ** 64n - 1n),
    f32s: wave(300_000),
    f64s: Float64Array.of(-0, Number.NaN),
    channels: [wave(3), new Float32Array()],
  };

  test('typed arrays in a call and a stream', async () => {
    const blobs = await peer().bind(Blobs);
    same(await blobs.mirror(samples), samples);
    const few = { ...samples, f64s: Float64Array.of(1) };
    expect(await rejection(blobs.mirror(few))).toMatchObject({ status: 'invalid_argument', path: 'samples.f64s' });
    let waves = 0;
    for await (const one of blobs.waves(10, 100_000)) same(one, wave(100_000, waves++));
    expect(waves).toBe(10);
  });

  test('typed arrays between two peers, through the hub', async () => {
    const handlers: Partial<BlobsHandlers> = {
      mirror: (got) => got,
      waves: async function* (count, length) {
        // What is sent may be a part of an array.
        for (let n = 0; n < count; n++) yield wave(length + 1, n - 0.5).subarray(1);
      },
    };
    const { withdraw } = await serve(peer(), Blobs, handlers as BlobsHandlers, { instance: 'arrays' });
    const blobs = await peer().bind(Blobs, { instance: 'arrays' });
    same(await blobs.mirror(samples), samples);
    let waves = 0;
    for await (const one of blobs.waves(5, 100_000)) same(one, wave(100_000, waves++));
    expect(waves).toBe(5);
    await withdraw();
  });

  test('blobs between two peers, through the hub', async () => {
    const handlers: Partial<BlobsHandlers> = {
      echo: (scan) => scan,
      frames: async function* (count, bytes) {
        for (let n = 0; n < count; n++) yield new Uint8Array(bytes).fill(n);
      },
    };
    const { publisher, withdraw } = await serve(peer(), Blobs, handlers as BlobsHandlers, { instance: 'mine' });
    const blobs = await peer().bind(Blobs, { instance: 'mine' });
    const points = ramp(20_000_000);
    const got = await blobs.echo({ name: '', points, pictures: [ramp(5)], preview: null });
    expect(Buffer.compare(got.points, points)).toBe(0);
    const controller = new AbortController();
    const given = blobs.echo({ name: '', points, pictures: [], preview: null }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    expect(await rejection(given)).toMatchObject({ status: 'cancelled' });
    let frames = 0;
    for await (const frame of blobs.frames(5, 3_000_000)) expect([frame.length, frame[0]]).toEqual([3_000_000, frames++]);
    const latest = new Promise<number>((resolve) => blobs.onLatest((value) => resolve(value.length)));
    publisher.latest(ramp(400_000));
    expect(await latest).toBe(400_000);
    await withdraw();
  });

  test('streams down, up and both', async () => {
    const flows = await peer().bind(Flows);
    const seen: number[] = [];
    const stream = flows.count(1000, null);
    for await (const number of stream) seen.push(number);
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    expect(await stream.reply).toEqual({ items: 1000, sum: 499_500n });
    const broken = flows.count(10, 3);
    const error = await rejection((async () => {
      for await (const number of broken) seen.push(number);
    })());
    expect(error.error).toEqual({ type: 'broken', after: 3 });
    expect(await flows.sum(Array.from({ length: 500 }, (_, n) => n))).toEqual({ items: 500, sum: 124_750n });
    const mirrored: string[] = [];
    for await (const text of flows.mirror(['a', 'b', 'c'])) mirrored.push(text);
    expect(mirrored).toEqual(['a', 'b', 'c']);
    for await (const picture of flows.pictures(1_000_000, 100_000)) {
      expect(picture.pixels.length).toBe(100_000);
      if (picture.sequence > 20) break;
    }
    for await (const _ of flows.stall()) break;
    expect(await flows.sum([1])).toEqual({ items: 1, sum: 1n });
  });

  test('topics, with reports', async () => {
    const [one, two] = [peer(), peer()];
    const topics = await one.bind(Topics);
    const ticks: number[] = [];
    const levels: bigint[] = [];
    topics.onTicked((number) => ticks.push(number));
    topics.onLevel((level) => levels.push(level));
    await topics.emit(7, 3);
    await expect.poll(() => ticks.length).toBeGreaterThanOrEqual(3);
    expect(ticks.every((number) => number === 7)).toBe(true);
    const publisher = await publisherOf(two, Topics);
    const report = await publisher.levelReported(9n, 5000);
    expect(report.missed).toEqual([]);
    expect(report.delivered.length).toBe(1);
    expect(levels.at(-1)).toBe(9n);
    const late: bigint[] = [];
    (await two.bind(Topics)).onLevel((level) => late.push(level));
    await expect.poll(() => late).toEqual([9n]);
  });

  test('one TypeScript peer serves another through the hub', async () => {
    const logger = new MemoryLogger();
    const [server, client] = [peer({ logger }), peer()];
    const handlers: Partial<EchoHandlers> = {
      join: (left, right, times) => `${left}-${right}-${times}`,
      fail: (number) => {
        throw new ApplicationError({ type: 'odd', number });
      },
      panic: () => {
        throw new Error('broken');
      },
      never: (cx) => new Promise((_, reject) => cx.signal.addEventListener('abort', () => reject(cx.signal.reason))),
    };
    const flowing: Partial<FlowsHandlers> = {
      count: async function* (count) {
        for (let n = 0; n < count; n++) yield n;
        return { items: count, sum: 0n };
      },
      sum: async (items) => {
        let total = 0;
        for await (const item of items) total += item;
        return { items: 0, sum: BigInt(total) };
      },
    };
    const served = await serve(server, Echo, handlers as EchoHandlers, { instance: 'mine' });
    await serve(server, Flows, flowing as FlowsHandlers, { instance: 'mine' });
    const topics = await serve(server, Topics, { emit: () => undefined }, { instance: 'mine' });
    const echo = await client.bind(Echo, { instance: 'mine' });
    expect(await echo.join('a', 'b', 3)).toBe('a-b-3');
    expect((await rejection(echo.fail(5n, []))).error).toEqual({ type: 'odd', number: 5n });
    expect(await rejection(echo.panic(''))).toMatchObject({ status: 'internal' });
    expect(logger.lines.length).toBe(1);
    expect(await rejection(echo.never({ timeoutMs: 50 }))).toMatchObject({ status: 'deadline_exceeded' });
    const flows = await client.bind(Flows, { instance: 'mine' });
    const seen: number[] = [];
    for await (const number of flows.count(300, null)) seen.push(number);
    expect(seen.length).toBe(300);
    expect(await flows.sum([1, 2, 3])).toEqual({ items: 0, sum: 6n });
    const subscriber = await client.bind(Topics, { instance: 'mine' });
    const levels: bigint[] = [];
    subscriber.onLevel((level) => levels.push(level));
    const report = await topics.publisher.levelReported(4n, 5000);
    expect(report.delivered.length + report.missed.length).toBeLessThanOrEqual(1);
    await expect.poll(() => levels).toEqual([4n]);
    await served.withdraw();
    expect(await rejection(echo.nothing())).toMatchObject({ status: 'unavailable' });
    expect(await rejection(client.bind(Echo, { instance: 'mine' }))).toMatchObject({ status: 'unavailable' });
  });

  test('a hub that was killed and started again: a client that reconnects goes on (R17)', async () => {
    const own = join(folder, 'again', 'hub');
    let mine = await start(own);
    const peer = reconnecting(() => unixTransport({ path: own }), { client: 'node', interfaces: [Echo, Topics] });
    const states: string[] = [];
    peer.onState(({ status }) => states.push(status));
    let serving = 0;
    peer.always(async (portcullis) => {
      await serve(portcullis, Echo, { inline: (number: number) => number + 100 } as unknown as EchoHandlers, { instance: 'mine' });
      serving++;
    });
    try {
      const [echo, topics] = await Promise.all([peer.bind(Echo), peer.bind(Topics)]);
      const ticks: (number | 'anew')[] = [];
      topics.onTicked((number) => ticks.push(number), { onAnew: () => ticks.push('anew') });
      await topics.emit(1, 1);
      await expect.poll(() => ticks).toEqual([1]);
      await expect.poll(() => serving).toBe(1);
      const lost = rejection(echo.never({ timeoutMs: 60_000 }));
      await echo.inline(1);
      mine.kill('SIGKILL');
      await once(mine, 'exit');
      expect(await lost).toMatchObject({ status: 'unavailable', sent: true });
      await expect.poll(() => peer.state.status).not.toBe('connected');
      const waiting = echo.inline(7, { timeoutMs: 60_000 });
      mine = await start(own);
      expect(await waiting).toBe(7);
      await expect.poll(() => ticks).toEqual([1, 'anew']);
      await topics.emit(2, 1);
      await expect.poll(() => ticks).toEqual([1, 'anew', 2]);
      // What this side serves is there again, too.
      await expect.poll(() => serving).toBe(2);
      const other = connect(unixTransport({ path: own }));
      peers.push(other);
      expect(await (await other.bind(Echo, { instance: 'mine' })).inline(1)).toBe(101);
      expect([states[0], states.at(-1)]).toEqual(['connected', 'connected']);
      expect(states).toContain('waiting');
    } finally {
      peer.close();
      mine.stdin?.end();
    }
  });

  test('a contract that differs is told at the handshake', async () => {
    const other = { ...Echo, hash: 'f'.repeat(32) };
    const portcullis = peer({ interfaces: [other] });
    const error = await rejection(portcullis.bind(other));
    expect(error.status).toBe('unavailable');
    expect(portcullis.state).toMatchObject({ status: 'closed', reason: 'contract_mismatch' });
    expect(portcullis.state.status === 'closed' && portcullis.state.message).toContain('sample.echo');
  });
});
