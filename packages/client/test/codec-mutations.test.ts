/**
 * Bytes that were changed at random: an error with a path, or a value that encodes back to the same bytes. Never
 * another exception. Seeded, so that every run is the same. (R4; fault 6)
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CodecError, fromBytes, toBody } from '../src/codec/index.js';
import type { Codec } from '../src/interface.js';
import { fromHex, toHex, toNotation } from './codec-notation.js';
import * as generated from './generated/types.js';

/** A small generator (xorshift): what it gives depends on the seed alone. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return this.#state % limit;
  }
}

/** Bytes with which boundaries are met more often than by chance. */
const INTERESTING = [0x00, 0x01, 0x02, 0x7f, 0x80, 0x81, 0xc0, 0xed, 0xf0, 0xf8, 0xfe, 0xff];

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const changed = [...bytes];
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(changed.length + 1);
    const byte = random.below(2) === 0 ? random.below(256) : INTERESTING[random.below(INTERESTING.length)]!;
    switch (random.below(4)) {
      case 0:
        changed.splice(at, 1);
        break;
      case 1:
        changed.splice(at, 0, byte);
        break;
      case 2:
        changed.splice(at, random.below(8));
        break;
      default:
        if (at < changed.length) {
          changed[at] = byte;
        }
    }
  }
  return Uint8Array.from(changed);
}

const file = new URL('../../../tests/vectors/codec/valid.json', import.meta.url);
const rows = JSON.parse(readFileSync(file, 'utf8')) as readonly { type: string; hex: string; blobs?: string[] }[];
const types = [...new Set(rows.map((row) => row.type))];

/**
 * Types whose values TypeScript does not hold to the byte: the spelling of a JSON text, moments after the year 2248,
 * and fields of a table that this build does not know. What they encode to must then stay the same.
 */
const LOOSE = new Set(['BuiltIn', 'Change', 'Foreign', 'Options', 'Preferences']);
const MUTATIONS = 400;

describe('mutated bodies', () => {
  it.each(types)('%s', (type) => {
    const codec = (generated as Record<string, unknown>)[`${type}Codec`] as Codec<unknown>;
    let taken = 0;
    let refused = 0;
    for (const [index, row] of rows.filter((each) => each.type === type).entries()) {
      const random = new Random(0x9e3779b9 ^ (index * 7919 + type.length));
      for (let round = 0; round < MUTATIONS; round++) {
        const body = mutate(fromHex(row.hex), random);
        const blobs = (row.blobs ?? []).map(fromHex);
        let value: unknown;
        try {
          value = fromBytes(codec, body, undefined, blobs);
        } catch (error) {
          if (!(error instanceof CodecError)) {
            throw new Error(`${type} ${toHex(body)}`, { cause: error });
          }
          refused++;
          continue;
        }
        taken++;
        const { bytes: back, blobs: after } = toBody(codec, value);
        expect(after.map(toHex)).toStrictEqual(blobs.map(toHex));
        if (LOOSE.has(type)) {
          expect(toNotation(fromBytes(codec, back)), toHex(body)).toStrictEqual(toNotation(value));
        } else if (toHex(back) !== toHex(body)) {
          expect(toHex(back), type).toBe(toHex(body));
        }
      }
    }
    expect(taken + refused).toBeGreaterThanOrEqual(MUTATIONS);
    // A type without fields takes the empty body alone.
    expect(refused).toBeGreaterThan(0);
  });

  it('random bytes', () => {
    const random = new Random(20_240_229);
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const body = Uint8Array.from({ length: random.below(48) }, () => random.below(256));
      const type = types[random.below(types.length)]!;
      try {
        fromBytes((generated as Record<string, unknown>)[`${type}Codec`] as Codec<unknown>, body);
      } catch (error) {
        if (!(error instanceof CodecError)) {
          throw new Error(`${type} ${toHex(body)}`, { cause: error });
        }
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(10_000);
  });
});
