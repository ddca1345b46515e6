// Generated from examples/camera-studio/pages by `npm run build`. Do not edit.

// ../../../packages/client/src/codec/blob.ts
var BLOBS_MAX = 16;
var NO_BLOBS = [];
function sizeOf(body, blobs) {
  return blobs.reduce((sum, blob) => sum + blob.length, body.length);
}

// ../../../packages/client/src/codec/ascii.ts
var text = String.fromCharCode;
var ASCII_BYTES_MAX = 24;
var WHOLE = 16;
function ascii(b, at, length) {
  if (length > WHOLE) {
    const head = short(b, at, WHOLE);
    const tail = short(b, at + WHOLE, length - WHOLE);
    return head === void 0 || tail === void 0 ? void 0 : head + tail;
  }
  return short(b, at, length);
}
function short(b, i, length) {
  switch (length) {
    case 0:
      return "";
    case 1: {
      const a = b[i];
      return a > 127 ? void 0 : text(a);
    }
    case 2: {
      const a = b[i], c = b[i + 1];
      return (a | c) > 127 ? void 0 : text(a, c);
    }
    case 3: {
      const a = b[i], c = b[i + 1], d = b[i + 2];
      return (a | c | d) > 127 ? void 0 : text(a, c, d);
    }
    case 4: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3];
      return (a | c | d | e) > 127 ? void 0 : text(a, c, d, e);
    }
    case 5: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4];
      return (a | c | d | e | f) > 127 ? void 0 : text(a, c, d, e, f);
    }
    case 6: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5];
      return (a | c | d | e | f | g) > 127 ? void 0 : text(a, c, d, e, f, g);
    }
    case 7: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6];
      return (a | c | d | e | f | g | h) > 127 ? void 0 : text(a, c, d, e, f, g, h);
    }
    case 8: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7];
      return (a | c | d | e | f | g | h | j) > 127 ? void 0 : text(a, c, d, e, f, g, h, j);
    }
    case 9: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7], k = b[i + 8];
      return (a | c | d | e | f | g | h | j | k) > 127 ? void 0 : text(a, c, d, e, f, g, h, j, k);
    }
    case 10: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7], k = b[i + 8], l = b[i + 9];
      return (a | c | d | e | f | g | h | j | k | l) > 127 ? void 0 : text(a, c, d, e, f, g, h, j, k, l);
    }
    case 11: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7], k = b[i + 8], l = b[i + 9], m = b[i + 10];
      return (a | c | d | e | f | g | h | j | k | l | m) > 127 ? void 0 : text(
        a,
        c,
        d,
        e,
        f,
        g,
        h,
        j,
        k,
        l,
        m
      );
    }
    case 12: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7], k = b[i + 8], l = b[i + 9], m = b[i + 10], n = b[i + 11];
      return (a | c | d | e | f | g | h | j | k | l | m | n) > 127 ? void 0 : text(
        a,
        c,
        d,
        e,
        f,
        g,
        h,
        j,
        k,
        l,
        m,
        n
      );
    }
    case 13: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7], k = b[i + 8], l = b[i + 9], m = b[i + 10], n = b[i + 11], o = b[i + 12];
      return (a | c | d | e | f | g | h | j | k | l | m | n | o) > 127 ? void 0 : text(
        a,
        c,
        d,
        e,
        f,
        g,
        h,
        j,
        k,
        l,
        m,
        n,
        o
      );
    }
    case 14: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7], k = b[i + 8], l = b[i + 9], m = b[i + 10], n = b[i + 11], o = b[i + 12], p = b[i + 13];
      return (a | c | d | e | f | g | h | j | k | l | m | n | o | p) > 127 ? void 0 : text(
        a,
        c,
        d,
        e,
        f,
        g,
        h,
        j,
        k,
        l,
        m,
        n,
        o,
        p
      );
    }
    case 15: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7], k = b[i + 8], l = b[i + 9], m = b[i + 10], n = b[i + 11], o = b[i + 12], p = b[i + 13], q = b[i + 14];
      return (a | c | d | e | f | g | h | j | k | l | m | n | o | p | q) > 127 ? void 0 : text(
        a,
        c,
        d,
        e,
        f,
        g,
        h,
        j,
        k,
        l,
        m,
        n,
        o,
        p,
        q
      );
    }
    case 16: {
      const a = b[i], c = b[i + 1], d = b[i + 2], e = b[i + 3], f = b[i + 4], g = b[i + 5], h = b[i + 6], j = b[i + 7], k = b[i + 8], l = b[i + 9], m = b[i + 10], n = b[i + 11], o = b[i + 12], p = b[i + 13], q = b[i + 14], r = b[i + 15];
      return (a | c | d | e | f | g | h | j | k | l | m | n | o | p | q | r) > 127 ? void 0 : text(
        a,
        c,
        d,
        e,
        f,
        g,
        h,
        j,
        k,
        l,
        m,
        n,
        o,
        p,
        q,
        r
      );
    }
    default:
      return void 0;
  }
}

// ../../../packages/client/src/codec/error.ts
var CodecError = class extends Error {
  #path = "";
  constructor(kind, detail = "") {
    super();
    this.name = "CodecError";
    this.kind = kind;
    this.detail = detail;
  }
  /** Where it is: `formats[3].width`; empty when it is the body itself. */
  get path() {
    return this.#path;
  }
  get message() {
    const path = this.#path === "" ? "" : `${this.#path}: `;
    return `${path}${this.kind}${this.detail === "" ? "" : ` (${this.detail})`}`;
  }
  /** Adds the level that holds the value: a name, `[3]`, `{key 2}` or `{2}`. */
  prepend(segment) {
    const rest = this.#path;
    const joined = rest === "" || segment === "" || rest[0] === "[" || rest[0] === "{";
    this.#path = joined ? segment + rest : `${segment}.${rest}`;
    return this;
  }
};
function fail(kind, detail) {
  throw new CodecError(kind, detail);
}
function within(error, segment) {
  return error instanceof CodecError ? error.prepend(segment) : error;
}
function refused(error, segment) {
  if (error instanceof CodecError) {
    return error.prepend(segment);
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new CodecError("bad_value", detail).prepend(segment);
}

// ../../../packages/client/src/codec/halves.ts
var bits = new ArrayBuffer(8);
var halves = new Uint32Array(bits);
var unsigned = new BigUint64Array(bits);
var signed = new BigInt64Array(bits);
var float64 = new Float64Array(bits);
var float32 = new Float32Array(bits);
float64[0] = 1;
var LOW = halves[0] === 0 ? 0 : 1;
var HIGH = LOW === 0 ? 1 : 0;

// ../../../packages/client/src/codec/reader.ts
var DEPTH_MAX = 64;
var NOTHING = new Uint8Array(0);
var decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
var Reader = class {
  #buffer = NOTHING;
  #position = 0;
  #end = 0;
  #depth = 0;
  #views = false;
  #blobs = NO_BLOBS;
  /** Blobs that were referred to. */
  #used = 0;
  /** How many parts with a byte count the reader is in. */
  #parts = 0;
  constructor(body = NOTHING, options) {
    this.reset(body, 0, body.length, options);
  }
  /** Starts over, on a part of `buffer`, with the blobs of that body. */
  reset(buffer, start = 0, end = buffer.length, options, blobs = NO_BLOBS) {
    if (!(start >= 0 && start <= end && end <= buffer.length)) {
      throw new RangeError("the part lies outside of the buffer");
    }
    this.#buffer = buffer.constructor === Uint8Array ? buffer : new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
    this.#position = start;
    this.#end = end;
    this.#depth = 0;
    this.#views = options !== void 0 && options.bytes === "view";
    this.#blobs = blobs;
    this.#used = this.#parts = 0;
    return this;
  }
  /** Lets go of the buffer and the blobs. */
  release() {
    this.#buffer = NOTHING;
    this.#position = 0;
    this.#end = 0;
    this.#blobs = NO_BLOBS;
  }
  /** The bytes that are left. */
  get remaining() {
    return this.#end - this.#position;
  }
  /** Fails unless the whole input was used, and every blob. */
  finish() {
    this.#finishPart();
    if (this.#used < this.#blobs.length) {
      fail("bad_blob");
    }
  }
  #finishPart() {
    if (this.#position !== this.#end) {
      fail("trailing_bytes");
    }
  }
  /** Counts one more level of nesting; after success it is paired with `leave`. */
  enter() {
    if (this.#depth >= DEPTH_MAX) {
      fail("too_deep");
    }
    this.#depth++;
  }
  /** Leaves a level of nesting. */
  leave() {
    this.#depth--;
  }
  /** An 8-bit unsigned integer. */
  u8() {
    const position = this.#position;
    if (position >= this.#end) {
      fail("truncated");
    }
    this.#position = position + 1;
    return this.#buffer[position];
  }
  /** An 8-bit signed integer. */
  i8() {
    return this.u8() << 24 >> 24;
  }
  /** `true` or `false`, or the presence of an option. */
  bool() {
    const byte = this.u8();
    if (byte > 1) {
      fail("bad_bool");
    }
    return byte === 1;
  }
  /** A 16-bit unsigned integer. */
  u16() {
    const first = this.u8();
    return first < 128 ? first : this.#varint(first, 16);
  }
  /** A 32-bit unsigned integer. */
  u32() {
    const first = this.u8();
    return first < 128 ? first : this.#varint(first, 32);
  }
  /** A 16-bit signed integer. */
  i16() {
    const value = this.u16();
    return value >>> 1 ^ -(value & 1);
  }
  /** A 32-bit signed integer. */
  i32() {
    const value = this.u32();
    return value >>> 1 ^ -(value & 1);
  }
  /** A 64-bit unsigned integer. */
  u64() {
    this.#varint64();
    return unsigned[0];
  }
  /** A 64-bit signed integer. */
  i64() {
    this.#varint64();
    const low = halves[LOW];
    const high = halves[HIGH];
    const sign = -(low & 1);
    halves[LOW] = (low >>> 1 | high << 31) ^ sign;
    halves[HIGH] = high >>> 1 ^ sign;
    return signed[0];
  }
  /** A signed integer within ±(2^53 − 1). */
  safe() {
    this.#varint64();
    const low = halves[LOW];
    const high = halves[HIGH] >>> 1;
    const magnitude = high * 4294967296 + ((low >>> 1 | halves[HIGH] << 31) >>> 0);
    const value = (low & 1) === 0 ? magnitude : -magnitude - 1;
    if (high > 2097151 || value < Number.MIN_SAFE_INTEGER) {
      fail("out_of_range");
    }
    return value;
  }
  /** An unsigned integer of at most 2^53 − 1. */
  natural() {
    this.#varint64();
    if (halves[HIGH] > 2097151) {
      fail("out_of_range");
    }
    return halves[HIGH] * 4294967296 + halves[LOW];
  }
  /** A 32-bit float. */
  f32() {
    const position = this.#take(4);
    halves[0] = this.#word(position);
    const value = float32[0];
    if (value !== value && halves[0] !== 2143289344) {
      fail("bad_nan");
    }
    return value;
  }
  /** A 64-bit float. */
  f64() {
    const position = this.#take(8);
    halves[LOW] = this.#word(position);
    halves[HIGH] = this.#word(position + 4);
    const value = float64[0];
    if (value !== value && (halves[LOW] !== 0 || halves[HIGH] !== 2146959360)) {
      fail("bad_nan");
    }
    return value;
  }
  /** A count of things that occupy at least `bytesMin` bytes each: never more than can be there. */
  count(bytesMin) {
    const position = this.#position;
    let count2;
    if (position < this.#end && this.#buffer[position] < 128) {
      this.#position = position + 1;
      count2 = this.#buffer[position];
    } else {
      count2 = this.#longCount();
    }
    if (count2 * bytesMin > this.#end - this.#position) {
      fail("truncated");
    }
    return count2;
  }
  /** As `count`, for things whose number has declared limits. */
  countWithin(bytesMin, min, max) {
    const count2 = this.count(bytesMin);
    checkLength(count2, min, max);
    return count2;
  }
  /** Text of `min` to `max` bytes. */
  string(min = 0, max = Infinity) {
    const length = this.countWithin(1, min, max);
    const position = this.#position;
    this.#position = position + length;
    if (length <= ASCII_BYTES_MAX) {
      const text2 = ascii(this.#buffer, position, length);
      if (text2 !== void 0) {
        return text2;
      }
    }
    try {
      return decoder.decode(this.#buffer.subarray(position, position + length));
    } catch {
      fail("bad_utf8");
    }
  }
  /** `min` to `max` bytes with their count. */
  bytes(min = 0, max = Infinity) {
    return this.raw(this.countWithin(1, min, max));
  }
  /** A blob of `min` to `max` bytes. Bodies refer to theirs one after the other, and never from within a part. */
  blob(min = 0, max = Infinity) {
    const place = this.u32();
    const blob = this.#blobs[place];
    if (blob === void 0 || place !== this.#used || this.#parts > 0) {
      fail("bad_blob");
    }
    this.#used++;
    checkLength(blob.length, min, max);
    return blob;
  }
  /** The next `length` bytes. */
  raw(length) {
    const position = this.#take(length);
    return this.#views ? this.#buffer.subarray(position, position + length) : this.#buffer.slice(position, position + length);
  }
  /**
   * Enters a part with a byte count before it. What it returns is for `endPart`, which fails unless the part was used
   * up. After an error the reader cannot go on.
   */
  beginPart() {
    const length = this.count(1);
    const outer = this.#end;
    this.#end = this.#position + length;
    this.#parts++;
    return outer;
  }
  /** Leaves a part that `beginPart` entered. */
  endPart(outer) {
    this.#finishPart();
    this.#parts--;
    this.#end = outer;
  }
  /** Passes over what is left, in a part. */
  skip() {
    this.#position = this.#end;
  }
  /** Where the reader stands; for `ascends`. */
  get position() {
    return this.#position;
  }
  /** Whether the bytes from `start` to here are greater than those from `before` to `beforeEnd`. */
  ascends(before, beforeEnd, start) {
    const buffer = this.#buffer;
    const end = this.#position;
    for (let a = before, b = start; a < beforeEnd && b < end; a++, b++) {
      if (buffer[a] !== buffer[b]) {
        return buffer[a] < buffer[b];
      }
    }
    return end - start > beforeEnd - before;
  }
  #take(length) {
    const position = this.#position;
    if (position + length > this.#end) {
      fail("truncated");
    }
    this.#position = position + length;
    return position;
  }
  #word(position) {
    const buffer = this.#buffer;
    return (buffer[position] | buffer[position + 1] << 8 | buffer[position + 2] << 16 | buffer[position + 3] << 24) >>> 0;
  }
  /** The rest of an integer of 16 or 32 bits. */
  #varint(first, bits2) {
    let value = first & 127;
    for (let shift = 7; ; shift += 7) {
      const byte = this.u8();
      if (shift >= bits2) {
        fail("integer_overflow");
      }
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) {
        if (byte === 0) {
          fail("overlong_varint");
        }
        if (value >= 2 ** bits2) {
          fail("integer_overflow");
        }
        return value;
      }
    }
  }
  /** A count that needs more than one byte. */
  #longCount() {
    this.#varint64();
    if (halves[HIGH] !== 0) {
      fail("truncated");
    }
    return halves[LOW];
  }
  /** A 64-bit integer, into `halves`. */
  #varint64() {
    const buffer = this.#buffer;
    const end = this.#end;
    let position = this.#position;
    let low = 0;
    let high = 0;
    for (let shift = 0; ; shift += 7) {
      if (position >= end) {
        fail("truncated");
      }
      const byte = buffer[position++];
      const part = byte & 127;
      if (shift < 28) {
        low |= part << shift;
      } else if (shift === 28) {
        low |= part << 28;
        high = part >>> 4;
      } else if (shift < 63) {
        high |= part << shift - 32;
      } else if (shift === 63 && part <= 1) {
        high |= part << 31;
      } else {
        fail("integer_overflow");
      }
      if (byte < 128) {
        if (byte === 0 && shift !== 0) {
          fail("overlong_varint");
        }
        break;
      }
    }
    this.#position = position;
    halves[LOW] = low;
    halves[HIGH] = high;
  }
};
function checkLength(length, min, max) {
  if (length < min) {
    fail("too_short");
  }
  if (length > max) {
    fail("too_long");
  }
}

// ../../../packages/client/src/codec/writer.ts
var ASCII_UNITS_MAX = 24;
var BYTES_PER_UNIT_MAX = 3;
var VARINT64_BYTES_MAX = 10;
var VARINT32_BYTES_MAX = 5;
var CAPACITY_MIN = 64;
var encoder = new TextEncoder();
var Writer = class {
  #buffer;
  #position = 0;
  #depth = 0;
  #blobs;
  constructor(capacity = 1024) {
    this.#buffer = new Uint8Array(Math.max(capacity, CAPACITY_MIN));
  }
  /** How many bytes were written. */
  get length() {
    return this.#position;
  }
  /** How many bytes fit before the buffer grows. */
  get capacity() {
    return this.#buffer.length;
  }
  /** Starts over, behind `room` bytes, few, that are the caller's; the buffer is kept. Blobs go to `blobs`, if any may stand. */
  reset(room = 0, blobs) {
    this.#position = room;
    this.#depth = 0;
    this.#blobs = blobs;
  }
  /** What was written, from `start`: a window that is valid until the next call that writes. */
  view(start = 0) {
    return this.#buffer.subarray(start, this.#position);
  }
  /** A copy of what was written, from `start`. */
  copy(start = 0) {
    return this.#buffer.slice(start, this.#position);
  }
  /** Counts one more level of nesting; after success it is paired with `leave`. */
  enter() {
    if (this.#depth >= DEPTH_MAX) {
      fail("too_deep");
    }
    this.#depth++;
  }
  /** Leaves a level of nesting. */
  leave() {
    this.#depth--;
  }
  /** An 8-bit unsigned integer. */
  u8(value) {
    if ((value & 255) !== value) {
      notInteger(value);
    }
    const position = this.#room(1);
    this.#buffer[position] = value;
    this.#position = position + 1;
  }
  /** An 8-bit signed integer. */
  i8(value) {
    if (value << 24 >> 24 !== value) {
      notInteger(value);
    }
    this.u8(value & 255);
  }
  /** `true` or `false`. */
  bool(value) {
    if (typeof value !== "boolean") {
      notA("boolean", value);
    }
    this.u8(value ? 1 : 0);
  }
  /** Whether an option holds a value, which must be written next then. Only `null` is none: a field is never left out. */
  option(value) {
    this.u8(value === null ? 0 : 1);
    return value !== null;
  }
  /** A 16-bit unsigned integer. */
  u16(value) {
    if ((value & 65535) !== value) {
      notInteger(value);
    }
    this.count(value);
  }
  /** A 32-bit unsigned integer. */
  u32(value) {
    if (value >>> 0 !== value) {
      notInteger(value);
    }
    this.count(value);
  }
  /** A 16-bit signed integer. */
  i16(value) {
    if (value << 16 >> 16 !== value) {
      notInteger(value);
    }
    this.count((value << 1 ^ value >> 31) >>> 0);
  }
  /** A 32-bit signed integer. */
  i32(value) {
    if ((value | 0) !== value) {
      notInteger(value);
    }
    this.count((value << 1 ^ value >> 31) >>> 0);
  }
  /** A 64-bit unsigned integer. */
  u64(value) {
    if (typeof value !== "bigint") {
      notA("bigint", value);
    }
    unsigned[0] = value;
    if (unsigned[0] !== value) {
      fail("out_of_range");
    }
    this.#varint64(halves[LOW], halves[HIGH]);
  }
  /** A 64-bit signed integer. */
  i64(value) {
    if (typeof value !== "bigint") {
      notA("bigint", value);
    }
    signed[0] = value;
    if (signed[0] !== value) {
      fail("out_of_range");
    }
    const low = halves[LOW];
    const high = halves[HIGH];
    const sign = (high | 0) >> 31;
    this.#varint64((low << 1 ^ sign) >>> 0, ((high << 1 | low >>> 31) ^ sign) >>> 0);
  }
  /** An integer within ±(2^53 − 1), signed. */
  safe(value) {
    if (!Number.isSafeInteger(value)) {
      notInteger(value);
    }
    const magnitude = value < 0 ? -1 - value : value;
    const high = Math.floor(magnitude / 4294967296);
    const low = magnitude >>> 0;
    this.#varint64(
      (low << 1 | (value < 0 ? 1 : 0)) >>> 0,
      (high << 1 | low >>> 31) >>> 0
    );
  }
  /** An unsigned integer of at most 2^53 − 1. */
  natural(value) {
    if (!Number.isSafeInteger(value) || value < 0) {
      notInteger(value);
    }
    this.#varint64(value >>> 0, Math.floor(value / 4294967296));
  }
  /** A 32-bit float; a `number` that is finer is rounded. */
  f32(value) {
    if (typeof value !== "number") {
      notA("number", value);
    }
    const position = this.#room(4);
    float32[0] = value;
    this.#word(position, value === value ? halves[0] : 2143289344);
    this.#position = position + 4;
  }
  /** A 64-bit float. */
  f64(value) {
    if (typeof value !== "number") {
      notA("number", value);
    }
    const position = this.#room(8);
    float64[0] = value;
    if (value === value) {
      this.#word(position, halves[LOW]);
      this.#word(position + 4, halves[HIGH]);
    } else {
      this.#word(position, 0);
      this.#word(position + 4, 2146959360);
    }
    this.#position = position + 8;
  }
  /** A count or tag, below 2^32; the caller has seen to that. */
  count(value) {
    let position = this.#room(VARINT32_BYTES_MAX);
    const buffer = this.#buffer;
    while (value > 127) {
      buffer[position++] = value & 127 | 128;
      value >>>= 7;
    }
    buffer[position++] = value;
    this.#position = position;
  }
  /** Text of `min` to `max` bytes. */
  string(value, min = 0, max = Infinity) {
    if (typeof value !== "string") {
      notA("string", value);
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
    if (all > 127) {
      this.#longString(value, min, max);
      return;
    }
    checkLength(length, min, max);
    buffer[position] = length;
    this.#position = position + 1 + length;
  }
  /** `min` to `max` bytes with their count. */
  bytes(value, min = 0, max = Infinity) {
    if (!isBytes(value)) {
      notA("Uint8Array", value);
    }
    checkLength(value.length, min, max);
    this.count(value.length);
    this.#append(value);
  }
  /** A blob of `min` to `max` bytes: its place. The bytes are copied, so that their owner can go on with them. */
  blob(value, min = 0, max = Infinity) {
    if (!isBytes(value)) {
      notA("Uint8Array", value);
    }
    checkLength(value.length, min, max);
    const blobs = this.#blobs;
    if (blobs === void 0 || blobs.length >= BLOBS_MAX) {
      fail("bad_blob", blobs && `more than ${BLOBS_MAX}`);
    }
    this.count(blobs.push(new Uint8Array(value)) - 1);
  }
  /** A body that was written before. Its blobs are taken as they are. */
  body({ bytes: bytes2, blobs }) {
    this.#append(bytes2);
    this.#blobs?.push(...blobs);
  }
  /** Exactly `length` bytes, without a count. */
  raw(value, length) {
    if (!isBytes(value)) {
      notA("Uint8Array", value);
    }
    checkLength(value.length, length, length);
    this.#append(value);
  }
  /** Begins a part with a byte count before it; what it returns is for `endPart`. */
  beginPart() {
    const start = this.#room(1) + 1;
    this.#position = start;
    return start;
  }
  /** Ends a part: puts its byte count before it. */
  endPart(start) {
    const length = this.#position - start;
    if (length < 128) {
      this.#buffer[start - 1] = length;
      return;
    }
    this.#room(VARINT32_BYTES_MAX);
    const prefix = countLength(length);
    this.#buffer.copyWithin(start - 1 + prefix, start, start + length);
    this.#position = start - 1;
    this.count(length);
    this.#position += length;
  }
  /** Puts parts of what was written last into another order: `parts` holds the start and end of each, in that order. */
  reorder(parts) {
    const first = Math.min(...parts.map((part) => part.start));
    const before = this.#buffer.slice(0, this.#position);
    this.#position = first;
    for (const part of parts) {
      this.#append(before.subarray(part.start, part.end));
    }
  }
  /** How two parts of what was written compare: less than 0 when the one at `a` is less. */
  compare(a, aEnd, b, bEnd) {
    const buffer = this.#buffer;
    for (let i = a, k = b; i < aEnd && k < bEnd; i++, k++) {
      if (buffer[i] !== buffer[k]) {
        return buffer[i] - buffer[k];
      }
    }
    return aEnd - a - (bEnd - b);
  }
  /** Makes room for `length` bytes, and returns where they begin. */
  #room(length) {
    const position = this.#position;
    if (position + length > this.#buffer.length) {
      this.#grow(position + length);
    }
    return position;
  }
  #grow(length) {
    const grown = new Uint8Array(Math.max(length, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#position));
    this.#buffer = grown;
  }
  #append(bytes2) {
    const position = this.#room(bytes2.length);
    this.#buffer.set(bytes2, position);
    this.#position = position + bytes2.length;
  }
  #word(position, value) {
    const buffer = this.#buffer;
    buffer[position] = value;
    buffer[position + 1] = value >>> 8;
    buffer[position + 2] = value >>> 16;
    buffer[position + 3] = value >>> 24;
  }
  #longString(value, min, max) {
    if (!value.isWellFormed()) {
      fail("bad_utf8");
    }
    const units = value.length;
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
  #varint64(low, high) {
    let position = this.#room(VARINT64_BYTES_MAX);
    const buffer = this.#buffer;
    while (high !== 0) {
      buffer[position++] = low & 127 | 128;
      low = (low >>> 7 | high << 25) >>> 0;
      high >>>= 7;
    }
    while (low > 127) {
      buffer[position++] = low & 127 | 128;
      low >>>= 7;
    }
    buffer[position++] = low;
    this.#position = position;
  }
};
function isBytes(value) {
  return ArrayBuffer.isView(value) && value[Symbol.toStringTag] === "Uint8Array";
}
function countLength(count2) {
  let length = 1;
  for (let rest = count2; rest > 127; rest >>>= 7) {
    length++;
  }
  return length;
}
function notInteger(value) {
  if (typeof value !== "number") {
    notA("number", value);
  }
  throw new CodecError("out_of_range", `${value} does not fit its type`);
}
function notA(wanted, value) {
  const got = ArrayBuffer.isView(value) ? value[Symbol.toStringTag] : typeof value;
  throw new CodecError("bad_value", `expected ${wanted}, got ${got}`);
}

// ../../../packages/client/src/codec/builtin.ts
var MICROS_PER_MS = 1e3;
var MS_MAX = Number.MAX_SAFE_INTEGER / MICROS_PER_MS;
function micros(ms, min) {
  if (typeof ms !== "number") {
    notA("number", ms);
  }
  if (!(ms >= min && ms <= MS_MAX)) {
    fail("out_of_range");
  }
  const rounded = Math.round(ms * MICROS_PER_MS);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, rounded));
}
function readTimestamp(input2) {
  return input2.safe() / MICROS_PER_MS;
}
function writeTimestamp(out, ms) {
  out.safe(micros(ms, -MS_MAX));
}
function readDuration(input2) {
  return input2.natural() / MICROS_PER_MS;
}
function writeDuration(out, ms) {
  out.natural(micros(ms, 0));
}

// ../../../packages/client/src/codec/collections.ts
var RESERVE_ITEMS_MAX = 8192;
function inRange(value, min, max) {
  if (!(value >= min && value <= max)) {
    fail("out_of_range");
  }
  return value;
}
function readItems(input2, count2, item) {
  const items = count2 <= RESERVE_ITEMS_MAX ? new Array(count2) : [];
  let index = 0;
  try {
    for (; index < count2; index++) {
      items[index] = item(input2);
    }
  } catch (error) {
    throw within(error, `[${index}]`);
  }
  return items;
}
function writeItems(out, items, item) {
  let index = 0;
  try {
    for (; index < items.length; index++) {
      item(out, items[index]);
    }
  } catch (error) {
    throw refused(error, `[${index}]`);
  }
}
function readList(input2, bytesMin, item, min = 0, max = Infinity) {
  return readItems(input2, input2.countWithin(bytesMin, min, max), item);
}
function writeList(out, items, item, min = 0, max = Infinity) {
  checkArray(items, min, max);
  out.count(items.length);
  writeItems(out, items, item);
}
function checkArray(items, min, max) {
  if (!Array.isArray(items)) {
    notA("array", items);
  }
  if (items.length < min) {
    fail("too_short");
  }
  if (items.length > max) {
    fail("too_long");
  }
}
function readTuple(input2, ...parts) {
  const values = [];
  try {
    for (const part of parts) {
      values.push(part(input2));
    }
  } catch (error) {
    throw within(error, String(values.length));
  }
  return values;
}
function writeTuple(out, values, ...parts) {
  checkArray(values, parts.length, parts.length);
  let index = 0;
  try {
    for (; index < parts.length; index++) {
      parts[index](out, values[index]);
    }
  } catch (error) {
    throw refused(error, String(index));
  }
}

// ../../../packages/client/src/codec/variants.ts
function noVariant(value) {
  const type = typeof value === "object" && value !== null ? value.type : value;
  throw new CodecError("bad_value", `there is no variant ${String(type)}`);
}
function present(...fields) {
  let count2 = 0;
  for (const field of fields) {
    if (field !== null) {
      count2++;
    }
  }
  return count2;
}
function readFieldNumber(input2, last) {
  const number = input2.u32();
  if (number <= last) {
    fail("table_order");
  }
  return number;
}
function skipPart(input2) {
  const outer = input2.beginPart();
  input2.skip();
  input2.endPart(outer);
}

// ../../../packages/client/src/codec/index.ts
var unitCodec = {
  encode: () => void 0,
  decode: () => void 0
};
var noArguments = {
  encode: () => void 0,
  decode: () => []
};
var KEPT_BYTES_MAX = 64 * 1024;
var spare = new Writer();
function toBody(codec, value) {
  const blobs = [];
  return { bytes: write(codec, value, blobs), blobs };
}
function write(codec, value, blobs) {
  const out = spare ?? new Writer();
  spare = null;
  try {
    out.reset(0, blobs);
    codec.encode(out, value);
    return out.copy();
  } finally {
    spare = out.capacity <= KEPT_BYTES_MAX ? out : new Writer();
  }
}
var reader = new Reader();
function fromBytes(codec, body, options, blobs = NO_BLOBS) {
  reader.reset(body, 0, body.length, options, blobs);
  try {
    const value = codec.decode(reader);
    reader.finish();
    return value;
  } finally {
    reader.release();
  }
}

// ../../../packages/client/src/generated/tables.ts
var STATUS_CODES = {
  /** The call succeeded. */
  ok: 0,
  /** The caller cancelled. */
  cancelled: 1,
  /** A value breaks its contract, or the handler refuses it. */
  invalid_argument: 3,
  /** The time for the call ran out. */
  deadline_exceeded: 4,
  /** A named thing does not exist. */
  not_found: 5,
  /** A named thing exists already. */
  already_exists: 6,
  /** It is not granted, or it does not exist. */
  permission_denied: 7,
  /** A limit or budget is used up. */
  resource_exhausted: 8,
  /** The callee is in a state that forbids it. */
  failed_precondition: 9,
  /** It lost against a concurrent change. */
  aborted: 10,
  /** It is past the end. */
  out_of_range: 11,
  /** The callee does not serve this. */
  unimplemented: 12,
  /** The callee is at fault; its log has the correlation id. */
  internal: 13,
  /** There is no server now, or it left. */
  unavailable: 14,
  /** Data is lost for good. */
  data_loss: 15,
  /** The application's own error, typed by its contract. */
  application: 16,
  /** Two builds of the interface disagree. */
  contract_mismatch: 17
};
var STATUS_RETRIES = {
  deadline_exceeded: "idempotent",
  resource_exhausted: "later",
  aborted: "later",
  unavailable: "idempotent"
};
var REASON_CODES = {
  /** The application closed the connection. */
  closed: 0,
  /** The other side is quitting. */
  going_away: 1,
  /** Main took the grant back. */
  revoked: 2,
  /** No protocol version is known to both sides. */
  version_mismatch: 16,
  /** The two sides were built from different contracts. */
  contract_mismatch: 17,
  /** No hello came in time. */
  handshake_timeout: 18,
  /** The peer was silent while it was awaited. */
  unresponsive: 19,
  /** More is waiting for the peer than its outbox may hold. */
  slow_consumer: 20,
  /** A frame header is not valid. */
  malformed_frame: 32,
  /** A frame is larger than the receiver accepts. */
  frame_too_large: 33,
  /** A frame kind is not known. */
  unknown_kind: 34,
  /** A frame has a flag that its kind does not define. */
  unknown_flag: 35,
  /** A frame came in a state, or from a side, that forbids it. */
  unexpected_frame: 36,
  /** A call id is in use already, or is not valid. */
  duplicate_id: 37,
  /** A frame belongs to no call. */
  unknown_id: 38,
  /** A binding was never given to this peer. */
  unknown_binding: 39,
  /** A stream item came without credit, or on a flow that is not open. */
  credit_exceeded: 40,
  /** More data came than the connection window allows. */
  window_exceeded: 41,
  /** A body breaks its contract. */
  malformed_payload: 42,
  /** A message of the transport ends inside a frame. */
  partial_message: 43,
  /** Far more came than the budget of the peer allows. */
  rate_exceeded: 44,
  /** A parcel of bytes is too much, unknown, used twice or not whole. */
  bad_parcel: 45,
  /** A pool or a loan is not what it says, or a descriptor was not declared. */
  bad_pool: 46
};
var RECONNECT_REASONS = ["going_away", "handshake_timeout", "unresponsive", "slow_consumer"];

// ../../../packages/client/src/names.ts
function nameOf(codes, code) {
  return Object.keys(codes).find((name) => codes[name] === code);
}
var reasonOf = (code) => nameOf(REASON_CODES, code);
var statusOf = (code) => code === 0 ? "ok" : nameOf(STATUS_CODES, code);
var reasonCode = (name) => REASON_CODES[name];
var statusCode = (name) => STATUS_CODES[name];

// ../../../packages/client/src/session/calls.ts
var PAST = 0;
var NEVER = 1;
var GENERATIONS = 65535;
var CallTable = class {
  constructor(slotsMax) {
    this.slotsMax = slotsMax;
  }
  /** By slot: the id that has it, or had it last. */
  #ids = [];
  /** By slot. */
  #calls = [];
  /** No slot below is free. */
  #free = 0;
  #open = 0;
  /** How many calls are open. */
  get size() {
    return this.#open;
  }
  /** Opens a call in the lowest free slot; 0 when all are taken. */
  open(call) {
    if (this.#open >= this.slotsMax) return 0;
    let slot = this.#free;
    while (this.#calls[slot] !== void 0) slot++;
    const generation = Math.floor((this.#ids[slot] ?? 0) / 65536);
    const id = (generation === GENERATIONS ? 1 : generation + 1) * 65536 + slot;
    this.#take(slot, id, call);
    return id;
  }
  /** Takes in a call that the other side has opened under `id`: undefined, or why not. */
  admit(id, call) {
    const slot = id & 65535;
    if (slot >= this.slotsMax) return PAST;
    this.#grow(slot);
    if (id < 65536 || this.#calls[slot] !== void 0 || this.#ids[slot] === id) return NEVER;
    this.#take(slot, id, call);
    return void 0;
  }
  /** The call of that id, or what became of it. */
  find(id) {
    const slot = id & 65535;
    if (slot >= this.slotsMax) return PAST;
    if (id === 0 || this.#ids[slot] !== id) return NEVER;
    return this.#calls[slot] ?? PAST;
  }
  /** The open call of that id. */
  get(id) {
    const slot = id & 65535;
    return id !== 0 && this.#ids[slot] === id ? this.#calls[slot] : void 0;
  }
  /** Closes a call and returns it. */
  remove(id) {
    const call = this.get(id);
    if (call !== void 0) {
      const slot = id & 65535;
      this.#calls[slot] = void 0;
      this.#open--;
      if (slot < this.#free) this.#free = slot;
    }
    return call;
  }
  /** Every open call, by slot. */
  forEach(visit) {
    for (let slot = 0; slot < this.#calls.length; slot++) {
      const call = this.#calls[slot];
      if (call !== void 0) visit(call, this.#ids[slot]);
    }
  }
  /** Closes all calls and returns them. */
  drain() {
    const calls = this.#calls.filter((call) => call !== void 0);
    this.#calls.fill(void 0);
    this.#open = 0;
    this.#free = 0;
    return calls;
  }
  #take(slot, id, call) {
    this.#grow(slot);
    this.#ids[slot] = id;
    this.#calls[slot] = call;
    this.#open++;
    if (slot === this.#free) this.#free++;
  }
  // Without holes, so that the arrays stay packed.
  #grow(slot) {
    while (this.#calls.length <= slot) {
      this.#calls.push(void 0);
      this.#ids.push(0);
    }
  }
};

// ../../../packages/client/src/session/flow.ts
var Flow = class {
  constructor(items, bytes2) {
    this.items = items;
    this.bytes = bytes2;
  }
  get open() {
    return this.items > 0 && this.bytes > 0;
  }
  spend(bytes2) {
    this.items--;
    this.bytes -= bytes2;
  }
  add(items, bytes2) {
    this.items += items;
    this.bytes += bytes2;
  }
};

// ../../../packages/client/src/session/violation.ts
var Violation = class extends Error {
  constructor(reason, message = reason) {
    super(message);
    this.reason = reason;
  }
};

// ../../../packages/client/src/session/frame.ts
var HEADER_BYTES = 24;
var OPTIONAL_KINDS_FROM = 128;
var FLAG_CALLEE = 1;
var FLAG_ACK = 2;
var FLAG_ABANDON = 4;
var FLAG_ROW = 8;
var NUMBER_BYTES = 4;
var HELLO = 1;
var WELCOME = 2;
var GOODBYE = 3;
var PING = 4;
var PONG = 5;
var WINDOW = 6;
var REQUEST = 7;
var NOTIFY = 8;
var SUBSCRIBE = 9;
var PUBLISH = 10;
var ITEM = 11;
var ACK = 12;
var CREDIT = 13;
var FINISH = 14;
var CANCEL = 15;
var END = 16;
var UNBOUND = 17;
var CALLER = 18;
var PARCEL = 19;
var LEND = 20;
var POOL = 21;
var DATA_KINDS = 1 << REQUEST | 1 << NOTIFY | 1 << SUBSCRIBE | 1 << PUBLISH | 1 << ITEM | 1 << FINISH | 1 << CANCEL | 1 << END | 1 << UNBOUND | 1 << CALLER | 1 << PARCEL | 1 << LEND;
var OPENING_KINDS = 1 << REQUEST | 1 << NOTIFY | 1 << SUBSCRIBE | 1 << PUBLISH;
var VALUE_KINDS = 1 << REQUEST | 1 << NOTIFY | 1 << PUBLISH | 1 << ITEM | 1 << END;
var PEER_KINDS = 1 << HELLO | 1 << SUBSCRIBE | 1 << PUBLISH | 1 << ACK;
function isFromPeer(kind) {
  return (PEER_KINDS >> kind & 1) !== 0;
}
function isData(kind) {
  return (DATA_KINDS >> kind & 1) !== 0;
}
function flagsAllowed(kind, flags) {
  if (kind === ITEM) return FLAG_CALLEE | ((flags & FLAG_ROW) === 0 ? FLAG_ACK : FLAG_ROW);
  return kind === CREDIT ? FLAG_CALLEE : kind === PARCEL ? FLAG_ABANDON : 0;
}
function emptyHead() {
  return { length: 0, kind: 0, flags: 0, numbers: 0, binding: 0, ordinal: 0, id: 0, budget: 0 };
}
function get32(bytes2, at) {
  return (bytes2[at] | bytes2[at + 1] << 8 | bytes2[at + 2] << 16 | bytes2[at + 3] << 24) >>> 0;
}
function get16(bytes2, at) {
  return bytes2[at] | bytes2[at + 1] << 8;
}
function kindAndId(bytes2) {
  return [bytes2[4], get32(bytes2, 16)];
}
function parseHead(bytes2, offset, frameBytesMax, head) {
  const have = bytes2.length - offset;
  head.length = HEADER_BYTES;
  if (have < 4) return false;
  const length = get32(bytes2, offset);
  if (length < HEADER_BYTES) {
    throw new Violation("malformed_frame", `${length} bytes`);
  }
  if (length > frameBytesMax) {
    throw new Violation("frame_too_large", `${length} bytes`);
  }
  head.length = length;
  if (have < HEADER_BYTES) return false;
  const kind = bytes2[offset + 4];
  if (kind === 0 || kind > POOL) {
    if (kind < OPTIONAL_KINDS_FROM) throw new Violation("unknown_kind", `kind ${kind}`);
    head.kind = 0;
    return have >= length;
  }
  const flags = bytes2[offset + 5];
  if ((flags & ~flagsAllowed(kind, flags)) !== 0) {
    throw new Violation("unknown_flag", `kind ${kind}, flags ${flags}`);
  }
  const blobs = get16(bytes2, offset + 6);
  const numbers = blobs * NUMBER_BYTES;
  if (blobs > (flags & FLAG_ROW ? 0 : BLOBS_MAX * (VALUE_KINDS >> kind & 1)) || HEADER_BYTES + numbers > length) {
    throw new Violation("malformed_frame", `${blobs} attachments`);
  }
  head.kind = kind;
  head.flags = flags;
  head.numbers = numbers;
  head.binding = get32(bytes2, offset + 8);
  head.ordinal = get32(bytes2, offset + 12);
  head.id = get32(bytes2, offset + 16);
  head.budget = get32(bytes2, offset + 20);
  return have >= length;
}
function itemsOf(row, each) {
  const items = [];
  let at = 0;
  do {
    const start = at + 2;
    at = start + get16(row, at);
    if (start > row.length || at > row.length) throw new Violation("malformed_frame", "a row");
    each(at - start);
    items.push(row.subarray(start, at));
  } while (at < row.length);
  return items;
}
function put32(out, at, value) {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}
function writeHead(out, kind, flags, binding, ordinal, id, budget) {
  put32(out, 0, out.length);
  out[4] = kind;
  out[5] = flags;
  put32(out, 8, binding);
  put32(out, 12, ordinal);
  put32(out, 16, id);
  put32(out, 20, budget);
}
function writeBudget(out, budget) {
  put32(out, 20, budget);
}
function writeNumbers(out, numbers) {
  out[6] = numbers.length;
  let at = out.length - numbers.length * NUMBER_BYTES;
  for (const number of numbers) {
    put32(out, at, number);
    at += NUMBER_BYTES;
  }
}

// ../../../packages/client/src/session/limits.ts
var PROTOCOL = 1;
var FRAME_BYTES_FLOOR = 4 * 1024;
var WINDOW_BYTES_FLOOR = 4 * 1024;
var NAME_BYTES_MAX = 128;
var CLIENT_BYTES_MAX = 64;
var GOODBYE_BYTES_MAX = 1024;
var OUTBOX_BYTES_MAX = 32 * 1024 * 1024;
var BLOBS_WAITING_BYTES_MAX = 64 * 1024 * 1024;
var PARCELS_MAX = 64;
var PARCEL_FRAME_BYTES_MAX = 64 * 1024;
var CONTROL_BYTES_MAX = 1024 * 1024;
var QUIET_MS = 1e4;
var GRACE_MS = 2e4;
var LIMITS_DEFAULT = {
  frameBytes: 16 * 1024 * 1024,
  windowBytes: 4 * 1024 * 1024,
  calls: 1024,
  streamItems: 16,
  streamBytes: 1024 * 1024,
  blobBytes: 64 * 1024 * 1024
};

// ../../../packages/client/src/session/shipping.ts
function opens(kind) {
  return (OPENING_KINDS >> kind & 1) !== 0;
}
function standsAlone({ kind, binding }) {
  return kind === CALLER || kind === UNBOUND || kind === REQUEST && binding === 0;
}
function isWhole({ message, whole }) {
  return whole === message.blobs.length;
}
var Barrier = class {
  /** Calls of this side's by id, those of the other side by its negative. */
  #calls = /* @__PURE__ */ new Set();
  #channels = /* @__PURE__ */ new Set();
  #alone = false;
  add(message) {
    const alone = standsAlone(message);
    this.#alone ||= alone;
    this.#calls.add(callOf(message));
    if (alone || opens(message.kind)) this.#channels.add(channelOf(message));
  }
  holds(message) {
    if (message.id !== 0 && this.#calls.has(callOf(message))) return true;
    const alone = standsAlone(message);
    if (this.#channels.size === 0 || !(alone || opens(message.kind))) return false;
    return alone || this.#alone || this.#channels.has(channelOf(message));
  }
};
function callOf({ id, ours }) {
  return ours ? id : -id;
}
function channelOf({ binding, ordinal }) {
  return `${binding} ${ordinal}`;
}
var Shipping = class {
  #kept = [];
  #barrier = new Barrier();
  #lastNumber = 0;
  /** Parcels whose message has not left, and their bytes. */
  #parcels = 0;
  #bytes = 0;
  /** Whose turn it is, as a place in what is kept. */
  #turn = 0;
  /** Something may have become free to leave. */
  #loose = false;
  get isEmpty() {
    return this.#kept.length === 0;
  }
  get messages() {
    return this.#kept.map(({ message }) => message);
  }
  /** Takes a frame that has blobs, or must not overtake one that has; false for any other. */
  keep(message) {
    if (message.blobs.length === 0 && (this.isEmpty || !this.#barrier.holds(message))) return false;
    this.#kept.push({ message, numbers: [], whole: 0, sent: 0 });
    this.#barrier.add(message);
    return true;
  }
  /** The next frame of a parcel, by turns of their messages; undefined when none may leave. */
  next(limits) {
    this.#begin(limits.blobBytes);
    const count2 = this.#kept.length;
    for (let step = 0; step < count2; step++) {
      const at = (this.#turn + step) % count2;
      const kept2 = this.#kept[at];
      if (kept2.whole >= kept2.numbers.length) continue;
      this.#turn = at + 1;
      return this.#cut(kept2, Math.min(PARCEL_FRAME_BYTES_MAX, limits.frameBytes - HEADER_BYTES));
    }
    return void 0;
  }
  /** Lets go what nothing keeps back any more, while there is room. */
  release(hasRoom, leave) {
    if (!this.#loose) return;
    this.#loose = false;
    this.#filter((kept2, barrier) => {
      if (!isWhole(kept2) || barrier.holds(kept2.message)) return true;
      if (!hasRoom()) return this.#loose = true;
      writeNumbers(kept2.message.bytes, kept2.numbers);
      this.#forget(kept2);
      leave(kept2.message);
      return false;
    });
  }
  /** Takes frames back; `abandon` is told of each parcel of theirs that was begun. */
  withdraw(which, abandon) {
    const gone = [];
    this.#filter((kept2) => {
      if (!which(kept2.message)) return true;
      kept2.numbers.slice(0, kept2.whole + Number(kept2.sent > 0)).forEach(abandon);
      this.#forget(kept2);
      gone.push(kept2.message);
      return false;
    });
    this.#loose = true;
    return gone;
  }
  clear() {
    this.#kept = [];
  }
  /** Keeps what `stays` says, and its barrier with it, which it is shown as it grows. */
  #filter(stays) {
    const barrier = new Barrier();
    const turn = this.#turn;
    this.#kept = this.#kept.filter((kept2, at) => {
      const stay = stays(kept2, barrier);
      if (stay) barrier.add(kept2.message);
      else if (at < turn) this.#turn--;
      return stay;
    });
    this.#barrier = barrier;
  }
  /** Numbers parcels in the order of their messages, as many as may be on their way: so the first can always be finished. */
  #begin(bytesMax) {
    for (const { message, numbers } of this.#kept) {
      while (numbers.length < message.blobs.length) {
        const { length } = message.blobs[numbers.length];
        if (this.#parcels >= PARCELS_MAX || this.#bytes + length > bytesMax) return;
        this.#parcels++;
        this.#bytes += length;
        this.#lastNumber = this.#lastNumber === 4294967295 ? 1 : this.#lastNumber + 1;
        numbers.push(this.#lastNumber);
      }
    }
  }
  #cut(kept2, bytesMax) {
    const blob = kept2.message.blobs[kept2.whole];
    const part = blob.subarray(kept2.sent, kept2.sent + bytesMax);
    const bytes2 = new Uint8Array(HEADER_BYTES + part.length);
    writeHead(bytes2, PARCEL, 0, 0, 0, kept2.numbers[kept2.whole], blob.length);
    bytes2.set(part, HEADER_BYTES);
    kept2.sent += part.length;
    if (kept2.sent === blob.length) {
      kept2.sent = 0;
      kept2.whole++;
      this.#loose ||= isWhole(kept2);
    }
    return bytes2;
  }
  /** The numbers of its parcels are free again. */
  #forget({ message, numbers }) {
    this.#parcels -= numbers.length;
    for (const { length } of message.blobs.slice(0, numbers.length)) this.#bytes -= length;
  }
};

// ../../../packages/client/src/session/outbox.ts
var BATCH_BYTES_MAX = 64 * 1024;
var CLOCK_ERROR_MS = 1e-3;
function budgetMs(deadline, now) {
  return Math.min(Math.max(1, Math.ceil(deadline - now - CLOCK_ERROR_MS)), 4294967295);
}
var NOTHING2 = new Uint8Array(0);
var Outbox = class {
  constructor() {
    this.#control = [];
    /** Data frames that may leave. */
    this.#ready = [];
    /** Data frames that wait for the window to open. */
    this.#held = [];
    this.#shipping = new Shipping();
    /** Nothing that is shipped can go on until the window opens, or something is added. */
    this.#stalled = false;
    this.#window = 0;
    /** What the other side accepts. */
    this.limits = LIMITS_DEFAULT;
    /** Bytes of data that wait, in all, without blobs. */
    this.dataBytes = 0;
    /** Bytes of the blobs whose messages wait. */
    this.blobBytes = 0;
    /** Bytes of control frames that wait. */
    this.controlBytes = 0;
    /** Bytes of acknowledgements among the control frames that have not left. */
    this.acknowledging = 0;
  }
  #control;
  #ready;
  #held;
  #shipping;
  #stalled;
  #window;
  /** Whether something can leave now. */
  get hasOutput() {
    return this.#control.length + this.#ready.length > 0 || !(this.#stalled || this.#shipping.isEmpty);
  }
  /** Whether data waits for the other side. */
  get isHeld() {
    return this.#held.length > 0 || !this.#shipping.isEmpty;
  }
  /** A control frame: outside the window, ahead of data. `bytes` as in `data`. */
  control(kind, flags, ordinal, id, budget, bytes2 = noBody()) {
    writeHead(bytes2, kind, flags, 0, ordinal, id, budget);
    this.#control.push(bytes2);
    this.controlBytes += bytes2.length;
  }
  /**
   * A data frame: `bytes`, which belong to the outbox from here on, are room for the header, the body and the numbers of
   * its blobs. If it has to wait, its budget is what is left until `due` when it leaves.
   */
  data(kind, flags, binding, ordinal, id, budget, bytes2 = noBody(), due, blobs = NO_BLOBS) {
    writeHead(bytes2, kind, flags, binding, ordinal, id, budget);
    this.dataBytes += bytes2.length;
    this.blobBytes += sizeOf(NOTHING2, blobs);
    const ours = kind !== END && (flags & FLAG_CALLEE) === 0;
    const message = { bytes: bytes2, kind, binding, ordinal, id: kind === PARCEL ? 0 : id, ours, due, blobs };
    if (this.#shipping.keep(message)) this.#stalled = false;
    else if (this.#window > 0 && this.#held.length === 0) this.#push(bytes2);
    else this.#held.push(message);
  }
  /** Opens the other side's window further: at first, and by what it has taken in, which is not more than is on its way. */
  addWindow(bytes2, now) {
    this.#window += bytes2;
    if (this.#window > this.limits.windowBytes) throw new Violation("window_exceeded");
    this.#stalled = false;
    let next = 0;
    for (; this.#window > 0 && next < this.#held.length; next++) this.#leave(this.#held[next], now);
    if (next > 0) this.#held.splice(0, next);
  }
  /**
   * Takes back all messages that `why` says something of, and everything of their calls; returns what it said by the id of
   * the call, 0 for what is none. Only before anything has left, and so before the hub has opened calls.
   */
  takeLarger(why) {
    const taken = /* @__PURE__ */ new Map();
    const said = ({ bytes: bytes2, blobs }) => why(bytes2.length, sizeOf(NOTHING2, blobs));
    for (const message of [...this.#held, ...this.#shipping.messages]) {
      const text2 = said(message);
      if (text2 !== void 0) taken.set(message.id, text2);
    }
    this.#drop((message) => message.id !== 0 && taken.has(message.id) || said(message) !== void 0);
    return taken;
  }
  /** Takes back what waits of a call of this side's, and gives its parcels up. True when nothing of the call has left. */
  withdraw(id) {
    return this.#drop((message) => message.ours && message.id === id).some(({ kind }) => opens(kind));
  }
  /**
   * The hub has ended a call of this side's: nobody takes what waits of it, and the next call of its slot may leave before
   * what waits for blobs.
   */
  withdrawEnded(id) {
    if (this.#held.length > 0 || this.#shipping.messages.length > 0) this.withdraw(id);
  }
  /**
   * Drops all data that has not left, and control frames where nobody wants them: the connection ends. Returns the ids of
   * calls of this side's whose first frame was dropped.
   */
  clear(control) {
    const unsent = /* @__PURE__ */ new Set();
    const note = (kind, id) => void (opens(kind) && unsent.add(id));
    for (const { kind, id } of [...this.#held, ...this.#shipping.messages]) note(kind, id);
    for (const bytes2 of this.#ready) note(...kindAndId(bytes2));
    if (control) this.#control = [];
    this.#ready = [];
    this.#held = [];
    this.#shipping.clear();
    this.dataBytes = this.blobBytes = 0;
    return unsent;
  }
  #drop(which) {
    const abandoned = [];
    const gone = this.#shipping.withdraw(which, (number) => abandoned.push(number));
    this.#held = this.#held.filter((message) => !(which(message) && gone.push(message)));
    for (const { bytes: bytes2, blobs } of gone) {
      this.dataBytes -= bytes2.length;
      this.blobBytes -= sizeOf(NOTHING2, blobs);
    }
    for (const number of abandoned) this.data(PARCEL, FLAG_ABANDON, 0, 0, number, 0);
    this.#stalled = false;
    return gone;
  }
  /** A frame that leaves now. */
  #push(bytes2) {
    this.#window -= bytes2.length;
    this.#ready.push(bytes2);
  }
  /** One that has waited. */
  #leave({ bytes: bytes2, due }, now) {
    if (due !== void 0) writeBudget(bytes2, budgetMs(due, now));
    this.#push(bytes2);
  }
  /** Parcels, when nothing else can leave, and the messages that they make whole: as much as goes into one message. */
  #ship(now) {
    const { limits } = this;
    let before = -1;
    for (let bytes2 = 0; this.#ready.length > before && bytes2 < BATCH_BYTES_MAX; ) {
      before = this.#ready.length;
      const part = this.#window > Math.floor(limits.windowBytes / 2) ? this.#shipping.next(limits) : void 0;
      if (part !== void 0) {
        bytes2 += part.length;
        this.dataBytes += part.length;
        this.#push(part);
      }
      this.#shipping.release(
        () => this.#window > 0,
        (message) => {
          bytes2 += message.bytes.length;
          this.blobBytes -= sizeOf(NOTHING2, message.blobs);
          this.#leave(message, now);
        }
      );
    }
    this.#stalled = this.#ready.length === 0;
  }
  /** The next message of whole frames, which belongs to the caller; undefined when nothing may leave now. */
  transmit(now) {
    this.acknowledging = 0;
    if (this.#ready.length === 0) this.#ship(now);
    if (this.#control.length === 0 && this.#ready.length === 1) {
      const only = this.#ready.pop();
      this.dataBytes -= only.length;
      return only;
    }
    const frames = [];
    const control = gather(this.#control, frames, 0);
    this.controlBytes -= control;
    const length = this.#control.length > 0 ? control : gather(this.#ready, frames, control);
    this.dataBytes -= length - control;
    if (frames.length < 2) return frames[0];
    const message = new Uint8Array(length);
    let at = 0;
    for (const bytes2 of frames) {
      message.set(bytes2, at);
      at += bytes2.length;
    }
    return message;
  }
};
function gather(list, frames, length) {
  let count2 = 0;
  for (const bytes2 of list) {
    if (length > 0 && length + bytes2.length > BATCH_BYTES_MAX) break;
    length += bytes2.length;
    count2++;
  }
  frames.push(...list.splice(0, count2));
  return length;
}
function noBody() {
  return new Uint8Array(HEADER_BYTES);
}

// ../../../packages/client/src/session/parcels.ts
var AHEAD = 128;
var Parcels = class {
  constructor(bytesMax) {
    this.bytesMax = bytesMax;
  }
  #parcels = /* @__PURE__ */ new Map();
  /** Their lengths together. */
  #bytes = 0;
  /** Takes in a `parcel` frame. */
  add({ id, flags, budget: length }, body) {
    let parcel = this.#parcels.get(id);
    if ((flags & FLAG_ABANDON) !== 0) {
      if (parcel === void 0 || body.length > 0) throw bad(id);
      return this.#remove(id, parcel);
    }
    if (parcel === void 0) {
      if (id === 0 || this.#parcels.size >= PARCELS_MAX || this.#bytes + length > this.bytesMax) throw bad(id);
      this.#bytes += length;
      this.#parcels.set(id, parcel = { length, bytes: new Uint8Array(0), have: 0 });
    } else if (parcel.have === parcel.length) throw bad(id);
    const have = parcel.have + body.length;
    const fits = length === parcel.length && have <= length && body.length <= PARCEL_FRAME_BYTES_MAX;
    if (!fits || body.length === 0 && length > 0) throw bad(id);
    if (have > parcel.bytes.length) {
      const grown = new Uint8Array(Math.min(length, have * AHEAD));
      grown.set(parcel.bytes.subarray(0, parcel.have));
      parcel.bytes = grown;
    }
    parcel.bytes.set(body, parcel.have);
    parcel.have = have;
  }
  /** The blobs of a message that names their parcels: each is used once. */
  take(numbers) {
    const blobs = [];
    for (let at = 0; at < numbers.length; at += 4) {
      const id = get32(numbers, at);
      const parcel = this.#parcels.get(id);
      if (parcel === void 0 || parcel.have < parcel.length) throw bad(id);
      this.#remove(id, parcel);
      blobs.push(parcel.bytes);
    }
    return blobs;
  }
  /** Lets go of everything: the connection has ended. */
  clear() {
    this.#parcels.clear();
    this.#bytes = 0;
  }
  #remove(id, { length }) {
    this.#parcels.delete(id);
    this.#bytes -= length;
  }
};
function bad(id) {
  return new Violation("bad_parcel", `parcel ${id}`);
}

// ../../../packages/client/src/session/wire.ts
var CHANNEL_BYTES_MAX = 256;
var PATH_BYTES_MAX = 512;
var MESSAGE_BYTES_MAX = 1024;
var HASH_BYTES = 16;
function writeItems2(out, items, write2) {
  out.count(items.length);
  for (const item of items) write2(item);
}
function readItems2(input2, bytesMin, read) {
  const items = [];
  for (let left = input2.count(bytesMin); left > 0; left--) items.push(read());
  return items;
}
function encodeHello(out, hello) {
  out.u16(hello.protocolMin);
  out.u16(hello.protocolMax);
  out.string(hello.client, 0, CLIENT_BYTES_MAX);
  encodeLimits(out, hello.limits);
  writeItems2(out, hello.interfaces, (offer2) => {
    out.string(offer2.name, 0, NAME_BYTES_MAX);
    out.u16(offer2.version);
    encodeShape(out, offer2);
    writeItems2(out, offer2.channels, (digest) => out.u32(digest));
  });
}
function encodeLimits(out, limits) {
  out.u32(limits.frameBytes);
  out.u32(limits.windowBytes);
  out.u16(limits.calls);
  out.u32(limits.streamItems);
  out.u32(limits.streamBytes);
  out.u32(limits.blobBytes);
  out.u16(0);
}
function decodeLimits(input2) {
  const limits = {
    frameBytes: input2.u32(),
    windowBytes: input2.u32(),
    calls: input2.u16(),
    streamItems: input2.u32(),
    streamBytes: input2.u32(),
    blobBytes: input2.u32()
  };
  input2.u16();
  return limits;
}
function decodeWelcome(input2) {
  return {
    protocol: input2.u16(),
    limits: decodeLimits(input2),
    peer: input2.u32(),
    label: input2.string(0, NAME_BYTES_MAX),
    role: input2.string(0, NAME_BYTES_MAX)
  };
}
var encoder2 = new TextEncoder();
var decoder2 = new TextDecoder();
function cut(text2, max) {
  const well = text2.toWellFormed();
  if (well.length * 3 <= max) return well;
  const bytes2 = new Uint8Array(max);
  const { written } = encoder2.encodeInto(well, bytes2);
  return decoder2.decode(bytes2.subarray(0, written));
}
function encodeFailure(out, failure3) {
  const retry2 = failure3.retry ?? { type: "never" };
  out.string(cut(failure3.channel, CHANNEL_BYTES_MAX));
  out.string(cut(failure3.path ?? "", PATH_BYTES_MAX));
  out.string(cut(failure3.message, MESSAGE_BYTES_MAX));
  if (retry2.type === "after") {
    out.u8(2);
    out.u32(retry2.ms);
  } else {
    out.u8(retry2.type === "never" ? 0 : 1);
  }
  out.u64(failure3.correlation ?? 0n);
}
function decodeFailure(input2) {
  return {
    channel: input2.string(0, CHANNEL_BYTES_MAX),
    path: input2.string(0, PATH_BYTES_MAX),
    message: input2.string(0, MESSAGE_BYTES_MAX),
    retry: decodeRetry(input2),
    correlation: input2.u64()
  };
}
var failureCodec = { encode: encodeFailure, decode: decodeFailure };
function decodeRetry(input2) {
  switch (tag(input2, 3)) {
    case 0:
      return { type: "never" };
    case 1:
      return { type: "later" };
    default:
      return { type: "after", ms: input2.u32() };
  }
}
function tag(input2, variants) {
  const value = input2.u32();
  if (value >= variants) throw new RangeError(`there is no variant ${value}`);
  return value;
}
function encodeShape(out, { hash, earlier = [] }) {
  out.raw(hashBytes(hash), HASH_BYTES);
  writeItems2(out, earlier, (each) => out.raw(hashBytes(each), HASH_BYTES));
}
function encodeBind(out, args) {
  const [name, shape, target] = args;
  out.string(name, 0, NAME_BYTES_MAX);
  encodeShape(out, shape);
  if (target === "any") return out.u8(0);
  const label = "label" in target;
  out.u8(label ? 1 : 2);
  out.string(label ? target.label : target.instance, 0, NAME_BYTES_MAX);
}
function encodeServe(out, args) {
  const [name, shape, instance] = args;
  out.string(name, 0, NAME_BYTES_MAX);
  encodeShape(out, shape);
  out.string(instance, 0, NAME_BYTES_MAX);
}
function readOnly(decode) {
  return { decode };
}
var boundCodec = /* @__PURE__ */ readOnly((input2) => ({
  binding: input2.u32(),
  label: input2.string(0, NAME_BYTES_MAX),
  instance: input2.string(0, NAME_BYTES_MAX)
}));
var u32Codec = /* @__PURE__ */ readOnly((input2) => input2.u32());
var WHY = ["dropped", "left", "timedOut"];
function decodeReport(input2) {
  const recipient = () => ({ peer: input2.u32(), label: input2.string(0, NAME_BYTES_MAX) });
  const delivered = readItems2(input2, 2, recipient);
  const missed = readItems2(input2, 3, () => ({ ...recipient(), why: WHY[tag(input2, WHY.length)] }));
  return { delivered, missed };
}
var reportCodec = /* @__PURE__ */ readOnly(decodeReport);
function hashBytes(hash) {
  return Uint8Array.from(hash.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
function decodeCaller(peer, body) {
  try {
    const input2 = new Reader(body);
    const caller = { peer, label: input2.string(0, NAME_BYTES_MAX), role: input2.string(0, NAME_BYTES_MAX) };
    input2.finish();
    return caller;
  } catch (error) {
    throw new Violation("malformed_payload", `caller: ${String(error)}`);
  }
}

// ../../../packages/client/src/session/core.ts
var GREETING = 0;
var OPEN = 1;
var CLOSED = 2;
var SendError = class extends Error {
  constructor(status, message, isFinal = false) {
    super(message);
    this.status = status;
    this.isFinal = isFinal;
  }
};
var FULL = "too much waits to be sent";
var SCRATCH_BYTES_MAX = 256 * 1024;
var scratch;
var SessionCore = class {
  constructor(config, events, now) {
    this.events = events;
    /** What the hub accepts; the defaults until it has said so. */
    this.theirs = LIMITS_DEFAULT;
    this.outbox = new Outbox();
    this.state = GREETING;
    /** Calls of this side's whose end is due. */
    this.awaited = 0;
    this.ours = { ...LIMITS_DEFAULT, ...config.limits };
    this.keepalive = config.keepalive ?? true;
    this.heard = now;
    this.parcels = new Parcels(this.ours.blobBytes);
    this.inbound = new CallTable(this.ours.calls);
    this.outbound = new CallTable(this.theirs.calls);
  }
  get isClosed() {
    return this.state === CLOSED;
  }
  /** Calls open: by the hub, and by this side, those that are being cancelled included. */
  get callsOpen() {
    return [this.inbound.size, this.outbound.size];
  }
  /** Whether something can be transmitted now. */
  get hasOutput() {
    return this.outbox.hasOutput;
  }
  /** The next message of whole frames; undefined when there is none. */
  transmit(now) {
    return this.outbox.transmit(now);
  }
  /** Introduces this side. Everything may be sent behind it at once; data waits for the welcome here. */
  hello(client, interfaces) {
    const hello = { protocolMin: PROTOCOL, protocolMax: PROTOCOL, client, limits: this.ours, interfaces };
    this.#encode(
      (out) => encodeHello(out, hello),
      (bytes2) => this.outbox.control(HELLO, 0, 0, 0, 0, bytes2)
    );
  }
  /**
   * Opens a call and returns its id. `kind` is that of a request, subscription or publication. The callee is told of
   * `slackMs` less than the caller waits. Throws `SendError`, and whatever `body` throws; nothing was sent then.
   */
  open(kind, binding, ordinal, up, down, deadline, now, owner, body, slackMs = 0) {
    this.#mustSend();
    const call = {
      owner,
      cancelled: false,
      // How much may be sent before the hub has said so is not known.
      send: up ? this.state === GREETING ? new Flow(0, 0) : flow(this.theirs) : void 0,
      recv: down ? flow(this.ours) : void 0,
      deadline,
      awaited: false
    };
    return this.#encode(body, (bytes2, blobs) => {
      const id = this.outbound.open(call);
      if (id === 0) throw new SendError("resource_exhausted", "too many calls are open");
      const due = deadline === void 0 ? void 0 : deadline - slackMs;
      this.outbox.data(kind, 0, binding, ordinal, id, due === void 0 ? 0 : budgetMs(due, now), bytes2, due, blobs);
      this.noteDeadline(deadline);
      if (this.awaited === 0 && now > this.heard) this.heard = now;
      this.#await(call, kind !== SUBSCRIBE);
      return id;
    });
  }
  /** Sends a one-way message: a notification, or a publication without a report. Throws as `open` does. */
  oneWay(kind, binding, ordinal, body) {
    this.#mustSend();
    this.#encode(body, (bytes2, blobs) => this.outbox.data(kind, 0, binding, ordinal, 0, 0, bytes2, void 0, blobs));
  }
  /** Says who serves a call of the hub's, and which flows it has. */
  accept(id, owner, up, down) {
    const call = this.inbound.get(id);
    if (call === void 0) return;
    call.owner = owner;
    if (down) call.send = flow(this.theirs);
    if (up) call.recv = flow(this.ours);
  }
  /** Whether an item may be sent now; undefined when the call has ended or has no such flow. */
  maySend(callee, id) {
    return this.#flows(callee, id)?.send?.open;
  }
  /** Sends an item; false when there is no credit or no such flow. Throws what `body` throws. */
  item(callee, id, missed, body) {
    const send = this.#flows(callee, id)?.send;
    if (send === void 0 || !send.open) return false;
    this.#encode(body, (bytes2, blobs, size) => {
      this.outbox.data(ITEM, callee ? FLAG_CALLEE : 0, 0, missed, id, 0, bytes2, void 0, blobs);
      send.spend(size);
    });
    return true;
  }
  /** Tells the hub that an item of a subscription has arrived. */
  ack(id, token) {
    this.outbox.control(ACK, 0, 0, id, token);
  }
  /** Lets the other side send more on a stream. */
  credit(callee, id, items, bytes2) {
    const recv = this.#flows(callee, id)?.recv;
    if (recv === void 0) return;
    recv.add(items, bytes2);
    this.outbox.control(CREDIT, callee ? FLAG_CALLEE : 0, items, id, bytes2);
  }
  /** Says that no more items go to the callee. */
  finish(id) {
    const flows = this.#flows(false, id);
    if (flows?.send === void 0) return;
    flows.send = void 0;
    this.outbox.data(FINISH, 0, 0, 0, id, 0);
  }
  /**
   * Gives up a call of this side's, and says whether its first frame has left; undefined when the call has ended. Its owner
   * is told nothing any more, but for `late`.
   */
  cancel(id) {
    const call = this.outbound.get(id);
    if (call === void 0 || call.cancelled) return void 0;
    call.cancelled = true;
    this.#await(call, true);
    call.send = call.recv = call.deadline = void 0;
    const sent = !this.outbox.withdraw(id);
    if (sent) this.outbox.data(CANCEL, 0, 0, 0, id, 0);
    else this.forget(id);
    return sent;
  }
  /**
   * Ends a call of the hub's with a body; false when it has ended before. Throws what `body` throws. While the hub takes
   * nothing, what it asked for is not kept for it: it gets a short answer then.
   */
  reply(id, status, body) {
    if (this.inbound.get(id) === void 0) return false;
    if (this.#isFull) {
      this.refuse(id, "resource_exhausted", FULL);
      return true;
    }
    this.#answer(id, status, body);
    this.inbound.remove(id);
    return true;
  }
  /** Ends a call of the hub's that nobody serves. */
  refuse(id, status, message, channel = "") {
    this.#answer(id, status, (out) => failureCodec.encode(out, { channel, message }));
    this.inbound.remove(id);
  }
  /** From its first item on, a stream has no deadline of its own. */
  clearDeadline(callee, id) {
    const inbound = callee ? this.inbound.get(id) : void 0;
    const outbound = callee ? void 0 : this.outbound.get(id);
    if (inbound !== void 0) inbound.deadline = void 0;
    if (outbound === void 0) return;
    outbound.deadline = void 0;
    this.#await(outbound, false);
  }
  /** Sets when a call of the hub's runs out. */
  setInboundDeadline(id, deadline) {
    const call = this.inbound.get(id);
    if (call === void 0) return;
    call.deadline = deadline;
    this.noteDeadline(deadline);
  }
  /** Ends the connection with a goodbye, which still leaves by `transmit`. */
  close(goodbye) {
    if (this.isClosed) return;
    const unsent = this.outbox.clear(false);
    const text2 = new Uint8Array(HEADER_BYTES + GOODBYE_BYTES_MAX);
    const { written } = new TextEncoder().encodeInto(goodbye.message, text2.subarray(HEADER_BYTES));
    const bytes2 = text2.slice(0, HEADER_BYTES + written);
    this.outbox.control(GOODBYE, 0, reasonCode(goodbye.reason), 0, 0, bytes2);
    this.#ended(goodbye, unsent);
  }
  /** Ends the connection without a word: the transport is gone, or the hub has said goodbye. */
  abort(ending) {
    if (this.isClosed) return;
    this.#ended(ending, this.outbox.clear(true));
  }
  #answer(id, status, body) {
    this.#encode(body, (bytes2, blobs) => this.outbox.data(END, 0, 0, statusCode(status), id, 0, bytes2, void 0, blobs));
  }
  /** Frees the id of a call of this side's. */
  forget(id) {
    const call = this.outbound.remove(id);
    if (call !== void 0) this.#await(call, false);
    return call;
  }
  noteDeadline(deadline) {
    if (deadline !== void 0) this.deadlineFloor = Math.min(deadline, this.deadlineFloor ?? Infinity);
  }
  #await(call, awaited) {
    this.awaited += Number(awaited) - Number(call.awaited);
    call.awaited = awaited;
  }
  #ended(ending, unsent) {
    this.state = CLOSED;
    this.deadlineFloor = void 0;
    this.parcels.clear();
    this.awaited = 0;
    const inbound = this.inbound.drain();
    const outbound = [];
    this.outbound.forEach((call, id) => outbound.push([call, !unsent.has(id)]));
    this.outbound.drain();
    this.events.closed(ending);
    for (const { owner } of inbound) owner?.abandon();
    for (const [{ owner, cancelled }, sent] of outbound) {
      if (!cancelled) owner.fail("unavailable", sent, `the connection ended: ${ending.message}`);
    }
  }
  #flows(callee, id) {
    return callee ? this.inbound.get(id) : this.outbound.get(id);
  }
  #mustSend() {
    if (this.isClosed) throw new SendError("unavailable", "the connection has ended");
    if (this.#isFull) throw new SendError("resource_exhausted", FULL);
  }
  get #isFull() {
    return this.outbox.dataBytes > OUTBOX_BYTES_MAX;
  }
  /** Writes a body between room for the header of its frame and for the numbers of its blobs. `size` is that of body and blobs. */
  #encode(body, use) {
    const out = scratch ?? new Writer();
    scratch = void 0;
    try {
      const blobs = [];
      out.reset(HEADER_BYTES, blobs);
      body(out);
      const bodyBytes = out.length - HEADER_BYTES;
      const size = blobs.reduce((sum, blob) => sum + blob.length, bodyBytes);
      const numbers = blobs.length * NUMBER_BYTES;
      if (numbers > 0) out.raw(new Uint8Array(numbers), numbers);
      const why = tooLarge(out.length, size - bodyBytes, this.theirs);
      if (why !== void 0) throw new SendError("resource_exhausted", why, true);
      if (numbers > 0 && this.outbox.blobBytes > BLOBS_WAITING_BYTES_MAX) throw new SendError("resource_exhausted", FULL);
      return use(out.copy(), blobs, size);
    } finally {
      if (out.capacity <= SCRATCH_BYTES_MAX) scratch = out;
    }
  }
};
function tooLarge(bytes2, blobs, { frameBytes, blobBytes }) {
  if (bytes2 > frameBytes) return larger("a body", bytes2 - HEADER_BYTES, frameBytes - HEADER_BYTES);
  return blobs > blobBytes ? larger("a message with blobs", blobs, blobBytes) : void 0;
}
function larger(what, bytes2, room) {
  return `${what} of ${bytes2} bytes is larger than the ${room} that the hub takes`;
}
function flow({ streamItems, streamBytes }) {
  return new Flow(streamItems, streamBytes);
}

// ../../../packages/client/src/session/session.ts
var Session = class extends SessionCore {
  #head = emptyHead();
  /** Data parsed and not yet acknowledged, in bytes. */
  #unacknowledged = 0;
  #pingSent;
  /**
   * Takes in as many whole frames as stand in `bytes`, and returns how many bytes those were. `whole` says that the
   * transport keeps messages: then none may end inside a frame. The bytes are not kept.
   */
  receive(bytes2, now, whole) {
    const head = this.#head;
    let offset = 0;
    this.heard = now;
    this.#pingSent = void 0;
    try {
      while (offset < bytes2.length && this.state !== CLOSED) {
        if (!parseHead(bytes2, offset, this.ours.frameBytes, head)) {
          if (whole) throw new Violation("partial_message");
          break;
        }
        const start = offset + HEADER_BYTES;
        offset += head.length;
        if (head.kind !== 0) this.#take(head, bytes2.subarray(start, offset), now);
        else if (this.state === GREETING) throw new Violation("unexpected_frame", "before the handshake");
      }
      if (this.outbox.controlBytes > CONTROL_BYTES_MAX) throw new Violation("slow_consumer");
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.close(error);
    }
    return offset;
  }
  /** When to call `handleTimeout`; undefined while nothing can run out. May be too early, never too late. */
  nextTimeout() {
    if (!this.#awaits()) return this.deadlineFloor;
    const keepalive = this.#pingSent === void 0 ? this.heard + QUIET_MS : this.#pingSent + GRACE_MS;
    return Math.min(keepalive, this.deadlineFloor ?? keepalive);
  }
  /** Deals with what has run out by `now`. */
  handleTimeout(now) {
    if (this.deadlineFloor !== void 0 && this.deadlineFloor <= now) this.#expireCalls(now);
    if (!this.#awaits()) return;
    if (this.#pingSent === void 0) {
      if (this.heard + QUIET_MS > now) return;
      this.#pingSent = now;
      this.outbox.control(PING, 0, 0, 1, 0);
    } else if (this.#pingSent + GRACE_MS <= now) {
      const late = now - this.#pingSent - GRACE_MS;
      this.#pingSent = now;
      this.events.silent(late);
    }
  }
  #expireCalls(now) {
    const late = [];
    this.deadlineFloor = void 0;
    const visit = (expire) => (call, id) => {
      if (call.deadline === void 0 || call.deadline > now) return this.noteDeadline(call.deadline);
      call.deadline = void 0;
      late.push(() => expire(id));
    };
    this.outbound.forEach(
      visit((id) => {
        const call = this.outbound.get(id);
        const sent = this.cancel(id);
        if (sent !== void 0) call?.owner.fail("deadline_exceeded", sent);
      })
    );
    this.inbound.forEach(visit((id) => this.inbound.get(id)?.owner?.stop("deadline_exceeded")));
    for (const expire of late) expire();
  }
  #awaits() {
    return this.keepalive && this.state === OPEN && (this.awaited > 0 || this.outbox.isHeld);
  }
  #take(head, all, now) {
    const { kind, binding, ordinal, id, budget, numbers } = head;
    if (isData(kind)) this.#countData(head.length);
    if (isFromPeer(kind) || kind !== GOODBYE && this.state === GREETING !== (kind === WELCOME)) {
      throw new Violation("unexpected_frame", `kind ${kind}`);
    }
    const body = numbers > 0 ? all.subarray(0, -numbers) : all;
    const blobs = numbers > 0 ? this.parcels.take(all.subarray(-numbers)) : NO_BLOBS;
    switch (kind) {
      case WELCOME:
        return this.#takeWelcome(body, now);
      case GOODBYE: {
        const message = new TextDecoder().decode(body.subarray(0, GOODBYE_BYTES_MAX));
        return this.abort({ reason: reasonOf(ordinal) ?? "closed", message });
      }
      case REQUEST:
        return this.#takeRequest(head, body, now, blobs);
      case NOTIFY:
        return this.events.notify(binding, ordinal, body, blobs);
      case ITEM:
        return this.#takeItem(head, body, blobs);
      case END:
        return this.#takeEnd(id, ordinal, body, blobs);
      case CALLER:
        return this.events.caller(binding, body);
      case PARCEL:
        return this.parcels.add(head, body);
      case LEND:
      case POOL:
        throw new Violation("bad_pool");
    }
    if (body.length > 0) throw new Violation("malformed_frame", `kind ${kind} has no body`);
    switch (kind) {
      case PING:
        return this.outbox.control(PONG, 0, 0, id, 0);
      case WINDOW:
        return this.outbox.addWindow(budget, now);
      case CREDIT:
        return this.#takeCredit(head);
      case FINISH:
        return this.#takeFinish(id);
      case CANCEL:
        return this.#served(id)?.owner?.stop("cancelled");
      case UNBOUND:
        return this.events.unbound(binding);
    }
  }
  /** Charges a data frame to our window, and acknowledges in time. */
  #countData(length) {
    const { windowBytes, frameBytes } = this.ours;
    this.#unacknowledged += length;
    if (this.#unacknowledged + this.outbox.acknowledging > windowBytes + frameBytes) {
      throw new Violation("window_exceeded");
    }
    if (this.#unacknowledged >= Math.floor(windowBytes / 2)) {
      this.outbox.acknowledging += this.#unacknowledged;
      this.outbox.control(WINDOW, 0, 0, 0, this.#unacknowledged);
      this.#unacknowledged = 0;
    }
  }
  #takeWelcome(body, now) {
    let welcome;
    try {
      const input2 = new Reader(body);
      welcome = decodeWelcome(input2);
      input2.finish();
    } catch (error) {
      throw new Violation("malformed_payload", `welcome: ${String(error)}`);
    }
    const { protocol, limits } = welcome;
    const { frameBytes, windowBytes, calls, streamItems, streamBytes } = limits;
    const works = protocol === PROTOCOL && frameBytes >= FRAME_BYTES_FLOOR && windowBytes >= WINDOW_BYTES_FLOOR && Math.min(calls, streamItems, streamBytes) > 0;
    if (!works) throw new Violation("malformed_payload", "welcome: its limits or protocol cannot be");
    this.theirs = this.outbox.limits = limits;
    this.outbound.slotsMax = calls;
    const larger2 = [...this.outbox.takeLarger((bytes2, blobBytes) => tooLarge(bytes2, blobBytes, limits))];
    const refused2 = larger2.map(([id, why]) => ({ call: this.forget(id), why }));
    this.outbound.forEach(({ send }) => send?.add(streamItems, streamBytes));
    this.outbox.addWindow(windowBytes, now);
    this.state = OPEN;
    this.events.welcome(welcome);
    for (const { call, why } of refused2) call?.owner.fail("resource_exhausted", false, why);
    this.outbound.forEach(({ owner, send }) => send && owner.credit?.());
  }
  #takeRequest({ id, binding, ordinal, budget }, body, now, blobs) {
    const call = { owner: void 0, send: void 0, recv: void 0, deadline: void 0 };
    const refused2 = this.inbound.admit(id, call);
    if (refused2 === NEVER) throw new Violation("duplicate_id");
    if (refused2 === PAST) return this.refuse(id, "resource_exhausted", "too many calls are open");
    if (budget !== 0) this.setInboundDeadline(id, now + budget);
    this.events.request(id, binding, ordinal, body, budget, blobs);
  }
  #takeItem({ id, ordinal, flags, budget }, body, blobs) {
    const isMade = (flags & FLAG_CALLEE) !== 0;
    const made = isMade ? this.#made(id) : void 0;
    const served = isMade ? void 0 : this.#served(id);
    const call = made ?? served;
    const charge = (bytes2) => call && spend(call, bytes2);
    let items = [body];
    if ((flags & FLAG_ROW) === 0) charge(sizeOf(body, blobs));
    else items = itemsOf(body, charge);
    const token = (flags & FLAG_ACK) === 0 ? void 0 : budget;
    for (const item of items) {
      if (made?.cancelled === true || (isMade ? this.outbound.get(id) : this.inbound.find(id)) !== call) return;
      made?.owner.item?.(ordinal, token, item, blobs);
      served?.owner?.item(item, blobs);
      ordinal = 0;
    }
  }
  #takeCredit({ id, ordinal, flags, budget }) {
    const call = (flags & FLAG_CALLEE) === 0 ? this.#served(id) : this.#made(id);
    if (call?.send === void 0) return;
    call.send.add(ordinal, budget);
    call.owner?.credit?.();
  }
  #takeFinish(id) {
    const call = this.#served(id);
    if (call === void 0) return;
    if (call.recv === void 0) throw new Violation("credit_exceeded");
    call.recv = void 0;
    call.owner?.finish();
  }
  #takeEnd(id, code, body, blobs) {
    const call = this.outbound.get(id);
    if (call === void 0) throw unknownId(id);
    const { owner, cancelled } = call;
    const status = statusOf(code);
    if (status === void 0 && !cancelled) throw new Violation("malformed_payload", `status ${code}`);
    this.forget(id);
    this.outbox.withdrawEnded(id);
    if (status === void 0) return;
    if (cancelled) owner.late?.(status, body, blobs);
    else owner.end(status, body, blobs);
  }
  /** An open call of the hub's; undefined for one that has ended. */
  #served(id) {
    const call = this.inbound.find(id);
    if (call === NEVER) throw unknownId(id);
    return call === PAST ? void 0 : call;
  }
  /** An open call of this side's; undefined for one that is being cancelled. */
  #made(id) {
    const call = this.outbound.get(id);
    if (call === void 0) throw unknownId(id);
    return call.cancelled ? void 0 : call;
  }
};
function spend({ recv }, bytes2) {
  if (recv?.open !== true) throw new Violation("credit_exceeded");
  recv.spend(bytes2);
}
function unknownId(id) {
  return new Violation("unknown_id", `id ${id}`);
}

// ../../../packages/client/src/runtime/calling.ts
var CallPromise = class extends Promise {
  get result() {
    return this.then(
      (value) => ({ ok: true, value }),
      (error) => ({ ok: false, error })
    );
  }
};
CallPromise.prototype.constructor = Promise;
function calling(begin) {
  return new CallPromise((resolve, reject) => begin({ resolve, reject }));
}
var capture = Error.captureStackTrace;
function trace(below) {
  if (capture === void 0) return new Error();
  const here = {};
  capture(here, below);
  return here;
}
function traced(error, made) {
  const frames = made.stack?.split("\n") ?? [];
  const start = frames.findIndex((line) => /^\s+at |@/.test(line));
  if (start >= 0) error.stack = [`${error.name}: ${error.message}`, ...frames.slice(start)].join("\n");
  return error;
}

// ../../../packages/client/src/runtime/connection.ts
var BUFFERED_BYTES_MAX = 1024 * 1024;
var FULL_POLL_MS = 5;
var TIMER_MS_MAX = 2147483647;
var SLEPT_MS = 2e3;
var TRACES_MAX = 100;
var TRACES_INTERVAL_MS = 100;
var soon = /* @__PURE__ */ Promise.resolve();
var Connection = class {
  constructor(transport, config, logger, unbound) {
    this.transport = transport;
    this.logger = logger;
    this.state = { status: "connecting" };
    this.#listeners = /* @__PURE__ */ new Set();
    this.#tracesLeft = 0;
    this.#tracesFrom = 0;
    this.#flushing = false;
    this.#timerAt = 0;
    this.#callStacks = config.callStacks;
    const events = {
      request: (id, ...rest) => {
        if (this.server !== void 0) this.server.request(id, ...rest);
        else this.session.refuse(id, "unimplemented", "this peer serves nothing");
      },
      notify: (...notification) => this.server?.notify(...notification),
      caller: (peer, body) => this.server?.caller(peer, body),
      unbound,
      welcome: ({ peer, label, role }) => this.#changed({ status: "connected", peer, label, role }),
      silent: (lateMs) => {
        if (lateMs <= SLEPT_MS) this.session.close({ reason: "unresponsive", message: "the hub was silent" });
      },
      closed: (ending) => this.#closed(ending)
    };
    this.session = new Session(config, events, this.now());
    const whole = transport.isStream !== true;
    transport.onMessage = (bytes2) => {
      const used = this.session.receive(bytes2, this.now(), whole);
      this.touched();
      return used;
    };
    transport.onClose = (message) => this.session.abort({ reason: "transport_lost", message });
    transport.onDrain = () => this.flush();
  }
  #listeners;
  #callStacks;
  #tracesLeft;
  #tracesFrom;
  #flushing;
  #timer;
  #timerAt;
  #fullTimer;
  /** Where a call is made, without the frames above `below`; undefined where that is not wanted. */
  trace(below) {
    return this.#callStacks ?? this.#mayTrace() ? trace(below) : void 0;
  }
  #mayTrace() {
    if (this.#tracesLeft === 0 && this.now() >= this.#tracesFrom) {
      this.#tracesLeft = TRACES_MAX;
      this.#tracesFrom = this.now() + TRACES_INTERVAL_MS;
    }
    return this.#tracesLeft > 0 && this.#tracesLeft-- > 0;
  }
  /** Milliseconds since a moment of no meaning. */
  now() {
    return performance.now();
  }
  /** To be called when the session may have something to send, or something to wait for. */
  touched() {
    if (this.session.hasOutput && !this.#flushing) {
      this.#flushing = true;
      void soon.then(() => this.flush());
    }
    this.#arm();
  }
  /** Hands the transport what may leave. */
  flush() {
    this.#flushing = false;
    const { session, transport } = this;
    while (session.hasOutput) {
      if (!session.isClosed && (transport.bufferedAmount ?? 0) > BUFFERED_BYTES_MAX) {
        this.#fullTimer ??= setTimeout(() => {
          this.#fullTimer = void 0;
          this.flush();
        }, FULL_POLL_MS);
        return;
      }
      const message = session.transmit(this.now());
      if (message !== void 0) transport.send(message);
    }
  }
  /** Ends the connection: what was sent before still leaves, then a goodbye. */
  close(goodbye) {
    this.flush();
    this.session.close(goodbye);
  }
  /** Tells of every change; the state that is now is not told. */
  onState(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  /** Runs code of the application's that must not break the connection's own. */
  guard(what, run) {
    try {
      run();
    } catch (error) {
      this.logger.error(`portcullis: ${what} threw`, error);
    }
  }
  #closed(ending) {
    clearTimeout(this.#timer);
    clearTimeout(this.#fullTimer);
    this.flush();
    this.transport.close();
    this.#changed({ status: "closed", reason: ending.reason, message: ending.message });
    this.#listeners.clear();
  }
  #changed(state) {
    this.state = state;
    for (const listener of this.#listeners) this.guard("a state listener", () => listener(state));
  }
  /** One timer for the whole connection, and none while nothing can run out. */
  #arm() {
    const next = this.session.nextTimeout();
    if (next === void 0 || this.#timer !== void 0 && this.#timerAt <= next) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    const wait = Math.min(Math.max(0, Math.ceil(next - this.now())), TIMER_MS_MAX);
    this.#timer = setTimeout(() => {
      this.#timer = void 0;
      this.session.handleTimeout(this.now());
      this.touched();
    }, wait);
  }
};

// ../../../packages/client/src/errors.ts
var NEVER2 = { type: "never" };
var CallError = class extends Error {
  constructor(status, failure3) {
    const path = failure3.path ?? "";
    super(`${failure3.channel}: ${status}${path === "" ? "" : ` at ${path}`}: ${failure3.message}`);
    this.name = "CallError";
    this.status = status;
    this.channel = failure3.channel;
    this.path = path;
    this.detail = failure3.message;
    this.retry = failure3.retry ?? NEVER2;
    this.correlation = failure3.correlation ?? 0n;
    this.sent = failure3.sent ?? true;
  }
};
var ApplicationError = class extends CallError {
  constructor(error, channel = "") {
    super("application", { channel, message: "the application refused the call" });
    this.name = "ApplicationError";
    this.error = error;
  }
};

// ../../../packages/client/src/runtime/failure.ts
var TEXTS = {
  cancelled: "the caller cancelled",
  deadline_exceeded: "the time for the call ran out",
  unavailable: "its server has left",
  internal: "the handler failed"
};
function textOf(status) {
  return TEXTS[status] ?? status;
}
var UNSENT = { sent: false };
var NEVER_SENT = { ...UNSENT, retry: { type: "never" } };
function localError(channel, status, message = textOf(status), cause, more) {
  const advice = STATUS_RETRIES[status];
  const again = advice === "later" || advice === "idempotent" && (channel.idempotent || more?.sent === false);
  const error = new CallError(status, {
    channel: channel.name,
    message,
    retry: { type: again ? "later" : "never" },
    ...more
  });
  if (cause !== void 0) error.cause = cause;
  return error;
}
function valueError(channel, status, what, error, more) {
  const path = error instanceof CodecError ? error.path : "";
  const why = error instanceof Error ? error.message : String(error);
  return localError(channel, status, `${what}: ${why}`, error, { path, ...more });
}
function sendError(channel, what, error) {
  if (error instanceof SendError) return localError(channel, error.status, error.message, void 0, error.isFinal ? NEVER_SENT : UNSENT);
  return valueError(channel, "invalid_argument", what, error, UNSENT);
}
function endError(channel, status, body, blobs) {
  try {
    if (status === "application" && channel.error !== null) {
      return new ApplicationError(fromBytes(channel.error, body, void 0, blobs), channel.name);
    }
    const failure3 = fromBytes(failureCodec, body);
    return new CallError(status, { ...failure3, channel: failure3.channel || channel.name });
  } catch (error) {
    return valueError(channel, "internal", "an error that cannot be read", error);
  }
}

// ../../../packages/client/src/runtime/queue.ts
var ItemQueue = class {
  constructor(taken, left, nothing) {
    this.taken = taken;
    this.left = left;
    this.nothing = nothing;
  }
  #items = [];
  #waiters = [];
  #end;
  [Symbol.asyncIterator]() {
    return this;
  }
  push(value, bytes2) {
    if (this.#end !== void 0) return;
    const waiter = this.#waiters.shift();
    if (waiter === void 0) {
      this.#items.push({ value, bytes: bytes2 });
    } else {
      waiter.resolve({ done: false, value });
      this.taken(bytes2);
    }
  }
  /** Drops the item that waits longest; the one behind it becomes what `merge` makes of both. */
  dropOldest(merge) {
    const gone = this.#items.shift();
    const next = this.#items[0];
    if (gone !== void 0 && next !== void 0) next.value = merge(gone.value, next.value);
  }
  /** No more items come. Those that have come can still be read. */
  end(end) {
    if (this.#end !== void 0) return;
    this.#end = end;
    for (const waiter of this.#waiters.splice(0)) this.#tellEnd(waiter);
  }
  next() {
    return new Promise((resolve, reject) => {
      const item = this.#items.shift();
      if (item !== void 0) {
        resolve({ done: false, value: item.value });
        if (this.#end === void 0) this.taken(item.bytes);
      } else if (this.#end !== void 0) {
        this.#tellEnd({ resolve, reject });
      } else {
        this.#waiters.push({ resolve, reject });
      }
    });
  }
  return() {
    const running = this.#end === void 0;
    this.#items.length = 0;
    this.end({ value: this.nothing });
    if (running) this.left();
    return Promise.resolve({ done: true, value: this.nothing });
  }
  /** An error is told once; whoever reads on finds the end. */
  #tellEnd(waiter) {
    const end = this.#end;
    if (end !== void 0 && "error" in end) {
      this.#end = { value: this.nothing };
      waiter.reject(end.error);
    } else {
      waiter.resolve({ done: true, value: end === void 0 ? this.nothing : end.value });
    }
  }
};
var CreditMeter = class {
  constructor(connection, callee, id) {
    this.connection = connection;
    this.callee = callee;
    this.id = id;
  }
  #items = 0;
  #bytes = 0;
  taken(bytes2) {
    const { session } = this.connection;
    const { streamItems, streamBytes } = session.ours;
    this.#items++;
    this.#bytes += bytes2;
    if (this.#items * 2 < streamItems && this.#bytes * 2 < streamBytes) return;
    session.credit(this.callee, this.id(), this.#items, this.#bytes);
    this.#items = this.#bytes = 0;
    this.connection.touched();
  }
};

// ../../../packages/client/src/runtime/exchange.ts
function timeLimit(channel, options) {
  const own = options?.timeoutMs ?? channel.deadlineMs;
  const outer = options?.parent?.remainingMs() ?? Infinity;
  return Math.min(own, outer, 4294967295);
}
var Exchange = class {
  constructor(connection, channel, made) {
    this.connection = connection;
    this.channel = channel;
    this.made = made;
    this.id = 0;
    /** The one outcome has been told. */
    this.done = false;
  }
  /** How to leave the signals that may end it. */
  #leave;
  /** Begins it; what is wrong with that is told like any other failure. */
  begin(to, body, opening, options) {
    const { connection, channel } = this;
    if (connection.transport.ownsMessages === true) this.reading = options;
    const { kind, up = false, down = false, timeoutMs, slackMs = 0 } = opening;
    if (to.gone) return this.fail("unavailable", false);
    const signals = [options?.signal, options?.parent?.signal].filter((signal) => signal !== void 0);
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== void 0) return this.#cancelled(aborted);
    if (timeoutMs !== void 0 && !(timeoutMs > 0)) return this.fail("deadline_exceeded", false);
    if (signals.length > 0) this.#heed(signals);
    try {
      const now = connection.now();
      const deadline = timeoutMs === void 0 ? void 0 : now + timeoutMs + slackMs;
      this.id = connection.session.open(kind, to.id, channel.ordinal, up, down, deadline, now, this, body, slackMs);
      connection.touched();
    } catch (error) {
      this.settle(sendError(channel, "the arguments", error));
    }
  }
  /** Ends it early: nothing about it is told after this. */
  abort(error) {
    if (this.done) return;
    if (this.id === 0 || this.connection.session.cancel(this.id) === false) error.sent = false;
    this.connection.touched();
    this.settle(error);
  }
  end(status, body, blobs) {
    if (this.done) return;
    if (status !== "ok") return this.settle(endError(this.channel, status, body, blobs));
    let value;
    try {
      value = this.decode(body, blobs);
    } catch (error) {
      return this.settle(this.unreadable("the reply", error));
    }
    this.#over();
    this.succeeded(value);
  }
  fail(status, sent, message) {
    this.settle(localError(this.channel, status, message, void 0, { sent }));
  }
  /** The one failure. */
  settle(error) {
    if (this.done) return;
    this.#over();
    this.failed(this.made === void 0 ? error : traced(error, this.made));
  }
  /** A body that the hub let pass and this side cannot read: two builds disagree. */
  unreadable(what, error) {
    return valueError(this.channel, "internal", what, error);
  }
  /** Counts what was read of the items down, and gives credit for it. */
  meter() {
    return new CreditMeter(this.connection, false, () => this.id);
  }
  #over() {
    this.done = true;
    this.#leave?.();
  }
  #heed(signals) {
    const onAbort = (event) => this.#cancelled(event.target);
    for (const signal of signals) signal.addEventListener("abort", onAbort);
    this.#leave = () => {
      for (const signal of signals) signal.removeEventListener("abort", onAbort);
    };
  }
  #cancelled(signal) {
    this.abort(localError(this.channel, "cancelled", void 0, signal.reason));
  }
};

// ../../../packages/client/src/runtime/call.ts
var PendingCall = class extends Exchange {
  #reply;
  #settled;
  #onReply;
  constructor(connection, channel, made, reply, settled, onReply) {
    super(connection, channel, made);
    this.#reply = reply;
    this.#settled = settled;
    this.#onReply = onReply;
  }
  late(status, body, blobs) {
    if (status === "ok" && this.#onReply !== void 0) {
      const value = fromBytes(this.#reply, body, void 0, blobs);
      this.#onReply(value, false);
    }
  }
  decode(body, blobs) {
    return fromBytes(this.#reply, body, this.reading, blobs);
  }
  succeeded(value) {
    this.#onReply?.(value, true);
    this.#settled.resolve(value);
  }
  failed(error) {
    this.#settled.reject(error);
  }
};

// ../../../packages/client/src/runtime/binding.ts
var Handle = class {
  constructor(connection, id) {
    this.connection = connection;
    this.id = id;
    this.gone = false;
  }
  call(channel, args, options) {
    return this.request(channel, args, options, this.connection.trace(this.call));
  }
  /** A call; `onReply` is called before anything behind the reply is looked at. */
  request(channel, args, options, made, onReply) {
    return calling((settle) => {
      const call = new PendingCall(this.connection, channel, made, channel.reply, settle, onReply);
      const opening = { kind: REQUEST, timeoutMs: timeLimit(channel, options) };
      call.begin(this, (out) => channel.args.encode(out, args), opening, options);
    });
  }
  notify(channel, args) {
    this.tell(NOTIFY, channel, args);
  }
  /** A message of which nothing comes back: where nobody is, it is dropped. */
  tell(kind, channel, args) {
    if (this.gone) return;
    const { connection } = this;
    try {
      connection.session.oneWay(kind, this.id, channel.ordinal, (out) => channel.args.encode(out, args));
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      if (error.status !== "unavailable") connection.logger.error(`portcullis: ${channel.name} was dropped`, error);
    }
    connection.touched();
  }
};

// ../../../packages/client/src/runtime/hub.ts
var DEADLINE_MS = 3e4;
function hubChannel(method, ordinal, encode, reply) {
  const said = {
    name: `portcullis.hub.${method}`,
    ordinal,
    deadlineMs: DEADLINE_MS,
    args: { encode },
    reply,
    error: null
  };
  return said;
}
var encodeNumber = (out, [id]) => out.u32(id);
var BIND = /* @__PURE__ */ hubChannel("bind", 0, encodeBind, boundCodec);
var RELEASE = /* @__PURE__ */ hubChannel("release", 1, encodeNumber, unitCodec);
var Hub = class {
  constructor(connection) {
    this.connection = connection;
    this.bindings = /* @__PURE__ */ new Map();
    this.#given = /* @__PURE__ */ new WeakMap();
    this.self = new Handle(connection, 0);
  }
  #given;
  async bind(descriptor, target, options) {
    const args = [descriptor.name, descriptor, target];
    const { binding } = await this.self.request(BIND, args, options, this.connection.trace(this.bind), (bound, wanted) => {
      if (wanted) this.bindings.set(bound.binding, new Handle(this.connection, bound.binding));
      else void this.release(bound.binding);
    });
    return this.bindings.get(binding);
  }
  /** Notes which binding a client or publisher stands on. */
  given(client, handle) {
    this.#given.set(client, handle);
    return client;
  }
  /** Releases what a client or publisher stands on, once. */
  async takeBack(client) {
    const handle = this.#given.get(client);
    if (handle !== void 0 && this.#given.delete(client)) await this.drop(handle);
  }
  /** Releases a handle, once. */
  async drop(handle) {
    if (this.bindings.get(handle.id) !== handle) return;
    this.bindings.delete(handle.id);
    handle.gone = true;
    await this.release(handle.id);
  }
  release(id) {
    return this.self.call(RELEASE, [id]);
  }
};

// ../../../packages/client/src/client.ts
var Portcullis = class {
  /** Use `connect`. */
  constructor(transport, options) {
    const connection = new Connection(transport, options, options.logger ?? console, (binding) => {
      const handle = this.hub.bindings.get(binding);
      if (handle !== void 0) handle.gone = true;
    });
    this.hub = new Hub(connection);
    const offers = (options.interfaces ?? []).map(({ name, version, hash, earlier, channels }) => ({
      name,
      version,
      hash,
      earlier,
      channels: channels.map((channel) => channel.digest)
    }));
    connection.session.hello(options.client ?? "", offers);
    connection.touched();
  }
  /** How the connection is now. */
  get state() {
    return this.hub.connection.state;
  }
  /** Tells of every change of `state` from now on, until what it returns is called. */
  onState(listener) {
    return this.hub.connection.onState(listener);
  }
  /**
   * A client for one instance of an interface that is served now: any, that of the server with a label, or the one with a
   * name. May be called before the connection stands. Rejects with `unavailable` when there is none.
   */
  async bind(descriptor, target = "any", options) {
    const handle = await this.hub.bind(descriptor, target, options);
    return this.hub.given(descriptor.client(handle), handle);
  }
  /** Gives a client or publisher back. Its calls that are open go on; later ones fail. */
  async release(client) {
    await this.hub.takeBack(client);
  }
  /** Ends the connection. What was sent before still leaves; every open call fails with `unavailable`. */
  close(message = "the application closed the connection") {
    this.hub.connection.close({ reason: "closed", message });
  }
};
function connect(transport, options = {}) {
  return new Portcullis(transport, options);
}

// ../../../packages/client/src/runtime/publishing.ts
var REPORT_SLACK_MS = 1e3;
function publisherOn(handle, { channels }) {
  const topics = channels.filter(({ kind }) => kind === "event" || kind === "state");
  const methods = topics.flatMap((topic) => [
    [topic.method, (value) => handle.tell(PUBLISH, topic, [value])],
    [`${topic.method}Reported`, reporting(handle, topic)]
  ]);
  return topics.length > 0 ? Object.fromEntries(methods) : null;
}
function reporting(handle, channel) {
  const { connection } = handle;
  return function reported(value, withinMs) {
    const made = connection.trace(reported);
    return calling((settle) => {
      const call = new PendingCall(connection, channel, made, reportCodec, settle);
      const opening = { kind: PUBLISH, timeoutMs: withinMs, slackMs: REPORT_SLACK_MS };
      call.begin(handle, (out) => channel.args.encode(out, [value]), opening);
    });
  };
}

// ../../../packages/client/src/reconnect/patience.ts
var Impatience = class {
  constructor(status, cause) {
    this.status = status;
    this.cause = cause;
  }
};
var Patience = class {
  #until;
  #signals;
  constructor(ms, signals) {
    this.#until = performance.now() + ms;
    this.#signals = signals.filter((signal) => signal !== void 0);
  }
  /** What is left, in milliseconds. */
  get leftMs() {
    return Math.max(0, this.#until - performance.now());
  }
  /** Rejects with an `Impatience` when it has waited for long enough, or somebody gives up. */
  wait(begin) {
    return new Promise((resolve, reject) => {
      let stop;
      let over = false;
      const end = () => {
        over = true;
        clearTimeout(timer);
        for (const signal of this.#signals) signal.removeEventListener("abort", abort);
        stop?.();
      };
      const fail2 = (error) => {
        end();
        reject(error);
      };
      const abort = () => fail2(new Impatience("cancelled", this.#signals.find(({ aborted }) => aborted)?.reason));
      const timer = setTimeout(() => fail2(new Impatience("deadline_exceeded")), Math.min(this.leftMs, TIMER_MS_MAX));
      for (const signal of this.#signals) signal.addEventListener("abort", abort);
      if (this.#signals.some(({ aborted }) => aborted)) return abort();
      stop = begin((value) => {
        end();
        resolve(value);
      }, fail2);
      if (over) stop();
    });
  }
  /** Waits for so long. */
  sleep(ms) {
    return this.wait((done) => {
      const timer = setTimeout(done, ms);
      return () => clearTimeout(timer);
    });
  }
};

// ../../../packages/client/src/reconnect/waits.ts
var WAIT_POLICY = { initialMs: 100, maxMs: 5e3, factor: 2, jitterPercent: 20, steadyMs: 1e4 };
var ROLLS = 1e3;
var Waits = class {
  constructor(policy) {
    this.policy = policy;
  }
  /** Waits since it was last well. */
  #streak = 0;
  /** The wait that is due, in milliseconds, after it went well for `wellMs`; `roll` is a whole number below `ROLLS`. */
  next(wellMs, roll = Math.floor(Math.random() * ROLLS)) {
    const { initialMs, maxMs, factor, jitterPercent, steadyMs } = this.policy;
    if (wellMs >= steadyMs) this.#streak = 0;
    let wait = Math.min(initialMs, maxMs);
    for (let turn = 0; turn < this.#streak; turn += 1) {
      const next = Math.min(wait * Math.max(factor, 1), maxMs);
      if (next === wait) break;
      wait = next;
    }
    this.#streak += 1;
    const share = Math.min(jitterPercent, 100) * Math.min(roll, ROLLS - 1);
    return wait - Math.floor(wait * share / (100 * ROLLS));
  }
};

// ../../../packages/client/src/reconnect/resuming.ts
function resume(lasting, subscribe, options = {}) {
  const { signal, onEnd, onAnew, ...reading } = options;
  const { ground, subscriptions } = lasting;
  const waits = new Waits(ground.policy);
  let begun;
  let over = false;
  let stop;
  const leave = () => {
    over = true;
    subscriptions.delete(end);
    signal?.removeEventListener("abort", leave);
    stop?.();
  };
  const end = (error) => {
    if (over) return;
    leave();
    ground.guard("`onEnd` of a subscription", () => onEnd?.(error));
  };
  const lost = (error) => {
    if (over) return;
    if (error.status !== "unavailable" || lasting.over !== void 0) return end(error);
    const timer = setTimeout(next, waits.next(performance.now() - (begun ?? 0)));
    stop = () => clearTimeout(timer);
  };
  const next = () => {
    if (over) return;
    const { present: present2 } = lasting;
    if (present2 !== void 0) start(present2);
    else stop = lasting.await(start, end);
  };
  const start = (handle) => {
    const anew = begun !== void 0;
    begun = performance.now();
    stop = subscribe(handle, { ...reading, onEnd: lost });
    if (anew) ground.guard("`onAnew` of a subscription", () => onAnew?.());
  };
  if (signal?.aborted === true) return leave;
  subscriptions.add(end);
  signal?.addEventListener("abort", leave);
  if (lasting.present !== void 0) next();
  else queueMicrotask(next);
  return leave;
}

// ../../../packages/client/src/reconnect/retrying.ts
async function retry(lasting, channel, args, options, made) {
  let sent = false;
  try {
    const [again, bytes2] = kept(channel, args);
    const patience2 = new Patience(timeLimit(channel, options), [options?.signal, options?.parent?.signal]);
    const waits = new Waits(lasting.ground.policy);
    for (; ; ) {
      const handle = lasting.present ?? await found(lasting, channel, patience2, bytes2, sent);
      try {
        return await handle.request(again, args, { ...options, timeoutMs: patience2.leftMs }, void 0);
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        const ms = againAfter(channel, error, waits);
        sent ||= error.sent;
        error.sent = sent;
        if (ms === void 0 || ms >= patience2.leftMs || lasting.over !== void 0) throw error;
        await keeping(lasting, channel, bytes2, sent, () => patience2.sleep(ms));
      }
    }
  } catch (error) {
    throw made !== void 0 && error instanceof CallError ? traced(error, made) : error;
  }
}
function found(lasting, channel, patience2, bytes2, sent) {
  return keeping(lasting, channel, bytes2, sent, () => patience2.wait((done, failed2) => lasting.await(done, failed2)));
}
async function keeping(lasting, channel, bytes2, sent, wait) {
  const give = lasting.ground.keep(bytes2);
  if (give === void 0) throw localError(channel, "resource_exhausted", "too much waits for a connection", void 0, { sent });
  try {
    return await wait();
  } catch (error) {
    if (error instanceof CallError) throw localError(channel, error.status, error.detail, error, { sent });
    if (!(error instanceof Impatience)) throw error;
    const { status, cause } = error;
    const why = status === "cancelled" ? void 0 : `${textOf(status)}: ${lasting.lack}`;
    throw localError(channel, status, why, cause, { sent });
  } finally {
    give();
  }
}
function kept(channel, args) {
  try {
    const body = toBody(channel.args, args);
    return [{ ...channel, args: { ...channel.args, encode: (out) => out.body(body) } }, sizeOf(body.bytes, body.blobs)];
  } catch (error) {
    throw sendError(channel, "the arguments", error);
  }
}
function againAfter({ idempotent }, { status, retry: retry2, sent }, waits) {
  if (status === "unavailable") return idempotent || !sent ? waits.next(0) : void 0;
  if (!idempotent || status !== "resource_exhausted" && status !== "aborted") return void 0;
  return retry2.type === "after" ? retry2.ms : retry2.type === "later" ? waits.next(0) : void 0;
}

// ../../../packages/client/src/reconnect/lasting.ts
var PASSING = ["unavailable", "resource_exhausted", "deadline_exceeded"];
var NO_CONNECTION = "there is no connection";
var Lasting = class {
  constructor(ground, descriptor, target) {
    this.ground = ground;
    this.descriptor = descriptor;
    this.target = target;
    /** Each is told why nothing more will come of a subscription. */
    this.subscriptions = /* @__PURE__ */ new Set();
    /** What a wait for the instance lacks. */
    this.lack = NO_CONNECTION;
    this.#waiters = /* @__PURE__ */ new Set();
    this.#released = false;
    this.#waits = new Waits(ground.policy);
  }
  /** The instance that is there, or was there last. */
  #handle;
  #waiters;
  #waits;
  #timer;
  /** The hub that is being asked for an instance. */
  #asked;
  #released;
  get connection() {
    return this.#handle.connection;
  }
  get id() {
    return this.#handle.id;
  }
  /** Who asks needs the instance: one that has left is looked for, so that the next time it may be there. */
  get gone() {
    if (this.present !== void 0) return false;
    this.#seek();
    return true;
  }
  /** The instance, if it is there. */
  get present() {
    const handle = this.#handle;
    return handle?.gone === false && handle.connection === this.ground.hub?.connection ? handle : void 0;
  }
  /** Why nothing will be there any more; undefined while it may be. */
  get over() {
    const message = this.#released ? "its client was given back" : this.ground.over;
    return message === void 0 ? void 0 : new CallError("unavailable", { channel: this.descriptor.name, message, sent: false });
  }
  /** Waits for an instance where none is present: `failed` may be called at once. What it returns ends the wait. */
  await(bound, failed2) {
    const { over } = this;
    if (over !== void 0) {
      failed2(over);
      return () => void 0;
    }
    const waiter = { bound, failed: failed2 };
    this.#waiters.add(waiter);
    this.#seek();
    return () => {
      if (this.#waiters.delete(waiter) && this.#waiters.size === 0) this.#rest();
    };
  }
  /** Waits for the first instance. */
  async first(options) {
    const patience2 = new Patience(timeLimit(BIND, options), [options?.signal, options?.parent?.signal]);
    await found(this, BIND, patience2, 0, false);
  }
  /** A connection stands. */
  connected() {
    this.#rest();
    this.#waits = new Waits(this.ground.policy);
    this.#seek();
  }
  /** There will be no connection any more: whoever waits is told. */
  closed() {
    const { over } = this;
    this.#rest();
    if (over === void 0) return;
    for (const end of [...this.subscriptions]) end(over);
    this.#fail(over);
  }
  /** Gives it back: what is open on the instance goes on, whoever waits for one is told that there will be none. */
  async release() {
    this.#released = true;
    this.#rest();
    const { over } = this;
    if (over !== void 0) this.#fail(over);
    const handle = this.#handle;
    const { hub } = this.ground;
    if (handle !== void 0 && handle.connection === hub?.connection) await hub.drop(handle);
  }
  call(channel, args, options) {
    const made = this.connection.trace(this.call);
    return calling(({ resolve, reject }) => void retry(this, channel, args, options, made).then(resolve, reject));
  }
  notify(channel, args) {
    if (!this.gone) this.#handle?.notify(channel, args);
  }
  each(subscribe, options) {
    return resume(this, subscribe, options);
  }
  /** Asks the hub for an instance, unless it is being asked, or a wait for that runs. */
  #seek() {
    const { hub } = this.ground;
    if (hub === void 0) this.lack = NO_CONNECTION;
    if (hub === void 0 || hub === this.#asked || this.#timer !== void 0 || this.over !== void 0) return;
    const before = this.#handle;
    if (before?.gone === true && before.connection === hub.connection) hub.drop(before).catch(() => void 0);
    this.#asked = hub;
    hub.bind(this.descriptor, this.target, void 0).then(
      (handle) => this.#bound(hub, handle),
      (error) => this.#unbound(hub, error)
    );
  }
  #bound(hub, handle) {
    if (hub !== this.#asked) return;
    this.#asked = void 0;
    if (this.#released) return void hub.drop(handle).catch(() => void 0);
    this.#handle = handle;
    this.lack = textOf("unavailable");
    this.#waits = new Waits(this.ground.policy);
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { bound } of waiters) bound(handle);
  }
  #unbound(hub, error) {
    if (hub !== this.#asked) return;
    this.#asked = void 0;
    this.lack = error.detail;
    if (hub !== this.ground.hub) return;
    if (!PASSING.includes(error.status)) return this.#fail(error);
    if (this.#waiters.size === 0) return;
    const ms = error.retry.type === "after" ? error.retry.ms : this.#waits.next(0);
    this.#timer = setTimeout(() => {
      this.#timer = void 0;
      this.#seek();
    }, ms);
  }
  #fail(error) {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { failed: failed2 } of waiters) failed2(error);
  }
  #rest() {
    clearTimeout(this.#timer);
    this.#timer = void 0;
  }
};

// ../../../packages/client/src/reconnect/reconnecting.ts
var ATTEMPT_MS = 3e4;
var WAITING_CALLS_MAX = LIMITS_DEFAULT.calls;
var WAITING_BYTES_MAX = BLOBS_WAITING_BYTES_MAX;
var AN_END = "the end of what is always done";
var Reconnecting = class {
  /** Use `reconnecting`. */
  constructor(dial, options) {
    this.dial = dial;
    this.options = options;
    const policy = { ...WAIT_POLICY, ...options.waits };
    let [calls, bytes2] = [0, 0];
    this.#ground = {
      hub: void 0,
      over: void 0,
      policy,
      keep: (more) => {
        if (calls >= WAITING_CALLS_MAX || bytes2 + more > WAITING_BYTES_MAX) return void 0;
        calls++;
        bytes2 += more;
        return () => {
          calls--;
          bytes2 -= more;
        };
      },
      guard: (what, run) => this.#guard(what, run)
    };
    this.#waits = new Waits(policy);
    void this.#connect();
  }
  #state = { status: "connecting", attempt: 1 };
  #listeners = /* @__PURE__ */ new Set();
  #ground;
  #bindings = /* @__PURE__ */ new Set();
  #given = /* @__PURE__ */ new WeakMap();
  #tasks = /* @__PURE__ */ new Set();
  #waits;
  /** Attempts in a row that have failed. */
  #failed = 0;
  /** The attempt that is made, or has succeeded. */
  #attempt;
  #portcullis;
  /** Since when the connection stands. */
  #since;
  #timer;
  /** How it is now. */
  get state() {
    return this.#state;
  }
  /** Tells of every change of `state` from now on, until what it returns is called. */
  onState(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
  /** The connection that stands now; undefined in a gap. */
  get current() {
    return this.#ground.hub === void 0 ? void 0 : this.#portcullis;
  }
  /**
   * A client for an instance of an interface, which is looked for again on each new connection, and when it has left. Waits
   * for a connection and an instance inside its deadline. Rejects with `permission_denied` or `contract_mismatch` at once.
   */
  async bind(descriptor, target = "any", options) {
    const lasting = new Lasting(this.#ground, descriptor, target);
    this.#bindings.add(lasting);
    try {
      await lasting.first(options);
    } catch (error) {
      this.#bindings.delete(lasting);
      lasting.release().catch(() => void 0);
      throw error;
    }
    const client = descriptor.client(lasting);
    this.#given.set(client, lasting);
    return client;
  }
  /** Gives a client back. Its calls and subscriptions that are open go on; later ones fail, and nothing begins anew. */
  async release(client) {
    const lasting = this.#given.get(client);
    if (lasting === void 0 || !this.#bindings.delete(lasting)) return;
    await lasting.release();
  }
  /**
   * Does something on this connection, if one stands, and on each later one: serving, say, or making a publisher. What it
   * returns is called when that connection ends. What it throws is logged, unless the connection is gone. It ends by
   * calling what `always` returns.
   */
  always(run) {
    const task = { run };
    this.#tasks.add(task);
    if (this.current !== void 0) this.#begin(task, this.current);
    return () => {
      if (this.#tasks.delete(task)) this.#end(task);
    };
  }
  /** Ends it for good. What was sent before still leaves; every open call fails with `unavailable`. */
  close(message = "the application closed the connection") {
    const portcullis = this.#portcullis;
    this.#close({ reason: "closed", message });
    portcullis?.close(message);
  }
  async #connect() {
    const attempt = new AbortController();
    const { attemptMs = ATTEMPT_MS } = this.options;
    this.#attempt = attempt;
    this.#timer = setTimeout(() => this.#late(`it did not stand within ${attemptMs} ms`), Math.min(attemptMs, TIMER_MS_MAX));
    this.#change({ status: "connecting", attempt: this.#failed + 1 });
    if (attempt !== this.#attempt) return;
    let made;
    try {
      made = await this.dial(attempt.signal);
    } catch (error) {
      if (attempt === this.#attempt) this.#lost({ reason: "dial_failed", message: error instanceof Error ? error.message : String(error), error });
      return;
    }
    if (attempt !== this.#attempt) return made.close();
    const portcullis = made instanceof Portcullis ? made : connect(made, this.options);
    this.#portcullis = portcullis;
    const changed = (state) => {
      if (attempt !== this.#attempt) return;
      if (state.status === "connected") this.#stands(portcullis, state);
      else if (state.status === "closed") this.#lost({ reason: state.reason, message: state.message, portcullis });
    };
    portcullis.onState(changed);
    changed(portcullis.state);
  }
  #late(message) {
    const portcullis = this.#portcullis;
    this.#lost({ reason: "handshake_timeout", message });
    portcullis?.hub.connection.close({ reason: "handshake_timeout", message });
  }
  #stands(portcullis, state) {
    clearTimeout(this.#timer);
    this.#since = performance.now();
    this.#ground.hub = portcullis.hub;
    this.#change(state);
    for (const lasting of [...this.#bindings]) lasting.connected();
    for (const task of [...this.#tasks]) if (this.current === portcullis) this.#begin(task, portcullis);
  }
  /** The connection has ended, or an attempt has failed. */
  #lost(lost) {
    const { reason, message } = lost;
    const wellMs = this.#since === void 0 ? 0 : performance.now() - this.#since;
    this.#failed = wellMs >= this.#ground.policy.steadyMs ? 0 : this.#failed + 1;
    const { attempts = Infinity, again } = this.options;
    const passes = reason === "transport_lost" || reason === "dial_failed" || RECONNECT_REASONS.includes(reason);
    let ends = !passes || this.#failed >= attempts;
    if (!ends) this.#guard("`again`", () => ends = again?.(lost) === false);
    if (ends) return this.#close({ reason, message });
    this.#leave();
    const ms = this.#waits.next(wellMs);
    this.#timer = setTimeout(() => void this.#connect(), ms);
    this.#change({ status: "waiting", ms, reason, message });
  }
  /** What belongs to the connection or attempt that was ends. */
  #leave() {
    const attempt = this.#attempt;
    clearTimeout(this.#timer);
    this.#attempt = this.#portcullis = this.#since = this.#ground.hub = void 0;
    attempt?.abort();
    for (const task of this.#tasks) this.#end(task);
  }
  #close(ending) {
    if (this.#ground.over !== void 0) return;
    this.#ground.over = `the connection ended: ${ending.message}`;
    this.#leave();
    this.#change({ status: "closed", ...ending });
    this.#listeners.clear();
    for (const lasting of [...this.#bindings]) lasting.closed();
    this.#bindings.clear();
    this.#tasks.clear();
  }
  #begin(task, portcullis) {
    const { logger = console } = this.options;
    const still = () => this.#tasks.has(task) && this.current === portcullis;
    new Promise((resolve) => resolve(task.run(portcullis))).then(
      (end) => {
        if (typeof end !== "function") return;
        if (still()) task.end = end;
        else this.#guard(AN_END, end);
      },
      (error) => {
        if (still()) logger.error("portcullis: what is always done failed", error);
      }
    );
  }
  #end(task) {
    const { end } = task;
    task.end = void 0;
    if (end !== void 0) this.#guard(AN_END, end);
  }
  #change(state) {
    this.#state = state;
    for (const listener of [...this.#listeners]) this.#guard("a state listener", () => listener(state));
  }
  #guard(what, run) {
    try {
      run();
    } catch (error) {
      (this.options.logger ?? console).error(`portcullis: ${what} threw`, error);
    }
  }
};
function reconnecting(dial, options = {}) {
  return new Reconnecting(dial, options);
}

// ../../../packages/client/src/runtime/pump.ts
var Pump = class {
  constructor(out) {
    this.out = out;
    this.stopped = false;
    /** Fulfilled when the source has left early: an item that it still owes will not come. */
    this.#gone = new Promise((resolve) => {
      this.#go = () => resolve(void 0);
    });
  }
  #iterator;
  #wake;
  #left;
  #go;
  #gone;
  /** Sends everything; the value that the iterable returns at last, or undefined when the call ended before. */
  async run(items) {
    const source = items;
    const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]?.();
    if (iterator === void 0) throw new TypeError("these items are no iterable");
    this.#iterator = iterator;
    return Promise.race([this.pump(iterator), this.#gone]);
  }
  /** Credit has come. */
  wake() {
    this.#wake?.();
  }
  /** The call has ended: no more items are asked for. Fulfilled when the source has answered to that. */
  stop() {
    this.#left ??= this.#leave();
    return this.#left;
  }
  async #leave() {
    this.stopped = true;
    this.wake();
    const iterator = this.#iterator;
    if (iterator?.return === void 0) return;
    try {
      await iterator.return();
    } catch {
    }
    this.#go?.();
  }
  /** Asks for an item only when it can be sent. */
  async pump(iterator) {
    for (; ; ) {
      const may = this.stopped ? void 0 : this.out.maySend();
      if (may === void 0) return void 0;
      if (may) {
        const { done, value } = await iterator.next();
        if (this.stopped) return void 0;
        if (done === true) return value;
        this.out.send(value, 0);
      } else {
        await this.sleep();
      }
    }
  }
  /** Until `wake`. */
  sleep() {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = void 0;
        resolve();
      };
    });
  }
};

// ../../../packages/client/src/runtime/upload.ts
var Upload = class {
  #pump;
  #stopped = false;
  constructor(connection, channel, id, items, abort) {
    const { session } = connection;
    this.#pump = new Pump({
      maySend: () => session.maySend(false, id),
      send: (value, missed) => {
        session.item(false, id, missed, (out) => channel.up?.encode(out, value));
        connection.touched();
      }
    });
    this.#pump.run(items).then(
      () => {
        if (this.#stopped) return;
        session.finish(id);
        connection.touched();
      },
      (error) => {
        this.#pump.stop();
        const broken = error instanceof CodecError;
        abort(broken ? sendError(channel, "an item", error) : localError(channel, "cancelled", "its items failed", error));
      }
    );
  }
  /** Credit has come. */
  wake() {
    this.#pump.wake();
  }
  /** The call has ended. */
  stop() {
    this.#stopped = true;
    this.#pump.stop();
  }
};

// ../../../packages/client/src/runtime/sending.ts
var SendingCall = class extends PendingCall {
  #upload;
  send(items) {
    if (this.done) return;
    this.#upload = new Upload(this.connection, this.channel, this.id, items, (error) => this.abort(error));
  }
  credit() {
    this.#upload?.wake();
  }
  succeeded(value) {
    this.#upload?.stop();
    super.succeeded(value);
  }
  failed(error) {
    this.#upload?.stop();
    super.failed(error);
  }
};
function sendItems(binding, channel, args, items, options) {
  const made = binding.connection.trace(sendItems);
  return calling((settle) => {
    const call = new SendingCall(binding.connection, channel, made, channel.reply, settle);
    const opening = { kind: REQUEST, up: true, timeoutMs: timeLimit(channel, options) };
    call.begin(binding, (out) => channel.args.encode(out, args), opening, options);
    call.send(items);
  });
}

// ../../../packages/client/src/runtime/stream.ts
var StreamCall = class extends Exchange {
  #queue;
  #upload;
  #first = true;
  #outcome;
  #reply;
  #settle;
  constructor(connection, channel, made) {
    super(connection, channel, made);
    const meter = this.meter();
    this.#queue = new ItemQueue(
      (bytes2) => meter.taken(bytes2),
      () => this.cancel(),
      void 0
    );
  }
  start(to, body, items, options) {
    const up = items !== void 0 && this.channel.up !== null;
    this.begin(to, body, { kind: REQUEST, up, down: true, timeoutMs: timeLimit(this.channel, options) }, options);
    if (!up || this.done) return;
    this.#upload = new Upload(this.connection, this.channel, this.id, items, (error) => this.abort(error));
  }
  /** Made when somebody asks for it, so that a failure which the loop tells is not told to nobody as well. */
  get reply() {
    this.#reply ??= calling((settle) => {
      this.#settle = settle;
      this.#tell();
    });
    return this.#reply;
  }
  [Symbol.asyncIterator]() {
    return this.#queue;
  }
  cancel() {
    this.abort(localError(this.channel, "cancelled"));
  }
  credit() {
    this.#upload?.wake();
  }
  item(_missed, _token, body, blobs) {
    const { channel } = this;
    if (this.#first) {
      this.#first = false;
      this.connection.session.clearDeadline(false, this.id);
    }
    let value;
    try {
      value = fromBytes(channel.down, body, this.reading, blobs);
    } catch (error) {
      return this.abort(this.unreadable("an item", error));
    }
    this.#queue.push(value, sizeOf(body, blobs));
  }
  decode(body, blobs) {
    return fromBytes(this.channel.reply, body, this.reading, blobs);
  }
  succeeded(value) {
    this.#over({ value });
  }
  failed(error) {
    this.#over({ error });
  }
  #over(outcome) {
    this.#outcome = outcome;
    this.#upload?.stop();
    this.#queue.end(outcome);
    this.#tell();
  }
  #tell() {
    const outcome = this.#outcome;
    if (outcome === void 0) return;
    if ("error" in outcome) this.#settle?.reject(outcome.error);
    else this.#settle?.resolve(outcome.value);
  }
};
function openStream(binding, channel, args, items, options) {
  const { connection } = binding;
  const stream = new StreamCall(connection, channel, connection.trace(openStream));
  stream.start(binding, (out) => channel.args.encode(out, args), items, options);
  return stream;
}

// ../../../packages/client/src/runtime/subscription.ts
var Subscription = class extends Exchange {
  constructor(connection, channel, listener, options) {
    super(connection, channel, void 0);
    this.listener = listener;
    this.options = options;
  }
  #meter = this.meter();
  #left = false;
  start(to) {
    this.begin(to, () => void 0, { kind: SUBSCRIBE, down: true }, this.options);
  }
  /** Nobody listens any more. */
  leave() {
    this.#left = true;
    this.abort(localError(this.channel, "cancelled"));
  }
  item(missed, token, body, blobs) {
    const { session } = this.connection;
    let value;
    try {
      [value] = fromBytes(this.channel.args, body, this.reading, blobs);
    } catch (error) {
      return this.abort(this.unreadable("a value", error));
    }
    if (token !== void 0) session.ack(this.id, token);
    this.#meter.taken(sizeOf(body, blobs));
    this.connection.guard(`a listener of ${this.channel.name}`, () => this.listener(value, { missed }));
  }
  decode() {
    throw new TypeError("a topic has no reply");
  }
  succeeded() {
  }
  failed(error) {
    const onEnd = this.options?.onEnd;
    if (onEnd === void 0 || error.status === "cancelled") return;
    const tell = () => this.connection.guard(`\`onEnd\` of ${this.channel.name}`, () => onEnd(error));
    if (this.id === 0) queueMicrotask(() => this.#left ? void 0 : tell());
    else tell();
  }
};
function subscribeTo(binding, channel, listener, options) {
  const begin = (to, options2) => {
    const subscription = new Subscription(to.connection, channel, listener, options2);
    subscription.start(to);
    return () => subscription.leave();
  };
  return binding.each?.(begin, options) ?? begin(binding, options);
}

// ../../../packages/client/src/runtime/offering.ts
var SERVE = /* @__PURE__ */ hubChannel("serve", 2, encodeServe, u32Codec);
var WITHDRAW = /* @__PURE__ */ hubChannel("withdraw", 3, encodeNumber, unitCodec);
async function offer({ self, connection }, descriptor, instance, options, given) {
  const args = [descriptor.name, descriptor, instance];
  const id = await self.request(SERVE, args, options, connection.trace(offer), (id2, wanted) => {
    if (wanted) given(id2);
    else void self.call(WITHDRAW, [id2]);
  });
  return new Handle(connection, id);
}
function withdraw({ self }, id) {
  return self.call(WITHDRAW, [id]);
}

// ../../../packages/client/src/runtime/fault-log.ts
var LINES_FIRST = 8;
var MINUTE_MS = 6e4;
var KEYS_MAX = 1024;
var FaultLog = class {
  constructor(connection) {
    this.connection = connection;
  }
  #counts = /* @__PURE__ */ new Map();
  /** A line about a channel, as far as it is not one too many. Callers are told apart by label, which outlives a connection. */
  error(channel, label, what, ...details) {
    const times = this.#count(`${channel} ${label ?? ""}`);
    if (times > LINES_FIRST && (times & times - 1) !== 0) return;
    const often = times > LINES_FIRST ? ` (${times} times within a minute)` : "";
    this.connection.logger.error(`portcullis: ${channel} ${what}${often}`, ...details);
  }
  #count(key) {
    const now = this.connection.now();
    const known = this.#counts.get(key);
    if (known !== void 0 && now < known.until) return known.times += 1;
    if (this.#counts.size >= KEYS_MAX) this.#counts.clear();
    this.#counts.set(key, { until: now + MINUTE_MS, times: 1 });
    return 1;
  }
};

// ../../../packages/client/src/runtime/places.ts
var Places = class {
  constructor(max) {
    this.max = max;
  }
  #taken = 0;
  /** By the label of the caller, which outlives its connection. */
  #by = /* @__PURE__ */ new Map();
  /** Takes one; false when there is none. One caller of many has half of them at most. */
  take(label) {
    if (this.#taken >= this.max) return false;
    if (label !== void 0) {
      const taken = this.#by.get(label) ?? 0;
      if (taken >= Math.ceil(this.max / 2)) return false;
      this.#by.set(label, taken + 1);
    }
    this.#taken++;
    return true;
  }
  give(label) {
    this.#taken--;
    if (label === void 0) return;
    const left = (this.#by.get(label) ?? 0) - 1;
    if (left > 0) this.#by.set(label, left);
    else this.#by.delete(label);
  }
};

// ../../../packages/client/src/runtime/dropping.ts
var DroppingPump = class extends Pump {
  constructor(out, depth) {
    super(out);
    this.depth = depth;
  }
  async pump(iterator) {
    const waiting = [];
    const source = {};
    let missed = 0;
    const pull = async () => {
      while (!this.stopped) {
        const { done, value } = await iterator.next();
        if (done === true) {
          source.end = { value };
          return;
        }
        waiting.push(value);
        this.wake();
        if (waiting.length > this.depth) {
          waiting.shift();
          missed++;
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
    };
    const pulling = pull().catch((error) => {
      source.failure = { error };
    }).finally(() => this.wake());
    while (!this.stopped) {
      if (waiting.length > 0) {
        if (this.out.maySend() === true) {
          this.out.send(waiting.shift(), missed);
          missed = 0;
          continue;
        }
      } else if (source.failure !== void 0) {
        throw source.failure.error;
      } else if (source.end !== void 0) {
        return source.end.value;
      }
      await this.sleep();
    }
    await pulling;
    return void 0;
  }
};

// ../../../packages/client/src/runtime/serving.ts
var Serving = class {
  constructor(connection, faults, descriptor, caller, id, deadline) {
    this.connection = connection;
    this.faults = faults;
    this.descriptor = descriptor;
    this.caller = caller;
    this.id = id;
    this.deadline = deadline;
    this.channel = descriptor.name;
  }
  #abort;
  /** Why the handler is no longer wanted. */
  #stopped;
  #answered = false;
  #items;
  #pump;
  get signal() {
    if (this.#abort === void 0) {
      this.#abort = new AbortController();
      if (this.#stopped !== void 0) this.#abort.abort(this.#stopped);
    }
    return this.#abort.signal;
  }
  remainingMs() {
    return this.#stopped === void 0 ? Math.max(0, this.deadline - this.connection.now()) : 0;
  }
  /** Runs the handler, at once, so that calls begin in the order in which they came. Never rejects. */
  async run(handler, body, blobs) {
    const { descriptor } = this;
    let args;
    try {
      args = [...fromBytes(descriptor.args, body, void 0, blobs)];
    } catch (error) {
      return this.#fault("got arguments that cannot be read", error);
    }
    try {
      if (descriptor.up !== null) args.push(this.#items = this.#receiveItems());
      let result = await handler(...args, this);
      if (descriptor.down !== null && this.#stopped === void 0) {
        result = await this.#sendItems(result);
      }
      if (this.#stopped === void 0) this.#answer("ok", (out) => descriptor.reply.encode(out, result));
    } catch (error) {
      this.#refuse(error);
    }
    this.#items?.end({ value: void 0 });
    await this.#pump?.stop();
    if (this.#stopped !== void 0 && !this.#answered) this.#answerFailure(this.#stopped.status);
  }
  item(body, blobs) {
    const { up } = this.descriptor;
    if (up === null) return;
    try {
      this.#items?.push(fromBytes(up, body, void 0, blobs), sizeOf(body, blobs));
    } catch (error) {
      this.#fault("got an item that cannot be read", error);
    }
  }
  finish() {
    this.#items?.end({ value: void 0 });
  }
  credit() {
    this.#pump?.wake();
  }
  /**
   * The call ends when its handler has come to its end: until then it keeps its place, here and among those that the hub lets its caller
   * have, or who gives up again and again would pile up handlers. Whoever has called does not wait for that.
   */
  stop(status) {
    this.#stop(status);
  }
  abandon() {
    this.#stop("unavailable");
  }
  #receiveItems() {
    const meter = new CreditMeter(this.connection, true, () => this.id);
    return new ItemQueue(
      (bytes2) => meter.taken(bytes2),
      () => void 0,
      void 0
    );
  }
  #sendItems(items) {
    const { connection, descriptor, id } = this;
    const { session } = connection;
    const out = {
      maySend: () => session.maySend(true, id),
      send: (value, missed) => {
        session.item(true, id, missed, (out2) => descriptor.down?.encode(out2, value));
        if (this.deadline !== Infinity) session.clearDeadline(true, id);
        this.deadline = Infinity;
        connection.touched();
      }
    };
    this.#pump = descriptor.overflow === "dropOldest" ? new DroppingPump(out, descriptor.depth) : new Pump(out);
    return this.#pump.run(items);
  }
  #answer(status, body) {
    this.connection.session.reply(this.id, status, body);
    this.#answered = true;
    this.connection.touched();
  }
  #answerFailure(status, failure3 = {}) {
    const body = { channel: this.channel, message: textOf(status), ...failure3 };
    this.#answer(status, (out) => failureCodec.encode(out, body));
  }
  /** What the handler threw, or the reply or item of its that breaks the contract. */
  #refuse(error) {
    if (this.#stopped !== void 0) return;
    const { error: codec } = this.descriptor;
    if (error instanceof ApplicationError) {
      if (codec === null) return this.#fault("threw an error that it does not declare", error);
      try {
        return this.#answer("application", (out) => codec.encode(out, error.error));
      } catch (broken) {
        return this.#fault("threw an error that breaks its contract", broken);
      }
    }
    if (error instanceof CallError) {
      const { status, path, detail, retry: retry2, correlation } = error;
      return this.#fail(status, { path, message: detail, retry: retry2, correlation });
    }
    if (error instanceof SendError) return this.#fail(error.status, { message: error.message });
    this.#fault(error instanceof CodecError ? "gave a value that breaks its contract" : "threw", error);
  }
  /** The callee is at fault: the caller gets a number, the log says what it stands for. */
  #fault(what, error) {
    if (this.#stopped !== void 0) return;
    const { state } = this.connection;
    const peer = state.status === "connected" ? state.peer : 0;
    const correlation = BigInt(peer) << 32n | BigInt(this.id);
    this.faults.error(this.channel, this.caller?.label, `${what} [${correlation.toString(16)}]`, error);
    this.#fail("internal", { correlation });
  }
  /** Answers in the handler's place, and lets it know. No caller brings that about: what it sends, the hub has checked. */
  #fail(status, failure3 = {}) {
    if (this.#stopped !== void 0) return;
    this.#answerFailure(status, failure3);
    this.#stop(status);
  }
  #stop(status) {
    const reason = new CallError(status, { channel: this.channel, message: textOf(status) });
    this.#stopped ??= reason;
    void this.#pump?.stop();
    this.#items?.end({ error: reason });
    this.#abort?.abort(reason);
  }
};

// ../../../packages/client/src/runtime/server.ts
var NOTIFY_MS = 3e4;
var Server = class {
  constructor(connection) {
    this.connection = connection;
    this.#faults = new FaultLog(connection);
    this.#notified = new Places(connection.session.ours.calls);
  }
  #exports = /* @__PURE__ */ new Map();
  #faults;
  /** Handlers of calls at work. The hub counts the same calls until they end, each for its caller. */
  #running = 0;
  #notified;
  /** Who makes the calls that come next, where this peer is told. */
  #caller;
  add(id, descriptor, handlers) {
    this.#exports.set(id, { descriptor, handlers, open: /* @__PURE__ */ new Set() });
  }
  /** Serves it no more: calls that are open on it end. */
  remove(id) {
    const left = this.#exports.get(id);
    this.#exports.delete(id);
    for (const serving of left?.open ?? []) serving.stop("unavailable");
  }
  caller(peer, body) {
    this.#caller = decodeCaller(peer, body);
  }
  request(id, exportId, ordinal, body, budgetMs2, blobs) {
    const { session } = this.connection;
    const served = this.#exports.get(exportId);
    if (served === void 0) return session.refuse(id, "unavailable", textOf("unavailable"));
    const channel = served.descriptor.channels[ordinal];
    const handler = handlerOf(served, channel, false);
    if (channel === void 0 || handler === void 0) {
      return session.refuse(id, "unimplemented", "there is no handler for it", channel?.name);
    }
    if (this.#running >= session.ours.calls) {
      return session.refuse(id, "resource_exhausted", "too many handlers are at work", channel.name);
    }
    const deadline = this.connection.now() + (budgetMs2 > 0 ? budgetMs2 : channel.deadlineMs);
    if (budgetMs2 === 0) session.setInboundDeadline(id, deadline);
    const serving = new Serving(this.connection, this.#faults, channel, this.#caller, id, deadline);
    session.accept(id, serving, channel.up !== null, channel.down !== null);
    this.#running++;
    this.#run(served, serving, handler, body, blobs, () => this.#running--);
  }
  notify(exportId, ordinal, body, blobs) {
    const served = this.#exports.get(exportId);
    const channel = served?.descriptor.channels[ordinal];
    const handler = handlerOf(served, channel, true);
    if (served === void 0 || channel === void 0 || handler === void 0) return;
    const label = this.#caller?.label;
    if (!this.#notified.take(label)) {
      return this.#faults.error(channel.name, label, "was dropped: too many handlers are at work");
    }
    const deadline = this.connection.now() + (channel.deadlineMs > 0 ? channel.deadlineMs : NOTIFY_MS);
    const serving = new Serving(this.connection, this.#faults, channel, this.#caller, 0, deadline);
    this.#run(served, serving, handler, body, blobs, () => this.#notified.give(label));
  }
  #run(served, serving, handler, body, blobs, over) {
    served.open.add(serving);
    void serving.run(handler.bind(served.handlers), body, blobs).finally(() => {
      served.open.delete(serving);
      over();
    });
  }
};
function handlerOf(served, channel, notify) {
  if (served === void 0 || channel === void 0) return void 0;
  const fits = notify ? channel.kind === "notify" : channel.kind === "call" || channel.kind === "stream";
  const handler = fits ? served.handlers[channel.method] : void 0;
  return typeof handler === "function" ? handler : void 0;
}

// ../../../packages/client/src/serve.ts
var servers = /* @__PURE__ */ new WeakMap();
async function serve(portcullis, descriptor, handlers, options = {}) {
  const { hub } = portcullis;
  let server = servers.get(portcullis);
  if (server === void 0) {
    server = new Server(hub.connection);
    servers.set(portcullis, server);
    hub.connection.server = server;
  }
  const here = server;
  const handle = await offer(hub, descriptor, options.instance ?? "", options, (id) => here.add(id, descriptor, handlers));
  return {
    publisher: publisherOn(handle, descriptor),
    withdraw: async () => {
      if (handle.gone) return;
      handle.gone = true;
      here.remove(handle.id);
      await withdraw(hub, handle.id);
    }
  };
}

// ../../../packages/client/src/state/error.ts
var UpdateError = class extends Error {
  constructor(outcome, message, cause) {
    super(message, { cause });
    this.name = "UpdateError";
    this.outcome = outcome;
  }
};
var MAYBE_DONE = /* @__PURE__ */ new Set([
  "cancelled",
  "deadline_exceeded",
  "unavailable",
  "internal",
  "data_loss"
]);
function updateError(error, why = error) {
  const text2 = textOf2(why);
  if (error instanceof ApplicationError) return new UpdateError("refused", `the owner refused the change: ${text2}`, why);
  if (error instanceof CallError && !(error.sent && MAYBE_DONE.has(error.status))) return failed(why);
  return new UpdateError("unknown", `it is not known whether the change was made: ${text2}`, why);
}
function failed(why) {
  return new UpdateError("failed", `the change was not made: ${textOf2(why)}`, why);
}
function textOf2(why) {
  return why instanceof Error ? why.message : String(why);
}

// ../../../packages/client/src/state/version.ts
function isNews(known, next) {
  return known === void 0 || next.epoch !== known.epoch || next.number > known.number;
}
function hasReached(at, base, now) {
  return at.epoch === now.epoch ? at.number >= now.number : at.epoch !== base.epoch;
}

// ../../../packages/client/src/state/shared.ts
var UPDATE_MS = 5e3;
var TIMEOUT_MS_MAX = 2 ** 31 - 1;
var TRIES_MAX = 64;
var TRIES_AT_ONCE = 3;
var WAITS_MAX = 16;
var WAITING_MAX = 1024;
var Shared = class {
  constructor(options) {
    this.options = options;
    this.#leave = options.subscribe((state) => this.#receive(state), { onEnd: (error) => this.#end(error) });
  }
  #known;
  /** What `value` is made from. That from before a change is kept while it is away: who has made what comes meanwhile is not known. */
  #base;
  #value;
  /** What was sent, until it is refused or seen. */
  #away = [];
  /** Ends the call that is under way. */
  #call;
  /** What must be known before the next is sent. */
  #answered;
  /** Runs until the next try. */
  #rest;
  #waiting = [];
  #ended;
  #listeners = /* @__PURE__ */ new Set();
  #leave;
  get value() {
    return this.#value;
  }
  get confirmed() {
    return this.#known?.[1];
  }
  get version() {
    return this.#known?.[0];
  }
  get pending() {
    return this.#away.length + this.#waiting.length > 0;
  }
  onChange(listener) {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }
  update(change, options = {}) {
    const { signal } = options;
    const timeoutMs = Math.min(options.timeoutMs ?? UPDATE_MS, TIMEOUT_MS_MAX);
    return new Promise((resolve, reject) => {
      if (this.#ended !== void 0) throw failed(this.#ended.error);
      if (this.#waiting.length >= WAITING_MAX) throw failed(new Error(`more than ${WAITING_MAX} updates wait`));
      if (signal?.aborted === true) throw failed(signal.reason);
      if (this.#base !== void 0) this.#value = change(this.#value);
      const over = () => {
        update.told = true;
        clearTimeout(update.timer);
        signal?.removeEventListener("abort", abort);
      };
      const update = {
        change,
        untilMs: performance.now() + timeoutMs,
        tries: 0,
        dropped: false,
        told: false,
        timer: void 0,
        resolve: (version) => {
          over();
          resolve(version);
        },
        reject: (error) => {
          over();
          update.dropped = true;
          reject(error);
        }
      };
      update.timer = setTimeout(() => this.#giveUp(update, new DOMException("the time for the update ran out", "TimeoutError")), timeoutMs);
      const abort = () => this.#giveUp(update, signal?.reason);
      signal?.addEventListener("abort", abort);
      this.#waiting.push(update);
      this.#send();
      this.#tell();
    });
  }
  close() {
    this.#leave();
    this.#end(new Error("it is not followed any more"));
    for (const update of this.#away) this.#giveUp(update, this.#ended?.error);
  }
  #receive(state) {
    if (this.#ended !== void 0 || !isNews(this.version, state[0])) return;
    this.#known = state;
    this.#goOn();
  }
  /** Something is known that was not: shows it, and sends what can be sent now. */
  #goOn() {
    const known = this.#known;
    if (known !== void 0 && this.#call === void 0) {
      const answered = this.#answered;
      if (answered === void 0 || hasReached(known[0], answered.base, answered.now)) {
        this.#answered = void 0;
        this.#away = [];
      }
      this.#base = known;
      this.#show();
      this.#send();
    }
    this.#tell();
  }
  /** Makes the value that is shown anew. */
  #show() {
    if (this.#base === void 0) return;
    let [, value] = this.#base;
    for (const update of [...this.#away, ...this.#waiting]) {
      if (update.dropped) continue;
      try {
        value = update.change(value);
      } catch (error) {
        if (!this.#away.includes(update)) update.reject(error);
      }
    }
    this.#waiting = this.#waiting.filter(({ dropped }) => !dropped);
    this.#value = value;
  }
  /** Sends all that waits as one change, if what it is made from is known and nothing else is away. */
  #send() {
    const base = this.#base;
    const waits = this.#call !== void 0 || this.#answered !== void 0 || this.#rest !== void 0;
    if (base === void 0 || waits || this.#waiting.length === 0) return;
    for (const update of this.#waiting) {
      if (update.tries++ < TRIES_MAX) continue;
      update.reject(new UpdateError("contended", `others changed the state before each of ${TRIES_MAX} tries`));
    }
    if (this.#waiting.some(({ dropped }) => dropped)) this.#show();
    if (this.#waiting.length === 0) return;
    this.#away = this.#waiting;
    this.#waiting = [];
    const call = new AbortController();
    this.#call = call;
    const timeoutMs = Math.max(1, ...this.#away.map(({ untilMs }) => untilMs - performance.now()));
    const change = [base[0], this.#value];
    const sent = (async () => this.options.replace(change, { timeoutMs, signal: call.signal }))();
    sent.then(
      (now) => this.#accepted(base[0], now),
      (error) => this.#failed(base[0], error, call.signal)
    );
  }
  #accepted(base, now) {
    this.#call = void 0;
    this.#answered = { base, now };
    for (const update of this.#away) {
      update.dropped = false;
      update.resolve(now);
    }
    this.#goOn();
  }
  #failed(base, error, { aborted, reason }) {
    this.#call = void 0;
    const left = this.#away.filter(({ dropped }) => !dropped);
    this.#away = [];
    const over = aborted ? { error: reason } : this.#ended;
    const stale = error instanceof ApplicationError ? (this.options.stale ?? staleOf)(error.error) : void 0;
    if (stale !== void 0 && over === void 0) {
      this.#answered = { base, now: stale.now };
      this.#waiting = [...left, ...this.#waiting];
      this.#wait(Math.max(...left.map(({ tries }) => tries)));
    } else {
      const why = stale === void 0 ? updateError(error, aborted ? reason : error) : failed(over?.error);
      for (const update of left) update.reject(why);
    }
    this.#goOn();
  }
  /** Lets some time pass by chance before one more try. */
  #wait(tries) {
    if (tries < TRIES_AT_ONCE) return;
    this.#rest = setTimeout(
      () => {
        this.#rest = void 0;
        this.#send();
      },
      Math.random() * Math.min(tries, WAITS_MAX)
    );
  }
  /** Whoever made it does not wait any longer. */
  #giveUp(update, why) {
    const call = this.#away.includes(update) ? this.#call : void 0;
    if (call === void 0) return this.#drop(update, failed(why));
    if (this.#away.some((other) => other !== update && !other.dropped)) return this.#drop(update, updateError(why));
    clearTimeout(update.timer);
    update.timer = setTimeout(() => this.#drop(update, updateError(why)));
    call.abort(why);
  }
  #drop(update, error) {
    if (update.told) return;
    update.reject(error);
    this.#show();
    this.#tell();
  }
  #end(error) {
    if (this.#ended !== void 0) return;
    this.#ended = { error };
    clearTimeout(this.#rest);
    for (const update of this.#waiting) update.reject(failed(error));
    this.#show();
    this.#tell();
  }
  #tell() {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        (this.options.logger ?? console).error("a listener of a shared state", error);
      }
    }
  }
};
function staleOf(error) {
  return typeof error === "object" && error !== null && "now" in error ? error : void 0;
}
function sharedState(options) {
  return new Shared(options);
}

// ../../../packages/client/src/transport/websocket.ts
var SUBPROTOCOL = "portcullis.v1";
var TICKET_PREFIX = "ticket.";
function webSocketTransport(url, ticket) {
  const protocols = ticket === void 0 ? [SUBPROTOCOL] : [SUBPROTOCOL, TICKET_PREFIX + ticket];
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
  let waiting = [];
  let waitingBytes = 0;
  let ended = false;
  const lose = (why) => {
    if (ended) return;
    ended = true;
    waiting = void 0;
    socket.close();
    transport.onClose?.(why);
  };
  const transport = {
    ownsMessages: true,
    onMessage: void 0,
    onClose: void 0,
    send(bytes2) {
      if (ended) return;
      if (waiting === void 0) return socket.send(bytes2);
      waiting.push(bytes2);
      waitingBytes += bytes2.length;
    },
    close() {
      ended = true;
      socket.close();
    },
    get bufferedAmount() {
      return socket.bufferedAmount + waitingBytes;
    }
  };
  socket.onopen = () => {
    for (const bytes2 of waiting ?? []) socket.send(bytes2);
    waiting = void 0;
    waitingBytes = 0;
    transport.onDrain?.();
  };
  socket.onmessage = ({ data }) => {
    if (ended) return;
    if (data instanceof ArrayBuffer) transport.onMessage?.(new Uint8Array(data));
    else lose("the hub sent text");
  };
  socket.onclose = ({ code, reason }) => lose(`the WebSocket closed (${code}${reason === "" ? "" : `: ${reason}`})`);
  return transport;
}
async function connectWithTicket({ window: window2, base, signal }) {
  const root = new URL(base ?? location.origin);
  const answer = await fetch(new URL("/ticket", root), {
    method: "POST",
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
    body: new URLSearchParams({ window: window2 }),
    signal: signal ?? null
  });
  if (!answer.ok) throw new Error(`the gate gave no ticket for a window of kind "${window2}" (${answer.status})`);
  const ticket = (await answer.text()).trim();
  const address = new URL("/connect", root);
  address.protocol = root.protocol === "https:" ? "wss:" : "ws:";
  return webSocketTransport(address, ticket);
}

// ../../../packages/electron/src/shared/refusal.ts
var HINTS = {
  /** This Electron is older than those that the adapter is checked against. */
  unsupported_electron: "fix",
  /** The page has no `window.portcullis`: the preload script did not run in it. */
  missing_preload: "fix",
  /** Node integration is on in the page: nothing would hold it to what its role grants. */
  node_integration: "fix",
  /** Main was never told of the window that the page is in. */
  not_attached: "fix",
  /** The page is in a frame inside another page, and main has not opted in its origin. */
  sub_frame: "fix",
  /** The page's origin is not on the list of its window. */
  origin_not_allowed: "fix",
  /** The page was navigated away, or destroyed, while it asked. */
  frame_gone: "reload",
  /** The document has a connection already. */
  second_connect: "fix",
  /** The request to connect was not made by the preload script of this package. */
  malformed_connect: "fix",
  /** Something other than bytes came through the port. */
  malformed_message: "fix",
  /** Page and main, or preload and main, were built with different versions of this package. */
  version_mismatch: "restart",
  /** Page and main were built with different contracts. */
  contract_mismatch: "reload",
  /** The hub does not admit the peer: an unknown role, or too many peers. */
  not_admitted: "fix",
  /** Main has taken back what it granted. */
  revoked: "fix",
  /** The application quits. */
  quitting: "restart"
};
var MESSAGE_CHARACTERS_MAX = 2048;
function refusal(code, message, hint = HINTS[code]) {
  return { code, message, hint };
}
var ConnectRefused = class extends Error {
  constructor({ code, message, hint }) {
    super(`portcullis (${code}): ${message} [${hint}]`);
    this.name = "ConnectRefused";
    this.code = code;
    this.hint = hint;
  }
};
function fromWire(data) {
  if (typeof data !== "object" || data === null) return void 0;
  const { portcullis, code, message, hint } = data;
  if (portcullis !== "refused" || typeof code !== "string" || !Object.hasOwn(HINTS, code)) return void 0;
  if (typeof message !== "string" || hint !== "reload" && hint !== "restart" && hint !== "fix") return void 0;
  return { code, message: message.slice(0, MESSAGE_CHARACTERS_MAX), hint };
}

// ../../../packages/electron/src/shared/late-port.ts
var LatePort = class {
  constructor() {
    /** Each message is a copy that was made for this side. */
    this.ownsMessages = true;
    this.onDrain = void 0;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#closed = false;
    this.#over = false;
    this.released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }
  #release;
  #port;
  #waiting;
  #waitingBytes;
  #closed;
  #over;
  /** Whether the connection lives, or could come to live. */
  get isOpen() {
    return !this.#closed && !this.#over;
  }
  /** Bytes that wait for the port: the session keeps the rest back, where calls can still be cancelled. */
  get bufferedAmount() {
    return this.#waitingBytes;
  }
  send(bytes2) {
    if (!this.isOpen) return;
    if (this.#port !== void 0) return this.#port.postMessage(exact(bytes2));
    this.#waiting.push(bytes2);
    this.#waitingBytes += bytes2.length;
  }
  close() {
    if (!this.isOpen) return;
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#port?.postMessage(null);
  }
  /** The port is there. */
  adopt(port) {
    if (this.#over || this.#port !== void 0) return port.close();
    this.#port = port;
    if (this.#closed) return port.postMessage(null);
    for (const bytes2 of this.#waiting) port.postMessage(exact(bytes2));
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.onDrain?.();
  }
  /** A message came through the port. */
  take(data) {
    if (this.#over) return;
    const bytes2 = bytesOf(data);
    if (bytes2 !== void 0) {
      if (!this.#closed) this.onMessage?.(bytes2);
      return;
    }
    if (data === null) return this.lost("main closed the connection");
    const refused2 = fromWire(data);
    if (refused2 !== void 0) this.refuse(refused2);
    else this.lost("something that is no bytes came through the port");
  }
  /** There will be no connection, or no more. */
  refuse(refused2) {
    if (this.#over) return;
    const told = this.onRefused;
    this.onRefused = void 0;
    told?.(refused2);
    this.lost(`${refused2.code}: ${refused2.message} [${refused2.hint}]`);
  }
  /** The port is gone. */
  lost(why) {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#port?.close();
    this.#release();
    if (!this.#closed) this.onClose?.(why);
  }
};
function bytesOf(data) {
  if (data instanceof Uint8Array) return data.buffer instanceof ArrayBuffer ? data : void 0;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : void 0;
}
function exact(bytes2) {
  return bytes2.byteLength === bytes2.buffer.byteLength ? bytes2 : bytes2.slice();
}

// ../../../packages/electron/src/shared/words.ts
var ADAPTER_PROTOCOL = 1;
var API = "portcullis";
var CONTRACT_CHARACTERS_MAX = 64;
var CONTRACT = /^[\w.-]{0,64}$/;
function isContract(text2) {
  return CONTRACT.test(text2);
}
function makeToken(contract) {
  const bytes2 = crypto.getRandomValues(new Uint8Array(16));
  const nonce = Array.from(bytes2, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `v${ADAPTER_PROTOCOL}:${nonce}:${contract}`;
}

// ../../../packages/electron/src/renderer/connect.ts
var refusals = /* @__PURE__ */ new WeakMap();
var ports = /* @__PURE__ */ new WeakMap();
function isPortcullisPage() {
  return typeof window[API]?.connect === "function";
}
function refusalOf(portcullis) {
  return refusals.get(portcullis);
}
function connectElectron(options = {}) {
  return connectPage(window, options);
}
function connectPage(page, options = {}) {
  const { contract = "", onRefused, ...rest } = options;
  const logger = rest.logger ?? console;
  if (!isContract(contract)) throw new RangeError(`contract: at most ${CONTRACT_CHARACTERS_MAX} of A-Z a-z 0-9 . _ -`);
  check(page);
  const before = ports.get(page)?.released;
  const port = new LatePort();
  ports.set(page, port);
  const portcullis = connect(port, { ...rest, keepalive: false });
  port.onRefused = (refused2) => {
    const error = new ConnectRefused(refused2);
    refusals.set(portcullis, error);
    logger.error(error.message);
    try {
      onRefused?.(error);
    } catch (fault) {
      logger.error("portcullis: onRefused threw", fault);
    }
  };
  if (before === void 0) ask(page, port, contract);
  else void before.then(() => ask(page, port, contract));
  return portcullis;
}
function check(page) {
  if (typeof page[API]?.connect !== "function") {
    const message = "window.portcullis is missing: the preload script did not run in this document. In main, call createPortcullis() and attachWindow() before loadURL(); an application that bundles its own preload has to `import '@portcullis/electron/preload'` there.";
    throw new ConnectRefused(refusal("missing_preload", message));
  }
  if (page.process?.versions?.electron !== void 0 && typeof page.require === "function") {
    const message = "Node is integrated into this page, which can do anything then: set nodeIntegration: false in webPreferences.";
    throw new ConnectRefused(refusal("node_integration", message));
  }
  if (ports.get(page)?.isOpen === true) {
    const message = "this document is connected already: keep the Portcullis that connectElectron() returned, in a module of its own.";
    throw new ConnectRefused(refusal("second_connect", message));
  }
}
function ask(page, port, contract) {
  if (!port.isOpen) return port.lost("the connection was closed before it stood");
  const token = makeToken(contract);
  const listen = (event) => {
    const [end] = event.ports;
    if (event.source !== page || event.data !== token || end === void 0) return;
    page.removeEventListener("message", listen, true);
    event.stopImmediatePropagation();
    end.onmessage = ({ data }) => port.take(data);
    end.onmessageerror = () => port.lost("a message could not be read");
    end.addEventListener("close", () => port.lost("main closed the port"));
    port.adopt(end);
  };
  page.addEventListener("message", listen, true);
  try {
    page[API]?.connect(token);
  } catch (error) {
    page.removeEventListener("message", listen, true);
    port.refuse(refusal("version_mismatch", error instanceof Error ? error.message : String(error)));
  }
}

// src/api.ts
var ANNOTATION_CHARACTERS_MAX = 80;
var SETTINGS_DEFAULT = {
  exposure: 0,
  gain: 0,
  mirror: false,
  annotation: "",
  quality: "full",
  framesPerSecondMax: 60
};
var StudioError = class extends Error {
  constructor(where, status, message, retryable = false) {
    super(message);
    this.where = where;
    this.status = status;
    this.retryable = retryable;
  }
  where;
  status;
  retryable;
  name = "StudioError";
};

// src/generated/types.ts
function encodeApplicationPhase(out, value) {
  let at = "";
  try {
    switch (value.type) {
      case "starting":
        out.count(0);
        break;
      case "ready":
        out.count(1);
        break;
      case "suspending":
        out.count(2);
        break;
      case "resumed":
        out.count(3);
        break;
      case "quitting":
        out.count(4);
        at = "Quitting.grace_ms";
        out.u32(value.graceMs);
        break;
      default:
        noVariant(value);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeApplicationPhase(input2) {
  let at = "";
  try {
    switch (input2.u32()) {
      case 0:
        return { type: "starting" };
      case 1:
        return { type: "ready" };
      case 2:
        return { type: "suspending" };
      case 3:
        return { type: "resumed" };
      case 4: {
        at = "Quitting.grace_ms";
        const graceMs = input2.u32();
        return { type: "quitting", graceMs };
      }
      default:
        return fail("unknown_tag");
    }
  } catch (error) {
    throw within(error, at);
  }
}
function encodeCamera(out, value) {
  let at = "id";
  try {
    encodeCameraId(out, value.id);
    at = "name";
    out.string(value.name, 1, 128);
    at = "source";
    out.string(value.source, 0, 4200);
    at = "width";
    out.u32(value.width);
    at = "height";
    out.u32(value.height);
    at = "frames_per_second";
    out.f64(value.framesPerSecond);
    at = "status";
    encodeCameraStatus(out, value.status);
    at = "restarts";
    out.u32(value.restarts);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeCamera(input2) {
  let at = "id";
  try {
    const id = decodeCameraId(input2);
    at = "name";
    const name = input2.string(1, 128);
    at = "source";
    const source = input2.string(0, 4200);
    at = "width";
    const width = input2.u32();
    at = "height";
    const height = input2.u32();
    at = "frames_per_second";
    const framesPerSecond = input2.f64();
    at = "status";
    const status = decodeCameraStatus(input2);
    at = "restarts";
    const restarts = input2.u32();
    return { id, name, source, width, height, framesPerSecond, status, restarts };
  } catch (error) {
    throw within(error, at);
  }
}
function encodeCameraError(out, value) {
  let at = "";
  try {
    switch (value.type) {
      case "noSuchCamera":
        out.count(0);
        at = "NoSuchCamera.camera";
        encodeCameraId(out, value.camera);
        break;
      case "unplugged":
        out.count(1);
        at = "Unplugged.camera";
        encodeCameraId(out, value.camera);
        break;
      case "cannotStart":
        out.count(2);
        at = "CannotStart.camera";
        encodeCameraId(out, value.camera);
        at = "CannotStart.reason";
        out.string(value.reason, 0, 512);
        break;
      default:
        noVariant(value);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeCameraError(input2) {
  let at = "";
  try {
    switch (input2.u32()) {
      case 0: {
        at = "NoSuchCamera.camera";
        const camera2 = decodeCameraId(input2);
        return { type: "noSuchCamera", camera: camera2 };
      }
      case 1: {
        at = "Unplugged.camera";
        const camera2 = decodeCameraId(input2);
        return { type: "unplugged", camera: camera2 };
      }
      case 2: {
        at = "CannotStart.camera";
        const camera2 = decodeCameraId(input2);
        at = "CannotStart.reason";
        const reason = input2.string(0, 512);
        return { type: "cannotStart", camera: camera2, reason };
      }
      default:
        return fail("unknown_tag");
    }
  } catch (error) {
    throw within(error, at);
  }
}
var CameraErrorCodec = {
  encode: encodeCameraError,
  decode: decodeCameraError
};
var CameraId = (value) => value;
function encodeCameraId(out, value) {
  out.u32(value);
}
function decodeCameraId(input2) {
  return input2.u32();
}
function encodeCameraList(out, value) {
  let at = "cameras";
  try {
    writeList(out, value.cameras, encodeCamera, 0, 8);
    at = "selected";
    if (out.option(value.selected)) {
      encodeCameraId(out, value.selected);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeCameraList(input2) {
  let at = "cameras";
  try {
    const cameras = readList(input2, 15, decodeCamera, 0, 8);
    at = "selected";
    const selected = input2.bool() ? decodeCameraId(input2) : null;
    return { cameras, selected };
  } catch (error) {
    throw within(error, at);
  }
}
var CameraListCodec = {
  encode: encodeCameraList,
  decode: decodeCameraList
};
function encodeCameraStatus(out, value) {
  let at = "";
  try {
    switch (value.type) {
      case "unplugged":
        out.count(0);
        break;
      case "starting":
        out.count(1);
        break;
      case "live":
        out.count(2);
        break;
      case "failed":
        out.count(3);
        at = "Failed.reason";
        out.string(value.reason, 0, 512);
        break;
      default:
        noVariant(value);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeCameraStatus(input2) {
  let at = "";
  try {
    switch (input2.u32()) {
      case 0:
        return { type: "unplugged" };
      case 1:
        return { type: "starting" };
      case 2:
        return { type: "live" };
      case 3: {
        at = "Failed.reason";
        const reason = input2.string(0, 512);
        return { type: "failed", reason };
      }
      default:
        return fail("unknown_tag");
    }
  } catch (error) {
    throw within(error, at);
  }
}
function encodeChannelKind(out, value) {
  switch (value) {
    case "call":
      out.count(0);
      break;
    case "notification":
      out.count(1);
      break;
    case "stream":
      out.count(2);
      break;
    case "event":
      out.count(3);
      break;
    case "state":
      out.count(4);
      break;
    default:
      noVariant(value);
  }
}
function decodeChannelKind(input2) {
  switch (input2.u32()) {
    case 0:
      return "call";
    case 1:
      return "notification";
    case 2:
      return "stream";
    case 3:
      return "event";
    case 4:
      return "state";
    default:
      return fail("unknown_tag");
  }
}
function encodeDelivery(out, value) {
  let at = "peer";
  try {
    out.string(value.peer, 0, 128);
    at = "problem";
    if (out.option(value.problem)) {
      out.string(value.problem, 0, 128);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeDelivery(input2) {
  let at = "peer";
  try {
    const peer = input2.string(0, 128);
    at = "problem";
    const problem = input2.bool() ? input2.string(0, 128) : null;
    return { peer, problem };
  } catch (error) {
    throw within(error, at);
  }
}
function encodeDeliveryList(out, value) {
  try {
    writeList(out, value.deliveries, encodeDelivery, 0, 64);
  } catch (error) {
    throw refused(error, "deliveries");
  }
}
function decodeDeliveryList(input2) {
  try {
    const deliveries = readList(input2, 2, decodeDelivery, 0, 64);
    return { deliveries };
  } catch (error) {
    throw within(error, "deliveries");
  }
}
var DeliveryListCodec = {
  encode: encodeDeliveryList,
  decode: decodeDeliveryList
};
function encodeFrame(out, value) {
  let at = "camera";
  try {
    encodeCameraId(out, value.camera);
    at = "sequence";
    out.u64(value.sequence);
    at = "captured";
    writeTimestamp(out, value.captured);
    at = "width";
    out.u32(inRange(value.width, 1, 8192));
    at = "height";
    out.u32(inRange(value.height, 1, 8192));
    at = "data";
    out.blob(value.data, 0, 15728640);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeFrame(input2) {
  let at = "camera";
  try {
    const camera2 = decodeCameraId(input2);
    at = "sequence";
    const sequence = input2.u64();
    at = "captured";
    const captured = readTimestamp(input2);
    at = "width";
    const width = inRange(input2.u32(), 1, 8192);
    at = "height";
    const height = inRange(input2.u32(), 1, 8192);
    at = "data";
    const data = input2.blob(0, 15728640);
    return { camera: camera2, sequence, captured, width, height, data };
  } catch (error) {
    throw within(error, at);
  }
}
function encodeLogBatch(out, value) {
  let at = "records";
  try {
    writeList(out, value.records, encodeLogRecord, 0, 256);
    at = "omitted";
    out.u32(value.omitted);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeLogBatch(input2) {
  let at = "records";
  try {
    const records = readList(input2, 8, decodeLogRecord, 0, 256);
    at = "omitted";
    const omitted = input2.u32();
    return { records, omitted };
  } catch (error) {
    throw within(error, at);
  }
}
var LogBatchCodec = { encode: encodeLogBatch, decode: decodeLogBatch };
function encodeLogRecord(out, value) {
  let at = "at";
  try {
    writeTimestamp(out, value.at);
    at = "channel";
    out.string(value.channel, 0, 128);
    at = "kind";
    encodeChannelKind(out, value.kind);
    at = "from";
    out.string(value.from, 0, 128);
    at = "to";
    out.string(value.to, 0, 128);
    at = "bytes";
    out.u32(value.bytes);
    at = "duration";
    if (out.option(value.duration)) {
      writeDuration(out, value.duration);
    }
    at = "outcome";
    out.string(value.outcome, 0, 128);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeLogRecord(input2) {
  let at = "at";
  try {
    const at_ = readTimestamp(input2);
    at = "channel";
    const channel = input2.string(0, 128);
    at = "kind";
    const kind = decodeChannelKind(input2);
    at = "from";
    const from = input2.string(0, 128);
    at = "to";
    const to = input2.string(0, 128);
    at = "bytes";
    const bytes2 = input2.u32();
    at = "duration";
    const duration2 = input2.bool() ? readDuration(input2) : null;
    at = "outcome";
    const outcome = input2.string(0, 128);
    return { at: at_, channel, kind, from, to, bytes: bytes2, duration: duration2, outcome };
  } catch (error) {
    throw within(error, at);
  }
}
function encodeMeasurement(out, value) {
  let at = "camera";
  try {
    encodeCameraId(out, value.camera);
    at = "sequence";
    out.u64(value.sequence);
    at = "brightness";
    out.f64(inRange(value.brightness, 0, 1));
    at = "motion";
    out.f64(inRange(value.motion, 0, 1));
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeMeasurement(input2) {
  let at = "camera";
  try {
    const camera2 = decodeCameraId(input2);
    at = "sequence";
    const sequence = input2.u64();
    at = "brightness";
    const brightness = inRange(input2.f64(), 0, 1);
    at = "motion";
    const motion = inRange(input2.f64(), 0, 1);
    return { camera: camera2, sequence, brightness, motion };
  } catch (error) {
    throw within(error, at);
  }
}
function encodeNotice(out, value) {
  let at = "from";
  try {
    out.string(value.from, 0, 128);
    at = "text";
    out.string(value.text, 1, 512);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeNotice(input2) {
  let at = "from";
  try {
    const from = input2.string(0, 128);
    at = "text";
    const text2 = input2.string(1, 512);
    return { from, text: text2 };
  } catch (error) {
    throw within(error, at);
  }
}
var OpenOptions = (fields = {}) => ({
  argument: null,
  background: null,
  ...fields
});
function encodeOpenOptions(out, value) {
  let at = "";
  try {
    out.count(present(value.argument, value.background));
    if (value.argument !== null) {
      at = "argument";
      out.count(1);
      const part = out.beginPart();
      out.string(value.argument, 0, 4096);
      out.endPart(part);
    }
    if (value.background !== null) {
      at = "background";
      out.count(2);
      const part = out.beginPart();
      out.bool(value.background);
      out.endPart(part);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeOpenOptions(input2) {
  let argument = null;
  let background = null;
  let at = "";
  try {
    let number = 0;
    for (let left = input2.count(2); left > 0; left--) {
      at = "";
      number = readFieldNumber(input2, number);
      switch (number) {
        case 1: {
          at = "argument";
          const outer = input2.beginPart();
          argument = input2.string(0, 4096);
          input2.endPart(outer);
          break;
        }
        case 2: {
          at = "background";
          const outer = input2.beginPart();
          background = input2.bool();
          input2.endPart(outer);
          break;
        }
        default:
          skipPart(input2);
      }
    }
  } catch (error) {
    throw within(error, at);
  }
  return { argument, background };
}
function encodeQuality(out, value) {
  switch (value) {
    case "full":
      out.count(0);
      break;
    case "half":
      out.count(1);
      break;
    case "quarter":
      out.count(2);
      break;
    default:
      noVariant(value);
  }
}
function decodeQuality(input2) {
  switch (input2.u32()) {
    case 0:
      return "full";
    case 1:
      return "half";
    case 2:
      return "quarter";
    default:
      return fail("unknown_tag");
  }
}
function encodeQuitError(out, value) {
  let at = "";
  try {
    switch (value.type) {
      case "refused":
        out.count(0);
        at = "Refused.reason";
        out.string(value.reason, 0, 512);
        break;
      case "quitting":
        out.count(1);
        break;
      default:
        noVariant(value);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeQuitError(input2) {
  let at = "";
  try {
    switch (input2.u32()) {
      case 0: {
        at = "Refused.reason";
        const reason = input2.string(0, 512);
        return { type: "refused", reason };
      }
      case 1:
        return { type: "quitting" };
      default:
        return fail("unknown_tag");
    }
  } catch (error) {
    throw within(error, at);
  }
}
var QuitErrorCodec = {
  encode: encodeQuitError,
  decode: decodeQuitError
};
function encodeSettings(out, value) {
  let at = "exposure";
  try {
    out.f64(inRange(value.exposure, -3, 3));
    at = "gain";
    out.f64(inRange(value.gain, 0, 24));
    at = "mirror";
    out.bool(value.mirror);
    at = "annotation";
    out.string(value.annotation, 0, 320);
    at = "quality";
    encodeQuality(out, value.quality);
    at = "frames_per_second_max";
    out.u32(inRange(value.framesPerSecondMax, 1, 60));
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeSettings(input2) {
  let at = "exposure";
  try {
    const exposure = inRange(input2.f64(), -3, 3);
    at = "gain";
    const gain = inRange(input2.f64(), 0, 24);
    at = "mirror";
    const mirror = input2.bool();
    at = "annotation";
    const annotation = input2.string(0, 320);
    at = "quality";
    const quality = decodeQuality(input2);
    at = "frames_per_second_max";
    const framesPerSecondMax = inRange(input2.u32(), 1, 60);
    return { exposure, gain, mirror, annotation, quality, framesPerSecondMax };
  } catch (error) {
    throw within(error, at);
  }
}
function encodeSettingsState(out, value) {
  let at = "settings";
  try {
    encodeSettings(out, value.settings);
    at = "changed_by";
    out.string(value.changedBy, 0, 128);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeSettingsState(input2) {
  let at = "settings";
  try {
    const settings = decodeSettings(input2);
    at = "changed_by";
    const changedBy = input2.string(0, 128);
    return { settings, changedBy };
  } catch (error) {
    throw within(error, at);
  }
}
function encodeSnapshot(out, value) {
  let at = "from";
  try {
    out.string(value.from, 0, 128);
    at = "png";
    out.bytes(value.png, 1, 8388608);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeSnapshot(input2) {
  let at = "from";
  try {
    const from = input2.string(0, 128);
    at = "png";
    const png = input2.bytes(1, 8388608);
    return { from, png };
  } catch (error) {
    throw within(error, at);
  }
}
var SnapshotCodec = { encode: encodeSnapshot, decode: decodeSnapshot };
function encodeSnapshotError(out, value) {
  let at = "";
  try {
    switch (value.type) {
      case "noPicture":
        out.count(0);
        break;
      case "failed":
        out.count(1);
        at = "Failed.reason";
        out.string(value.reason, 0, 512);
        break;
      default:
        noVariant(value);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeSnapshotError(input2) {
  let at = "";
  try {
    switch (input2.u32()) {
      case 0:
        return { type: "noPicture" };
      case 1: {
        at = "Failed.reason";
        const reason = input2.string(0, 512);
        return { type: "failed", reason };
      }
      default:
        return fail("unknown_tag");
    }
  } catch (error) {
    throw within(error, at);
  }
}
var SnapshotErrorCodec = {
  encode: encodeSnapshotError,
  decode: decodeSnapshotError
};
function encodeStale(out, value) {
  try {
    encodeStateVersion(out, value.now);
  } catch (error) {
    throw refused(error, "now");
  }
}
function decodeStale(input2) {
  try {
    const now = decodeStateVersion(input2);
    return { now };
  } catch (error) {
    throw within(error, "now");
  }
}
var StaleCodec = { encode: encodeStale, decode: decodeStale };
function encodeStateVersion(out, value) {
  let at = "epoch";
  try {
    out.u32(value.epoch);
    at = "number";
    out.safe(inRange(value.number, 0, 9007199254740991));
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeStateVersion(input2) {
  let at = "epoch";
  try {
    const epoch = input2.u32();
    at = "number";
    const number = inRange(input2.safe(), 0, 9007199254740991);
    return { epoch, number };
  } catch (error) {
    throw within(error, at);
  }
}
var StateVersionCodec = {
  encode: encodeStateVersion,
  decode: decodeStateVersion
};
function encodeStatistics(out, value) {
  let at = "receiver";
  try {
    out.string(value.receiver, 0, 128);
    at = "frames_per_second";
    out.f64(value.framesPerSecond);
    at = "bytes_per_second";
    out.f64(value.bytesPerSecond);
    at = "received";
    out.u64(value.received);
    at = "dropped";
    out.u64(value.dropped);
    at = "missed";
    out.u64(value.missed);
    at = "copies";
    out.u64(value.copies);
    at = "bytes";
    out.u64(value.bytes);
    at = "latency_p50_us";
    out.u64(value.latencyP50Us);
    at = "latency_p99_us";
    out.u64(value.latencyP99Us);
    at = "total_latency_p50_us";
    out.u64(value.totalLatencyP50Us);
    at = "total_latency_p99_us";
    out.u64(value.totalLatencyP99Us);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeStatistics(input2) {
  let at = "receiver";
  try {
    const receiver = input2.string(0, 128);
    at = "frames_per_second";
    const framesPerSecond = input2.f64();
    at = "bytes_per_second";
    const bytesPerSecond = input2.f64();
    at = "received";
    const received = input2.u64();
    at = "dropped";
    const dropped = input2.u64();
    at = "missed";
    const missed = input2.u64();
    at = "copies";
    const copies = input2.u64();
    at = "bytes";
    const bytes2 = input2.u64();
    at = "latency_p50_us";
    const latencyP50Us = input2.u64();
    at = "latency_p99_us";
    const latencyP99Us = input2.u64();
    at = "total_latency_p50_us";
    const totalLatencyP50Us = input2.u64();
    at = "total_latency_p99_us";
    const totalLatencyP99Us = input2.u64();
    return {
      receiver,
      framesPerSecond,
      bytesPerSecond,
      received,
      dropped,
      missed,
      copies,
      bytes: bytes2,
      latencyP50Us,
      latencyP99Us,
      totalLatencyP50Us,
      totalLatencyP99Us
    };
  } catch (error) {
    throw within(error, at);
  }
}
var StatisticsCodec = {
  encode: encodeStatistics,
  decode: decodeStatistics
};
function encodeWindowAction(out, value) {
  switch (value) {
    case "open":
      out.count(0);
      break;
    case "close":
      out.count(1);
      break;
    case "focus":
      out.count(2);
      break;
    default:
      noVariant(value);
  }
}
function decodeWindowAction(input2) {
  switch (input2.u32()) {
    case 0:
      return "open";
    case 1:
      return "close";
    case 2:
      return "focus";
    default:
      return fail("unknown_tag");
  }
}
function encodeWindowError(out, value) {
  let at = "";
  try {
    switch (value.type) {
      case "unknownKind":
        out.count(0);
        at = "UnknownKind.kind";
        out.string(value.kind, 0, 64);
        break;
      case "noSuchWindow":
        out.count(1);
        at = "NoSuchWindow.label";
        out.string(value.label, 0, 128);
        break;
      case "tooMany":
        out.count(2);
        at = "TooMany.windows_max";
        out.u32(value.windowsMax);
        break;
      case "refused":
        out.count(3);
        at = "Refused.reason";
        out.string(value.reason, 0, 512);
        break;
      case "notPossible":
        out.count(4);
        at = "NotPossible.action";
        encodeWindowAction(out, value.action);
        at = "NotPossible.reason";
        out.string(value.reason, 0, 512);
        break;
      case "failed":
        out.count(5);
        at = "Failed.reason";
        out.string(value.reason, 0, 512);
        break;
      default:
        noVariant(value);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeWindowError(input2) {
  let at = "";
  try {
    switch (input2.u32()) {
      case 0: {
        at = "UnknownKind.kind";
        const kind = input2.string(0, 64);
        return { type: "unknownKind", kind };
      }
      case 1: {
        at = "NoSuchWindow.label";
        const label = input2.string(0, 128);
        return { type: "noSuchWindow", label };
      }
      case 2: {
        at = "TooMany.windows_max";
        const windowsMax = input2.u32();
        return { type: "tooMany", windowsMax };
      }
      case 3: {
        at = "Refused.reason";
        const reason = input2.string(0, 512);
        return { type: "refused", reason };
      }
      case 4: {
        at = "NotPossible.action";
        const action = decodeWindowAction(input2);
        at = "NotPossible.reason";
        const reason = input2.string(0, 512);
        return { type: "notPossible", action, reason };
      }
      case 5: {
        at = "Failed.reason";
        const reason = input2.string(0, 512);
        return { type: "failed", reason };
      }
      default:
        return fail("unknown_tag");
    }
  } catch (error) {
    throw within(error, at);
  }
}
var WindowErrorCodec = {
  encode: encodeWindowError,
  decode: decodeWindowError
};
function encodeWindowInfo(out, value) {
  let at = "label";
  try {
    out.string(value.label, 1, 128);
    at = "kind";
    out.string(value.kind, 1, 64);
    at = "role";
    if (out.option(value.role)) {
      out.string(value.role, 0, 128);
    }
    at = "title";
    if (out.option(value.title)) {
      out.string(value.title, 0, 256);
    }
    at = "phase";
    encodeWindowPhase(out, value.phase);
    at = "since";
    writeTimestamp(out, value.since);
    at = "connected";
    out.bool(value.connected);
    at = "focused";
    out.bool(value.focused);
    at = "hidden";
    out.bool(value.hidden);
    at = "unresponsive";
    out.bool(value.unresponsive);
    at = "reloads";
    out.u32(value.reloads);
    at = "problem";
    if (out.option(value.problem)) {
      out.string(value.problem, 0, 512);
    }
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeWindowInfo(input2) {
  let at = "label";
  try {
    const label = input2.string(1, 128);
    at = "kind";
    const kind = input2.string(1, 64);
    at = "role";
    const role = input2.bool() ? input2.string(0, 128) : null;
    at = "title";
    const title = input2.bool() ? input2.string(0, 256) : null;
    at = "phase";
    const phase = decodeWindowPhase(input2);
    at = "since";
    const since = readTimestamp(input2);
    at = "connected";
    const connected = input2.bool();
    at = "focused";
    const focused = input2.bool();
    at = "hidden";
    const hidden = input2.bool();
    at = "unresponsive";
    const unresponsive = input2.bool();
    at = "reloads";
    const reloads = input2.u32();
    at = "problem";
    const problem = input2.bool() ? input2.string(0, 512) : null;
    return {
      label,
      kind,
      role,
      title,
      phase,
      since,
      connected,
      focused,
      hidden,
      unresponsive,
      reloads,
      problem
    };
  } catch (error) {
    throw within(error, at);
  }
}
var WindowInfoCodec = {
  encode: encodeWindowInfo,
  decode: decodeWindowInfo
};
function encodeWindowKind(out, value) {
  let at = "name";
  try {
    out.string(value.name, 1, 64);
    at = "title";
    out.string(value.title, 0, 256);
    at = "opens";
    out.bool(value.opens);
    at = "closes";
    out.bool(value.closes);
    at = "focuses";
    out.bool(value.focuses);
    at = "windows_max";
    out.u32(inRange(value.windowsMax, 1, 256));
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeWindowKind(input2) {
  let at = "name";
  try {
    const name = input2.string(1, 64);
    at = "title";
    const title = input2.string(0, 256);
    at = "opens";
    const opens2 = input2.bool();
    at = "closes";
    const closes = input2.bool();
    at = "focuses";
    const focuses = input2.bool();
    at = "windows_max";
    const windowsMax = inRange(input2.u32(), 1, 256);
    return { name, title, opens: opens2, closes, focuses, windowsMax };
  } catch (error) {
    throw within(error, at);
  }
}
function encodeWindowList(out, value) {
  let at = "kinds";
  try {
    writeList(out, value.kinds, encodeWindowKind, 0, 32);
    at = "windows";
    writeList(out, value.windows, encodeWindowInfo, 0, 256);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeWindowList(input2) {
  let at = "kinds";
  try {
    const kinds = readList(input2, 6, decodeWindowKind, 0, 32);
    at = "windows";
    const windows = readList(input2, 12, decodeWindowInfo, 0, 256);
    return { kinds, windows };
  } catch (error) {
    throw within(error, at);
  }
}
var WindowListCodec = {
  encode: encodeWindowList,
  decode: decodeWindowList
};
function encodeWindowPhase(out, value) {
  switch (value) {
    case "opening":
      out.count(0);
      break;
    case "open":
      out.count(1);
      break;
    case "crashed":
      out.count(2);
      break;
    case "closing":
      out.count(3);
      break;
    case "closed":
      out.count(4);
      break;
    default:
      noVariant(value);
  }
}
function decodeWindowPhase(input2) {
  switch (input2.u32()) {
    case 0:
      return "opening";
    case 1:
      return "open";
    case 2:
      return "crashed";
    case 3:
      return "closing";
    case 4:
      return "closed";
    default:
      return fail("unknown_tag");
  }
}

// src/generated/portcullis-application.ts
function encodeHoldArguments(out, [reason]) {
  try {
    out.string(reason, 0, 512);
  } catch (error) {
    throw refused(error, "reason");
  }
}
function decodeHoldArguments(input2) {
  try {
    const reason = input2.string(0, 512);
    return [reason];
  } catch (error) {
    throw within(error, "reason");
  }
}
function encodePhaseArguments(out, [value]) {
  try {
    encodeApplicationPhase(out, value);
  } catch (error) {
    throw refused(error, "value");
  }
}
function decodePhaseArguments(input2) {
  try {
    const value = decodeApplicationPhase(input2);
    return [value];
  } catch (error) {
    throw within(error, "value");
  }
}
var quitChannel = {
  name: "portcullis.application.quit",
  method: "quit",
  ordinal: 0,
  kind: "call",
  deadlineMs: 2e3,
  idempotent: false,
  overflow: "wait",
  depth: 0,
  digest: 535070072,
  args: noArguments,
  reply: unitCodec,
  error: QuitErrorCodec,
  up: null,
  down: null
};
var holdChannel = {
  name: "portcullis.application.hold",
  method: "hold",
  ordinal: 1,
  kind: "call",
  deadlineMs: 2e3,
  idempotent: true,
  overflow: "wait",
  depth: 0,
  digest: 1127029272,
  args: { encode: encodeHoldArguments, decode: decodeHoldArguments },
  reply: unitCodec,
  error: QuitErrorCodec,
  up: null,
  down: null
};
var releaseChannel = {
  name: "portcullis.application.release",
  method: "release",
  ordinal: 2,
  kind: "call",
  deadlineMs: 2e3,
  idempotent: true,
  overflow: "wait",
  depth: 0,
  digest: 3886848416,
  args: noArguments,
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var phaseChannel = {
  name: "portcullis.application.phase",
  method: "phase",
  ordinal: 3,
  kind: "state",
  deadlineMs: 0,
  idempotent: false,
  overflow: "conflate",
  depth: 1,
  digest: 3140848528,
  args: { encode: encodePhaseArguments, decode: decodePhaseArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var ApplicationClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * Asks main to end the application. Answered before it begins; that it has begun is told by the phase.
   *
   * Deadline 2 s.
   */
  quit(options) {
    return this.#binding.call(quitChannel, [], options);
  }
  /**
   * From now on, quitting waits for the caller, within its grace: until [`Self::release`], or until the caller's connection ends.
   * A second hold of the same peer replaces the reason of the first.
   *
   * Deadline 2 s. Idempotent: it may be made again.
   *
   * @param reason - At most 512 bytes of UTF-8.
   */
  hold(reason, options) {
    return this.#binding.call(holdChannel, [reason], options);
  }
  /**
   * Quitting no longer waits for the caller. Nothing happens when it holds nothing.
   *
   * Deadline 2 s. Idempotent: it may be made again.
   */
  release(options) {
    return this.#binding.call(releaseChannel, [], options);
  }
  /**
   * The phase, whenever it has changed.
   *
   * The last value comes first, then every change.
   */
  onPhase(listener, options) {
    return subscribeTo(this.#binding, phaseChannel, listener, options);
  }
};
var Application = {
  name: "portcullis.application",
  version: 1,
  hash: "5c110b706804fccbebe3a62f63aeae81",
  channels: [quitChannel, holdChannel, releaseChannel, phaseChannel],
  client: (binding) => new ApplicationClient(binding)
};

// src/generated/portcullis-windows.ts
function encodeOpenArguments(out, [kind, options]) {
  let at = "kind";
  try {
    out.string(kind, 1, 64);
    at = "options";
    encodeOpenOptions(out, options);
  } catch (error) {
    throw refused(error, at);
  }
}
function decodeOpenArguments(input2) {
  let at = "kind";
  try {
    const kind = input2.string(1, 64);
    at = "options";
    const options = decodeOpenOptions(input2);
    return [kind, options];
  } catch (error) {
    throw within(error, at);
  }
}
function encodeCloseArguments(out, [label]) {
  try {
    out.string(label, 1, 128);
  } catch (error) {
    throw refused(error, "label");
  }
}
function decodeCloseArguments(input2) {
  try {
    const label = input2.string(1, 128);
    return [label];
  } catch (error) {
    throw within(error, "label");
  }
}
function encodeFocusArguments(out, [label]) {
  try {
    out.string(label, 1, 128);
  } catch (error) {
    throw refused(error, "label");
  }
}
function decodeFocusArguments(input2) {
  try {
    const label = input2.string(1, 128);
    return [label];
  } catch (error) {
    throw within(error, "label");
  }
}
function encodeOpenedArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeOpenedArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeClosedArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeClosedArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeFocusedArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeFocusedArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeHiddenArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeHiddenArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeShownArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeShownArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeUnresponsiveArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeUnresponsiveArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeResponsiveArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeResponsiveArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeCrashedArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeCrashedArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeReloadedArguments(out, [window2]) {
  try {
    encodeWindowInfo(out, window2);
  } catch (error) {
    throw refused(error, "window");
  }
}
function decodeReloadedArguments(input2) {
  try {
    const window2 = decodeWindowInfo(input2);
    return [window2];
  } catch (error) {
    throw within(error, "window");
  }
}
function encodeWindowsArguments(out, [value]) {
  try {
    encodeWindowList(out, value);
  } catch (error) {
    throw refused(error, "value");
  }
}
function decodeWindowsArguments(input2) {
  try {
    const value = decodeWindowList(input2);
    return [value];
  } catch (error) {
    throw within(error, "value");
  }
}
var openChannel = {
  name: "portcullis.windows.open",
  method: "open",
  ordinal: 0,
  kind: "call",
  deadlineMs: 1e4,
  idempotent: false,
  overflow: "wait",
  depth: 0,
  digest: 2386049936,
  args: { encode: encodeOpenArguments, decode: decodeOpenArguments },
  reply: WindowInfoCodec,
  error: WindowErrorCodec,
  up: null,
  down: null
};
var closeChannel = {
  name: "portcullis.windows.close",
  method: "close",
  ordinal: 1,
  kind: "call",
  deadlineMs: 1e4,
  idempotent: false,
  overflow: "wait",
  depth: 0,
  digest: 342056342,
  args: { encode: encodeCloseArguments, decode: decodeCloseArguments },
  reply: unitCodec,
  error: WindowErrorCodec,
  up: null,
  down: null
};
var focusChannel = {
  name: "portcullis.windows.focus",
  method: "focus",
  ordinal: 2,
  kind: "call",
  deadlineMs: 5e3,
  idempotent: true,
  overflow: "wait",
  depth: 0,
  digest: 2737601243,
  args: { encode: encodeFocusArguments, decode: decodeFocusArguments },
  reply: unitCodec,
  error: WindowErrorCodec,
  up: null,
  down: null
};
var listChannel = {
  name: "portcullis.windows.list",
  method: "list",
  ordinal: 3,
  kind: "call",
  deadlineMs: 2e3,
  idempotent: true,
  overflow: "wait",
  depth: 0,
  digest: 589698569,
  args: noArguments,
  reply: WindowListCodec,
  error: null,
  up: null,
  down: null
};
var openedChannel = {
  name: "portcullis.windows.opened",
  method: "opened",
  ordinal: 4,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 3568731217,
  args: { encode: encodeOpenedArguments, decode: decodeOpenedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var closedChannel = {
  name: "portcullis.windows.closed",
  method: "closed",
  ordinal: 5,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 2632707258,
  args: { encode: encodeClosedArguments, decode: decodeClosedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var focusedChannel = {
  name: "portcullis.windows.focused",
  method: "focused",
  ordinal: 6,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 3793894592,
  args: { encode: encodeFocusedArguments, decode: decodeFocusedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var hiddenChannel = {
  name: "portcullis.windows.hidden",
  method: "hidden",
  ordinal: 7,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 407279569,
  args: { encode: encodeHiddenArguments, decode: decodeHiddenArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var shownChannel = {
  name: "portcullis.windows.shown",
  method: "shown",
  ordinal: 8,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 2769576988,
  args: { encode: encodeShownArguments, decode: decodeShownArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var unresponsiveChannel = {
  name: "portcullis.windows.unresponsive",
  method: "unresponsive",
  ordinal: 9,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 1598911285,
  args: { encode: encodeUnresponsiveArguments, decode: decodeUnresponsiveArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var responsiveChannel = {
  name: "portcullis.windows.responsive",
  method: "responsive",
  ordinal: 10,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 130854518,
  args: { encode: encodeResponsiveArguments, decode: decodeResponsiveArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var crashedChannel = {
  name: "portcullis.windows.crashed",
  method: "crashed",
  ordinal: 11,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 709609018,
  args: { encode: encodeCrashedArguments, decode: decodeCrashedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var reloadedChannel = {
  name: "portcullis.windows.reloaded",
  method: "reloaded",
  ordinal: 12,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 3322901163,
  args: { encode: encodeReloadedArguments, decode: decodeReloadedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var windowsChannel = {
  name: "portcullis.windows.windows",
  method: "windows",
  ordinal: 13,
  kind: "state",
  deadlineMs: 0,
  idempotent: false,
  overflow: "conflate",
  depth: 1,
  digest: 2149524404,
  args: { encode: encodeWindowsArguments, decode: decodeWindowsArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var WindowsClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * Opens a window of a declared kind. Answers when its host has begun; that it is there is told by the event and the
   * phase, that its peer is there by [`WindowInfo::connected`].
   *
   * Deadline 10 s.
   *
   * @param kind - From 1 to 64 bytes of UTF-8.
   */
  open(kind, options_, options) {
    return this.#binding.call(openChannel, [kind, options_], options);
  }
  /**
   * Closes a window. Answers when it was asked to; that it is gone is told by the event. The caller's own window is closed as any other.
   *
   * Deadline 10 s.
   *
   * @param label - From 1 to 128 bytes of UTF-8.
   */
  close(label, options) {
    return this.#binding.call(closeChannel, [label], options);
  }
  /**
   * Brings a window to the front, and the keyboard to it.
   *
   * Deadline 5 s. Idempotent: it may be made again.
   *
   * @param label - From 1 to 128 bytes of UTF-8.
   */
  focus(label, options) {
    return this.#binding.call(focusChannel, [label], options);
  }
  /**
   * What windows there are now, and which could be.
   *
   * Deadline 2 s. Idempotent: it may be made again.
   */
  list(options) {
    return this.#binding.call(listChannel, [], options);
  }
  /**
   * A window is there.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onOpened(listener, options) {
    return subscribeTo(this.#binding, openedChannel, listener, options);
  }
  /**
   * A window is gone.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onClosed(listener, options) {
    return subscribeTo(this.#binding, closedChannel, listener, options);
  }
  /**
   * The keyboard went to a window.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onFocused(listener, options) {
    return subscribeTo(this.#binding, focusedChannel, listener, options);
  }
  /**
   * A window was hidden or minimised.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onHidden(listener, options) {
    return subscribeTo(this.#binding, hiddenChannel, listener, options);
  }
  /**
   * A window that was hidden can be seen again.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onShown(listener, options) {
    return subscribeTo(this.#binding, shownChannel, listener, options);
  }
  /**
   * A window does not answer. It is left alone: it may be stopped in a debugger, or its machine was asleep.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onUnresponsive(listener, options) {
    return subscribeTo(this.#binding, unresponsiveChannel, listener, options);
  }
  /**
   * A window that did not answer does again.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onResponsive(listener, options) {
    return subscribeTo(this.#binding, responsiveChannel, listener, options);
  }
  /**
   * The process that draws a window is gone. Why stands in [`WindowInfo::problem`].
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onCrashed(listener, options) {
    return subscribeTo(this.#binding, crashedChannel, listener, options);
  }
  /**
   * A window's contents were loaded again: its peer is a new one.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onReloaded(listener, options) {
    return subscribeTo(this.#binding, reloadedChannel, listener, options);
  }
  /**
   * All windows, whenever something about one has changed.
   *
   * The last value comes first, then every change.
   */
  onWindows(listener, options) {
    return subscribeTo(this.#binding, windowsChannel, listener, options);
  }
};
var Windows = {
  name: "portcullis.windows",
  version: 1,
  hash: "9a45d30e85c5bf158f767a6a9778c134",
  channels: [
    openChannel,
    closeChannel,
    focusChannel,
    listChannel,
    openedChannel,
    closedChannel,
    focusedChannel,
    hiddenChannel,
    shownChannel,
    unresponsiveChannel,
    responsiveChannel,
    crashedChannel,
    reloadedChannel,
    windowsChannel
  ],
  client: (binding) => new WindowsClient(binding)
};

// src/generated/studio-cameras.ts
function encodePlugArguments(out, [camera2]) {
  try {
    encodeCameraId(out, camera2);
  } catch (error) {
    throw refused(error, "camera");
  }
}
function decodePlugArguments(input2) {
  try {
    const camera2 = decodeCameraId(input2);
    return [camera2];
  } catch (error) {
    throw within(error, "camera");
  }
}
function encodeUnplugArguments(out, [camera2]) {
  try {
    encodeCameraId(out, camera2);
  } catch (error) {
    throw refused(error, "camera");
  }
}
function decodeUnplugArguments(input2) {
  try {
    const camera2 = decodeCameraId(input2);
    return [camera2];
  } catch (error) {
    throw within(error, "camera");
  }
}
function encodeSelectArguments(out, [camera2]) {
  try {
    encodeCameraId(out, camera2);
  } catch (error) {
    throw refused(error, "camera");
  }
}
function decodeSelectArguments(input2) {
  try {
    const camera2 = decodeCameraId(input2);
    return [camera2];
  } catch (error) {
    throw within(error, "camera");
  }
}
function encodeAttachedArguments(out, [camera2]) {
  try {
    encodeCamera(out, camera2);
  } catch (error) {
    throw refused(error, "camera");
  }
}
function decodeAttachedArguments(input2) {
  try {
    const camera2 = decodeCamera(input2);
    return [camera2];
  } catch (error) {
    throw within(error, "camera");
  }
}
function encodeDetachedArguments(out, [camera2]) {
  try {
    encodeCamera(out, camera2);
  } catch (error) {
    throw refused(error, "camera");
  }
}
function decodeDetachedArguments(input2) {
  try {
    const camera2 = decodeCamera(input2);
    return [camera2];
  } catch (error) {
    throw within(error, "camera");
  }
}
function encodeCamerasArguments(out, [value]) {
  try {
    encodeCameraList(out, value);
  } catch (error) {
    throw refused(error, "value");
  }
}
function decodeCamerasArguments(input2) {
  try {
    const value = decodeCameraList(input2);
    return [value];
  } catch (error) {
    throw within(error, "value");
  }
}
var listChannel2 = {
  name: "studio.cameras.list",
  method: "list",
  ordinal: 0,
  kind: "call",
  deadlineMs: 2e3,
  idempotent: true,
  overflow: "wait",
  depth: 0,
  digest: 3439039045,
  args: noArguments,
  reply: CameraListCodec,
  error: null,
  up: null,
  down: null
};
var plugChannel = {
  name: "studio.cameras.plug",
  method: "plug",
  ordinal: 1,
  kind: "call",
  deadlineMs: 5e3,
  idempotent: false,
  overflow: "wait",
  depth: 0,
  digest: 1634684934,
  args: { encode: encodePlugArguments, decode: decodePlugArguments },
  reply: unitCodec,
  error: CameraErrorCodec,
  up: null,
  down: null
};
var unplugChannel = {
  name: "studio.cameras.unplug",
  method: "unplug",
  ordinal: 2,
  kind: "call",
  deadlineMs: 5e3,
  idempotent: false,
  overflow: "wait",
  depth: 0,
  digest: 189196035,
  args: { encode: encodeUnplugArguments, decode: decodeUnplugArguments },
  reply: unitCodec,
  error: CameraErrorCodec,
  up: null,
  down: null
};
var selectChannel = {
  name: "studio.cameras.select",
  method: "select",
  ordinal: 3,
  kind: "call",
  deadlineMs: 2e3,
  idempotent: true,
  overflow: "wait",
  depth: 0,
  digest: 1804393631,
  args: { encode: encodeSelectArguments, decode: decodeSelectArguments },
  reply: unitCodec,
  error: CameraErrorCodec,
  up: null,
  down: null
};
var attachedChannel = {
  name: "studio.cameras.attached",
  method: "attached",
  ordinal: 4,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 16,
  digest: 2533452247,
  args: { encode: encodeAttachedArguments, decode: decodeAttachedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var detachedChannel = {
  name: "studio.cameras.detached",
  method: "detached",
  ordinal: 5,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 16,
  digest: 3090745621,
  args: { encode: encodeDetachedArguments, decode: decodeDetachedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var camerasChannel = {
  name: "studio.cameras.cameras",
  method: "cameras",
  ordinal: 6,
  kind: "state",
  deadlineMs: 0,
  idempotent: false,
  overflow: "conflate",
  depth: 1,
  digest: 1422590972,
  args: { encode: encodeCamerasArguments, decode: decodeCamerasArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var CamerasClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * Lists all cameras.
   *
   * Deadline 2 s. Idempotent: it may be made again.
   */
  list(options) {
    return this.#binding.call(listChannel2, [], options);
  }
  /**
   * Plugs a camera in: starts its worker, and answers when that has opened its source. Nothing happens when it
   * is plugged in already.
   *
   * Deadline 5 s.
   */
  plug(camera2, options) {
    return this.#binding.call(plugChannel, [camera2], options);
  }
  /**
   * Unplugs a camera: ends its worker, and answers when that has ended.
   *
   * Deadline 5 s.
   */
  unplug(camera2, options) {
    return this.#binding.call(unplugChannel, [camera2], options);
  }
  /**
   * Shows this camera's pictures in every window.
   *
   * Deadline 2 s. Idempotent: it may be made again.
   */
  select(camera2, options) {
    return this.#binding.call(selectChannel, [camera2], options);
  }
  /**
   * A camera was plugged in.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onAttached(listener, options) {
    return subscribeTo(this.#binding, attachedChannel, listener, options);
  }
  /**
   * A camera was unplugged, or has failed.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onDetached(listener, options) {
    return subscribeTo(this.#binding, detachedChannel, listener, options);
  }
  /**
   * All cameras, whenever something about one has changed.
   *
   * The last value comes first, then every change.
   */
  onCameras(listener, options) {
    return subscribeTo(this.#binding, camerasChannel, listener, options);
  }
};
var Cameras = {
  name: "studio.cameras",
  version: 1,
  hash: "5bb04e7d4241f284c067dc7104f7ee05",
  channels: [
    listChannel2,
    plugChannel,
    unplugChannel,
    selectChannel,
    attachedChannel,
    detachedChannel,
    camerasChannel
  ],
  client: (binding) => new CamerasClient(binding)
};

// src/generated/studio-live.ts
function encodeFrameArguments(out, [frame2]) {
  try {
    encodeFrame(out, frame2);
  } catch (error) {
    throw refused(error, "frame");
  }
}
function decodeFrameArguments(input2) {
  try {
    const frame2 = decodeFrame(input2);
    return [frame2];
  } catch (error) {
    throw within(error, "frame");
  }
}
var frameChannel = {
  name: "studio.live.frame",
  method: "frame",
  ordinal: 0,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 2,
  digest: 2213297842,
  args: { encode: encodeFrameArguments, decode: decodeFrameArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var LiveClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * A picture. A receiver that is slow misses the oldest and gets the newest.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onFrame(listener, options) {
    return subscribeTo(this.#binding, frameChannel, listener, options);
  }
};
var Live = {
  name: "studio.live",
  version: 1,
  hash: "1dcb181b33b50ad0a003b1b71f3b90bd",
  channels: [frameChannel],
  client: (binding) => new LiveClient(binding)
};

// src/generated/studio-log.ts
function encodeRecordedArguments(out, [batch]) {
  try {
    encodeLogBatch(out, batch);
  } catch (error) {
    throw refused(error, "batch");
  }
}
function decodeRecordedArguments(input2) {
  try {
    const batch = decodeLogBatch(input2);
    return [batch];
  } catch (error) {
    throw within(error, "batch");
  }
}
var historyChannel = {
  name: "studio.log.history",
  method: "history",
  ordinal: 0,
  kind: "stream",
  deadlineMs: 3e4,
  idempotent: false,
  overflow: "wait",
  depth: 16,
  digest: 4044568501,
  args: noArguments,
  reply: { encode: (out, value) => out.u32(value), decode: (input2) => input2.u32() },
  error: null,
  up: null,
  down: LogBatchCodec
};
var recordedChannel = {
  name: "studio.log.recorded",
  method: "recorded",
  ordinal: 1,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 64,
  digest: 1118264886,
  args: { encode: encodeRecordedArguments, decode: decodeRecordedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var MessageLogClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * The messages before now, the oldest first: what a log window shows first. Ends with how many there were.
   *
   * First item within 30 s.
   */
  history(options) {
    return openStream(this.#binding, historyChannel, [], void 0, options);
  }
  /**
   * What happened since the last batch. Messages of this channel are left out.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onRecorded(listener, options) {
    return subscribeTo(this.#binding, recordedChannel, listener, options);
  }
};
var MessageLog = {
  name: "studio.log",
  version: 1,
  hash: "983bd0df7d184d9eee8ca76ef127690f",
  channels: [historyChannel, recordedChannel],
  client: (binding) => new MessageLogClient(binding)
};

// src/generated/studio-measurements.ts
function encodeMeasuredArguments(out, [measurement]) {
  try {
    encodeMeasurement(out, measurement);
  } catch (error) {
    throw refused(error, "measurement");
  }
}
function decodeMeasuredArguments(input2) {
  try {
    const measurement = decodeMeasurement(input2);
    return [measurement];
  } catch (error) {
    throw within(error, "measurement");
  }
}
var measuredChannel = {
  name: "studio.measurements.measured",
  method: "measured",
  ordinal: 0,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 16,
  digest: 2024180574,
  args: { encode: encodeMeasuredArguments, decode: decodeMeasuredArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var MeasurementsClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * A picture was measured.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onMeasured(listener, options) {
    return subscribeTo(this.#binding, measuredChannel, listener, options);
  }
};
var Measurements = {
  name: "studio.measurements",
  version: 1,
  hash: "5c3a702c32b8fce009a7d3c95aae6c2b",
  channels: [measuredChannel],
  client: (binding) => new MeasurementsClient(binding)
};

// src/generated/studio-notices.ts
function encodeAnnounceArguments(out, [text2]) {
  try {
    out.string(text2, 1, 512);
  } catch (error) {
    throw refused(error, "text");
  }
}
function decodeAnnounceArguments(input2) {
  try {
    const text2 = input2.string(1, 512);
    return [text2];
  } catch (error) {
    throw within(error, "text");
  }
}
function encodeNoticeArguments(out, [notice]) {
  try {
    encodeNotice(out, notice);
  } catch (error) {
    throw refused(error, "notice");
  }
}
function decodeNoticeArguments(input2) {
  try {
    const notice = decodeNotice(input2);
    return [notice];
  } catch (error) {
    throw within(error, "notice");
  }
}
var announceChannel = {
  name: "studio.notices.announce",
  method: "announce",
  ordinal: 0,
  kind: "call",
  deadlineMs: 3e3,
  idempotent: false,
  overflow: "wait",
  depth: 0,
  digest: 545080441,
  args: { encode: encodeAnnounceArguments, decode: decodeAnnounceArguments },
  reply: DeliveryListCodec,
  error: null,
  up: null,
  down: null
};
var noticeChannel = {
  name: "studio.notices.notice",
  method: "notice",
  ordinal: 1,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropNewest",
  depth: 16,
  digest: 688422063,
  args: { encode: encodeNoticeArguments, decode: decodeNoticeArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var NoticesClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * Shows a line of text in every window, and answers with who got it.
   *
   * Deadline 3 s.
   *
   * @param text - From 1 to 512 bytes of UTF-8.
   */
  announce(text2, options) {
    return this.#binding.call(announceChannel, [text2], options);
  }
  /**
   * Somebody has something to say.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onNotice(listener, options) {
    return subscribeTo(this.#binding, noticeChannel, listener, options);
  }
};
var Notices = {
  name: "studio.notices",
  version: 1,
  hash: "dcc8691961a857c9decd40521e0b72da",
  channels: [announceChannel, noticeChannel],
  client: (binding) => new NoticesClient(binding)
};

// src/generated/studio-reports.ts
function encodeReportedArguments(out, [statistics]) {
  try {
    encodeStatistics(out, statistics);
  } catch (error) {
    throw refused(error, "statistics");
  }
}
function decodeReportedArguments(input2) {
  try {
    const statistics = decodeStatistics(input2);
    return [statistics];
  } catch (error) {
    throw within(error, "statistics");
  }
}
var reportChannel = {
  name: "studio.reports.report",
  method: "report",
  ordinal: 0,
  kind: "stream",
  deadlineMs: 864e5,
  idempotent: false,
  overflow: "wait",
  depth: 16,
  digest: 1976486638,
  args: noArguments,
  reply: { encode: (out, value) => out.u64(value), decode: (input2) => input2.u64() },
  error: null,
  up: StatisticsCodec,
  down: null
};
var reportedChannel = {
  name: "studio.reports.reported",
  method: "reported",
  ordinal: 1,
  kind: "event",
  deadlineMs: 0,
  idempotent: false,
  overflow: "dropOldest",
  depth: 16,
  digest: 1141545574,
  args: { encode: encodeReportedArguments, decode: decodeReportedArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var ReportsClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * Takes a receiver's statistics, one item a second, for as long as it runs; answers with how many there were.
   *
   * First item within 86400 s.
   */
  report(items, options) {
    return sendItems(this.#binding, reportChannel, [], items, options);
  }
  /**
   * A receiver has reported.
   *
   * Nothing is retained: only values that are published from now on come.
   */
  onReported(listener, options) {
    return subscribeTo(this.#binding, reportedChannel, listener, options);
  }
};
var Reports = {
  name: "studio.reports",
  version: 2,
  hash: "4e6ef21f9b9cd506dc7c5496cd57f4d6",
  channels: [reportChannel, reportedChannel],
  client: (binding) => new ReportsClient(binding)
};

// src/generated/studio-settings.ts
function encodeReplaceArguments(out, [change]) {
  try {
    writeTuple(out, change, encodeStateVersion, encodeSettingsState);
  } catch (error) {
    throw refused(error, "change");
  }
}
function decodeReplaceArguments(input2) {
  try {
    const change = readTuple(input2, decodeStateVersion, decodeSettingsState);
    return [change];
  } catch (error) {
    throw within(error, "change");
  }
}
function encodeSettingsArguments(out, [value]) {
  try {
    writeTuple(out, value, encodeStateVersion, encodeSettingsState);
  } catch (error) {
    throw refused(error, "value");
  }
}
function decodeSettingsArguments(input2) {
  try {
    const value = readTuple(input2, decodeStateVersion, decodeSettingsState);
    return [value];
  } catch (error) {
    throw within(error, "value");
  }
}
var replaceChannel = {
  name: "studio.settings.replace",
  method: "replace",
  ordinal: 0,
  kind: "call",
  deadlineMs: 2e3,
  idempotent: false,
  overflow: "wait",
  depth: 0,
  digest: 2538920229,
  args: { encode: encodeReplaceArguments, decode: decodeReplaceArguments },
  reply: StateVersionCodec,
  error: StaleCodec,
  up: null,
  down: null
};
var settingsChannel = {
  name: "studio.settings.settings",
  method: "settings",
  ordinal: 1,
  kind: "state",
  deadlineMs: 0,
  idempotent: false,
  overflow: "conflate",
  depth: 1,
  digest: 2712160224,
  args: { encode: encodeSettingsArguments, decode: decodeSettingsArguments },
  reply: unitCodec,
  error: null,
  up: null,
  down: null
};
var SettingsStoreClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * Changes the settings, if they are still of the version that the change was made from.
   *
   * Deadline 2 s.
   */
  replace(change, options) {
    return this.#binding.call(replaceChannel, [change], options);
  }
  /**
   * The settings as they are now.
   *
   * The last value comes first, then every change.
   */
  onSettings(listener, options) {
    return subscribeTo(this.#binding, settingsChannel, listener, options);
  }
};
var SettingsStore = {
  name: "studio.settings",
  version: 2,
  hash: "0068eb16a75a7bad73f4667a8cf74bc5",
  channels: [replaceChannel, settingsChannel],
  client: (binding) => new SettingsStoreClient(binding)
};

// src/generated/studio-snapshots.ts
var takeChannel = {
  name: "studio.snapshots.take",
  method: "take",
  ordinal: 0,
  kind: "call",
  deadlineMs: 5e3,
  idempotent: true,
  overflow: "wait",
  depth: 0,
  digest: 260910120,
  args: noArguments,
  reply: SnapshotCodec,
  error: SnapshotErrorCodec,
  up: null,
  down: null
};
var SnapshotsClient = class {
  #binding;
  constructor(binding) {
    this.#binding = binding;
  }
  /**
   * Takes a picture of the picture, annotation included.
   *
   * Deadline 5 s. Idempotent: it may be made again.
   */
  take(options) {
    return this.#binding.call(takeChannel, [], options);
  }
};
var Snapshots = {
  name: "studio.snapshots",
  version: 1,
  hash: "fcec52cdadf969a210ab02302c6d1234",
  channels: [takeChannel],
  client: (binding) => new SnapshotsClient(binding)
};

// src/link/convert.ts
function camera({ id, name, source, width, height, framesPerSecond, status }) {
  const detail = status.type === "failed" ? status.reason : "";
  return { id, name, source, width, height, framesPerSecond, status: status.type, detail };
}
var cameraList = ({ cameras, selected }) => ({ cameras: cameras.map(camera), selected });
var micros2 = (ms) => Math.round(ms * 1e3);
var frame = ({ camera: camera2, sequence, captured, width, height, data }, { missed }) => ({
  camera: camera2,
  sequence,
  capturedUs: BigInt(micros2(captured)),
  width,
  height,
  data,
  missed
});
var logRecord = ({ at, duration: duration2, ...rest }) => ({
  ...rest,
  atUs: BigInt(micros2(at)),
  durationUs: duration2 === null ? null : micros2(duration2)
});
var delivery = ({ peer, problem }) => ({ peer, outcome: problem ?? "delivered" });
function windowStatus({ phase, connected, hidden, unresponsive }) {
  switch (phase) {
    case "opening":
    case "crashed":
    case "closing":
      return phase;
    case "open":
    case "closed":
      if (!connected) return "away";
      if (unresponsive) return "unresponsive";
      return hidden ? "hidden" : "open";
  }
}
function windowList({ kinds, windows }) {
  const of = (name) => kinds.filter((kind) => kind.name === name);
  const room = ({ name, windowsMax }) => windows.filter(({ kind }) => kind === name).length < windowsMax;
  return {
    windows: windows.flatMap(
      (window2) => of(window2.kind).map(({ title, closes, focuses }) => ({
        label: window2.label,
        title,
        status: windowStatus(window2),
        detail: window2.problem ?? "",
        closes,
        focuses
      }))
    ),
    openable: kinds.filter((kind) => kind.opens && room(kind)).map(({ name, title }) => ({ name, title }))
  };
}
function failure(error, say) {
  if (error instanceof ApplicationError) {
    return new StudioError(error.channel, error.status, say(error.error));
  }
  if (error instanceof CallError) {
    const { channel, status, detail, retry: retry2 } = error;
    return new StudioError(channel, status, sentence(detail), retry2.type !== "never");
  }
  return error;
}
function cameraError(error) {
  switch (error.type) {
    case "noSuchCamera":
      return `There is no camera ${error.camera}.`;
    case "unplugged":
      return "It must be plugged in first.";
    case "cannotStart":
      return sentence(error.reason);
  }
}
function snapshotError(error) {
  switch (error.type) {
    case "noPicture":
      return "The viewer has not shown a picture yet.";
    case "failed":
      return sentence(error.reason);
  }
}
function windowError(error) {
  switch (error.type) {
    case "unknownKind":
      return `There are no windows of the kind ${error.kind}.`;
    case "noSuchWindow":
      return `The window ${error.label} has closed already.`;
    case "tooMany":
      return `There are ${error.windowsMax} of them already, which is as many as there may be.`;
    case "refused":
    case "notPossible":
    case "failed":
      return sentence(error.reason);
  }
}
function quitError(error) {
  switch (error.type) {
    case "refused":
      return sentence(error.reason);
    case "quitting":
      return "It is ending already.";
  }
}
function sentence(text2) {
  const trimmed = text2.trim();
  return trimmed === "" ? "" : `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? "" : "."}`;
}

// src/shared/watch.ts
var Value = class {
  current;
  #watchers = /* @__PURE__ */ new Set();
  constructor(initial) {
    this.current = initial;
  }
  watch(receive) {
    const watcher = (value) => receive(value);
    this.#watchers.add(watcher);
    if (this.current !== void 0) watcher(this.current);
    return () => void this.#watchers.delete(watcher);
  }
  set(value) {
    this.current = value;
    for (const watcher of [...this.#watchers]) watcher(value);
  }
};

// src/link/link.ts
var Link = class {
  /** For what is done on each connection. */
  main;
  #connection = new Value({ type: "connecting" });
  #clients = /* @__PURE__ */ new Map();
  /** Why this page was not let in. */
  #refused;
  constructor(dial, options) {
    this.main = reconnecting(dial, { ...options, again: (lost) => this.#again(lost) });
    this.main.onState((state) => this.#changed(state));
    this.#changed(this.main.state);
    addEventListener("pagehide", () => this.main.close("the window was closed"));
    addEventListener("pageshow", (event) => {
      if (event.persisted) location.reload();
    });
  }
  get connection() {
    return this.#connection;
  }
  /** What main calls this window; empty while it is not connected. */
  get label() {
    const connection = this.#connection.current;
    return connection?.type === "connected" ? connection.label : "";
  }
  /** A client of an interface, bound once. It waits for a server for as long as it takes. */
  async client(descriptor) {
    let bound = this.#clients.get(descriptor);
    if (bound === void 0) {
      bound = this.main.bind(descriptor, "any", { timeoutMs: Infinity });
      this.#clients.set(descriptor, bound);
      bound.catch(() => this.#clients.delete(descriptor));
    }
    return await bound;
  }
  /** Whether another attempt may go better. */
  #again({ error, portcullis }) {
    if (error instanceof ConnectRefused) this.#refused = error.message;
    else if (error !== void 0 && !(error instanceof TypeError)) this.#refused = "This browser was not let in.";
    const refused2 = portcullis && refusalOf(portcullis);
    if (refused2 !== void 0) this.#refused = `Main refused this window: ${refused2.message}.`;
    return this.#refused === void 0;
  }
  #changed(state) {
    switch (state.status) {
      case "connecting":
        break;
      case "connected":
        this.#connection.set({ type: "connected", label: state.label });
        break;
      case "waiting":
        this.#connection.set({ type: "lost", reason: sayLost(state), retrying: true });
        break;
      case "closed":
        if (state.reason === "revoked") {
          this.#connection.set({ type: "closed" });
          window.close();
        } else {
          this.#connection.set({ type: "lost", reason: this.#refused ?? sayLost(state), retrying: false });
        }
    }
  }
};
function sayLost({ reason, message }) {
  switch (reason) {
    case "dial_failed":
      return "The studio does not answer.";
    case "going_away":
      return "The studio was closed.";
    case "contract_mismatch":
    case "version_mismatch":
      return `This page is of another version of the studio: ${message}.`;
    default:
      return `The connection was lost: ${message}.`;
  }
}
function feed(subscribe) {
  const listeners = /* @__PURE__ */ new Set();
  const emit = (value) => {
    for (const listener of [...listeners]) listener(value);
  };
  let begun = false;
  return (receive) => {
    const listener = (value) => receive(value);
    listeners.add(listener);
    if (!begun) {
      begun = true;
      subscribe(emit).catch(unlessLost);
    }
    return () => void listeners.delete(listener);
  };
}
function unlessLost(error) {
  if (!(error instanceof CallError && error.status === "unavailable")) console.error(error);
}

// src/link/settings.ts
function shareSettings(link) {
  const state = sharedState({
    subscribe: (listener) => {
      link.client(SettingsStore).then((client) => client.onSettings(listener), unlessLost);
      return () => void 0;
    },
    replace: async (change, options) => (await link.client(SettingsStore)).replace(change, options)
  });
  const settings = new Value();
  state.onChange(() => {
    const { value, version, pending } = state;
    if (value !== void 0 && version !== void 0) settings.set({ ...value, revision: version.number, pending });
  });
  let last;
  return {
    settings,
    async change(patch) {
      try {
        await state.update((now) => ({ ...now, settings: { ...now.settings, ...patch } }));
      } catch (error) {
        if (last?.error !== error) last = { error, words: failure2(error) };
        throw last?.words;
      }
    }
  };
}
function failure2(error) {
  if (!(error instanceof UpdateError)) return error;
  const { cause, outcome } = error;
  const known = failure(cause, () => "");
  const { where, status, message } = known instanceof StudioError ? known : { where: "studio.settings", status: outcome, message: sentence(cause instanceof Error ? cause.message : error.message) };
  return new StudioError(where, status, outcome === "unknown" ? `${message} It may have been done all the same.` : message);
}

// src/connect.ts
var REPORT_MS = 1e3;
var VIEWER_LIMITS = { windowBytes: 16 << 20, streamBytes: 4 << 20, streamItems: 2 };
var INTERFACES = {
  viewer: [Cameras, SettingsStore, Notices, Live, Measurements, Reports, Snapshots],
  controls: [Cameras, SettingsStore, Notices, Snapshots, Windows, Application],
  log: [Cameras, SettingsStore, Notices, MessageLog]
};
function connect2(kind) {
  const options = { client: `studio ${kind}`, interfaces: INTERFACES[kind], limits: kind === "viewer" ? VIEWER_LIMITS : {} };
  const link = isPortcullisPage() ? (
    // Which window this is, main knows; and it may be busy for as long as it likes.
    new Link(() => connectElectron(options), { ...options, attemptMs: Infinity })
  ) : new Link((signal) => connectWithTicket({ window: kind, signal }), options);
  async function call(make2, say = () => "") {
    try {
      return await make2();
    } catch (error) {
      throw failure(error, say);
    }
  }
  const cameras = new Value();
  link.client(Cameras).then((client) => client.onCameras((list) => cameras.set(cameraList(list))), unlessLost);
  const { settings, change: changeSettings } = shareSettings(link);
  const windows = new Value();
  if (kind === "controls") {
    link.client(Windows).then((client) => client.onWindows((list) => windows.set(windowList(list))), unlessLost);
  }
  return {
    connection: link.connection,
    cameras,
    settings,
    windows,
    openWindow: (name) => call(async () => void await (await link.client(Windows)).open(name, OpenOptions()), windowError),
    closeWindow: (label) => call(async () => (await link.client(Windows)).close(label), windowError),
    focusWindow: (label) => call(async () => (await link.client(Windows)).focus(label), windowError),
    quit: () => call(async () => (await link.client(Application)).quit(), quitError),
    plug: (id) => call(async () => (await link.client(Cameras)).plug(CameraId(id)), cameraError),
    unplug: (id) => call(async () => (await link.client(Cameras)).unplug(CameraId(id)), cameraError),
    select: (id) => call(async () => (await link.client(Cameras)).select(CameraId(id)), cameraError),
    changeSettings,
    // A picture is drawn once: no copy of it is made.
    onFrame: feed(async (emit) => (await link.client(Live)).onFrame((frame2, arrival) => emit(frame(frame2, arrival)), { bytes: "view" })),
    onMeasurement: feed(async (emit) => (await link.client(Measurements)).onMeasured(emit)),
    onStatistics: feed(async (emit) => (await link.client(Reports)).onReported(emit)),
    onNotice: feed(async (emit) => (await link.client(Notices)).onNotice(emit)),
    onLog: feed(async (emit) => {
      const log = await link.client(MessageLog);
      const show = ({ records }) => emit(records.map(logRecord));
      let waiting;
      const begin = async () => {
        const mine = [];
        waiting = mine;
        try {
          for await (const batch of log.history()) show(batch);
        } finally {
          if (waiting === mine) {
            waiting = void 0;
            mine.forEach(show);
          }
        }
      };
      const onAnew = () => void begin().catch(unlessLost);
      log.onRecorded((batch) => waiting === void 0 ? show(batch) : void waiting.push(batch), { onAnew });
      await begin();
    }),
    announce: (text2) => call(async () => (await (await link.client(Notices)).announce(text2)).deliveries.map(delivery)),
    takeSnapshot: () => call(async () => {
      const main = link.main.current;
      if (main === void 0) throw new StudioError("portcullis", "unavailable", "The studio is not connected.", true);
      const viewer = await main.bind(Snapshots);
      try {
        return await viewer.take();
      } finally {
        void main.release(viewer);
      }
    }, snapshotError),
    serveSnapshots(take) {
      link.main.always(async (portcullis) => {
        await serve(portcullis, Snapshots, {
          take: async () => {
            let png;
            try {
              png = await take();
            } catch (error) {
              const reason = error instanceof Error ? error.message : String(error);
              throw new ApplicationError({ type: "failed", reason });
            }
            if (png === null) throw new ApplicationError({ type: "noPicture" });
            return { from: link.label, png };
          }
        });
      });
    },
    reportArrivals(report2) {
      link.main.always(async (portcullis) => {
        async function* items() {
          while (portcullis.state.status !== "closed") {
            yield { ...report2(), receiver: "" };
            await new Promise((resolve) => setTimeout(resolve, REPORT_MS));
          }
        }
        await (await portcullis.bind(Reports)).report(items());
      });
    }
  };
}

// src/shared/dom.ts
function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} with the id ${id}`);
  return element;
}
function make(tag2, classes = "", text2 = "", attributes = {}) {
  const element = document.createElement(tag2);
  if (classes !== "") element.className = classes;
  if (text2 !== "") element.textContent = text2;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
function setText(element, text2) {
  if (element.textContent !== text2) element.textContent = text2;
}

// src/shared/shell.ts
var TOAST_MS = 6e3;
var TOASTS_MAX = 4;
var PATIENCE_MS = 700;
function startShell(api2, kind) {
  window.name = `studio-${kind}`;
  api2.connection.watch(showConnection);
  api2.onNotice((notice) => toast("notice", `Notice from ${notice.from}`, notice.text));
}
var patience;
function showConnection(connection) {
  clearTimeout(patience);
  const chip = byId("connection", HTMLElement);
  chip.dataset["state"] = connection.type;
  document.documentElement.dataset["connection"] = connection.type;
  const text2 = byId("connection-text", HTMLElement);
  switch (connection.type) {
    case "connecting":
      setText(text2, "Connecting");
      patience = setTimeout(() => banner("Connecting to the studio", "This usually takes a moment."), PATIENCE_MS);
      break;
    case "connected":
      setText(text2, connection.label);
      banner("", "");
      break;
    case "closed":
      setText(text2, "Closed");
      banner("Window closed", "It was closed from the list of windows. Reload it to open it again.");
      break;
    case "lost":
      setText(text2, "Not connected");
      banner(
        "Connection lost",
        `${connection.reason} ${connection.retrying ? "Trying again." : "Start the studio again, and open its address."}`
      );
      break;
  }
}
function banner(title, text2) {
  const element = byId("banner", HTMLElement);
  setText(byId("banner-title", HTMLElement), title);
  setText(byId("banner-text", HTMLElement), text2);
  element.hidden = title === "";
}
function toast(kind, title, text2) {
  const list = byId("toasts", HTMLElement);
  const item = make("div", "toast", "", { "data-kind": kind });
  const words = make("div", "toast-words");
  words.append(make("strong", "", title), make("span", "", text2));
  const close = make("button", "icon-button", "×", { type: "button", "aria-label": `Dismiss: ${title}` });
  close.addEventListener("click", () => item.remove());
  item.append(words, close);
  list.append(item);
  while (list.children.length > TOASTS_MAX) list.firstElementChild?.remove();
  const leave = () => {
    if (item.matches(":hover, :focus-within")) setTimeout(leave, TOAST_MS);
    else item.remove();
  };
  setTimeout(leave, TOAST_MS);
}
function report(what, error) {
  if (error instanceof StudioError) toast("failed", what, `${error.message} (${error.where}: ${error.status})`);
  else toast("failed", what, error instanceof Error ? error.message : String(error));
}
async function withButton(button, what, run) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await run();
  } catch (error) {
    report(what, error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

// src/controls/cameras.ts
var STATUS_WORDS = {
  live: "Live",
  starting: "Starting",
  unplugged: "Unplugged",
  failed: "Failed"
};
var Row = class {
  element = make("li", "camera");
  #radio = make("input", "", "", { type: "radio", name: "camera" });
  #name = make("span", "camera-name");
  #about = make("span", "camera-about");
  #status = make("span", "pill");
  #button = make("button", "button", "", { type: "button" });
  #plugged = false;
  constructor(api2, id) {
    const label = make("label", "camera-label");
    const words = make("span", "camera-words");
    words.append(this.#name, this.#about);
    label.append(this.#radio, words, this.#status);
    this.element.append(label, this.#button);
    this.#radio.value = String(id);
    this.#radio.addEventListener("change", () => {
      api2.select(id).catch((error) => {
        report("The camera was not selected", error);
        if (api2.cameras.current !== void 0) this.showSelected(api2.cameras.current.selected === id);
      });
    });
    this.#button.addEventListener("click", () => {
      const what = this.#plugged ? "The camera was not unplugged" : "The camera was not plugged in";
      void withButton(this.#button, what, () => this.#plugged ? api2.unplug(id) : api2.plug(id));
    });
  }
  show(camera2, selected) {
    this.#plugged = camera2.status !== "unplugged" && camera2.status !== "failed";
    this.element.dataset["status"] = camera2.status;
    setText(this.#name, camera2.name);
    const about = `${camera2.source} · ${camera2.width} × ${camera2.height} at ${+camera2.framesPerSecond.toFixed(2)}/s`;
    setText(this.#about, camera2.detail === "" ? about : camera2.detail);
    setText(this.#status, STATUS_WORDS[camera2.status]);
    this.#status.dataset["status"] = camera2.status;
    setText(this.#button, this.#plugged ? "Unplug" : "Plug in");
    this.#button.setAttribute("aria-label", `${this.#plugged ? "Unplug" : "Plug in"} ${camera2.name}`);
    this.#radio.disabled = !this.#plugged;
    this.showSelected(selected);
  }
  showSelected(selected) {
    this.#radio.checked = selected;
    this.element.dataset["selected"] = String(selected);
  }
};
function startCameras(api2) {
  const list = byId("cameras", HTMLElement);
  const rows = /* @__PURE__ */ new Map();
  function show({ cameras, selected }) {
    for (const [id, row] of rows) {
      if (cameras.some((camera2) => camera2.id === id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    for (const camera2 of cameras) {
      let row = rows.get(camera2.id);
      if (row === void 0) {
        row = new Row(api2, camera2.id);
        rows.set(camera2.id, row);
        list.append(row.element);
      }
      row.show(camera2, camera2.id === selected);
    }
    const plugged = cameras.filter((camera2) => camera2.status === "live" || camera2.status === "starting").length;
    setText(byId("cameras-figure", HTMLElement), `${plugged} of ${cameras.length} plugged in`);
  }
  api2.cameras.watch(show);
}

// src/shared/format.ts
function bytes(count2) {
  if (count2 < 1e3) return `${Math.round(count2)} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = count2;
  let unit = "";
  for (unit of units) {
    value /= 1e3;
    if (value < 999.5) break;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
function duration(us) {
  if (us < 999.5) return `${Math.round(us)} µs`;
  if (us < 999500) return `${us < 9950 ? (us / 1e3).toFixed(1) : Math.round(us / 1e3)} ms`;
  return `${(us / 1e6).toFixed(1)} s`;
}
function signed2(value, digits = 1) {
  const text2 = Math.abs(value).toFixed(digits);
  if (Number(text2) === 0) return text2;
  return (value < 0 ? "−" : "+") + text2;
}
function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number == 1 ? one : many}`;
}

// src/controls/exchange.ts
function startExchange(api2) {
  startNotice(api2);
  startSnapshot(api2);
}
function startNotice(api2) {
  const text2 = byId("notice", HTMLInputElement);
  const send = byId("send-notice", HTMLButtonElement);
  const form = byId("notice-form", HTMLFormElement);
  const enable = () => {
    send.disabled = text2.value.trim() === "";
  };
  text2.addEventListener("input", enable);
  enable();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void withButton(send, "The notice was not sent", async () => {
      const deliveries = await api2.announce(text2.value.trim());
      text2.value = "";
      enable();
      showDeliveries(deliveries);
    });
  });
}
function showDeliveries(deliveries) {
  const rows = deliveries.map(({ peer, outcome }) => {
    const row = make("li");
    const status = outcome === "delivered" ? "live" : "failed";
    const pill = make("span", "pill", outcome === "delivered" ? "Delivered" : outcome, { "data-status": status });
    row.append(make("span", "mono", peer), pill);
    return row;
  });
  byId("deliveries", HTMLElement).replaceChildren(...rows);
  const reached = deliveries.filter(({ outcome }) => outcome === "delivered").length;
  setText(byId("deliveries-figure", HTMLElement), `Reached ${reached} of ${count(deliveries.length, "window")}`);
}
function startSnapshot(api2) {
  const take = byId("take-snapshot", HTMLButtonElement);
  const image = byId("snapshot", HTMLImageElement);
  let url = "";
  take.addEventListener("click", () => {
    void withButton(take, "No snapshot was taken", async () => {
      const began = performance.now();
      const { from, png } = await api2.takeSnapshot();
      const us = (performance.now() - began) * 1e3;
      URL.revokeObjectURL(url);
      url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
      image.src = url;
      image.hidden = false;
      byId("snapshot-empty", HTMLElement).hidden = true;
      setText(byId("snapshot-figure", HTMLElement), `From ${from}: ${bytes(png.length)} in ${duration(us)}`);
    });
  });
}

// src/controls/settings.ts
var input = (id) => byId(id, HTMLInputElement);
var isQuality = (value) => value === "full" || value === "half" || value === "quarter";
function startSettings(api2) {
  const qualities = [...document.querySelectorAll("input[name=quality]")];
  let reported;
  const change = (patch) => {
    api2.changeSettings(patch).catch((error) => {
      if (error === reported) return;
      reported = error;
      report("The settings were not changed", error);
    });
  };
  function show({ settings, revision, changedBy }) {
    input("exposure").value = String(settings.exposure);
    input("gain").value = String(settings.gain);
    input("rate").value = String(settings.framesPerSecondMax);
    input("mirror").checked = settings.mirror;
    for (const each of qualities) each.checked = each.value === settings.quality;
    if (input("annotation").value !== settings.annotation) input("annotation").value = settings.annotation;
    showFigures();
    const by = changedBy === "" ? "not changed yet" : `changed by ${changedBy}`;
    setText(byId("revision", HTMLElement), `Revision ${revision}, ${by}`);
  }
  function showFigures() {
    const figures = [
      ["exposure", `${signed2(input("exposure").valueAsNumber)} EV`],
      ["gain", `${input("gain").valueAsNumber.toFixed(0)} dB`],
      ["rate", `${input("rate").valueAsNumber} /s`]
    ];
    for (const [id, text2] of figures) {
      setText(byId(`${id}-figure`, HTMLElement), text2);
      const range = input(id);
      range.setAttribute("aria-valuetext", text2);
      const share = (range.valueAsNumber - Number(range.min)) / (Number(range.max) - Number(range.min));
      range.style.setProperty("--share", `${share * 100}%`);
    }
    const left = ANNOTATION_CHARACTERS_MAX - input("annotation").value.length;
    setText(byId("annotation-figure", HTMLElement), `${left} left`);
  }
  input("annotation").maxLength = ANNOTATION_CHARACTERS_MAX;
  const changed = (id, send) => {
    input(id).addEventListener("input", () => {
      send(input(id));
      showFigures();
    });
  };
  changed("exposure", (each) => change({ exposure: each.valueAsNumber }));
  changed("gain", (each) => change({ gain: each.valueAsNumber }));
  changed("rate", (each) => change({ framesPerSecondMax: each.valueAsNumber }));
  changed("mirror", (each) => change({ mirror: each.checked }));
  changed("annotation", (each) => change({ annotation: each.value }));
  for (const each of qualities) {
    each.addEventListener("input", () => {
      if (isQuality(each.value)) change({ quality: each.value });
    });
  }
  byId("settings", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
  byId("reset", HTMLButtonElement).addEventListener("click", () => change(SETTINGS_DEFAULT));
  api2.settings.watch(show);
}

// src/controls/windows.ts
var STATUS = {
  opening: ["Opening", "starting"],
  open: ["Open", "live"],
  hidden: ["Hidden", "off"],
  away: ["Away", "starting"],
  unresponsive: ["Not answering", "failed"],
  crashed: ["Crashed", "failed"],
  closing: ["Closing", "starting"]
};
var Row2 = class {
  constructor(api2, name, opens2) {
    this.api = api2;
    const words = make("span", "window-words");
    words.append(this.#title, this.#about);
    this.element.append(words, this.#pill, this.#front, this.#button);
    setText(this.#button, opens2 ? "Open" : "Close");
    const act = () => opens2 ? api2.openWindow(name) : this.#close(name);
    const what = opens2 ? "The window was not opened" : "The window was not closed";
    this.#button.addEventListener("click", () => void withButton(this.#button, what, act));
    this.#front.addEventListener("click", () => {
      void withButton(this.#front, "The window did not come to the front", () => api2.focusWindow(name));
    });
  }
  api;
  element = make("li", "window");
  #title = make("span", "window-title");
  #about = make("span", "window-about");
  #pill = make("span", "pill");
  #front = make("button", "button", "Show", { type: "button" });
  #button = make("button", "button", "", { type: "button" });
  showWindow({ label, title, status, detail, closes, focuses }) {
    const [words, pill] = STATUS[status];
    const connection = this.api.connection.current;
    const own = connection?.type === "connected" && connection.label === label;
    this.#show(title, detail === "" ? label + (own ? " · this window" : "") : `${label} · ${detail}`, words, pill);
    this.element.dataset["status"] = status;
    this.#button.hidden = !closes;
    this.#button.disabled = status === "closing";
    this.#button.setAttribute("aria-label", `Close ${label}`);
    this.#front.hidden = !focuses;
    this.#front.setAttribute("aria-label", `Show ${label}`);
  }
  showKind({ title }) {
    this.#show(title, "can be opened", "Closed", "off");
    this.#button.setAttribute("aria-label", `Open ${title}`);
    this.#front.hidden = true;
  }
  async #close(label) {
    try {
      await this.api.closeWindow(label);
    } catch (error) {
      if (this.api.connection.current?.type !== "closed") throw error;
    }
  }
  #show(title, about, words, pill) {
    setText(this.#title, title);
    setText(this.#about, about);
    setText(this.#pill, words);
    this.#pill.dataset["status"] = pill;
  }
};
function startWindows(api2) {
  const list = byId("windows", HTMLElement);
  const rows = /* @__PURE__ */ new Map();
  function show({ windows, openable }) {
    const wanted = /* @__PURE__ */ new Set([...windows.map(({ label }) => `window ${label}`), ...openable.map(({ name }) => `kind ${name}`)]);
    for (const [key, row2] of rows) {
      if (wanted.has(key)) continue;
      if (row2.element.contains(document.activeElement)) byId("windows-title", HTMLElement).focus();
      row2.element.remove();
      rows.delete(key);
    }
    const row = (key, name, opens2) => {
      let row2 = rows.get(key);
      if (row2 === void 0) rows.set(key, row2 = new Row2(api2, name, opens2));
      return row2;
    };
    const shown = [
      ...windows.map((window2) => {
        const each = row(`window ${window2.label}`, window2.label, false);
        each.showWindow(window2);
        return each;
      }),
      ...openable.map((kind) => {
        const each = row(`kind ${kind.name}`, kind.name, true);
        each.showKind(kind);
        return each;
      })
    ];
    shown.forEach(({ element }, i) => {
      if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
    });
    setText(byId("windows-figure", HTMLElement), count(windows.length, "window"));
  }
  api2.windows.watch(show);
  api2.connection.watch(() => {
    if (api2.windows.current !== void 0) show(api2.windows.current);
  });
  const quit = byId("quit", HTMLButtonElement);
  quit.addEventListener("click", () => void withButton(quit, "The studio was not closed", () => api2.quit()));
}

// src/controls/main.ts
var api = connect2("controls");
startShell(api, "controls");
startCameras(api);
startWindows(api);
startSettings(api);
startExchange(api);
