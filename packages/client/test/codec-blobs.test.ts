/** Blobs in the codec: their places in a body, and the bytes beside it. (R4) */
import { describe, expect, it } from 'vitest';
import { Reader, toBytes, Writer } from '../src/codec/index.js';
import type { Codec } from '../src/interface.js';
import { fromHex, refusal, toHex } from './codec-notation.js';

describe('blobs', () => {
  const two = [fromHex('0a0b'), fromHex('')];
  const open = (hex: string, blobs = two) => new Reader().reset(fromHex(hex), 0, undefined, undefined, blobs);

  it('are written as their places, and copied', () => {
    const blobs: Uint8Array<ArrayBuffer>[] = [];
    const out = new Writer();
    out.reset(0, blobs);
    const given = fromHex('0102');
    out.blob(given);
    // A Node buffer is a window into a pool: its bytes alone go along.
    out.blob(Buffer.from('x'));
    given.fill(0);
    expect(toHex(out.copy())).toBe('0001');
    expect(blobs.map(toHex)).toEqual(['0102', '78']);
    expect(blobs.map(({ buffer }) => buffer.byteLength)).toEqual([2, 1]);
  });

  it('are at most 16 in a body, within their limits, and only where they may stand', () => {
    const out = new Writer();
    out.reset(0, []);
    for (let count = 0; count < 16; count++) out.blob(new Uint8Array(0));
    expect(refusal(() => out.blob(new Uint8Array(0)))).toBe('bad_blob at ');
    out.reset(0, []);
    expect(refusal(() => out.blob(new Uint8Array(3), 4))).toBe('too_short at ');
    expect(refusal(() => out.blob(new Uint8Array(3), 0, 2))).toBe('too_long at ');
    expect(refusal(() => out.blob('text' as never))).toBe('bad_value at ');
    expect(refusal(() => new Writer().blob(new Uint8Array(0)))).toBe('bad_blob at ');
    const codec: Codec<Uint8Array> = { encode: (out, value) => out.blob(value), decode: (input) => input.blob() };
    expect(refusal(() => toBytes(codec, new Uint8Array(1)))).toBe('bad_blob at ');
  });

  it('are read one after the other, each once, and all of them', () => {
    const input = open('0001');
    expect([toHex(input.blob(2, 2)), toHex(input.blob())]).toEqual(['0a0b', '']);
    input.finish();
    expect(refusal(() => open('01').blob())).toBe('bad_blob at ');
    expect(refusal(() => open('02').blob())).toBe('bad_blob at ');
    expect(refusal(() => open('00', []).blob())).toBe('bad_blob at ');
    expect(refusal(() => open('8000').blob())).toBe('overlong_varint at ');
    expect(refusal(() => open('00').blob(3))).toBe('too_short at ');
    expect(refusal(() => open('00').blob(0, 1))).toBe('too_long at ');
    expect(refusal(() => [0, 1].map(() => open('0000')).forEach((input) => (input.blob(), input.blob())))).toBe('bad_blob at ');
    expect(refusal(() => (input.reset(fromHex('00'), 0, 1, undefined, two), input.blob(), input.finish()))).toBe('bad_blob at ');
    expect(refusal(() => (input.reset(fromHex('0000'), 0, 2, undefined, two), input.blob(), input.finish()))).toBe('trailing_bytes at ');
  });

  it('are not there in a part that others may pass over, and are there behind it', () => {
    const part = (input: Reader, read: () => unknown) => {
      const outer = input.beginPart();
      read();
      input.endPart(outer);
    };
    const inside = open('0100');
    expect(refusal(() => part(inside, () => inside.blob()))).toBe('bad_blob at ');
    const behind = open('010700');
    part(behind, () => behind.u8());
    expect(toHex(behind.blob())).toBe('0a0b');
  });
});
