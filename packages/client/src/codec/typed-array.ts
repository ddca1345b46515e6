/**
 * Typed arrays: many numbers of one kind, whose bytes are a blob (`docs/protocol.md`, section 15). In a file of their own,
 * which a page without them does not load.
 */
import { fail } from './error.js';
import { LOW } from './halves.js';
import { checkLength, type Reader } from './reader.js';
import { notA, type Writer } from './writer.js';

/** The arrays of JavaScript that stand for the typed arrays of a contract. */
type Numbers =
  | Int8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** The class of one of them. */
interface NumbersClass<A extends Numbers> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
}

/** Reads `min` to `max` numbers: a window into their blob, or a copy where that is not aligned for them. */
export function readTypedArray<A extends Numbers>(input: Reader, Class: NumbersClass<A>, min = 0, max = Infinity): A {
  const size = Class.BYTES_PER_ELEMENT;
  let bytes = input.blob();
  const count = bytes.length / size;
  if (!Number.isInteger(count)) {
    fail('truncated');
  }
  checkLength(count, min, max);
  if (LOW !== 0) {
    bytes = reversed(bytes, size);
  } else if (bytes.byteOffset % size !== 0) {
    bytes = new Uint8Array(bytes);
  }
  return new Class(bytes.buffer, bytes.byteOffset, count);
}

/** Writes `min` to `max` numbers. They are copied, so that their owner can go on with them. */
export function writeTypedArray<A extends Numbers>(out: Writer, value: A, Class: NumbersClass<A>, min = 0, max = Infinity): void {
  // By its tag, so that arrays of another realm count as well.
  if (!ArrayBuffer.isView(value) || value[Symbol.toStringTag] !== Class.name) {
    notA(Class.name, value);
  }
  checkLength(value.length, min, max);
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  out.blob(LOW === 0 ? bytes : reversed(bytes, Class.BYTES_PER_ELEMENT));
}

/** A copy with the bytes of each number the other way round: what travels is little-endian, whatever the machine is. */
export function reversed(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  for (let at = 0; at < copy.length; at += size) {
    copy.subarray(at, at + size).reverse();
  }
  return copy;
}
