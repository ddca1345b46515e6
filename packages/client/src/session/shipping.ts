/**
 * Messages whose blobs are on their way out, and frames that must not overtake them: parcels leave by turns, beside the
 * frames of other channels, and each message when its own are whole (protocol, section 15). Windows are the outbox's.
 */
import type { Blobs } from '../codec/blob.js';
import * as frame from './frame.js';
import { type Limits, PARCEL_FRAME_BYTES_MAX, PARCELS_MAX } from './limits.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** A data frame that waits. */
export interface Outgoing {
  /** The whole frame. */
  readonly bytes: Bytes;
  readonly kind: number;
  readonly binding: number;
  readonly ordinal: number;
  readonly id: number;
  /** Whether `id` is that of a call of this side's. */
  readonly ours: boolean;
  /** When its call runs out; its budget is written when it leaves. */
  readonly due: number | undefined;
  readonly blobs: Blobs;
}

interface Kept {
  readonly message: Outgoing;
  /** Numbers of the parcels that were begun. */
  readonly numbers: number[];
  /** How many have left, and how much of the next one. */
  whole: number;
  sent: number;
}

/** Whether a frame begins something at the other side: those of one channel keep their order. */
export function opens(kind: number): boolean {
  return ((frame.OPENING_KINDS >> kind) & 1) !== 0;
}

/** Whether a frame says something of bindings, or of all requests behind it: it keeps its place among them. */
function standsAlone({ kind, binding }: Outgoing): boolean {
  return kind === frame.CALLER || kind === frame.UNBOUND || (kind === frame.REQUEST && binding === 0);
}

function isWhole({ message, whole }: Kept): boolean {
  return whole === message.blobs.length;
}

/** What is kept, so that one look tells whether a frame must wait behind any of it. */
class Barrier {
  /** Calls of this side's by id, those of the other side by its negative. */
  readonly #calls = new Set<number>();
  readonly #channels = new Set<string>();
  #alone = false;

  add(message: Outgoing): void {
    const alone = standsAlone(message);
    this.#alone ||= alone;
    this.#calls.add(callOf(message));
    if (alone || opens(message.kind)) this.#channels.add(channelOf(message));
  }

  holds(message: Outgoing): boolean {
    if (message.id !== 0 && this.#calls.has(callOf(message))) return true;
    const alone = standsAlone(message);
    if (this.#channels.size === 0 || !(alone || opens(message.kind))) return false;
    return alone || this.#alone || this.#channels.has(channelOf(message));
  }
}

function callOf({ id, ours }: Outgoing): number {
  return ours ? id : -id;
}

function channelOf({ binding, ordinal }: Outgoing): string {
  return `${binding} ${ordinal}`;
}

/** What waits for blobs, in the order in which it was given. */
export class Shipping {
  #kept: Kept[] = [];
  #barrier = new Barrier();
  #lastNumber = 0;
  /** Parcels whose message has not left, and their bytes. */
  #parcels = 0;
  #bytes = 0;
  /** Whose turn it is, as a place in what is kept. */
  #turn = 0;
  /** Something may have become free to leave. */
  #loose = false;

  get isEmpty(): boolean {
    return this.#kept.length === 0;
  }

  get messages(): readonly Outgoing[] {
    return this.#kept.map(({ message }) => message);
  }

  /** Takes a frame that has blobs, or must not overtake one that has; false for any other. */
  keep(message: Outgoing): boolean {
    if (message.blobs.length === 0 && (this.isEmpty || !this.#barrier.holds(message))) return false;
    this.#kept.push({ message, numbers: [], whole: 0, sent: 0 });
    this.#barrier.add(message);
    return true;
  }

  /** The next frame of a parcel, by turns of their messages; undefined when none may leave. */
  next(limits: Limits): Bytes | undefined {
    this.#begin(limits.blobBytes);
    const count = this.#kept.length;
    for (let step = 0; step < count; step++) {
      const at = (this.#turn + step) % count;
      const kept = this.#kept[at] as Kept;
      if (kept.whole >= kept.numbers.length) continue;
      this.#turn = at + 1;
      return this.#cut(kept, Math.min(PARCEL_FRAME_BYTES_MAX, limits.frameBytes - frame.HEADER_BYTES));
    }
    return undefined;
  }

  /** Lets go what nothing keeps back any more, while there is room. */
  release(hasRoom: () => boolean, leave: (message: Outgoing) => void): void {
    if (!this.#loose) return;
    this.#loose = false;
    this.#filter((kept, barrier) => {
      if (!isWhole(kept) || barrier.holds(kept.message)) return true;
      if (!hasRoom()) return (this.#loose = true);
      frame.writeNumbers(kept.message.bytes, kept.numbers);
      this.#forget(kept);
      leave(kept.message);
      return false;
    });
  }

  /** Takes frames back; `abandon` is told of each parcel of theirs that was begun. */
  withdraw(which: (message: Outgoing) => boolean, abandon: (number: number) => void): Outgoing[] {
    const gone: Outgoing[] = [];
    this.#filter((kept) => {
      if (!which(kept.message)) return true;
      // What has a number and has not left at all is not known at the other side.
      kept.numbers.slice(0, kept.whole + Number(kept.sent > 0)).forEach(abandon);
      this.#forget(kept);
      gone.push(kept.message);
      return false;
    });
    this.#loose = true;
    return gone;
  }

  clear(): void {
    this.#kept = [];
  }

  /** Keeps what `stays` says, and its barrier with it, which it is shown as it grows. */
  #filter(stays: (kept: Kept, barrier: Barrier) => boolean): void {
    const barrier = new Barrier();
    const turn = this.#turn;
    this.#kept = this.#kept.filter((kept, at) => {
      const stay = stays(kept, barrier);
      if (stay) barrier.add(kept.message);
      else if (at < turn) this.#turn--;
      return stay;
    });
    this.#barrier = barrier;
  }

  /** Numbers parcels in the order of their messages, as many as may be on their way: so the first can always be finished. */
  #begin(bytesMax: number): void {
    for (const { message, numbers } of this.#kept) {
      while (numbers.length < message.blobs.length) {
        const { length } = message.blobs[numbers.length] as Bytes;
        if (this.#parcels >= PARCELS_MAX || this.#bytes + length > bytesMax) return;
        this.#parcels++;
        this.#bytes += length;
        this.#lastNumber = this.#lastNumber === 0xffff_ffff ? 1 : this.#lastNumber + 1;
        numbers.push(this.#lastNumber);
      }
    }
  }

  #cut(kept: Kept, bytesMax: number): Bytes {
    const blob = kept.message.blobs[kept.whole] as Bytes;
    const part = blob.subarray(kept.sent, kept.sent + bytesMax);
    const bytes = new Uint8Array(frame.HEADER_BYTES + part.length);
    frame.writeHead(bytes, frame.PARCEL, 0, 0, 0, kept.numbers[kept.whole] as number, blob.length);
    bytes.set(part, frame.HEADER_BYTES);
    kept.sent += part.length;
    if (kept.sent === blob.length) {
      kept.sent = 0;
      kept.whole++;
      this.#loose ||= isWhole(kept);
    }
    return bytes;
  }

  /** The numbers of its parcels are free again. */
  #forget({ message, numbers }: Kept): void {
    this.#parcels -= numbers.length;
    for (const { length } of message.blobs.slice(0, numbers.length)) this.#bytes -= length;
  }
}
