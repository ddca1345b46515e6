/**
 * Parcels on their way in: put together from frames, each into one buffer of its own, and kept until the message comes
 * that takes them (protocol, section 15). What is broken throws a `Violation`.
 */
import type { Blobs } from '../codec/blob.js';
import { FLAG_ABANDON, get32, type Head } from './frame.js';
import { PARCEL_FRAME_BYTES_MAX, PARCELS_MAX } from './limits.js';
import { Violation } from './violation.js';

/**
 * What is allocated for a parcel before more of it has come, times what has come: a picture has its room at once, as memory
 * that nobody has written is none yet, and is not copied as it grows. A length alone allocates nothing.
 */
const AHEAD = 128;

interface Parcel {
  readonly length: number;
  bytes: Uint8Array<ArrayBuffer>;
  have: number;
}

/** Parcels that no message has taken yet. */
export class Parcels {
  readonly #parcels = new Map<number, Parcel>();
  /** Their lengths together. */
  #bytes = 0;

  constructor(private readonly bytesMax: number) {}

  /** Takes in a `parcel` frame. */
  add({ id, flags, budget: length }: Head, body: Uint8Array): void {
    let parcel = this.#parcels.get(id);
    if ((flags & FLAG_ABANDON) !== 0) {
      if (parcel === undefined || body.length > 0) throw bad(id);
      return this.#remove(id, parcel);
    }
    if (parcel === undefined) {
      if (id === 0 || this.#parcels.size >= PARCELS_MAX || this.#bytes + length > this.bytesMax) throw bad(id);
      this.#bytes += length;
      this.#parcels.set(id, (parcel = { length, bytes: new Uint8Array(0), have: 0 }));
    } else if (parcel.have === parcel.length) throw bad(id);
    const have = parcel.have + body.length;
    const fits = length === parcel.length && have <= length && body.length <= PARCEL_FRAME_BYTES_MAX;
    if (!fits || (body.length === 0 && length > 0)) throw bad(id);
    if (have > parcel.bytes.length) {
      const grown = new Uint8Array(Math.min(length, have * AHEAD));
      grown.set(parcel.bytes.subarray(0, parcel.have));
      parcel.bytes = grown;
    }
    parcel.bytes.set(body, parcel.have);
    parcel.have = have;
  }

  /** The blobs of a message that names their parcels: each is used once. */
  take(numbers: Uint8Array): Blobs {
    const blobs: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < numbers.length; at += 4) {
      const id = get32(numbers, at);
      const parcel = this.#parcels.get(id);
      if (parcel === undefined || parcel.have < parcel.length) throw bad(id);
      this.#remove(id, parcel);
      blobs.push(parcel.bytes);
    }
    return blobs;
  }

  /** Lets go of everything: the connection has ended. */
  clear(): void {
    this.#parcels.clear();
    this.#bytes = 0;
  }

  #remove(id: number, { length }: Parcel): void {
    this.#parcels.delete(id);
    this.#bytes -= length;
  }
}

function bad(id: number): Violation {
  return new Violation('bad_parcel', `parcel ${id}`);
}
