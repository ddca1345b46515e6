/**
 * What waits to leave: control frames first, then data frames in the order they were given, as far as the other side's
 * window lets them go (protocol, section 8). Small frames are gathered into one message. Whether there is room is asked
 * by the session; transports are not known here.
 */
import {
  CANCEL,
  FINISH,
  FLAG_CALLEE,
  HEADER_BYTES,
  ITEM,
  PUBLISH,
  REQUEST,
  SUBSCRIBE,
  writeBudget,
  writeHead,
} from './frame.js';

/** Frames are gathered up to this size; a larger one is a message of its own. In bytes. */
export const BATCH_BYTES_MAX = 64 * 1024;

/** What the budget of a frame says that leaves now. */
export function budgetMs(deadline: number, now: number): number {
  return Math.min(Math.max(1, Math.ceil(deadline - now)), 0xffff_ffff);
}

/** A growing buffer of whole frames. */
class Batch {
  bytes = new Uint8Array(1024);
  length = 0;

  /** Room for `size` more bytes; returns where they begin. */
  reserve(size: number): number {
    const start = this.length;
    this.length += size;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, start));
      this.bytes = grown;
    }
    return start;
  }

  append(bytes: Uint8Array): void {
    const start = this.reserve(bytes.length);
    this.bytes.set(bytes, start);
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}

/** A data frame that waits for the window to open. */
interface Held {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly kind: number;
  readonly id: number;
  readonly ours: boolean;
  /** When its call runs out; its budget is written when it leaves. */
  readonly deadline: number | undefined;
}

/** The outgoing side of one connection. */
export class Outbox {
  readonly #control = new Batch();
  readonly #batch = new Batch();
  /** Whole messages in front of the batch. */
  #sealed: Uint8Array<ArrayBuffer>[] = [];
  #held: Held[] = [];
  #window = 0;
  /** Bytes of data that wait, in all. */
  dataBytes = 0;
  /** Bytes of acknowledgements among the control frames that have not left. */
  acknowledging = 0;

  /** Whether something can leave now. */
  get hasOutput(): boolean {
    return this.#control.length > 0 || this.#batch.length > 0 || this.#sealed.length > 0;
  }

  /** Whether data waits for the other side's window. */
  get isHeld(): boolean {
    return this.#held.length > 0;
  }

  /** Bytes of control frames that wait. */
  get controlBytes(): number {
    return this.#control.length;
  }

  /** A control frame: outside the window, ahead of data. */
  control(kind: number, flags: number, ordinal: number, id: number, budget: number, body?: Uint8Array): void {
    const length = HEADER_BYTES + (body?.length ?? 0);
    const start = this.#control.reserve(length);
    writeHead(this.#control.bytes, start, length, kind, flags, 0, ordinal, id, budget);
    if (body !== undefined) this.#control.bytes.set(body, start + HEADER_BYTES);
  }

  /** A data frame. `body` is copied. */
  data(
    kind: number,
    flags: number,
    binding: number,
    ordinal: number,
    id: number,
    budget: number,
    body: Uint8Array,
    deadline?: number,
  ): void {
    const length = HEADER_BYTES + body.length;
    this.dataBytes += length;
    const open = this.#window > 0 && this.#held.length === 0;
    if (open && length <= BATCH_BYTES_MAX / 2) {
      this.#window -= length;
      this.#makeRoom(length);
      const start = this.#batch.reserve(length);
      writeHead(this.#batch.bytes, start, length, kind, flags, binding, ordinal, id, budget);
      this.#batch.bytes.set(body, start + HEADER_BYTES);
      return;
    }
    const bytes = new Uint8Array(length);
    writeHead(bytes, 0, length, kind, flags, binding, ordinal, id, budget);
    bytes.set(body, HEADER_BYTES);
    if (open) {
      this.#window -= length;
      this.#ready(bytes);
    } else {
      this.#held.push({ bytes, kind, id, ours: (flags & FLAG_CALLEE) === 0, deadline });
    }
  }

  /** Opens the other side's window further. */
  addWindow(bytes: number, now: number): void {
    this.#window += bytes;
    let next = 0;
    for (; this.#window > 0 && next < this.#held.length; next++) {
      const held = this.#held[next] as Held;
      if (held.deadline !== undefined) {
        writeBudget(held.bytes, 0, budgetMs(held.deadline, now));
      }
      this.#window -= held.bytes.length;
      this.#ready(held.bytes);
    }
    if (next > 0) this.#held.splice(0, next);
  }

  /** Takes back a call that still waits for the window, and all that belongs to it. False when it has left. */
  withdraw(id: number): boolean {
    const opens = (held: Held) =>
      held.id === id && (held.kind === REQUEST || held.kind === SUBSCRIBE || held.kind === PUBLISH);
    if (!this.#held.some(opens)) return false;
    this.#held = this.#held.filter((held) => {
      const own =
        held.id === id && held.ours && (held.kind === FINISH || held.kind === CANCEL || held.kind === ITEM);
      if (!own && !opens(held)) return true;
      this.dataBytes -= held.bytes.length;
      return false;
    });
    return true;
  }

  /** Drops all data that has not left, and control frames where nobody wants them: the connection ends. */
  clear(control: boolean): void {
    if (control) this.#control.length = 0;
    this.#batch.length = 0;
    this.#sealed = [];
    this.#held = [];
    this.dataBytes = 0;
  }

  /** The next message of whole frames, which belongs to the caller; undefined when nothing may leave now. */
  transmit(): Uint8Array<ArrayBuffer> | undefined {
    this.acknowledging = 0;
    if (this.#control.length > 0) {
      if (this.#sealed.length === 0 && this.#control.length + this.#batch.length <= BATCH_BYTES_MAX) {
        this.#control.append(this.#batch.bytes.subarray(0, this.#batch.length));
        this.dataBytes -= this.#batch.length;
        this.#batch.length = 0;
      }
      return this.#control.take();
    }
    const message = this.#sealed.shift() ?? (this.#batch.length > 0 ? this.#batch.take() : undefined);
    if (message !== undefined) this.dataBytes -= message.length;
    return message;
  }

  #ready(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length <= BATCH_BYTES_MAX / 2) {
      this.#makeRoom(bytes.length);
      this.#batch.append(bytes);
    } else {
      this.#seal();
      this.#sealed.push(bytes);
    }
  }

  #makeRoom(length: number): void {
    if (this.#batch.length + length > BATCH_BYTES_MAX) this.#seal();
  }

  #seal(): void {
    if (this.#batch.length > 0) this.#sealed.push(this.#batch.take());
  }
}
