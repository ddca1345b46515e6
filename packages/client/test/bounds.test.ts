/** What a hub that takes nothing can make this side keep (f20). */
import { expect, test } from 'vitest';
import type { Served } from '../src/session/core.js';
import { SendError } from '../src/session/core.js';
import { NOTIFY, REQUEST } from '../src/session/frame.js';
import { BLOBS_WAITING_BYTES_MAX, CONTROL_BYTES_MAX, OUTBOX_BYTES_MAX } from '../src/session/limits.js';
import { Parcels } from '../src/session/parcels.js';
import { Session } from '../src/session/session.js';
import type { Writer } from '../src/index.js';
import { buildFrame, joinBytes, parseFrame, splitFrames } from './support/bytes.js';
import { statusOf, welcomeBody } from './support/hub.js';

const MEGABYTE = 1024 * 1024;
const large = (out: { raw(value: Uint8Array, length: number): void }) => out.raw(new Uint8Array(MEGABYTE), MEGABYTE);

function open(windowBytes: number) {
  const ended: string[] = [];
  const idle: Served = { item: () => {}, finish: () => {}, credit: () => {}, stop: () => {}, abandon: () => {} };
  const session: Session = new Session({}, {
    welcome: () => {},
    request: (id) => session.accept(id, idle, false, false),
    notify: () => {},
    caller: () => {},
    unbound: () => {},
    silent: () => {},
    closed: ({ reason }) => ended.push(reason),
  }, 0);
  session.hello('', []);
  session.receive(buildFrame('welcome', { body: welcomeBody({ windowBytes }) }), 0, true);
  session.transmit(0);
  return { session, ended };
}

test.each([4096, 0xffff_ffff])('calls and messages beyond the bound are refused (window %i)', (windowBytes) => {
  const { session } = open(windowBytes);
  const caller = { end: () => {}, fail: () => {} };
  let sent = 0;
  expect(() => {
    for (; sent < 1000; sent++) session.oneWay(NOTIFY, 1, 1, large);
  }).toThrow(SendError);
  expect(sent * MEGABYTE).toBeLessThanOrEqual(OUTBOX_BYTES_MAX + MEGABYTE);
  expect(() => session.open(REQUEST, 1, 1, false, false, undefined, 0, caller, () => {})).toThrow('too much waits');
  expect(session.callsOpen).toEqual([0, 0]);
});

test('answers beyond it are cut short, and each call still has its one end', () => {
  const { session } = open(0xffff_ffff);
  for (let slot = 0; slot < 100; slot++) {
    session.receive(buildFrame('request', { id: 0x1_0000 + slot }), 0, true);
    expect(session.reply(0x1_0000 + slot, 'ok', large)).toBe(true);
  }
  const ends = [];
  for (let message = session.transmit(0); message !== undefined; message = session.transmit(0)) {
    ends.push(...splitFrames(message).map(parseFrame));
  }
  expect(ends.map(({ id }) => id)).toEqual(Array.from({ length: 100 }, (_, slot) => 0x1_0000 + slot));
  const whole = ends.filter((end) => statusOf(end) === 'ok').length;
  expect(whole * MEGABYTE).toBeLessThanOrEqual(OUTBOX_BYTES_MAX + MEGABYTE);
  expect(statusOf(ends.at(-1) as never)).toBe('resource_exhausted');
  // What has left makes room.
  session.receive(buildFrame('request', { id: 0x2_0000 }), 0, true);
  session.reply(0x2_0000, 'ok', large);
  expect(session.transmit(0)?.length).toBe(MEGABYTE + 24);
});

test('pongs that nobody takes end the connection', () => {
  const { session, ended } = open(4096);
  const pings = joinBytes(...Array.from({ length: 1000 }, (_, id) => buildFrame('ping', { id })));
  let received = 0;
  for (; ended.length === 0 && received < 1000; received++) session.receive(pings, 0, true);
  expect(ended).toEqual(['slow_consumer']);
  expect(received * pings.length).toBeLessThanOrEqual(CONTROL_BYTES_MAX + 2 * pings.length);
});

test('blobs beyond the bound are refused, and messages without any are not', () => {
  const { session } = open(0xffff_ffff);
  const blob = (out: Writer) => out.blob(new Uint8Array(20 * MEGABYTE));
  let sent = 0;
  expect(() => {
    for (; sent < 100; sent++) session.oneWay(NOTIFY, 1, 1, blob);
  }).toThrow('too much waits');
  expect(sent * 20 * MEGABYTE).toBeLessThanOrEqual(BLOBS_WAITING_BYTES_MAX + 20 * MEGABYTE);
  session.oneWay(NOTIFY, 1, 2, (out) => out.u8(1));
  // What has left makes room.
  let parts = 0;
  for (let message = session.transmit(0); message !== undefined; message = session.transmit(0)) parts++;
  expect(parts).toBeGreaterThan(sent * 20 * 16);
  session.oneWay(NOTIFY, 1, 1, blob);
});

test('a parcel takes no memory before it comes (f02)', () => {
  const parcels = new Parcels(1 << 30);
  const allocated: number[] = [];
  const { Uint8Array: Bytes } = globalThis;
  const head = { kind: 19, flags: 0, numbers: 0, length: 124, binding: 0, ordinal: 0, id: 1, budget: 1 << 30 };
  globalThis.Uint8Array = new Proxy(Bytes, {
    construct: (target, args: [number]) => {
      allocated.push(args[0]);
      return Reflect.construct(target, args) as object;
    },
  });
  try {
    parcels.add(head, new Bytes(100));
  } finally {
    globalThis.Uint8Array = Bytes;
  }
  expect(allocated).toContain(12_800);
  expect(Math.max(...allocated)).toBe(12_800);
});

test('what a session keeps of parcels goes with it', () => {
  const { session, ended } = open(4096);
  session.receive(buildFrame('parcel', { id: 1, budget: 10_000, body: new Uint8Array(5000) }), 0, true);
  session.close({ reason: 'closed', message: '' });
  expect(ended).toEqual(['closed']);
  expect(session.receive(buildFrame('parcel', { id: 1, budget: 10_000, body: new Uint8Array(5000) }), 0, true)).toBe(0);
});
