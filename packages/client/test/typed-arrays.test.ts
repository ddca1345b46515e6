/** Typed arrays in the codec: what is a window and what a copy, and what is refused. (R7) */
import { describe, expect, it } from 'vitest';
import { CodecError, fromBytes, readTypedArray, toBody, type Writer, writeTypedArray } from '../src/codec/index.js';
import { reversed } from '../src/codec/typed-array.js';
import type { Codec } from '../src/interface.js';
import { fromHex, refusal, toHex } from './codec-notation.js';
import { type Samples, SamplesCodec } from './generated/types.js';

const floats: Codec<Float32Array<ArrayBuffer>> = {
  encode: (out, value) => writeTypedArray(out, value, Float32Array, 1, 3),
  decode: (input) => readTypedArray(input, Float32Array, 1, 3),
};
const read = (...blobs: Uint8Array<ArrayBuffer>[]) => fromBytes(floats, Uint8Array.of(0), undefined, blobs);

const samples: Samples = {
  i8s: Int8Array.of(-1),
  i16s: Int16Array.of(-2),
  u16s: Uint16Array.of(2),
  i32s: Int32Array.of(-3),
  u32s: Uint32Array.of(3),
  i64s: BigInt64Array.of(-4n),
  u64s: BigUint64Array.of(4n),
  f32s: Float32Array.of(0.5),
  f64s: Float64Array.of(0.5, -0),
  channels: [Float32Array.of(1), new Float32Array()],
};

describe('typed arrays', () => {
  it('are windows into their blobs where these are aligned, and copies elsewhere', () => {
    const blob = fromHex('0000003f000000bf');
    const window = read(blob);
    expect([...window]).toEqual([0.5, -0.5]);
    expect(window.buffer).toBe(blob.buffer);
    const inside = new Uint8Array(12);
    inside.set(blob, 4);
    const aligned = read(inside.subarray(4));
    expect([aligned.buffer === inside.buffer, ...aligned]).toEqual([true, 0.5, -0.5]);
    inside.set(blob, 3);
    const copied = read(inside.subarray(3, 11));
    expect([copied.buffer === inside.buffer, ...copied]).toEqual([false, 0.5, -0.5]);
  });

  it('are copied when they are written: the part that the array sees, little-endian', () => {
    const all = Float32Array.of(9, 0.5, -0.5, 9);
    const { bytes, blobs } = toBody(floats, all.subarray(1, 3));
    all.fill(0);
    expect([toHex(bytes), ...blobs.map(toHex)]).toEqual(['00', '0000003f000000bf']);
    expect(toHex(reversed(fromHex('0102030405060708'), 4))).toBe('0403020108070605');
  });

  it('hold whole numbers, within their limits', () => {
    expect(refusal(() => read(fromHex('0000003f00')))).toBe('truncated at ');
    expect(refusal(() => read(fromHex('')))).toBe('too_short at ');
    expect(refusal(() => read(new Uint8Array(16)))).toBe('too_long at ');
    // What is no whole number is told before the limit.
    expect(refusal(() => read(new Uint8Array(17)))).toBe('truncated at ');
    expect(refusal(() => read())).toBe('bad_blob at ');
    expect(refusal(() => toBody(floats, new Float32Array(4)))).toBe('too_long at ');
    expect(refusal(() => toBody(floats, new Float32Array(0)))).toBe('too_short at ');
  });

  it('keep every NaN as it is', () => {
    const blob = fromHex('0100a0ff0000c07f');
    expect(toBody(floats, read(blob)).blobs.map(toHex)).toEqual([toHex(blob)]);
  });

  it.each([
    [new Float64Array(2), 'Float64Array'],
    [new Uint8Array(8), 'Uint8Array'],
    [new DataView(new ArrayBuffer(8)), 'DataView'],
    [[0.5, 1], 'object'],
    [undefined, 'undefined'],
    [{ length: 2, [Symbol.toStringTag]: 'Float32Array' }, 'object'],
  ])('of another kind are refused, and the error names both (%#)', (wrong, name) => {
    const write = () => toBody(SamplesCodec, { ...samples, f32s: wrong as never });
    expect(refusal(write)).toBe('bad_value at f32s');
    expect(write).toThrow(`expected Float32Array, got ${name}`);
  });

  it('stand for each kind of number by its class, and come back', () => {
    const { bytes, blobs } = toBody(SamplesCodec, samples);
    expect(blobs.length).toBe(11);
    expect(fromBytes(SamplesCodec, bytes, undefined, blobs)).toEqual(samples);
  });

  it('have their place among the blobs of a message, of which there are 16 at most', () => {
    const many = { ...samples, channels: Array.from({ length: 4 }, () => new Float32Array(1)) };
    expect(toBody(SamplesCodec, many).blobs.length).toBe(13);
    const codec: Codec<number> = {
      encode: (out: Writer, count) => {
        for (let at = 0; at < count; at++) writeTypedArray(out, new Int8Array(1), Int8Array);
      },
      decode: () => 0,
    };
    expect(toBody(codec, 16).blobs.length).toBe(16);
    expect(() => toBody(codec, 17)).toThrow(CodecError);
  });
});
