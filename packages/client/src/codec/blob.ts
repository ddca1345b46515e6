/**
 * Blobs: large bytes that stand beside a body, which holds the place of each (`docs/protocol.md`, section 15). How they
 * travel is not known here.
 */

/** Most blobs that the body of one message may have. */
export const BLOBS_MAX = 16;

/** The blobs of one body, in the order of their places; each has a buffer of its own. */
export type Blobs = readonly Uint8Array<ArrayBuffer>[];

/** A body and its blobs. */
export interface Body {
  /** The values; blobs are numbers in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly blobs: Blobs;
}

/** What most bodies have. */
export const NO_BLOBS: Blobs = [];

/** Bytes of a body and its blobs, as streams count them. */
export function sizeOf(body: Uint8Array, blobs: Blobs): number {
  return blobs.reduce((sum, blob) => sum + blob.length, body.length);
}
