/**
 * Reads what the addon has drained: records, one behind the other. Each has a header of three numbers of 32 bits,
 * little-endian: its kind, a peer, and the length of the bytes behind it (`crates/portcullis-node/src/record.rs`).
 */

/** Bytes of a record's header. */
export const HEADER_BYTES = 12;

const MESSAGE = 1;
const ENDED = 2;
const EVENTS = 3;
const SHUTDOWN = 4;
const MORE = 5;

/** Told of each record, in order. */
export interface RecordReader {
  /** A message for a peer stands at `start` to `end`. */
  message(peer: number, start: number, end: number): void;
  /** A peer has ended, by its own word or the hub's; nothing more comes for it. */
  ended(peer: number, reason: number, byPeer: boolean, text: string): void;
  /** Events wait to be taken. */
  events(): void;
  /** The hub has shut down. */
  shutDown(): void;
}

/**
 * Reads the records in the first `length` bytes. Returns 0 when that was all, and otherwise how large the buffer has to
 * be for the next drain, in bytes.
 */
export function readRecords(view: DataView, length: number, reader: RecordReader): number {
  let at = 0;
  // Every turn passes a header.
  while (at < length) {
    const kind = view.getUint32(at, true);
    const peer = view.getUint32(at + 4, true);
    const start = at + HEADER_BYTES;
    const end = start + view.getUint32(at + 8, true);
    at = end;
    switch (kind) {
      case MESSAGE:
        reader.message(peer, start, end);
        break;
      case ENDED: {
        const text = new Uint8Array(view.buffer, view.byteOffset + start + 8, end - start - 8);
        reader.ended(peer, view.getUint32(start, true), view.getUint32(start + 4, true) !== 0, new TextDecoder().decode(text));
        break;
      }
      case EVENTS:
        reader.events();
        break;
      case SHUTDOWN:
        reader.shutDown();
        break;
      case MORE:
        return peer + 2 * HEADER_BYTES;
      default:
        throw new Error(`the addon has written a record of kind ${kind}`);
    }
  }
  return 0;
}
