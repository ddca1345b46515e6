/** Replays the golden vectors of the codec: what Rust writes and refuses, TypeScript writes and refuses. (R4, R30) */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CodecError, fromBytes, toBody } from '../src/codec/index.js';
import type { Codec } from '../src/interface.js';
import { fromHex, fromNotation, toHex, toNotation } from './codec-notation.js';
import * as generated from './generated/types.js';

interface Valid {
  readonly type: string;
  readonly hex: string;
  readonly blobs?: readonly string[];
  readonly value: unknown;
}

interface Invalid {
  readonly type: string;
  readonly hex: string;
  readonly blobs?: readonly string[];
  readonly error: string;
  readonly path: string;
}

function vectors<Row>(name: string): readonly Row[] {
  const file = new URL(`../../../tests/vectors/codec/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Row[];
}

function codecOf(type: string): Codec<unknown> {
  const codec = (generated as Record<string, unknown>)[`${type}Codec`];
  if (codec === undefined) {
    throw new Error(`the sample contract has no ${type}`);
  }
  return codec as Codec<unknown>;
}

/** What decoding throws. */
function refusal({ type, hex, blobs = [] }: Pick<Valid, 'type' | 'hex' | 'blobs'>): unknown {
  try {
    fromBytes(codecOf(type), fromHex(hex), undefined, blobs.map(fromHex));
  } catch (error) {
    return error;
  }
  return undefined;
}

const valid = vectors<Valid>('valid');
const invalid = vectors<Invalid>('invalid');

describe('valid vectors', () => {
  it.each(valid.map((row, index) => [index, row.type, row] as const))('%i: %s', (_, type, row) => {
    const codec = codecOf(type);
    const { hex, blobs = [] } = row;
    expect(toNotation(fromBytes(codec, fromHex(hex), undefined, blobs.map(fromHex)))).toStrictEqual(row.value);
    const body = toBody(codec, fromNotation(row.value));
    expect([toHex(body.bytes), body.blobs.map(toHex)]).toStrictEqual([hex, blobs]);
  });

  it('are the same when read from the middle of a larger buffer', () => {
    for (const row of valid) {
      const bytes = fromHex(row.hex);
      const blobs = (row.blobs ?? []).map(fromHex);
      const larger = new Uint8Array(bytes.length + 13).fill(0xff);
      larger.set(bytes, 7);
      const part = larger.subarray(7, 7 + bytes.length);
      expect(toNotation(fromBytes(codecOf(row.type), part, undefined, blobs))).toStrictEqual(row.value);
      // A Node buffer is another class of the same bytes.
      const buffer = Buffer.from(part);
      expect(toNotation(fromBytes(codecOf(row.type), buffer, undefined, blobs))).toStrictEqual(row.value);
    }
  });

  it('are refused with one byte more, and cut at every byte', () => {
    for (const row of valid) {
      const longer = refusal({ ...row, hex: `${row.hex}00` });
      expect(longer, row.hex).toBeInstanceOf(CodecError);
      for (let length = 0; length < row.hex.length; length += 2) {
        const cut = refusal({ ...row, hex: row.hex.slice(0, length) });
        expect(cut, `${row.type} ${row.hex} at ${length / 2}`).toBeInstanceOf(CodecError);
      }
    }
  });
});

describe('invalid vectors', () => {
  // A conversion in Rust code is not in the schema: `bad_value` is the business of that code.
  const rows = invalid.filter((row) => row.error !== 'bad_value');

  it('has rows of every kind that bytes can have', () => {
    expect(new Set(rows.map((row) => row.error)).size).toBeGreaterThanOrEqual(16);
  });

  it('are refused with the same kind at the same path', () => {
    const differing = rows.flatMap((row) => {
      const error = refusal(row);
      const found = error instanceof CodecError ? `${error.kind} at ${error.path}` : String(error);
      const wanted = `${row.error} at ${row.path}`;
      return found === wanted ? [] : [{ type: row.type, hex: row.hex, found, wanted }];
    });
    expect(differing).toEqual([]);
  });
});
