/** Enums and tables: what generated code needs besides a `switch`. */
import { CodecError, fail } from './error.js';
import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** A variant of a flexible enum that this build does not know; it encodes back to the same bytes. */
export interface Unknown {
  readonly type: 'unknown';
  readonly tag: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Reads the rest of a variant that this build does not know. */
export function readUnknown(input: Reader, tag: number): Unknown {
  return { type: 'unknown', tag, bytes: input.bytes() };
}

/** Writes it back. A variant that this build knows must not pass for unknown: it would have two encodings. */
export function writeUnknown(out: Writer, value: Unknown, known: readonly number[]): void {
  if (value === null) {
    noVariant(value);
  }
  if (known.includes(value.tag)) {
    fail('bad_value', 'the tag of an unknown variant is that of a known one');
  }
  out.u32(value.tag);
  out.bytes(value.bytes);
}

/** Throws: a value is none of the variants of its enum. */
export function noVariant(value: unknown): never {
  const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : value;
  throw new CodecError('bad_value', `there is no variant ${String(type)}`);
}

/** How many fields of a table are present. */
export function present(...fields: readonly unknown[]): number {
  let count = 0;
  for (const field of fields) {
    if (field !== null) {
      count++;
    }
  }
  return count;
}

/** The number of the next field of a table, which must be greater than that of the one before (0 at first). */
export function readFieldNumber(input: Reader, last: number): number {
  const number = input.u32();
  if (number <= last) {
    fail('table_order');
  }
  return number;
}

/** Passes over a field or part that this build does not know. */
export function skipPart(input: Reader): void {
  const outer = input.beginPart();
  input.skip();
  input.endPart(outer);
}
