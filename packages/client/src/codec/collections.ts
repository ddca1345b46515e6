/**
 * Lists, arrays, maps and tuples: what generated code calls with the function of the item. A loop here and not in each
 * generated module keeps them small; it costs 7 % on a list of records (docs/decisions/typescript-codec.md).
 */
import { fail, refused, within } from './error.js';
import type { Reader } from './reader.js';
import { notA, type Writer } from './writer.js';

/** Reads one value. */
export type Read<T> = (input: Reader) => T;
/** Writes one value. */
export type Write<T> = (out: Writer, value: T) => void;

/** Lists up to this long get their room at once; longer ones grow as the items arrive. */
const RESERVE_ITEMS_MAX = 8192;

/** Fails unless `value` lies within both ends; NaN lies outside of everything. */
export function inRange<T extends number | bigint>(value: T, min: T, max: T): T {
  if (!(value >= min && value <= max)) {
    fail('out_of_range');
  }
  return value;
}

function readItems<T>(input: Reader, count: number, item: Read<T>): T[] {
  const items: T[] = count <= RESERVE_ITEMS_MAX ? new Array<T>(count) : [];
  let index = 0;
  try {
    for (; index < count; index++) {
      items[index] = item(input);
    }
  } catch (error) {
    throw within(error, `[${index}]`);
  }
  return items;
}

function writeItems<T>(out: Writer, items: readonly T[], item: Write<T>): void {
  let index = 0;
  try {
    for (; index < items.length; index++) {
      item(out, items[index]!);
    }
  } catch (error) {
    throw refused(error, `[${index}]`);
  }
}

/** A list of `min` to `max` items, each of at least `bytesMin` bytes. */
export function readList<T>(
  input: Reader,
  bytesMin: number,
  item: Read<T>,
  min = 0,
  max = Infinity,
): T[] {
  return readItems(input, input.countWithin(bytesMin, min, max), item);
}

/** A list of `min` to `max` items. */
export function writeList<T>(
  out: Writer,
  items: readonly T[],
  item: Write<T>,
  min = 0,
  max = Infinity,
): void {
  checkArray(items, min, max);
  out.count(items.length);
  writeItems(out, items, item);
}

/** Exactly `length` items, which occupy at least `bytesMin` bytes together. */
export function readArray<A extends readonly unknown[]>(
  input: Reader,
  length: number,
  bytesMin: number,
  item: Read<A[number]>,
): A {
  if (input.remaining < bytesMin) {
    fail('truncated');
  }
  return readItems(input, length, item) as readonly unknown[] as A;
}

/** Exactly `length` items. */
export function writeArray<T>(
  out: Writer,
  items: readonly T[],
  length: number,
  item: Write<T>,
): void {
  checkArray(items, length, length);
  writeItems(out, items, item);
}

function checkArray(items: readonly unknown[], min: number, max: number): void {
  if (!Array.isArray(items)) {
    notA('array', items);
  }
  if (items.length < min) {
    fail('too_short');
  }
  if (items.length > max) {
    fail('too_long');
  }
}

/** A map of `min` to `max` entries, each of at least `bytesMin` bytes; keys ascend by their bytes. */
export function readMap<K, V>(
  input: Reader,
  bytesMin: number,
  readKey: Read<K>,
  readValue: Read<V>,
  min = 0,
  max = Infinity,
): Map<K, V> {
  const count = input.countWithin(bytesMin, min, max);
  const map = new Map<K, V>();
  let before = 0;
  let beforeEnd = -1;
  let inKey = true;
  let index = 0;
  try {
    for (; index < count; index++) {
      inKey = true;
      const start = input.position;
      const key = readKey(input);
      if (beforeEnd >= 0 && !input.ascends(before, beforeEnd, start)) {
        fail('map_order');
      }
      before = start;
      beforeEnd = input.position;
      inKey = false;
      map.set(key, readValue(input));
    }
  } catch (error) {
    throw within(error, inKey ? `{key ${index}}` : `{${index}}`);
  }
  return map;
}

/** A map of `min` to `max` entries. They are put in order here; two keys of the same bytes are refused. */
export function writeMap<K, V>(
  out: Writer,
  map: ReadonlyMap<K, V>,
  writeKey: Write<K>,
  writeValue: Write<V>,
  min = 0,
  max = Infinity,
): void {
  if (!(map instanceof Map)) {
    notA('Map', map);
  }
  if (map.size < min) {
    fail('too_short');
  }
  if (map.size > max) {
    fail('too_long');
  }
  out.count(map.size);
  const entries: { index: number; start: number; middle: number; end: number }[] = [];
  let inKey = true;
  let index = 0;
  let ascending = true;
  try {
    for (const [key, value] of map) {
      inKey = true;
      const start = out.length;
      writeKey(out, key);
      const middle = out.length;
      inKey = false;
      writeValue(out, value);
      const last = entries.at(-1);
      ascending &&= last === undefined || out.compare(last.start, last.middle, start, middle) < 0;
      entries.push({ index, start, middle, end: out.length });
      index++;
    }
  } catch (error) {
    throw refused(error, inKey ? `{key ${index}}` : `{${index}}`);
  }
  if (!ascending) {
    sortEntries(out, entries);
  }
}

function sortEntries(
  out: Writer,
  entries: { index: number; start: number; middle: number; end: number }[],
): void {
  entries.sort((a, b) => {
    const order = out.compare(a.start, a.middle, b.start, b.middle);
    if (order === 0 && a.index !== b.index) {
      try {
        fail('map_order');
      } catch (error) {
        throw refused(error, `{key ${Math.max(a.index, b.index)}}`);
      }
    }
    return order;
  });
  out.reorder(entries);
}

/** A tuple, one value for each of `parts`. */
export function readTuple<T extends readonly unknown[]>(
  input: Reader,
  ...parts: { readonly [I in keyof T]: Read<T[I]> }
): T {
  const values: unknown[] = [];
  try {
    for (const part of parts) {
      values.push(part(input));
    }
  } catch (error) {
    throw within(error, String(values.length));
  }
  return values as readonly unknown[] as T;
}

/** A tuple, one value for each of `parts`. */
export function writeTuple<T extends readonly unknown[]>(
  out: Writer,
  values: T,
  ...parts: { readonly [I in keyof T]: Write<T[I]> }
): void {
  checkArray(values, parts.length, parts.length);
  let index = 0;
  try {
    for (; index < parts.length; index++) {
      parts[index]!(out, values[index]);
    }
  } catch (error) {
    throw refused(error, String(index));
  }
}
