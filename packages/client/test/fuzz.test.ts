/**
 * Random frames, mutations and sequences of operations: a session throws nothing but what its callers asked for, ends for
 * no other reason than a violation, sends whole frames only, and tells each call exactly one outcome (f06).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type CallContext, connect, memoryPair, serve, VIOLATIONS_FROM, type Writer } from '../src/index.js';
import { reasonCode } from '../src/names.js';
import { type Caller, SendError, type Served, type SessionEvents } from '../src/session/core.js';
import { NOTIFY, PUBLISH, REQUEST, SUBSCRIBE } from '../src/session/frame.js';
import { Session } from '../src/session/session.js';
import { Flows, type FlowsHandlers } from './generated/sample-flows.js';
import { Topics } from './generated/sample-topics.js';
import { buildFrame, fromHex, joinBytes, type Kind, KINDS, parseFrame, splitFrames } from './support/bytes.js';
import { FakeHub, MemoryLogger, turn, welcomeBody } from './support/hub.js';
import { Random } from './support/random.js';
import type { Transcript } from './support/transcript.js';

const LIMITS = { frameBytes: 4096, windowBytes: 8192, calls: 4, streamItems: 2, streamBytes: 64, blobBytes: 300 };
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 400);
const kinds = KINDS.filter((kind) => kind !== '') as Kind[];

/** A session whose owner accepts everything, and checks what it is told. */
class Subject implements SessionEvents {
  readonly session: Session;
  reason: string | undefined;
  now = 0;
  open = 0;
  readonly ids: number[] = [];
  readonly served = new Set<number>();
  /** Parcels that were sent and not used: what is left of each, and their lengths. */
  readonly parcels = new Map<number, number>();
  readonly lengths = new Map<number, number>();
  /** What the hub takes. */
  blobBytes = 64 * 1024 * 1024;

  constructor(private readonly random: Random) {
    this.session = new Session({ limits: LIMITS }, this, 0);
    this.session.hello('fuzz', []);
  }

  welcome(): void {}
  notify(): void {}
  caller(): void {}
  unbound(): void {}
  silent(): void {}

  closed({ reason }: { reason: string }): void {
    expect(this.reason).toBeUndefined();
    this.reason = reason;
  }

  request(id: number): void {
    let over = false;
    const gone = () => {
      expect(over, 'a call of the hub is told its end twice').toBe(false);
      over = true;
      this.served.delete(id);
    };
    const served: Served = {
      item: () => expect(over).toBe(false),
      finish: () => expect(over).toBe(false),
      credit: () => expect(over).toBe(false),
      stop: () => {
        gone();
        this.session.reply(id, 'cancelled', () => undefined);
      },
      abandon: gone,
    };
    this.served.add(id);
    this.session.accept(id, served, this.random.below(2) === 0, this.random.below(2) === 0);
    if (this.random.below(3) === 0) {
      over = true;
      this.served.delete(id);
      expect(this.session.reply(id, 'ok', (out) => out.u8(1))).toBe(true);
      expect(this.session.reply(id, 'ok', () => undefined)).toBe(false);
    }
  }

  owner(): Caller {
    let over = false;
    const end = () => {
      expect(over, 'a call is told its end twice').toBe(false);
      over = true;
      this.open--;
    };
    return { item: () => expect(over).toBe(false), credit: () => expect(over).toBe(false), end, fail: end };
  }

  /** Some operation of an application's. */
  act(): void {
    const { session, random } = this;
    const id = this.ids.length > 0 ? random.pick(this.ids) : random.below(0x3_0000);
    const bytes = (out: Writer) => {
      for (let blobs = random.below(12) - 9; blobs > 0; blobs--) {
        out.blob(random.bytes(random.below(random.pick([60, 60, 9000]))));
      }
      const length = random.below(60);
      out.raw(random.bytes(length), length);
    };
    try {
      switch (random.below(8)) {
        case 0: {
          const kind = random.pick([REQUEST, SUBSCRIBE, PUBLISH]);
          const deadline = this.now + random.below(100);
          this.ids.push(
            session.open(kind, 3, 1, random.below(2) === 0, random.below(2) === 0, deadline, this.now, this.owner(), bytes),
          );
          this.open++;
          break;
        }
        case 1:
          session.oneWay(NOTIFY, 1, 2, bytes);
          break;
        case 2:
          if (session.cancel(id) !== undefined) this.open--;
          break;
        case 3:
          session.item(random.below(2) === 0, id, 0, bytes);
          break;
        case 4:
          session.credit(random.below(2) === 0, id, random.below(5), random.below(100));
          break;
        case 5:
          session.finish(id);
          break;
        case 6:
          session.clearDeadline(random.below(2) === 0, id);
          break;
        default:
          this.now += random.below(200);
          session.handleTimeout(this.now);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(SendError);
    }
    this.drain();
  }

  receive(bytes: Uint8Array, whole: boolean): void {
    const used = this.session.receive(bytes, this.now, whole);
    expect(used).toBeGreaterThanOrEqual(0);
    expect(used).toBeLessThanOrEqual(Math.max(bytes.length, LIMITS.frameBytes));
    this.drain();
  }

  drain(): void {
    for (let message = this.session.transmit(this.now); message !== undefined; message = this.session.transmit(this.now)) {
      for (const frame of splitFrames(message)) {
        const { kind, id, flags, budget, body, parcels } = parseFrame(frame);
        expect(kinds).toContain(kind);
        if (kind === 'parcel') this.sent(id, (flags & 4) !== 0, budget, body.length);
        for (const parcel of parcels) {
          expect(this.parcels.get(parcel), 'a message leaves when its parcels are whole').toBe(0);
          this.parcels.delete(parcel);
        }
      }
    }
  }

  /** What the hub would say of the parcels that this side sends. */
  sent(number: number, abandon: boolean, length: number, bytes: number): void {
    const left = this.parcels.get(number) ?? length;
    if (abandon) return void expect(this.parcels.delete(number), 'only what was begun is given up').toBe(true);
    expect(bytes).toBeLessThanOrEqual(left);
    expect(bytes > 0 || length === 0).toBe(true);
    this.parcels.set(number, left - bytes);
    this.lengths.set(number, length);
    const total = [...this.parcels.keys()].reduce((sum, one) => sum + (this.lengths.get(one) ?? 0), 0);
    expect(total).toBeLessThanOrEqual(this.blobBytes);
    expect(this.parcels.size).toBeLessThanOrEqual(64);
  }

  finish(): void {
    const [inbound, outbound] = this.session.callsOpen;
    expect(inbound).toBeLessThanOrEqual(LIMITS.calls);
    expect(outbound).toBeLessThanOrEqual(1024);
    this.session.close({ reason: 'closed', message: '' });
    this.drain();
    expect(this.open, 'every call has its outcome').toBe(0);
    expect(this.served.size).toBe(0);
    expect(this.session.callsOpen).toEqual([0, 0]);
    expect(this.session.nextTimeout()).toBeUndefined();
  }
}

/** A frame that could be: small numbers everywhere, so that ids meet. */
function likelyFrame(random: Random): Uint8Array<ArrayBuffer> {
  const kind = random.below(30) === 0 ? random.below(256) : random.pick(kinds);
  const empty = random.below(2) === 0;
  if (kind === 'parcel' && random.below(8) > 0) return likelyParcel(random);
  const count = CARRIERS.has(kind) && random.below(4) === 0 ? 1 + random.below(2) : 0;
  const parcels = Array.from({ length: count }, () => 1 + random.below(3));
  return buildFrame(kind, {
    flags: random.pick([0, 0, 0, 1, 1, 2, 3, 8]),
    binding: random.below(4),
    ordinal: random.pick([0, 0, 1, 2, 16, 99]),
    id: random.pick([0, 0x1_0000, 0x1_0000, 0x1_0001, 0x2_0000, 0x1_0005, 0xffff_0000]),
    budget: random.pick([0, 1, 50, 5000]),
    body: empty ? new Uint8Array(0) : random.bytes(random.below(80)),
    parcels,
  });
}

const CARRIERS = new Set<Kind | number>(['request', 'notify', 'publish', 'item', 'end']);

/** A frame of one of a few parcels, often the whole of it. */
function likelyParcel(random: Random): Uint8Array<ArrayBuffer> {
  const id = 1 + random.below(4);
  if (random.below(6) === 0) return buildFrame('parcel', { flags: 4, id });
  const length = id * 20;
  const part = random.below(3) === 0 ? random.below(length + 2) : length;
  return buildFrame('parcel', { id, budget: length, body: random.bytes(part) });
}

describe('a session', () => {
  test('takes any bytes', () => {
    for (let run = 0; run < RUNS; run++) {
      const random = new Random(run);
      const subject = new Subject(random);
      if (random.below(2) === 0) subject.receive(buildFrame('welcome', { body: welcomeBody() }), true);
      for (let step = 0; step < 10; step++) subject.receive(random.bytes(random.below(200)), random.below(2) === 0);
      subject.finish();
      if (subject.reason !== undefined && subject.reason !== 'closed') {
        expect(reasonCode(subject.reason as never)).toBeGreaterThanOrEqual(VIOLATIONS_FROM);
      }
    }
  });

  test('takes any frames, between any operations', () => {
    const reasons = new Set<string | undefined>();
    for (let run = 0; run < RUNS * 5; run++) {
      const random = new Random(run + 1_000_000);
      const subject = new Subject(random);
      subject.blobBytes = 10_000;
      subject.receive(buildFrame('welcome', { body: welcomeBody({ calls: 3, streamItems: 2, windowBytes: 4096, frameBytes: 4096, blobBytes: 10_000 }) }), true);
      for (let step = 0; step < 40; step++) {
        if (random.below(2) === 0) subject.act();
        else subject.receive(joinBytes(...Array.from({ length: 1 + random.below(3) }, () => likelyFrame(random))), true);
      }
      reasons.add(subject.reason);
      subject.finish();
    }
    // It has seen every kind of end that frames can bring about.
    for (const reason of ['unknown_kind', 'unknown_flag', 'unexpected_frame', 'duplicate_id', 'unknown_id', 'malformed_frame', 'credit_exceeded', 'going_away', 'bad_parcel', 'bad_pool']) {
      expect([...reasons], reason).toContain(reason);
    }
  });

  test('takes every transcript with any byte changed, cut out or put in', () => {
    const folder = new URL('../../../tests/vectors/transcripts/', import.meta.url);
    const inputs = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Transcript)
      .map(({ steps }) => fromHex(steps.flatMap(({ receive = [] }) => receive).join('')))
      .filter(({ length }) => length > 0 && length < 2000);
    for (let run = 0; run < RUNS * 2; run++) {
      const random = new Random(run + 2_000_000);
      const input = random.pick(inputs).slice();
      for (let changes = 1 + random.below(3); changes > 0; changes--) input[random.below(input.length)] = random.below(256);
      const cut = random.below(input.length);
      const subject = new Subject(random);
      const part = random.below(3);
      subject.receive(part === 0 ? input : part === 1 ? input.slice(0, cut) : joinBytes(input.slice(0, cut), random.bytes(3), input.slice(cut)), false);
      for (let step = 0; step < 5; step++) subject.act();
      subject.finish();
    }
  });

  test('does not wait for a frame beyond its limit, whatever its length claims (f02)', () => {
    for (const length of [0, 1, 23, LIMITS.frameBytes + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      const subject = new Subject(new Random(length));
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, length, true);
      subject.receive(bytes, false);
      expect(subject.reason).toBe(length < 24 ? 'malformed_frame' : 'frame_too_large');
    }
  });
});

test('a client takes any frames, and every promise settles', async () => {
  for (let run = 0; run < RUNS / 4; run++) {
    const random = new Random(run + 3_000_000);
    const [near, far] = memoryPair();
    const hub = new FakeHub(far);
    const logger = new MemoryLogger();
    const portcullis = connect(near, { limits: LIMITS, logger });
    await hub.welcome({ calls: 8 });
    const settled: Promise<unknown>[] = [];
    const keep = (promise: Promise<unknown>) => settled.push(promise.then(() => undefined, () => undefined));
    const flows = portcullis.bind(Flows);
    await hub.bound(1);
    const topics = portcullis.bind(Topics);
    await hub.bound(2);
    const handlers: FlowsHandlers = {
      count: async function* (count, _, cx) {
        for (let n = 0; n < Math.min(count, 50) && !cx.signal.aborted; n++) yield n;
        return { items: 0, sum: 0n };
      },
      sum: async (items) => {
        for await (const item of items) void item;
        return { items: 0, sum: 0n };
      },
      mirror: async function* (items) {
        for await (const item of items) yield item;
      },
      pictures: async function* () {
        return { items: 0, sum: 0n };
      },
      stall: async function* (cx: CallContext) {
        await new Promise((resolve) => cx.signal.addEventListener('abort', resolve));
      },
    };
    const served = serve(portcullis, Flows, handlers);
    await hub.served(3);
    keep(served);
    const client = await flows;
    const loop = async () => {
      for await (const item of client.count(5, null)) void item;
    };
    keep(loop());
    keep(client.sum([1, 2, 3]));
    keep(client.mirror(['a']).reply);
    (await topics).onTicked(() => undefined);
    for (let step = 0; step < 15; step++) {
      hub.transport.send(likelyFrame(random));
      if (random.below(3) === 0) await turn();
    }
    await turn();
    portcullis.close();
    await Promise.all(settled);
    expect(portcullis.state.status).toBe('closed');
  }
});
