/** Replays one transcript on a session (tests/vectors/transcripts/README.md says what each step means). */
import { expect } from 'vitest';
import type { StatusName } from '../../src/generated/tables.js';
import type { Blobs, ReasonName, Writer } from '../../src/index.js';
import type { Caller, Served } from '../../src/session/core.js';
import { SendError } from '../../src/session/core.js';
import { isData, PUBLISH, REQUEST, SUBSCRIBE, NOTIFY } from '../../src/session/frame.js';
import { Session } from '../../src/session/session.js';
import { decodeCaller } from '../../src/session/wire.js';
import { fromHex, splitFrames, toHex } from './bytes.js';

interface Wire {
  readonly frame_bytes?: number;
  readonly window_bytes?: number;
  readonly calls?: number;
  readonly stream_items?: number;
  readonly stream_bytes?: number;
  readonly blob_bytes?: number;
}

/** A step; which fields it has depends on what it is. */
export interface Step {
  readonly do?: string;
  readonly receive?: string[];
  readonly advance?: number;
  readonly send?: string[];
  readonly event?: string;
  readonly closed?: string;
  readonly calls?: string[];
  readonly served?: string[];
  readonly refused?: boolean;
  readonly as?: string;
  readonly binding?: number;
  readonly ordinal?: number;
  readonly args?: string;
  readonly blobs?: string[];
  readonly value?: string;
  readonly body?: string;
  readonly timeoutMs?: number;
  readonly up?: boolean;
  readonly down?: boolean;
  readonly missed?: number;
  readonly items?: number;
  readonly bytes?: number;
  readonly token?: number;
  readonly status?: StatusName;
  readonly reason?: ReasonName;
  readonly message?: string;
}

export interface Transcript {
  readonly name: string;
  readonly limits?: Wire;
  readonly keepalive?: boolean;
  readonly messages?: boolean;
  readonly client: string;
  readonly interfaces: { name: string; version: number; hash: string; earlier?: string[]; channels: number[] }[];
  readonly steps: Step[];
}

type Told = Record<string, unknown>;

class Replay {
  readonly #session: Session;
  readonly #cut: boolean;
  readonly #messages: boolean;
  #now = 0;
  #rest = new Uint8Array(0);
  #events: Told[] = [];
  #frames: string[] = [];
  #ended: { reason: string; calls: string[]; served: string[] } | undefined;
  /** Ids by name, and whether the hub opened that call. */
  readonly #calls = new Map<string, { id: number; inbound: boolean }>();
  /** Who is told of a request becomes known with the step that expects it. */
  readonly #unnamed: { id: number; owner: { name: string } }[] = [];

  constructor(transcript: Transcript, cut: boolean) {
    this.#cut = cut;
    this.#messages = transcript.messages === true;
    const { limits = {} } = transcript;
    const ours = Object.entries({
      frameBytes: limits.frame_bytes,
      windowBytes: limits.window_bytes,
      calls: limits.calls,
      streamItems: limits.stream_items,
      streamBytes: limits.stream_bytes,
      blobBytes: limits.blob_bytes,
    }).filter(([, value]) => value !== undefined);
    this.#session = new Session(
      { limits: Object.fromEntries(ours), keepalive: transcript.keepalive === true },
      {
        welcome: ({ peer, label, role }) => this.#tell({ event: 'welcome', peer, label, role }),
        request: (id, binding, ordinal, body, budgetMs, blobs) => {
          const owner = { name: '' };
          this.#unnamed.push({ id, owner });
          this.#session.accept(id, this.#served(owner), false, false);
          this.#tell({ event: 'request', binding, ordinal, budgetMs, args: toHex(body), ...told(blobs) });
        },
        notify: (binding, ordinal, body, blobs) =>
          this.#tell({ event: 'notify', binding, ordinal, args: toHex(body), ...told(blobs) }),
        caller: (peer, body) => this.#tell({ event: 'caller', ...decodeCaller(peer, body) }),
        unbound: (binding) => this.#tell({ event: 'unbound', binding }),
        silent: () => this.#tell({ event: 'silent' }),
        closed: ({ reason }) => {
          expect(this.#ended, 'the connection ends once').toBeUndefined();
          this.#ended = { reason, calls: [], served: [] };
        },
      },
      0,
    );
    this.#session.hello(transcript.client, transcript.interfaces);
    this.#collect();
  }

  run(steps: readonly Step[]): void {
    for (let at = 0; at < steps.length; ) {
      const step = steps[at] as Step;
      if (step.do !== undefined || step.receive !== undefined || step.advance !== undefined) {
        this.#act(step);
        at++;
      }
      const expected: Step[] = [];
      for (; at < steps.length; at++) {
        const next = steps[at] as Step;
        if (next.send === undefined && next.event === undefined && next.closed === undefined) break;
        expected.push(next);
      }
      this.#check(expected, JSON.stringify(step).slice(0, 200));
    }
  }

  #act(step: Step): void {
    if (step.receive !== undefined) this.#receive(fromHex(step.receive.join('')));
    else if (step.advance !== undefined) {
      this.#now += step.advance;
      const next = this.#session.nextTimeout();
      if (next !== undefined && next <= this.#now) this.#session.handleTimeout(this.#now);
    } else {
      let done: boolean;
      try {
        done = this.#do(step) !== false;
      } catch (error) {
        if (!(error instanceof SendError)) throw error;
        done = false;
      }
      const before = this.#frames.length;
      this.#collect();
      if (step.refused === true) {
        expect(this.#frames.length, `${JSON.stringify(step)} must be refused`).toBe(before);
        expect(['item', 'credit', 'finish', 'ack'].includes(step.do as string) || !done).toBe(true);
      } else {
        expect(done, `${JSON.stringify(step)} must not be refused`).toBe(true);
      }
    }
    this.#collect();
  }

  #receive(bytes: Uint8Array): void {
    const size = this.#cut ? 1 : bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      const input = new Uint8Array([...this.#rest, ...bytes.subarray(at, at + size)]);
      const used = this.#session.receive(input, this.#now, this.#messages);
      this.#rest = input.slice(used);
    }
  }

  #do(step: Step): boolean | void {
    const session = this.#session;
    const { as = '', binding = 0, ordinal = 0, up = false, down = false, timeoutMs } = step;
    const body = (out: Writer) => {
      const bytes = fromHex(step.args ?? step.value ?? step.body ?? '');
      const { blobs = [] } = step;
      // Each writes its place, with which the body begins.
      for (const blob of blobs) out.blob(fromHex(blob));
      out.raw(bytes.subarray(blobs.length), bytes.length - blobs.length);
    };
    const { id, inbound } = this.#calls.get(as) ?? { id: 0, inbound: false };
    const open = (kind: number, one: boolean, two: boolean) => {
      const deadline = timeoutMs === undefined ? undefined : this.#now + timeoutMs;
      const owner = this.#caller({ name: as });
      this.#calls.set(as, {
        id: session.open(kind, binding, ordinal, one, two, deadline, this.#now, owner, body),
        inbound: false,
      });
    };
    switch (step.do) {
      case 'call':
        return open(REQUEST, up, down);
      case 'subscribe':
        return open(SUBSCRIBE, false, true);
      case 'publish':
        return step.as === undefined ? session.oneWay(PUBLISH, binding, ordinal, body) : open(PUBLISH, false, false);
      case 'notify':
        return session.oneWay(NOTIFY, binding, ordinal, body);
      case 'accept': {
        const served = this.#owners.get(id);
        if (served === undefined) throw new Error(`nobody serves ${as}`);
        return session.accept(id, served, up, down);
      }
      case 'item':
        return session.item(inbound, id, step.missed ?? 0, body);
      case 'credit':
        return session.credit(inbound, id, step.items ?? 0, step.bytes ?? 0);
      case 'ack':
        return session.ack(id, step.token ?? 0);
      case 'finish':
        return session.finish(id);
      case 'cancel':
        return session.cancel(id) !== undefined;
      case 'end':
        return session.reply(id, step.status ?? 'ok', body);
      case 'close':
        return session.close({ reason: step.reason ?? 'closed', message: step.message ?? '' });
      default:
        throw new Error(`unknown step ${step.do}`);
    }
  }

  #check(expected: readonly Step[], after: string): void {
    const events: Told[] = [];
    const frames: string[] = [];
    let ended: Step | undefined;
    for (const step of expected) {
      if (step.send !== undefined) frames.push(...step.send);
      else if (step.closed !== undefined) ended = step;
      else events.push(this.#named({ ...step }, events.length));
    }
    expect(this.#events, `events after ${after}`).toEqual(events);
    for (const data of [false, true]) {
      const mine = (frame: string) => isData(Number.parseInt(frame.slice(8, 10), 16)) === data;
      expect(blur(this.#frames.filter(mine), frames.filter(mine)), `frames after ${after}`).toEqual(frames.filter(mine));
    }
    const end = this.#ended;
    if (ended === undefined) {
      expect(end, `the connection must not end after ${after}`).toBeUndefined();
    } else {
      const sorted = end && { reason: end.reason, calls: end.calls.sort(), served: end.served.sort() };
      expect(sorted, `the end after ${after}`).toEqual({
        reason: ended.closed,
        calls: [...(ended.calls ?? [])].sort(),
        served: [...(ended.served ?? [])].sort(),
      });
    }
    this.#events = [];
    this.#frames = [];
    this.#ended = undefined;
  }

  /** A request that is expected gets its name. */
  #named(step: Told, at: number): Told {
    if (step['event'] !== 'request') return step;
    const { as, ...rest } = step;
    const next = this.#unnamed.shift();
    expect(next, `no request for event ${at}`).toBeDefined();
    if (next !== undefined) {
      next.owner.name = as as string;
      this.#calls.set(as as string, { id: next.id, inbound: true });
    }
    return rest;
  }

  #collect(): void {
    for (let message = this.#session.transmit(this.#now); message !== undefined; message = this.#session.transmit(this.#now)) {
      this.#frames.push(...splitFrames(message).map(toHex));
    }
  }

  /** The caller is told both sizes. */
  #refused(name: string, message: string): void {
    const [bytes, room] = message.match(/\d+/g)?.map(Number) ?? [];
    this.#tell({ event: 'refused', as: name, bytes, room });
  }

  #tell(event: Told): void {
    expect(this.#ended, 'nothing is told after the end').toBeUndefined();
    this.#events.push(event);
  }

  readonly #owners = new Map<number, Served>();

  #served(owner: { name: string }): Served {
    const served: Served = {
      item: (body, blobs) => this.#tell({ event: 'item', as: owner.name, value: toHex(body), ...told(blobs) }),
      finish: () => this.#tell({ event: 'finish', as: owner.name }),
      credit: () => this.#tell({ event: 'credit', as: owner.name }),
      stop: (status) => this.#tell({ event: status === 'cancelled' ? 'cancel' : 'expired', as: owner.name }),
      abandon: () => this.#ended?.served.push(owner.name),
    };
    const id = this.#unnamed.at(-1)?.id;
    if (id !== undefined) this.#owners.set(id, served);
    return served;
  }

  #caller(owner: { name: string }): Caller {
    return {
      item: (missed, token, body, blobs) =>
        this.#tell({
          event: 'item',
          as: owner.name,
          missed,
          ...(token === undefined ? {} : { token }),
          value: toHex(body),
          ...told(blobs),
        }),
      credit: () => this.#tell({ event: 'credit', as: owner.name }),
      end: (status, body, blobs) =>
        this.#tell({ event: 'end', as: owner.name, status, body: toHex(body), ...told(blobs) }),
      fail: (status, _sent, message = '') => {
        if (status === 'unavailable') this.#ended?.calls.push(owner.name);
        else if (status === 'resource_exhausted') this.#refused(owner.name, message);
        else this.#tell({ event: 'expired', as: owner.name });
      },
    };
  }
}

function told(blobs: Blobs): { blobs?: string[] } {
  return blobs.length > 0 ? { blobs: blobs.map(toHex) } : {};
}

/** Puts the star of an expected frame on the frame that stands there, so that the two can be compared. */
function blur(frames: readonly string[], expected: readonly string[]): string[] {
  return frames.map((frame, at) => {
    const wanted = expected[at];
    return wanted?.endsWith('*') === true ? `${wanted.slice(0, 8)}${frame.slice(8, 48)}*` : frame;
  });
}

/** Replays a transcript; `cut` delivers byte by byte. */
export function replay(transcript: Transcript, cut: boolean): void {
  const one = new Replay(transcript, cut);
  one.run(transcript.steps);
}
