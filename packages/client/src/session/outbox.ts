/**
 * What waits to leave: control frames first, then data frames in the order they were given, as far as the other side's
 * window lets them go (protocol, section 8), then the parcels of blobs. Small frames are gathered into one message.
 * Whether there is room is asked by the session; transports are not known here.
 */
import { NO_BLOBS, sizeOf } from '../codec/blob.js';
import { END, FLAG_ABANDON, FLAG_CALLEE, HEADER_BYTES, kindAndId, PARCEL, writeBudget, writeHead } from './frame.js';
import { type Limits, LIMITS_DEFAULT } from './limits.js';
import { opens, type Outgoing, Shipping } from './shipping.js';
import { Violation } from './violation.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Frames are gathered up to this size; a larger one is a message of its own. In bytes. */
export const BATCH_BYTES_MAX = 64 * 1024;

/** A clock with fractions does not give a difference back to the last digit. In milliseconds. */
const CLOCK_ERROR_MS = 1e-3;

/** What the budget of a frame says that leaves now. */
export function budgetMs(deadline: number, now: number): number {
  return Math.min(Math.max(1, Math.ceil(deadline - now - CLOCK_ERROR_MS)), 0xffff_ffff);
}

const NOTHING: Bytes = new Uint8Array(0);

/** The outgoing side of one connection. */
export class Outbox {
  #control: Bytes[] = [];
  /** Data frames that may leave. */
  #ready: Bytes[] = [];
  /** Data frames that wait for the window to open. */
  #held: Outgoing[] = [];
  readonly #shipping = new Shipping();
  /** Nothing that is shipped can go on until the window opens, or something is added. */
  #stalled = false;
  #window = 0;
  /** What the other side accepts. */
  limits: Limits = LIMITS_DEFAULT;
  /** Bytes of data that wait, in all, without blobs. */
  dataBytes = 0;
  /** Bytes of the blobs whose messages wait. */
  blobBytes = 0;
  /** Bytes of control frames that wait. */
  controlBytes = 0;
  /** Bytes of acknowledgements among the control frames that have not left. */
  acknowledging = 0;

  /** Whether something can leave now. */
  get hasOutput(): boolean {
    return this.#control.length + this.#ready.length > 0 || !(this.#stalled || this.#shipping.isEmpty);
  }

  /** Whether data waits for the other side. */
  get isHeld(): boolean {
    return this.#held.length > 0 || !this.#shipping.isEmpty;
  }

  /** A control frame: outside the window, ahead of data. `bytes` as in `data`. */
  control(kind: number, flags: number, ordinal: number, id: number, budget: number, bytes = noBody()): void {
    writeHead(bytes, kind, flags, 0, ordinal, id, budget);
    this.#control.push(bytes);
    this.controlBytes += bytes.length;
  }

  /**
   * A data frame: `bytes`, which belong to the outbox from here on, are room for the header, the body and the numbers of
   * its blobs. If it has to wait, its budget is what is left until `due` when it leaves.
   */
  data(
    kind: number,
    flags: number,
    binding: number,
    ordinal: number,
    id: number,
    budget: number,
    bytes = noBody(),
    due?: number,
    blobs = NO_BLOBS,
  ): void {
    writeHead(bytes, kind, flags, binding, ordinal, id, budget);
    this.dataBytes += bytes.length;
    this.blobBytes += sizeOf(NOTHING, blobs);
    const ours = kind !== END && (flags & FLAG_CALLEE) === 0;
    // The number of a parcel is no call's.
    const message = { bytes, kind, binding, ordinal, id: kind === PARCEL ? 0 : id, ours, due, blobs };
    if (this.#shipping.keep(message)) this.#stalled = false;
    else if (this.#window > 0 && this.#held.length === 0) this.#push(bytes);
    else this.#held.push(message);
  }

  /** Opens the other side's window further: at first, and by what it has taken in, which is not more than is on its way. */
  addWindow(bytes: number, now: number): void {
    this.#window += bytes;
    if (this.#window > this.limits.windowBytes) throw new Violation('window_exceeded');
    this.#stalled = false;
    let next = 0;
    for (; this.#window > 0 && next < this.#held.length; next++) this.#leave(this.#held[next] as Outgoing, now);
    if (next > 0) this.#held.splice(0, next);
  }

  /**
   * Takes back all messages that `why` says something of, and everything of their calls; returns what it said by the id of
   * the call, 0 for what is none. Only before anything has left, and so before the hub has opened calls.
   */
  takeLarger(why: (frameBytes: number, blobBytes: number) => string | undefined): ReadonlyMap<number, string> {
    const taken = new Map<number, string>();
    const said = ({ bytes, blobs }: Outgoing) => why(bytes.length, sizeOf(NOTHING, blobs));
    for (const message of [...this.#held, ...this.#shipping.messages]) {
      const text = said(message);
      if (text !== undefined) taken.set(message.id, text);
    }
    this.#drop((message) => (message.id !== 0 && taken.has(message.id)) || said(message) !== undefined);
    return taken;
  }

  /** Takes back what waits of a call of this side's, and gives its parcels up. True when nothing of the call has left. */
  withdraw(id: number): boolean {
    return this.#drop((message) => message.ours && message.id === id).some(({ kind }) => opens(kind));
  }

  /**
   * The hub has ended a call of this side's: nobody takes what waits of it, and the next call of its slot may leave before
   * what waits for blobs.
   */
  withdrawEnded(id: number): void {
    if (this.#held.length > 0 || this.#shipping.messages.length > 0) this.withdraw(id);
  }

  /**
   * Drops all data that has not left, and control frames where nobody wants them: the connection ends. Returns the ids of
   * calls of this side's whose first frame was dropped.
   */
  clear(control: boolean): ReadonlySet<number> {
    const unsent = new Set<number>();
    const note = (kind: number, id: number) => void (opens(kind) && unsent.add(id));
    for (const { kind, id } of [...this.#held, ...this.#shipping.messages]) note(kind, id);
    for (const bytes of this.#ready) note(...kindAndId(bytes));
    if (control) this.#control = [];
    this.#ready = [];
    this.#held = [];
    this.#shipping.clear();
    this.dataBytes = this.blobBytes = 0;
    return unsent;
  }

  #drop(which: (message: Outgoing) => boolean): Outgoing[] {
    const abandoned: number[] = [];
    const gone = this.#shipping.withdraw(which, (number) => abandoned.push(number));
    this.#held = this.#held.filter((message) => !(which(message) && gone.push(message)));
    for (const { bytes, blobs } of gone) {
      this.dataBytes -= bytes.length;
      this.blobBytes -= sizeOf(NOTHING, blobs);
    }
    for (const number of abandoned) this.data(PARCEL, FLAG_ABANDON, 0, 0, number, 0);
    this.#stalled = false;
    return gone;
  }

  /** A frame that leaves now. */
  #push(bytes: Bytes): void {
    this.#window -= bytes.length;
    this.#ready.push(bytes);
  }

  /** One that has waited. */
  #leave({ bytes, due }: Outgoing, now: number): void {
    if (due !== undefined) writeBudget(bytes, budgetMs(due, now));
    this.#push(bytes);
  }

  /** Parcels, when nothing else can leave, and the messages that they make whole: as much as goes into one message. */
  #ship(now: number): void {
    const { limits } = this;
    let before = -1;
    // Every turn adds a frame, or is the last.
    for (let bytes = 0; this.#ready.length > before && bytes < BATCH_BYTES_MAX; ) {
      before = this.#ready.length;
      // At most half of the window, so that other frames find room in the rest.
      const part = this.#window > Math.floor(limits.windowBytes / 2) ? this.#shipping.next(limits) : undefined;
      if (part !== undefined) {
        bytes += part.length;
        this.dataBytes += part.length;
        this.#push(part);
      }
      this.#shipping.release(
        () => this.#window > 0,
        (message) => {
          bytes += message.bytes.length;
          this.blobBytes -= sizeOf(NOTHING, message.blobs);
          this.#leave(message, now);
        },
      );
    }
    this.#stalled = this.#ready.length === 0;
  }

  /** The next message of whole frames, which belongs to the caller; undefined when nothing may leave now. */
  transmit(now: number): Bytes | undefined {
    this.acknowledging = 0;
    if (this.#ready.length === 0) this.#ship(now);
    if (this.#control.length === 0 && this.#ready.length === 1) {
      // The usual case of a call alone.
      const only = this.#ready.pop() as Bytes;
      this.dataBytes -= only.length;
      return only;
    }
    const frames: Bytes[] = [];
    const control = gather(this.#control, frames, 0);
    this.controlBytes -= control;
    const length = this.#control.length > 0 ? control : gather(this.#ready, frames, control);
    this.dataBytes -= length - control;
    if (frames.length < 2) return frames[0];
    const message = new Uint8Array(length);
    let at = 0;
    for (const bytes of frames) {
      message.set(bytes, at);
      at += bytes.length;
    }
    return message;
  }
}

/**
 * Takes frames from the front of a list, as many as fit behind `length` bytes; one at least where there is nothing yet. It
 * returns the length with them.
 */
function gather(list: Bytes[], frames: Bytes[], length: number): number {
  let count = 0;
  for (const bytes of list) {
    if (length > 0 && length + bytes.length > BATCH_BYTES_MAX) break;
    length += bytes.length;
    count++;
  }
  frames.push(...list.splice(0, count));
  return length;
}

function noBody(): Bytes {
  return new Uint8Array(HEADER_BYTES);
}
