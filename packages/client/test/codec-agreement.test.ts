/**
 * Mutated bodies with what Rust says of each: TypeScript's decoder says the same, down to the kind of error and its path.
 * `FUZZ_VERDICTS` names a larger file (`cargo xtask fuzz ts_decoder`). (R4, R30; fault 6)
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CodecError, fromBytes, toBytes } from '../src/codec/index.js';
import type { Codec } from '../src/interface.js';
import { fromHex, toHex } from './codec-notation.js';
import * as generated from './generated/types.js';

const committed = new URL('../../../tests/vectors/codec/verdicts.txt', import.meta.url);
const file = process.env['FUZZ_VERDICTS'] ?? committed;

/** What TypeScript says of a body, in the words of the file. */
function verdict(codec: Codec<unknown>, body: Uint8Array): string {
  let value: unknown;
  try {
    value = fromBytes(codec, body);
  } catch (error) {
    // Anything else is a fault of the codec's, and fails the test as it is.
    if (!(error instanceof CodecError)) throw error;
    return `${error.kind} ${error.path}`.trimEnd();
  }
  // What was read can be written, and read again.
  fromBytes(codec, toBytes(codec, value));
  return 'ok';
}

test('TypeScript judges bodies as Rust does', () => {
  const differ: string[] = [];
  const seen = new Set<string>();
  let count = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue;
    const [type = '', hex = '', expected = ''] = line.split('\t');
    const codec = (generated as Record<string, unknown>)[`${type}Codec`];
    if (codec === undefined) throw new Error(`the sample contract has no ${type}`);
    const body = fromHex(hex);
    const found = verdict(codec as Codec<unknown>, body);
    if (found !== expected) differ.push(`${type} ${toHex(body)}: Rust \`${expected}\`, TypeScript \`${found}\``);
    seen.add(found.split(' ')[0] ?? '');
    count++;
  }
  expect(differ.slice(0, 10), `${differ.length} of ${count} differ`).toEqual([]);
  expect(count).toBeGreaterThanOrEqual(1000);
  // Not a file of trifles: it has what is taken and most of what is refused.
  for (const kind of ['ok', 'truncated', 'trailing_bytes', 'overlong_varint', 'bad_bool', 'map_order', 'unknown_tag', 'too_long']) {
    expect([...seen], kind).toContain(kind);
  }
});
