/** The notation of the golden vectors (`tests/vectors/codec/README.md`): JSON, with objects for what JSON lacks. */

import { CodecError } from '../src/codec/index.js';

type Notation = unknown;

/** The classes of typed arrays, by the numbers that they hold in a contract. */
export const NUMBERS = {
  i8: Int8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
};

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** `kind at path` of what is thrown. */
export function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof CodecError) {
      return `${error.kind} at ${error.path}`;
    }
    throw error;
  }
  return 'taken';
}

/** The value that a notation stands for. */
export function fromNotation(notation: Notation): unknown {
  if (Array.isArray(notation)) {
    return notation.map(fromNotation);
  }
  if (typeof notation !== 'object' || notation === null) {
    return notation;
  }
  const [[key, inside] = ['', undefined], ...others] = Object.entries(notation);
  if (key === '$array') {
    return new NUMBERS[Object(notation).of as keyof typeof NUMBERS](fromHex(inside as string).buffer);
  }
  if (others.length === 0) {
    switch (key) {
      case '$bigint':
        return BigInt(inside as string);
      case '$bytes':
        return fromHex(inside as string);
      case '$number':
        return Number(inside);
      case '$map':
        return new Map((inside as [Notation, Notation][]).map(([k, v]) => [fromNotation(k), fromNotation(v)]));
      default:
    }
  }
  return Object.fromEntries(Object.entries(notation).map(([name, value]) => [name, fromNotation(value)]));
}

/** The notation of a value. */
export function toNotation(value: unknown): Notation {
  if (typeof value === 'bigint') {
    return { $bigint: String(value) };
  }
  if (typeof value === 'number') {
    const plain = Number.isFinite(value) && !Object.is(value, -0);
    return plain ? value : { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (value === undefined) {
    return null;
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  if (value instanceof Uint8Array) {
    return { $bytes: toHex(value) };
  }
  for (const [of, Class] of Object.entries(NUMBERS)) {
    if (value instanceof Class) {
      return { $array: toHex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)), of };
    }
  }
  if (value instanceof Map) {
    return { $map: [...value].map(([k, v]) => [toNotation(k), toNotation(v)]) };
  }
  if (Array.isArray(value)) {
    return value.map(toNotation);
  }
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, toNotation(inside)]));
}
