/**
 * Writes values at the end of a buffer that grows: the primitives of `docs/protocol.md`, section 2. Knows nothing of
 * frames, whose headers are the session's.
 */
import { BLOBS_MAX, type Body } from './blob.js';
import { CodecError, fail } from './error.js';
import { float32, float64, halves, HIGH, LOW, signed, unsigned } from './halves.js';
import { checkLength, DEPTH_MAX } from './reader.js';

/** Texts up to this many UTF-16 units are tried as ASCII, one by one; `encodeInto` costs more than that. */
const ASCII_UNITS_MAX = 24;
/** Most bytes that UTF-8 needs for one UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3;
const VARINT64_BYTES_MAX = 10;
const VARINT32_BYTES_MAX = 5;
const CAPACITY_MIN = 64;

const encoder = new TextEncoder();

/** Appends bodies to a buffer. */
export class Writer {
  #buffer: Uint8Array<ArrayBuffer>;
  #position = 0;
  #depth = 0;
  #blobs: Uint8Array<ArrayBuffer>[] | undefined;

  constructor(capacity = 1024) {
    this.#buffer = new Uint8Array(Math.max(capacity, CAPACITY_MIN));
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#position;
  }

  /** How many bytes fit before the buffer grows. */
  get capacity(): number {
    return this.#buffer.length;
  }

  /** Starts over, behind `room` bytes, few, that are the caller's; the buffer is kept. Blobs go to `blobs`, if any may stand. */
  reset(room = 0, blobs?: Uint8Array<ArrayBuffer>[]): void {
    this.#position = room;
    this.#depth = 0;
    this.#blobs = blobs;
  }

  /** What was written, from `start`: a window that is valid until the next call that writes. */
  view(start = 0): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(start, this.#position);
  }

  /** A copy of what was written, from `start`. */
  copy(start = 0): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(start, this.#position);
  }

  /** Counts one more level of nesting; after success it is paired with `leave`. */
  enter(): void {
    if (this.#depth >= DEPTH_MAX) {
      fail('too_deep');
    }
    this.#depth++;
  }

  /** Leaves a level of nesting. */
  leave(): void {
    this.#depth--;
  }

  /** An 8-bit unsigned integer. */
  u8(value: number): void {
    if ((value & 0xff) !== value) {
      notInteger(value);
    }
    const position = this.#room(1);
    this.#buffer[position] = value;
    this.#position = position + 1;
  }

  /** An 8-bit signed integer. */
  i8(value: number): void {
    if ((value << 24) >> 24 !== value) {
      notInteger(value);
    }
    this.u8(value & 0xff);
  }

  /** `true` or `false`. */
  bool(value: boolean): void {
    if (typeof value !== 'boolean') {
      notA('boolean', value);
    }
    this.u8(value ? 1 : 0);
  }

  /** Whether an option holds a value, which must be written next then. Only `null` is none: a field is never left out. */
  option<T>(value: T | null): value is T {
    this.u8(value === null ? 0 : 1);
    return value !== null;
  }

  /** A 16-bit unsigned integer. */
  u16(value: number): void {
    if ((value & 0xffff) !== value) {
      notInteger(value);
    }
    this.count(value);
  }

  /** A 32-bit unsigned integer. */
  u32(value: number): void {
    if (value >>> 0 !== value) {
      notInteger(value);
    }
    this.count(value);
  }

  /** A 16-bit signed integer. */
  i16(value: number): void {
    if ((value << 16) >> 16 !== value) {
      notInteger(value);
    }
    this.count(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A 32-bit signed integer. */
  i32(value: number): void {
    if ((value | 0) !== value) {
      notInteger(value);
    }
    this.count(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** A 64-bit unsigned integer. */
  u64(value: bigint): void {
    if (typeof value !== 'bigint') {
      notA('bigint', value);
    }
    unsigned[0] = value;
    if (unsigned[0] !== value) {
      fail('out_of_range');
    }
    this.#varint64(halves[LOW]!, halves[HIGH]!);
  }

  /** A 64-bit signed integer. */
  i64(value: bigint): void {
    if (typeof value !== 'bigint') {
      notA('bigint', value);
    }
    signed[0] = value;
    if (signed[0] !== value) {
      fail('out_of_range');
    }
    const low = halves[LOW]!;
    const high = halves[HIGH]!;
    const sign = (high | 0) >> 31;
    this.#varint64(((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
  }

  /** An integer within ±(2^53 − 1), signed. */
  safe(value: number): void {
    if (!Number.isSafeInteger(value)) {
      notInteger(value);
    }
    // −1 − n stands for a negative n, and is shifted by one place with the sign below it.
    const magnitude = value < 0 ? -1 - value : value;
    const high = Math.floor(magnitude / 0x1_0000_0000);
    const low = magnitude >>> 0;
    this.#varint64(
      ((low << 1) | (value < 0 ? 1 : 0)) >>> 0,
      ((high << 1) | (low >>> 31)) >>> 0,
    );
  }

  /** An unsigned integer of at most 2^53 − 1. */
  natural(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      notInteger(value);
    }
    this.#varint64(value >>> 0, Math.floor(value / 0x1_0000_0000));
  }

  /** A 32-bit float; a `number` that is finer is rounded. */
  f32(value: number): void {
    if (typeof value !== 'number') {
      notA('number', value);
    }
    const position = this.#room(4);
    float32[0] = value;
    this.#word(position, value === value ? halves[0]! : 0x7fc0_0000);
    this.#position = position + 4;
  }

  /** A 64-bit float. */
  f64(value: number): void {
    if (typeof value !== 'number') {
      notA('number', value);
    }
    const position = this.#room(8);
    float64[0] = value;
    if (value === value) {
      this.#word(position, halves[LOW]!);
      this.#word(position + 4, halves[HIGH]!);
    } else {
      this.#word(position, 0);
      this.#word(position + 4, 0x7ff8_0000);
    }
    this.#position = position + 8;
  }

  /** A count or tag, below 2^32; the caller has seen to that. */
  count(value: number): void {
    let position = this.#room(VARINT32_BYTES_MAX);
    const buffer = this.#buffer;
    while (value > 0x7f) {
      buffer[position++] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    buffer[position++] = value;
    this.#position = position;
  }

  /** Text of `min` to `max` bytes. */
  string(value: string, min = 0, max = Infinity): void {
    if (typeof value !== 'string') {
      notA('string', value);
    }
    const length = value.length;
    if (length > ASCII_UNITS_MAX) {
      this.#longString(value, min, max);
      return;
    }
    const position = this.#room(1 + ASCII_UNITS_MAX);
    const buffer = this.#buffer;
    let all = 0;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      all |= unit;
      buffer[position + 1 + index] = unit;
    }
    if (all > 0x7f) {
      this.#longString(value, min, max);
      return;
    }
    checkLength(length, min, max);
    buffer[position] = length;
    this.#position = position + 1 + length;
  }

  /** `min` to `max` bytes with their count. */
  bytes(value: Uint8Array, min = 0, max = Infinity): void {
    if (!isBytes(value)) {
      notA('Uint8Array', value);
    }
    checkLength(value.length, min, max);
    this.count(value.length);
    this.#append(value);
  }

  /** A blob of `min` to `max` bytes: its place. The bytes are copied, so that their owner can go on with them. */
  blob(value: Uint8Array, min = 0, max = Infinity): void {
    if (!isBytes(value)) {
      notA('Uint8Array', value);
    }
    checkLength(value.length, min, max);
    const blobs = this.#blobs;
    if (blobs === undefined || blobs.length >= BLOBS_MAX) {
      fail('bad_blob', blobs && `more than ${BLOBS_MAX}`);
    }
    this.count(blobs.push(new Uint8Array(value)) - 1);
  }

  /** A body that was written before. Its blobs are taken as they are. */
  body({ bytes, blobs }: Body): void {
    this.#append(bytes);
    this.#blobs?.push(...blobs);
  }

  /** Exactly `length` bytes, without a count. */
  raw(value: Uint8Array, length: number): void {
    if (!isBytes(value)) {
      notA('Uint8Array', value);
    }
    checkLength(value.length, length, length);
    this.#append(value);
  }

  /** Begins a part with a byte count before it; what it returns is for `endPart`. */
  beginPart(): number {
    const start = this.#room(1) + 1;
    this.#position = start;
    return start;
  }

  /** Ends a part: puts its byte count before it. */
  endPart(start: number): void {
    const length = this.#position - start;
    if (length < 0x80) {
      this.#buffer[start - 1] = length;
      return;
    }
    // Room was left for a count of one byte; a longer one moves the part.
    this.#room(VARINT32_BYTES_MAX);
    const prefix = countLength(length);
    this.#buffer.copyWithin(start - 1 + prefix, start, start + length);
    this.#position = start - 1;
    this.count(length);
    this.#position += length;
  }

  /** Puts parts of what was written last into another order: `parts` holds the start and end of each, in that order. */
  reorder(parts: readonly { readonly start: number; readonly end: number }[]): void {
    const first = Math.min(...parts.map((part) => part.start));
    const before = this.#buffer.slice(0, this.#position);
    this.#position = first;
    for (const part of parts) {
      this.#append(before.subarray(part.start, part.end));
    }
  }

  /** How two parts of what was written compare: less than 0 when the one at `a` is less. */
  compare(a: number, aEnd: number, b: number, bEnd: number): number {
    const buffer = this.#buffer;
    for (let i = a, k = b; i < aEnd && k < bEnd; i++, k++) {
      if (buffer[i] !== buffer[k]) {
        return buffer[i]! - buffer[k]!;
      }
    }
    return aEnd - a - (bEnd - b);
  }

  /** Makes room for `length` bytes, and returns where they begin. */
  #room(length: number): number {
    const position = this.#position;
    if (position + length > this.#buffer.length) {
      this.#grow(position + length);
    }
    return position;
  }

  #grow(length: number): void {
    const grown = new Uint8Array(Math.max(length, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#position));
    this.#buffer = grown;
  }

  #append(bytes: Uint8Array): void {
    const position = this.#room(bytes.length);
    this.#buffer.set(bytes, position);
    this.#position = position + bytes.length;
  }

  #word(position: number, value: number): void {
    const buffer = this.#buffer;
    buffer[position] = value;
    buffer[position + 1] = value >>> 8;
    buffer[position + 2] = value >>> 16;
    buffer[position + 3] = value >>> 24;
  }

  #longString(value: string, min: number, max: number): void {
    if (!value.isWellFormed()) {
      fail('bad_utf8');
    }
    const units = value.length;
    // Most texts have one byte a unit: room for that is tried first, and the count is guessed from it.
    const guessed = countLength(units);
    let start = this.#room(VARINT32_BYTES_MAX + units);
    let { read, written } = encoder.encodeInto(value, this.#buffer.subarray(start + guessed));
    if (read < units) {
      start = this.#room(VARINT32_BYTES_MAX + units * BYTES_PER_UNIT_MAX);
      ({ read, written } = encoder.encodeInto(value, this.#buffer.subarray(start + guessed)));
    }
    checkLength(written, min, max);
    const actual = countLength(written);
    if (actual !== guessed) {
      this.#room(VARINT32_BYTES_MAX + written);
      this.#buffer.copyWithin(start + actual, start + guessed, start + guessed + written);
    }
    this.count(written);
    this.#position += written;
  }

  #varint64(low: number, high: number): void {
    let position = this.#room(VARINT64_BYTES_MAX);
    const buffer = this.#buffer;
    while (high !== 0) {
      buffer[position++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low > 0x7f) {
      buffer[position++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
    buffer[position++] = low;
    this.#position = position;
  }
}

function isBytes(value: unknown): value is Uint8Array {
  // By its tag, so that bytes of another realm (a frame, a test environment) count as well.
  return ArrayBuffer.isView(value) && (value as Uint8Array)[Symbol.toStringTag] === 'Uint8Array';
}

/** How many bytes a count occupies. */
function countLength(count: number): number {
  let length = 1;
  for (let rest = count; rest > 0x7f; rest >>>= 7) {
    length++;
  }
  return length;
}

function notInteger(value: unknown): never {
  if (typeof value !== 'number') {
    notA('number', value);
  }
  throw new CodecError('out_of_range', `${value} does not fit its type`);
}

/** Throws: a value is of another type than the contract's. */
export function notA(wanted: string, value: unknown): never {
  // Of an array of numbers it matters which one.
  const got = ArrayBuffer.isView(value) ? (value as Uint8Array)[Symbol.toStringTag] : typeof value;
  throw new CodecError('bad_value', `expected ${wanted}, got ${got}`);
}
