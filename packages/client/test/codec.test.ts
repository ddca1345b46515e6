/** Writer and reader: every primitive at its boundaries, refusals on the way out, and the buffers themselves. (R4) */
import { describe, expect, it } from 'vitest';
import {
  DEPTH_MAX,
  fromBytes,
  Reader,
  readJson,
  readList,
  readMap,
  readTimestamp,
  readUrl,
  toBytes,
  unitCodec,
  writeDuration,
  writeJson,
  writeList,
  writeMap,
  Writer,
  writeTimestamp,
  writeTuple,
  writeUrl,
  writeUuid,
} from '../src/codec/index.js';
import type { Codec } from '../src/interface.js';
import { fromHex, refusal, toHex } from './codec-notation.js';
import {
  ChangeCodec,
  ChangeKindCodec,
  type Limits,
  LimitsCodec,
  NodeCodec,
  type Node,
  ScalarsCodec,
  ShapeCodec,
  type Tree,
  TreeCodec,
} from './generated/types.js';

function written(write: (out: Writer) => void): string {
  const out = new Writer();
  write(out);
  return toHex(out.copy());
}

function read<T>(hex: string, decode: (input: Reader) => T): T {
  const input = new Reader(fromHex(hex));
  const value = decode(input);
  input.finish();
  return value;
}

/** The shortest varint, by arithmetic that has nothing in common with the writer's. */
function varint(value: bigint): string {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128n) {
    bytes.push(Number(rest % 128n) + 128);
    rest /= 128n;
  }
  bytes.push(Number(rest));
  return toHex(Uint8Array.from(bytes));
}

const zigzag = (value: bigint): bigint => (value < 0n ? -2n * value - 1n : 2n * value);

/** All powers of two below 2^64, and their neighbours. */
const edges = Array.from({ length: 65 }, (_, bit) => 1n << BigInt(bit)).flatMap((power) => [
  power - 1n,
  power,
  power + 1n,
]);

describe('integers', () => {
  it('of 64 bits at every power of two', () => {
    for (const value of edges.filter((edge) => edge < 1n << 64n)) {
      expect(written((out) => out.u64(value))).toBe(varint(value));
      expect(read(varint(value), (input) => input.u64())).toBe(value);
    }
    for (const value of edges.flatMap((edge) => [edge, -edge])) {
      if (value >= -(1n << 63n) && value < 1n << 63n) {
        expect(written((out) => out.i64(value))).toBe(varint(zigzag(value)));
        expect(read(varint(zigzag(value)), (input) => input.i64())).toBe(value);
      }
    }
  });

  it('of 53 bits at every power of two', () => {
    for (const value of edges.filter((edge) => edge < 1n << 53n)) {
      for (const number of [Number(value), -Number(value)]) {
        const hex = varint(zigzag(BigInt(number)));
        expect(written((out) => out.safe(number))).toBe(hex);
        expect(read(hex, (input) => input.safe())).toBe(number + 0);
      }
      expect(written((out) => out.natural(Number(value)))).toBe(varint(value));
      expect(read(varint(value), (input) => input.natural())).toBe(Number(value));
    }
    for (const beyond of [1n << 53n, 1n << 60n, (1n << 63n) - 1n]) {
      expect(refusal(() => read(varint(zigzag(beyond)), (input) => input.safe()))).toBe('out_of_range at ');
      expect(refusal(() => read(varint(zigzag(-beyond)), (input) => input.safe()))).toBe('out_of_range at ');
      expect(refusal(() => read(varint(beyond), (input) => input.natural()))).toBe('out_of_range at ');
    }
  });

  it('of 32 and 16 bits at every power of two', () => {
    for (const value of edges) {
      const number = Number(value);
      for (const [bits, name] of [[16, 'u16'], [32, 'u32']] as const) {
        if (value < 1n << BigInt(bits)) {
          expect(written((out) => out[name](number))).toBe(varint(value));
          expect(read(varint(value), (input) => input[name]())).toBe(number);
        } else {
          expect(refusal(() => written((out) => out[name](number)))).toBe('out_of_range at ');
          if (value < 1n << 64n) {
            expect(refusal(() => read(varint(value), (input) => input[name]()))).toBe('integer_overflow at ');
          }
        }
      }
      for (const [bits, name] of [[16, 'i16'], [32, 'i32']] as const) {
        for (const signed of [value, -value]) {
          const fits = signed >= -(1n << BigInt(bits - 1)) && signed < 1n << BigInt(bits - 1);
          if (fits) {
            expect(written((out) => out[name](Number(signed)))).toBe(varint(zigzag(signed)));
            expect(read(varint(zigzag(signed)), (input) => input[name]())).toBe(Number(signed));
          } else {
            expect(refusal(() => written((out) => out[name](Number(signed))))).toBe('out_of_range at ');
          }
        }
      }
    }
  });

  it('that do not fit are refused on the way out', () => {
    for (const value of [-1, 256, 0.5, Number.NaN, Infinity]) {
      expect(refusal(() => written((out) => out.u8(value)))).toBe('out_of_range at ');
    }
    for (const value of [-129, 128, 0.5]) {
      expect(refusal(() => written((out) => out.i8(value)))).toBe('out_of_range at ');
    }
    for (const value of [-1n, 1n << 64n]) {
      expect(refusal(() => written((out) => out.u64(value)))).toBe('out_of_range at ');
    }
    for (const value of [-(1n << 63n) - 1n, 1n << 63n]) {
      expect(refusal(() => written((out) => out.i64(value)))).toBe('out_of_range at ');
    }
    for (const value of [2 ** 53, -(2 ** 53), 0.5, Number.NaN]) {
      expect(refusal(() => written((out) => out.safe(value)))).toBe('out_of_range at ');
    }
  });

  it('minus zero is zero', () => {
    expect(written((out) => out.safe(-0))).toBe('00');
    expect(Object.is(read('00', (input) => input.safe()), 0)).toBe(true);
    expect(written((out) => out.i32(-0))).toBe('00');
  });
});

describe('floats', () => {
  it('have one NaN and two zeros', () => {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, 0x7ff80000);
    view.setUint32(4, 0x1234);
    expect(written((out) => out.f64(view.getFloat64(0)))).toBe('000000000000f87f');
    expect(written((out) => out.f64(-0))).toBe('0000000000000080');
    expect(Object.is(read('0000000000000080', (input) => input.f64()), -0)).toBe(true);
    expect(written((out) => out.f32(Number.NaN))).toBe('0000c07f');
    expect(refusal(() => read('010000000000f87f', (input) => input.f64()))).toBe('bad_nan at ');
    expect(refusal(() => read('000000000000f8ff', (input) => input.f64()))).toBe('bad_nan at ');
    expect(refusal(() => read('0100c07f', (input) => input.f32()))).toBe('bad_nan at ');
  });

  it('of single precision are rounded on the way out', () => {
    expect(read(written((out) => out.f32(0.1)), (input) => input.f32())).toBe(Math.fround(0.1));
    expect(read(written((out) => out.f32(1e300)), (input) => input.f32())).toBe(Infinity);
  });
});

describe('texts', () => {
  const utf8 = (text: string): string => {
    const bytes = Buffer.from(text);
    return varint(BigInt(bytes.length)) + toHex(bytes);
  };

  it('of every length and of one to four bytes a character', () => {
    for (const letter of ['a', 'é', '€', '😀']) {
      for (let length = 0; length < 200; length++) {
        for (const text of [letter.repeat(length), `${'x'.repeat(length)}${letter}`]) {
          const hex = utf8(text);
          expect(written((out) => out.string(text))).toBe(hex);
          expect(read(hex, (input) => input.string())).toBe(text);
        }
      }
    }
  });

  it('whose count grows when they are written, in a buffer that is just full', () => {
    for (const units of [43, 64, 127, 5461, 8192, 16383]) {
      const text = '€'.repeat(units);
      for (let before = 0; before < 70; before += 23) {
        const out = new Writer(64);
        out.raw(new Uint8Array(before), before);
        out.string(text);
        out.u8(7);
        expect(toHex(out.view(before))).toBe(`${utf8(text)}07`);
      }
    }
  });

  it('keep a byte order mark and a zero', () => {
    for (const text of ['\ufeffabc', `\ufeff${'x'.repeat(40)}`, 'a\0b', '\0'.repeat(30)]) {
      expect(read(written((out) => out.string(text)), (input) => input.string())).toBe(text);
    }
  });

  it('that are not text are refused both ways', () => {
    for (const bad of ['80', 'c080', 'eda080', 'f4908080', 'ff', 'e282', `${'61'.repeat(30)}c3`]) {
      const hex = varint(BigInt(bad.length / 2)) + bad;
      expect(refusal(() => read(hex, (input) => input.string()))).toBe('bad_utf8 at ');
    }
    for (const bad of ['\ud800', 'abc\udc00', `${'x'.repeat(40)}\ud800`]) {
      expect(refusal(() => written((out) => out.string(bad)))).toBe('bad_utf8 at ');
    }
  });

  it('have limits that count bytes', () => {
    expect(refusal(() => written((out) => out.string('éé', 0, 3)))).toBe('too_long at ');
    expect(written((out) => out.string('é', 2, 2))).toBe('02c3a9');
    expect(refusal(() => read('0161', (input) => input.string(2, 3)))).toBe('too_short at ');
    expect(refusal(() => read('0461', (input) => input.string(2, 3)))).toBe('truncated at ');
  });
});

describe('bytes', () => {
  it('belong to the receiver, or are a view on request', () => {
    const body = fromHex('03010203');
    const copy = new Reader(body).bytes();
    const view = new Reader(body, { bytes: 'view' }).bytes();
    body[1] = 9;
    expect([...copy]).toEqual([1, 2, 3]);
    expect(copy.buffer.byteLength).toBe(3);
    expect([...view]).toEqual([9, 2, 3]);
    expect(view.buffer).toBe(body.buffer);
  });

  it('of a Node buffer are copied too', () => {
    const body = Buffer.from('03010203', 'hex');
    const copy = new Reader(body).bytes();
    body[1] = 9;
    expect([...copy]).toEqual([1, 2, 3]);
    expect(copy.constructor).toBe(Uint8Array);
  });
});

describe('built-in types', () => {
  it('keep microseconds until the year 2248', () => {
    for (const micros of [0, 1, -1, 999, 1_700_000_000_123_456, -62_135_596_800_000_001, 2 ** 43 * 1000 - 1]) {
      if (Number.isSafeInteger(micros)) {
        const hex = written((out) => out.safe(micros));
        expect(written((out) => writeTimestamp(out, read(hex, readTimestamp)))).toBe(hex);
      }
    }
    const last = written((out) => out.safe(Number.MAX_SAFE_INTEGER));
    expect(refusal(() => written((out) => writeTimestamp(out, read(last, readTimestamp))))).toBe('taken');
    expect(written((out) => writeTimestamp(out, 1.5))).toBe(varint(3000n));
  });

  it('refuse what they are not', () => {
    expect(refusal(() => written((out) => writeTimestamp(out, Number.NaN)))).toBe('out_of_range at ');
    expect(refusal(() => written((out) => writeDuration(out, -1)))).toBe('out_of_range at ');
    expect(refusal(() => written((out) => writeDuration(out, 1e300)))).toBe('out_of_range at ');
    expect(refusal(() => written((out) => writeUuid(out, '00')))).toBe('bad_value at ');
    expect(refusal(() => written((out) => writeUrl(out, '/relative')))).toBe('bad_url at ');
    expect(refusal(() => written((out) => writeUrl(out, 'file://host/x:/file')))).toBe('bad_url at ');
    expect(refusal(() => written((out) => writeJson(out, undefined)))).toBe('bad_json at ');
    expect(refusal(() => written((out) => writeJson(out, 5n)))).toBe('bad_json at ');
    const loop: unknown[] = [];
    loop.push(loop);
    expect(refusal(() => written((out) => writeJson(out, loop)))).toBe('bad_json at ');
  });

  it('write a URL in its one spelling, and read no other', () => {
    expect(written((out) => writeUrl(out, 'HTTPS://Example.com'))).toBe(
      written((out) => out.string('https://example.com/')),
    );
    const other = written((out) => out.string('https://example.com'));
    expect(refusal(() => read(other, readUrl))).toBe('bad_url at ');
  });

  it('take JSON as deep as 64 and no deeper, and leave prototypes alone', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const text = (json: string): string => written((out) => out.string(json));
    expect(refusal(() => read(text(nested(64)), readJson))).toBe('taken');
    expect(refusal(() => read(text(nested(65)), readJson))).toBe('bad_json at ');
    expect(refusal(() => read(text(`{"a":"${'['.repeat(100)}\\""}`), readJson))).toBe('taken');
    expect(refusal(() => read(text('{"a":1,}'), readJson))).toBe('bad_json at ');
    const object = read(text('{"__proto__":{"polluted":true}}'), readJson);
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBe(undefined);
  });
});

describe('collections', () => {
  it('put map keys in the order of their bytes', () => {
    const write = (map: ReadonlyMap<string, number>) =>
      written((out) => writeMap(out, map, (o, key) => o.string(key), (o, value) => o.u32(value)));
    // Shorter texts come first: their count does.
    expect(write(new Map([['b', 1], ['aa', 2], ['a', 3]]))).toBe('0301610301620102616102');
    expect(write(new Map([['a', 3], ['b', 1], ['aa', 2]]))).toBe('0301610301620102616102');
    expect(write(new Map())).toBe('00');
  });

  it('refuse two keys of the same bytes', () => {
    const map = new Map([[[1], 'a'], [[0], 'b'], [[1], 'c']]);
    const write = () =>
      written((out) =>
        writeMap(out, map, (o, key) => writeList(o, key, (p, item) => p.u8(item)), (o, value) => o.string(value)),
      );
    expect(refusal(write)).toBe('map_order at {key 2}');
    expect(refusal(() => read('020101000101', (i) => readMap(i, 2, (k) => k.u16(), (v) => v.u8())))).toBe('map_order at {key 1}');
  });

  it('do not allocate for a count that the body does not cover', () => {
    const huge = 'ffffffff0f';
    expect(refusal(() => read(huge, (input) => readList(input, 1, (i) => i.u8())))).toBe('truncated at ');
    expect(refusal(() => read('ffffffffffffffffff01', (input) => input.string()))).toBe('truncated at ');
    expect(refusal(() => read('05aaaaaaaaaa', (input) => readList(input, 2, (i) => i.u8())))).toBe('truncated at ');
  });

  it('hold more items than get their room at once', () => {
    const numbers = Array.from({ length: 20_000 }, (_, index) => index % 251);
    const hex = written((out) => writeList(out, numbers, (o, item) => o.u8(item)));
    expect(read(hex, (input) => readList(input, 1, (i) => i.u8()))).toEqual(numbers);
  });

  it('say where a value is wrong', () => {
    expect(refusal(() => written((out) => writeList(out, [1, 2, 300], (o, item) => o.u8(item))))).toBe('out_of_range at [2]');
    const pair: readonly [number, string] = [1, 'x'];
    expect(
      refusal(() => written((out) => writeTuple(out, pair, (o, v) => o.u8(v), (o, v) => o.string(v, 2)))),
    ).toBe('too_short at 1');
    expect(refusal(() => written((out) => writeList(out, 'abc' as unknown as number[], (o, item) => o.u8(item))))).toBe('bad_value at ');
    expect(refusal(() => written((out) => writeMap(out, {} as never, unitCodec.encode, unitCodec.encode)))).toBe('bad_value at ');
  });
});

describe('values of other types than the contract says', () => {
  const scalars = fromBytes(ScalarsCodec, fromHex('00'.repeat(22)));

  it.each([
    ['flag', 1],
    ['byte', '1'],
    ['word', null],
    ['long', 5],
    ['signedLong', '5'],
    ['safe', 5n],
    ['single', '1'],
    ['double', undefined],
  ])('%s: %s', (field, value) => {
    const path = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(refusal(() => toBytes(ScalarsCodec, { ...scalars, [field]: value }))).toBe(`bad_value at ${path}`);
  });

  it('a missing object, variant or field', () => {
    expect(refusal(() => toBytes(ScalarsCodec, undefined as never))).toBe('bad_value at flag');
    expect(refusal(() => toBytes(NodeCodec, { value: 1 } as never))).toBe('bad_value at next.value');
    expect(refusal(() => toBytes(ShapeCodec, { type: 'square' } as never))).toBe('bad_value at ');
    expect(refusal(() => toBytes(ShapeCodec, null as never))).toBe('bad_value at ');
    expect(refusal(() => toBytes(ChangeKindCodec, null as never))).toBe('bad_value at ');
  });

  it('a known variant that passes for an unknown one', () => {
    const bytes = new Uint8Array();
    expect(refusal(() => toBytes(ChangeKindCodec, { type: 'unknown', tag: 4, bytes }))).toBe('bad_value at ');
    expect(toHex(toBytes(ChangeCodec, { type: 'unknown', tag: 400, bytes }))).toBe('900300');
  });

  it('limits hold on the way out', () => {
    const limits: Limits = {
      text: '',
      word: 'w',
      bytes: new Uint8Array(2),
      two: [1, 2],
      tags: [],
      digits: null,
      percent: 0,
      long: 0n,
      safe: null,
      share: 0,
      angle: 0,
      map: new Map([[1, '']]),
    };
    const changed = (change: Partial<Limits>) => refusal(() => toBytes(LimitsCodec, { ...limits, ...change }));
    expect(changed({})).toBe('taken');
    expect(changed({ text: 'abcdef' })).toBe('too_long at text');
    expect(changed({ word: '' })).toBe('too_short at word');
    expect(changed({ bytes: new Uint8Array(1) })).toBe('too_short at bytes');
    expect(changed({ two: [1] })).toBe('too_short at two');
    expect(changed({ tags: ['a', ''] })).toBe('too_short at tags[1]');
    expect(changed({ digits: [9, 10] })).toBe('out_of_range at digits[1]');
    expect(changed({ percent: 101 })).toBe('out_of_range at percent');
    expect(changed({ long: -6n })).toBe('out_of_range at long');
    expect(changed({ safe: 11 })).toBe('out_of_range at safe');
    expect(changed({ share: Number.NaN })).toBe('out_of_range at share');
    expect(changed({ angle: -180.1 })).toBe('out_of_range at angle');
    expect(changed({ map: new Map() })).toBe('too_short at map');
  });
});

describe('depth', () => {
  const chain = (levels: number): Node => {
    let node: Node = { value: 0, next: null };
    for (let level = 1; level < levels; level++) {
      node = { value: 0, next: node };
    }
    return node;
  };

  it('is at most 64, both ways', () => {
    expect(fromBytes(NodeCodec, toBytes(NodeCodec, chain(DEPTH_MAX)))).toEqual(chain(DEPTH_MAX));
    expect(refusal(() => toBytes(NodeCodec, chain(DEPTH_MAX + 1)))).toBe(`too_deep at ${Array(64).fill('next').join('.')}`);
    const hex = `${'0001'.repeat(DEPTH_MAX)}0000`;
    expect(refusal(() => fromBytes(NodeCodec, fromHex(hex)))).toBe(`too_deep at ${Array(64).fill('next').join('.')}`);
  });

  it('is counted along each branch, not in sum', () => {
    const wide: Tree = {
      label: '',
      branches: Array.from({ length: 200 }, () => ({ label: 'x', branches: [{ label: 'y', branches: [] }] })),
    };
    expect(fromBytes(TreeCodec, toBytes(TreeCodec, wide))).toEqual(wide);
  });

  it('starts over after an error', () => {
    for (let times = 0; times < 3; times++) {
      expect(refusal(() => toBytes(NodeCodec, chain(DEPTH_MAX + 1)))).toMatch(/^too_deep/);
      expect(refusal(() => toBytes(NodeCodec, chain(DEPTH_MAX)))).toBe('taken');
    }
  });
});

describe('buffers', () => {
  it('put counts of one to three bytes before parts', () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384]) {
      const out = new Writer(64);
      const part = out.beginPart();
      out.raw(new Uint8Array(length).fill(5), length);
      out.endPart(part);
      out.u8(9);
      expect(toHex(out.copy())).toBe(`${varint(BigInt(length))}${'05'.repeat(length)}09`);
    }
  });

  it('refuse a part outside of the buffer', () => {
    expect(() => new Reader().reset(new Uint8Array(4), 2, 5)).toThrow(RangeError);
    expect(() => new Reader().reset(new Uint8Array(4), 3, 2)).toThrow(RangeError);
  });

  it('are not shared with a value that encodes another on its way', () => {
    const inner: Codec<unknown> = { encode: writeJson, decode: readJson };
    const value = { toJSON: () => toHex(toBytes(inner, [1])) };
    expect(fromBytes(inner, toBytes(inner, value))).toBe('035b315d');
  });
});
