/**
 * Reads values from untrusted bytes: the primitives of `docs/protocol.md`, section 2, each checked before it is
 * believed. Nothing is allocated from a length that the input does not cover.
 */
import { ascii, ASCII_BYTES_MAX } from './ascii.js';
import { NO_BLOBS } from './blob.js';
import { fail } from './error.js';
import { float32, float64, halves, HIGH, LOW, signed, unsigned } from './halves.js';

/** How deep structs, tables and enum variants with fields may nest in a body. */
export const DEPTH_MAX = 64;

const NOTHING = new Uint8Array(0);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** How a body is read. */
export interface ReadOptions {
  /**
   * `copy` (the default) gives bytes that belong to the receiver. `view` gives windows into the body without a copy:
   * they are valid only until the body's buffer is used again, and keep the whole of it alive.
   */
  readonly bytes?: 'copy' | 'view' | undefined;
}

/** Reads one body from front to back. May be used again for another with `reset`. */
export class Reader {
  #buffer: Uint8Array = NOTHING;
  #position = 0;
  #end = 0;
  #depth = 0;
  #views = false;
  #blobs = NO_BLOBS;
  /** Blobs that were referred to. */
  #used = 0;
  /** How many parts with a byte count the reader is in. */
  #parts = 0;

  constructor(body: Uint8Array = NOTHING, options?: ReadOptions) {
    this.reset(body, 0, body.length, options);
  }

  /** Starts over, on a part of `buffer`, with the blobs of that body. */
  reset(buffer: Uint8Array, start = 0, end: number = buffer.length, options?: ReadOptions, blobs = NO_BLOBS): this {
    if (!(start >= 0 && start <= end && end <= buffer.length)) {
      throw new RangeError('the part lies outside of the buffer');
    }
    // One class of buffers keeps every access below fast; a Node `Buffer` would also copy otherwise than it says.
    this.#buffer =
      buffer.constructor === Uint8Array
        ? buffer
        : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#position = start;
    this.#end = end;
    this.#depth = 0;
    this.#views = options !== undefined && options.bytes === 'view';
    this.#blobs = blobs;
    this.#used = this.#parts = 0;
    return this;
  }

  /** Lets go of the buffer and the blobs. */
  release(): void {
    this.#buffer = NOTHING;
    this.#position = 0;
    this.#end = 0;
    this.#blobs = NO_BLOBS;
  }

  /** The bytes that are left. */
  get remaining(): number {
    return this.#end - this.#position;
  }

  /** Fails unless the whole input was used, and every blob. */
  finish(): void {
    this.#finishPart();
    if (this.#used < this.#blobs.length) {
      fail('bad_blob');
    }
  }

  #finishPart(): void {
    if (this.#position !== this.#end) {
      fail('trailing_bytes');
    }
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
  u8(): number {
    const position = this.#position;
    if (position >= this.#end) {
      fail('truncated');
    }
    this.#position = position + 1;
    return this.#buffer[position]!;
  }

  /** An 8-bit signed integer. */
  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  /** `true` or `false`, or the presence of an option. */
  bool(): boolean {
    const byte = this.u8();
    if (byte > 1) {
      fail('bad_bool');
    }
    return byte === 1;
  }

  /** A 16-bit unsigned integer. */
  u16(): number {
    const first = this.u8();
    return first < 0x80 ? first : this.#varint(first, 16);
  }

  /** A 32-bit unsigned integer. */
  u32(): number {
    const first = this.u8();
    return first < 0x80 ? first : this.#varint(first, 32);
  }

  /** A 16-bit signed integer. */
  i16(): number {
    const value = this.u16();
    return (value >>> 1) ^ -(value & 1);
  }

  /** A 32-bit signed integer. */
  i32(): number {
    const value = this.u32();
    return (value >>> 1) ^ -(value & 1);
  }

  /** A 64-bit unsigned integer. */
  u64(): bigint {
    this.#varint64();
    return unsigned[0]!;
  }

  /** A 64-bit signed integer. */
  i64(): bigint {
    this.#varint64();
    const low = halves[LOW]!;
    const high = halves[HIGH]!;
    const sign = -(low & 1);
    halves[LOW] = ((low >>> 1) | (high << 31)) ^ sign;
    halves[HIGH] = (high >>> 1) ^ sign;
    return signed[0]!;
  }

  /** A signed integer within ±(2^53 − 1). */
  safe(): number {
    this.#varint64();
    const low = halves[LOW]!;
    const high = halves[HIGH]! >>> 1;
    const magnitude = high * 0x1_0000_0000 + (((low >>> 1) | (halves[HIGH]! << 31)) >>> 0);
    const value = (low & 1) === 0 ? magnitude : -magnitude - 1;
    if (high > 0x1f_ffff || value < Number.MIN_SAFE_INTEGER) {
      fail('out_of_range');
    }
    return value;
  }

  /** An unsigned integer of at most 2^53 − 1. */
  natural(): number {
    this.#varint64();
    if (halves[HIGH]! > 0x1f_ffff) {
      fail('out_of_range');
    }
    return halves[HIGH]! * 0x1_0000_0000 + halves[LOW]!;
  }

  /** A 32-bit float. */
  f32(): number {
    const position = this.#take(4);
    halves[0] = this.#word(position);
    const value = float32[0]!;
    if (value !== value && halves[0] !== 0x7fc0_0000) {
      fail('bad_nan');
    }
    return value;
  }

  /** A 64-bit float. */
  f64(): number {
    const position = this.#take(8);
    halves[LOW] = this.#word(position);
    halves[HIGH] = this.#word(position + 4);
    const value = float64[0]!;
    if (value !== value && (halves[LOW] !== 0 || halves[HIGH] !== 0x7ff8_0000)) {
      fail('bad_nan');
    }
    return value;
  }

  /** A count of things that occupy at least `bytesMin` bytes each: never more than can be there. */
  count(bytesMin: number): number {
    const position = this.#position;
    let count: number;
    if (position < this.#end && this.#buffer[position]! < 0x80) {
      this.#position = position + 1;
      count = this.#buffer[position]!;
    } else {
      count = this.#longCount();
    }
    if (count * bytesMin > this.#end - this.#position) {
      fail('truncated');
    }
    return count;
  }

  /** As `count`, for things whose number has declared limits. */
  countWithin(bytesMin: number, min: number, max: number): number {
    const count = this.count(bytesMin);
    checkLength(count, min, max);
    return count;
  }

  /** Text of `min` to `max` bytes. */
  string(min = 0, max = Infinity): string {
    const length = this.countWithin(1, min, max);
    const position = this.#position;
    this.#position = position + length;
    if (length <= ASCII_BYTES_MAX) {
      const text = ascii(this.#buffer, position, length);
      if (text !== undefined) {
        return text;
      }
    }
    try {
      return decoder.decode(this.#buffer.subarray(position, position + length));
    } catch {
      fail('bad_utf8');
    }
  }

  /** `min` to `max` bytes with their count. */
  bytes(min = 0, max = Infinity): Uint8Array<ArrayBuffer> {
    return this.raw(this.countWithin(1, min, max));
  }

  /** A blob of `min` to `max` bytes. Bodies refer to theirs one after the other, and never from within a part. */
  blob(min = 0, max = Infinity): Uint8Array<ArrayBuffer> {
    const place = this.u32();
    const blob = this.#blobs[place];
    if (blob === undefined || place !== this.#used || this.#parts > 0) {
      fail('bad_blob');
    }
    this.#used++;
    checkLength(blob.length, min, max);
    return blob;
  }

  /** The next `length` bytes. */
  raw(length: number): Uint8Array<ArrayBuffer> {
    const position = this.#take(length);
    return this.#views
      ? (this.#buffer.subarray(position, position + length) as Uint8Array<ArrayBuffer>)
      : this.#buffer.slice(position, position + length);
  }

  /**
   * Enters a part with a byte count before it. What it returns is for `endPart`, which fails unless the part was used
   * up. After an error the reader cannot go on.
   */
  beginPart(): number {
    const length = this.count(1);
    const outer = this.#end;
    this.#end = this.#position + length;
    this.#parts++;
    return outer;
  }

  /** Leaves a part that `beginPart` entered. */
  endPart(outer: number): void {
    this.#finishPart();
    this.#parts--;
    this.#end = outer;
  }

  /** Passes over what is left, in a part. */
  skip(): void {
    this.#position = this.#end;
  }

  /** Where the reader stands; for `ascends`. */
  get position(): number {
    return this.#position;
  }

  /** Whether the bytes from `start` to here are greater than those from `before` to `beforeEnd`. */
  ascends(before: number, beforeEnd: number, start: number): boolean {
    const buffer = this.#buffer;
    const end = this.#position;
    for (let a = before, b = start; a < beforeEnd && b < end; a++, b++) {
      if (buffer[a] !== buffer[b]) {
        return buffer[a]! < buffer[b]!;
      }
    }
    return end - start > beforeEnd - before;
  }

  #take(length: number): number {
    const position = this.#position;
    if (position + length > this.#end) {
      fail('truncated');
    }
    this.#position = position + length;
    return position;
  }

  #word(position: number): number {
    const buffer = this.#buffer;
    return (
      (buffer[position]! |
        (buffer[position + 1]! << 8) |
        (buffer[position + 2]! << 16) |
        (buffer[position + 3]! << 24)) >>>
      0
    );
  }

  /** The rest of an integer of 16 or 32 bits. */
  #varint(first: number, bits: number): number {
    let value = first & 0x7f;
    for (let shift = 7; ; shift += 7) {
      const byte = this.u8();
      if (shift >= bits) {
        fail('integer_overflow');
      }
      // Not a shift: the fifth part reaches beyond 32 bits and must be seen there.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (byte === 0) {
          fail('overlong_varint');
        }
        if (value >= 2 ** bits) {
          fail('integer_overflow');
        }
        return value;
      }
    }
  }

  /** A count that needs more than one byte. */
  #longCount(): number {
    this.#varint64();
    if (halves[HIGH] !== 0) {
      fail('truncated');
    }
    return halves[LOW]!;
  }

  /** A 64-bit integer, into `halves`. */
  #varint64(): void {
    const buffer = this.#buffer;
    const end = this.#end;
    let position = this.#position;
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (position >= end) {
        fail('truncated');
      }
      const byte = buffer[position++]!;
      const part = byte & 0x7f;
      if (shift < 28) {
        low |= part << shift;
      } else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else if (shift < 63) {
        high |= part << (shift - 32);
      } else if (shift === 63 && part <= 1) {
        high |= part << 31;
      } else {
        fail('integer_overflow');
      }
      if (byte < 0x80) {
        if (byte === 0 && shift !== 0) {
          fail('overlong_varint');
        }
        break;
      }
    }
    this.#position = position;
    halves[LOW] = low;
    halves[HIGH] = high;
  }
}

/** Fails unless a length lies within its declared limits. */
export function checkLength(length: number, min: number, max: number): void {
  if (length < min) {
    fail('too_short');
  }
  if (length > max) {
    fail('too_long');
  }
}
