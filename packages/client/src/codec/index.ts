/** The codec: positional, canonical and bounded (`docs/protocol.md`, section 2). Generated modules stand on this. */
import type { Codec } from '../interface.js';
import { type Blobs, type Body, NO_BLOBS } from './blob.js';
import { Reader, type ReadOptions } from './reader.js';
import { Writer } from './writer.js';

export type * from '../interface.js';
export { type Blobs, BLOBS_MAX, type Body } from './blob.js';
export * from './builtin.js';
export * from './collections.js';
export { CodecError, fail, refused, within } from './error.js';
export { DEPTH_MAX, Reader, type ReadOptions } from './reader.js';
export { readTypedArray, writeTypedArray } from './typed-array.js';
export * from './variants.js';
export { Writer } from './writer.js';

/** A type that carries its name, so that two newtypes over the same primitive are not mixed up. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Readonly<Record<Name, true>> };
declare const brand: unique symbol;

/** Nothing: no bytes. */
export const unitCodec: Codec<void> = {
  encode: () => undefined,
  decode: () => undefined,
};

/** The arguments of a channel that has none. */
export const noArguments: Codec<readonly []> = {
  encode: () => undefined,
  decode: () => [],
};

/** Beyond this a buffer that was used once is not kept. */
const KEPT_BYTES_MAX = 64 * 1024;
let spare: Writer | null = new Writer();

/** The whole body of one value without blobs, in bytes of its own. */
export function toBytes<T>(codec: Codec<T>, value: T): Uint8Array<ArrayBuffer> {
  return write(codec, value, undefined);
}

/** The whole body of one value, and its blobs. */
export function toBody<T>(codec: Codec<T>, value: T): Body {
  const blobs: Uint8Array<ArrayBuffer>[] = [];
  return { bytes: write(codec, value, blobs), blobs };
}

function write<T>(codec: Codec<T>, value: T, blobs: Uint8Array<ArrayBuffer>[] | undefined): Uint8Array<ArrayBuffer> {
  // Encoding can run code of the application (a getter, `toJSON`) that comes back here.
  const out = spare ?? new Writer();
  spare = null;
  try {
    out.reset(0, blobs);
    codec.encode(out, value);
    return out.copy();
  } finally {
    spare = out.capacity <= KEPT_BYTES_MAX ? out : new Writer();
  }
}

const reader = new Reader();

/** One value from a whole body and its blobs; what is left over of either is an error. */
export function fromBytes<T>(codec: Codec<T>, body: Uint8Array, options?: ReadOptions, blobs: Blobs = NO_BLOBS): T {
  // Decoding runs no code of the application, so that one reader is enough.
  reader.reset(body, 0, body.length, options, blobs);
  try {
    const value = codec.decode(reader);
    reader.finish();
    return value;
  } finally {
    reader.release();
  }
}
