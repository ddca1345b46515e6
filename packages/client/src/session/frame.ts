/**
 * Frames: the header of 24 bytes, its checks, and writing it in place (protocol, section 1). What a frame means is the
 * session's business.
 */
import { BLOBS_MAX } from '../codec/blob.js';
import { Violation } from './violation.js';

/** Bytes of a frame header. */
export const HEADER_BYTES = 24;
/** Kinds from here on may be skipped by a receiver that does not know them. */
export const OPTIONAL_KINDS_FROM = 128;
/** On `item` and `credit`: the sender is the callee. */
export const FLAG_CALLEE = 1;
/** On `item`: the receiver answers with `ack`. */
export const FLAG_ACK = 2;
/** On `parcel`: the rest of it will not come. */
export const FLAG_ABANDON = 4;
/** On `item`: the body is a row of items. Not beside `FLAG_ACK`. */
export const FLAG_ROW = 8;
/** Bytes of a parcel's number behind a body. */
export const NUMBER_BYTES = 4;

// One constant a kind, so that a bundler puts the numbers in place.
export const HELLO = 1;
export const WELCOME = 2;
export const GOODBYE = 3;
export const PING = 4;
export const PONG = 5;
export const WINDOW = 6;
export const REQUEST = 7;
export const NOTIFY = 8;
export const SUBSCRIBE = 9;
export const PUBLISH = 10;
export const ITEM = 11;
export const ACK = 12;
export const CREDIT = 13;
export const FINISH = 14;
export const CANCEL = 15;
export const END = 16;
export const UNBOUND = 17;
export const CALLER = 18;
export const PARCEL = 19;
export const LEND = 20;
export const POOL = 21;

/** A bit for each kind that counts against the connection window and keeps its place in the order. */
const DATA_KINDS =
  (1 << REQUEST) |
  (1 << NOTIFY) |
  (1 << SUBSCRIBE) |
  (1 << PUBLISH) |
  (1 << ITEM) |
  (1 << FINISH) |
  (1 << CANCEL) |
  (1 << END) |
  (1 << UNBOUND) |
  (1 << CALLER) |
  (1 << PARCEL) |
  (1 << LEND);

/** A bit for each kind that begins something on a channel. */
export const OPENING_KINDS = (1 << REQUEST) | (1 << NOTIFY) | (1 << SUBSCRIBE) | (1 << PUBLISH);

/** A bit for each kind that may have blobs. */
const VALUE_KINDS = (1 << REQUEST) | (1 << NOTIFY) | (1 << PUBLISH) | (1 << ITEM) | (1 << END);

/** A bit for each kind that only a peer sends. */
const PEER_KINDS = (1 << HELLO) | (1 << SUBSCRIBE) | (1 << PUBLISH) | (1 << ACK);

/** Whether only a peer may send frames of that kind. */
export function isFromPeer(kind: number): boolean {
  return ((PEER_KINDS >> kind) & 1) !== 0;
}

/** Whether frames of that kind are data. */
export function isData(kind: number): boolean {
  return ((DATA_KINDS >> kind) & 1) !== 0;
}

/** Which flags a kind may have, beside those of `flags` that are among them. */
function flagsAllowed(kind: number, flags: number): number {
  if (kind === ITEM) return FLAG_CALLEE | ((flags & FLAG_ROW) === 0 ? FLAG_ACK : FLAG_ROW);
  return kind === CREDIT ? FLAG_CALLEE : kind === PARCEL ? FLAG_ABANDON : 0;
}

/** A parsed header. One object is used again for every frame of a session. */
export interface Head {
  /** Bytes of the whole frame. */
  length: number;
  kind: number;
  flags: number;
  /** Bytes of the numbers of its parcels, at its end. */
  numbers: number;
  binding: number;
  ordinal: number;
  id: number;
  budget: number;
}

/** An empty header to parse into. */
export function emptyHead(): Head {
  return { length: 0, kind: 0, flags: 0, numbers: 0, binding: 0, ordinal: 0, id: 0, budget: 0 };
}

/** Reads a number of a header, or of a parcel. */
export function get32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0;
}

function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

/** What a frame of this side's own is, and of which call. */
export function kindAndId(bytes: Uint8Array): [kind: number, id: number] {
  return [bytes[4] as number, get32(bytes, 16)];
}

/**
 * Looks at the frame at `offset`. True when it is whole; then `head` describes it, with kind 0 for an optional kind that
 * is to be passed over. Otherwise `head.length` says how many bytes it will have, as far as is known.
 * Throws `Violation`. Lengths are checked before anything is waited for.
 */
export function parseHead(bytes: Uint8Array, offset: number, frameBytesMax: number, head: Head): boolean {
  const have = bytes.length - offset;
  head.length = HEADER_BYTES;
  if (have < 4) return false;
  const length = get32(bytes, offset);
  if (length < HEADER_BYTES) {
    throw new Violation('malformed_frame', `${length} bytes`);
  }
  if (length > frameBytesMax) {
    throw new Violation('frame_too_large', `${length} bytes`);
  }
  head.length = length;
  if (have < HEADER_BYTES) return false;
  const kind = bytes[offset + 4] as number;
  if (kind === 0 || kind > POOL) {
    if (kind < OPTIONAL_KINDS_FROM) throw new Violation('unknown_kind', `kind ${kind}`);
    head.kind = 0;
    return have >= length;
  }
  const flags = bytes[offset + 5] as number;
  if ((flags & ~flagsAllowed(kind, flags)) !== 0) {
    throw new Violation('unknown_flag', `kind ${kind}, flags ${flags}`);
  }
  const blobs = get16(bytes, offset + 6);
  const numbers = blobs * NUMBER_BYTES;
  if (blobs > (flags & FLAG_ROW ? 0 : BLOBS_MAX * ((VALUE_KINDS >> kind) & 1)) || HEADER_BYTES + numbers > length) {
    throw new Violation('malformed_frame', `${blobs} attachments`);
  }
  head.kind = kind;
  head.flags = flags;
  head.numbers = numbers;
  head.binding = get32(bytes, offset + 8);
  head.ordinal = get32(bytes, offset + 12);
  head.id = get32(bytes, offset + 16);
  head.budget = get32(bytes, offset + 20);
  return have >= length;
}

/**
 * Splits the body of a row into its items; each shares its memory with it. Tells `each` the size of every item, and throws
 * `Violation` where one is not whole, or none is there.
 */
export function itemsOf(row: Uint8Array, each: (bytes: number) => void): Uint8Array[] {
  const items: Uint8Array[] = [];
  let at = 0;
  do {
    const start = at + 2;
    at = start + get16(row, at);
    // The length itself may be cut: then it reads as less than it was.
    if (start > row.length || at > row.length) throw new Violation('malformed_frame', 'a row');
    each(at - start);
    items.push(row.subarray(start, at));
  } while (at < row.length);
  return items;
}

function put32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}

/** Writes the header of a frame that `out` is. */
export function writeHead(
  out: Uint8Array,
  kind: number,
  flags: number,
  binding: number,
  ordinal: number,
  id: number,
  budget: number,
): void {
  put32(out, 0, out.length);
  out[4] = kind;
  out[5] = flags;
  put32(out, 8, binding);
  put32(out, 12, ordinal);
  put32(out, 16, id);
  put32(out, 20, budget);
}

/** Writes the budget of a frame that `out` is. */
export function writeBudget(out: Uint8Array, budget: number): void {
  put32(out, 20, budget);
}

/** Writes the numbers of a message's parcels at the end of the frame that `out` is. */
export function writeNumbers(out: Uint8Array, numbers: readonly number[]): void {
  out[6] = numbers.length;
  let at = out.length - numbers.length * NUMBER_BYTES;
  for (const number of numbers) {
    put32(out, at, number);
    at += NUMBER_BYTES;
  }
}
