/** What each side announces of itself in the handshake (protocol, sections 3 and 11). */

/** The protocol version that this build speaks. */
export const PROTOCOL = 1;
/** Least frame size, and least connection window, that a side may announce. In bytes. */
export const FRAME_BYTES_FLOOR = 4 * 1024;
export const WINDOW_BYTES_FLOOR = 4 * 1024;
/** Longest role, label, interface or instance name in the protocol's own bodies, in bytes. */
export const NAME_BYTES_MAX = 128;
/** Longest name that a client may give itself, in bytes. */
export const CLIENT_BYTES_MAX = 64;
/** Longest text of a goodbye, in bytes. */
export const GOODBYE_BYTES_MAX = 1024;
/** Data that may wait for the hub; more, and calls are refused here, and answers cut short. In bytes. */
export const OUTBOX_BYTES_MAX = 32 * 1024 * 1024;
/** Blobs that may wait for the hub, in bytes; more, and messages with blobs are refused here. */
export const BLOBS_WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** Most parcels of a direction that no message has taken yet. */
export const PARCELS_MAX = 64;
/** Most bytes of a blob in one `parcel` frame. */
export const PARCEL_FRAME_BYTES_MAX = 64 * 1024;
/** Control frames that may wait for a transport that takes nothing; more ends the connection. In bytes. */
export const CONTROL_BYTES_MAX = 1024 * 1024;
/** Silence after which an awaited other side is pinged, in milliseconds. */
export const QUIET_MS = 10_000;
/** Silence after a ping that ends the wait, in milliseconds. */
export const GRACE_MS = 20_000;

/** What a side accepts from the other. */
export interface Limits {
  /** Largest frame, header included. */
  readonly frameBytes: number;
  /** Data that may be on its way without being acknowledged. */
  readonly windowBytes: number;
  /** Calls that the other side may have open at once. */
  readonly calls: number;
  /** Items that each stream towards this side may send at first. */
  readonly streamItems: number;
  /** Bytes of items that each stream towards this side may send at first. */
  readonly streamBytes: number;
  /** Bytes of blobs that may be on their way to this side, or wait here for their message. */
  readonly blobBytes: number;
}

/** What a side announces unless it is told otherwise. */
export const LIMITS_DEFAULT: Limits = {
  frameBytes: 16 * 1024 * 1024,
  windowBytes: 4 * 1024 * 1024,
  calls: 1024,
  streamItems: 16,
  streamBytes: 1024 * 1024,
  blobBytes: 64 * 1024 * 1024,
};
