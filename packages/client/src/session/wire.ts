/**
 * The protocol's own bodies: handshake, failures, the calls of binding 0, delivery reports (protocol, sections 3 to 7).
 * Written by hand from the text, on the same writer and reader as generated code.
 */
import { Reader } from '../codec/reader.js';
import type { Writer } from '../codec/writer.js';
import type { Failure, Retry } from '../errors.js';
import type { Caller, Codec, DeliveryReport, Miss, Recipient } from '../interface.js';
import { CLIENT_BYTES_MAX, type Limits, NAME_BYTES_MAX } from './limits.js';
import { Violation } from './violation.js';

/** Longest texts of a failure, in bytes. */
const CHANNEL_BYTES_MAX = 256;
const PATH_BYTES_MAX = 512;
const MESSAGE_BYTES_MAX = 1024;
const HASH_BYTES = 16;

/** The shape of an interface, as this build knows it; each hash has 32 hexadecimal digits. */
export interface Shape {
  readonly hash: string;
  /** At most 32 earlier shapes that were proven compatible with it; none when absent. */
  readonly earlier?: readonly string[] | undefined;
}

/** One interface, of at most 256, that this client was built with. */
export interface Offer extends Shape {
  readonly name: string;
  readonly version: number;
  /** The digest of each channel, of which the contract language allows fewer than a hello does. */
  readonly channels: readonly number[];
}

/** The first frame of a peer. */
export interface Hello {
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly client: string;
  readonly limits: Limits;
  readonly interfaces: readonly Offer[];
}

/** The hub's answer. */
export interface Welcome {
  readonly protocol: number;
  readonly limits: Limits;
  readonly peer: number;
  readonly label: string;
  readonly role: string;
}

/** Which instance to bind to. */
export type Target = 'any' | { readonly label: string } | { readonly instance: string };

/** What `bind` gives. */
export interface Bound {
  readonly binding: number;
  readonly label: string;
  readonly instance: string;
}

function writeItems<T>(out: Writer, items: readonly T[], write: (item: T) => void): void {
  out.count(items.length);
  for (const item of items) write(item);
}

function readItems<T>(input: Reader, bytesMin: number, read: () => T): T[] {
  const items: T[] = [];
  for (let left = input.count(bytesMin); left > 0; left--) items.push(read());
  return items;
}

export function encodeHello(out: Writer, hello: Hello): void {
  out.u16(hello.protocolMin);
  out.u16(hello.protocolMax);
  out.string(hello.client, 0, CLIENT_BYTES_MAX);
  encodeLimits(out, hello.limits);
  writeItems(out, hello.interfaces, (offer) => {
    out.string(offer.name, 0, NAME_BYTES_MAX);
    out.u16(offer.version);
    encodeShape(out, offer);
    writeItems(out, offer.channels, (digest) => out.u32(digest));
  });
}

export function encodeLimits(out: Writer, limits: Limits): void {
  out.u32(limits.frameBytes);
  out.u32(limits.windowBytes);
  out.u16(limits.calls);
  out.u32(limits.streamItems);
  out.u32(limits.streamBytes);
  out.u32(limits.blobBytes);
  // Pools of shared memory are for native peers.
  out.u16(0);
}

export function decodeLimits(input: Reader): Limits {
  const limits = {
    frameBytes: input.u32(),
    windowBytes: input.u32(),
    calls: input.u16(),
    streamItems: input.u32(),
    streamBytes: input.u32(),
    blobBytes: input.u32(),
  };
  // This side lends nothing, however many pools the other one maps.
  input.u16();
  return limits;
}

export function decodeWelcome(input: Reader): Welcome {
  return {
    protocol: input.u16(),
    limits: decodeLimits(input),
    peer: input.u32(),
    label: input.string(0, NAME_BYTES_MAX),
    role: input.string(0, NAME_BYTES_MAX),
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text that fits into `max` bytes, cut where it does not. */
function cut(text: string, max: number): string {
  const well = text.toWellFormed();
  // Most texts are short: three bytes are the most that one unit takes.
  if (well.length * 3 <= max) return well;
  const bytes = new Uint8Array(max);
  const { written } = encoder.encodeInto(well, bytes);
  return decoder.decode(bytes.subarray(0, written));
}

function encodeFailure(out: Writer, failure: Failure): void {
  const retry = failure.retry ?? { type: 'never' };
  out.string(cut(failure.channel, CHANNEL_BYTES_MAX));
  out.string(cut(failure.path ?? '', PATH_BYTES_MAX));
  out.string(cut(failure.message, MESSAGE_BYTES_MAX));
  if (retry.type === 'after') {
    out.u8(2);
    out.u32(retry.ms);
  } else {
    out.u8(retry.type === 'never' ? 0 : 1);
  }
  out.u64(failure.correlation ?? 0n);
}

function decodeFailure(input: Reader): Failure {
  return {
    channel: input.string(0, CHANNEL_BYTES_MAX),
    path: input.string(0, PATH_BYTES_MAX),
    message: input.string(0, MESSAGE_BYTES_MAX),
    retry: decodeRetry(input),
    correlation: input.u64(),
  };
}

/** The body of an `end` that is neither `ok` nor `application`. */
export const failureCodec: Codec<Failure> = { encode: encodeFailure, decode: decodeFailure };

function decodeRetry(input: Reader): Retry {
  switch (tag(input, 3)) {
    case 0:
      return { type: 'never' };
    case 1:
      return { type: 'later' };
    default:
      return { type: 'after', ms: input.u32() };
  }
}

/** The tag of an enum with `variants` variants. */
function tag(input: Reader, variants: number): number {
  const value = input.u32();
  if (value >= variants) throw new RangeError(`there is no variant ${value}`);
  return value;
}

function encodeShape(out: Writer, { hash, earlier = [] }: Shape): void {
  out.raw(hashBytes(hash), HASH_BYTES);
  writeItems(out, earlier, (each) => out.raw(hashBytes(each), HASH_BYTES));
}

/** The arguments of `bind`. */
export function encodeBind(out: Writer, args: readonly [string, Shape, Target]): void {
  const [name, shape, target] = args;
  out.string(name, 0, NAME_BYTES_MAX);
  encodeShape(out, shape);
  if (target === 'any') return out.u8(0);
  const label = 'label' in target;
  out.u8(label ? 1 : 2);
  out.string(label ? target.label : target.instance, 0, NAME_BYTES_MAX);
}

/** The arguments of `serve`. */
export function encodeServe(out: Writer, args: readonly [string, Shape, string]): void {
  const [name, shape, instance] = args;
  out.string(name, 0, NAME_BYTES_MAX);
  encodeShape(out, shape);
  out.string(instance, 0, NAME_BYTES_MAX);
}

/** For what only the hub writes. */
function readOnly<T>(decode: Codec<T>['decode']): Codec<T> {
  return { decode } as Codec<T>;
}

/** The reply of `bind`. */
export const boundCodec: Codec<Bound> = /* @__PURE__ */ readOnly((input) => ({
  binding: input.u32(),
  label: input.string(0, NAME_BYTES_MAX),
  instance: input.string(0, NAME_BYTES_MAX),
}));

/** The reply of `serve`. */
export const u32Codec: Codec<number> = /* @__PURE__ */ readOnly((input) => input.u32());

const WHY: readonly Miss['why'][] = ['dropped', 'left', 'timedOut'];

function decodeReport(input: Reader): DeliveryReport {
  const recipient = (): Recipient => ({ peer: input.u32(), label: input.string(0, NAME_BYTES_MAX) });
  const delivered = readItems(input, 2, recipient);
  const missed = readItems(input, 3, () => ({ ...recipient(), why: WHY[tag(input, WHY.length)] as Miss['why'] }));
  return { delivered, missed };
}

/** The `end` of a publication with a report. */
export const reportCodec: Codec<DeliveryReport> = /* @__PURE__ */ readOnly(decodeReport);

/** The 16 bytes of a hash that a generated module writes in hexadecimal digits. */
function hashBytes(hash: string): Uint8Array {
  return Uint8Array.from(hash.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Who makes the calls that follow. Throws a `Violation` when the body does not say. */
export function decodeCaller(peer: number, body: Uint8Array): Caller {
  try {
    const input = new Reader(body);
    const caller = { peer, label: input.string(0, NAME_BYTES_MAX), role: input.string(0, NAME_BYTES_MAX) };
    input.finish();
    return caller;
  } catch (error) {
    throw new Violation('malformed_payload', `caller: ${String(error)}`);
  }
}
