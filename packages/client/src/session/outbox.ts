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

type Bytes = Uint8Array<ArrayBuffer>;

/** Frames are gathered up to this size; a larger one is a message of its own. In bytes. */
export const BATCH_BYTES_MAX = 64 * 1024;

/** A clock with fractions does not give a difference back to the last digit. In milliseconds. */
const CLOCK_ERROR_MS = 1e-3;

/** What the budget of a frame says that leaves now. */
export function budgetMs(deadline: number, now: number): number {
  return Math.min(Math.max(1, Math.ceil(deadline - now - CLOCK_ERROR_MS)), 0xffff_ffff);
}

/** A data frame that waits for the window to open. */
interface Held {
  readonly bytes: Bytes;
  readonly kind: number;
  readonly id: number;
  readonly ours: boolean;
  /** When its call runs out; its budget is written when it leaves. */
  readonly due: number | undefined;
}

/** The outgoing side of one connection. */
export class Outbox {
  #control: Bytes[] = [];
  /** Data frames that may leave. */
  #ready: Bytes[] = [];
  #held: Held[] = [];
  #window = 0;
  /** Bytes of data that wait, in all. */
  dataBytes = 0;
  /** Bytes of control frames that wait. */
  controlBytes = 0;
  /** Bytes of acknowledgements among the control frames that have not left. */
  acknowledging = 0;

  /** Whether something can leave now. */
  get hasOutput(): boolean {
    return this.#control.length + this.#ready.length > 0;
  }

  /** Whether data waits for the other side's window. */
  get isHeld(): boolean {
    return this.#held.length > 0;
  }

  /** A control frame: outside the window, ahead of data. `bytes` as in `data`. */
  control(kind: number, flags: number, ordinal: number, id: number, budget: number, bytes = noBody()): void {
    writeHead(bytes, kind, flags, 0, ordinal, id, budget);
    this.#control.push(bytes);
    this.controlBytes += bytes.length;
  }

  /**
   * A data frame: `bytes`, which belong to the outbox from here on, are room for the header and the body. If it has to
   * wait, its budget is what is left until `due` when it leaves.
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
  ): void {
    writeHead(bytes, kind, flags, binding, ordinal, id, budget);
    this.dataBytes += bytes.length;
    if (this.#window > 0 && this.#held.length === 0) {
      this.#window -= bytes.length;
      this.#ready.push(bytes);
    } else {
      this.#held.push({ bytes, kind, id, ours: (flags & FLAG_CALLEE) === 0, due });
    }
  }

  /** Opens the other side's window further. */
  addWindow(bytes: number, now: number): void {
    this.#window += bytes;
    let next = 0;
    for (; this.#window > 0 && next < this.#held.length; next++) {
      const { bytes, due } = this.#held[next] as Held;
      if (due !== undefined) writeBudget(bytes, budgetMs(due, now));
      this.#window -= bytes.length;
      this.#ready.push(bytes);
    }
    if (next > 0) this.#held.splice(0, next);
  }

  /**
   * Takes back all frames that are larger than that, and everything of their calls; returns how large the frame was by the id
   * of its call, 0 for what is none. Only before anything has left, and so before the hub has opened calls.
   */
  takeLarger(bytesMax: number): ReadonlyMap<number, number> {
    const taken = new Map<number, number>();
    for (const { bytes, id } of this.#held) if (bytes.length > bytesMax) taken.set(id, bytes.length);
    this.#takeBack(({ bytes, id }) => bytes.length > bytesMax || (id !== 0 && taken.has(id)));
    return taken;
  }

  /** Takes back a call that still waits for the window, and all that belongs to it. False when it has left. */
  withdraw(id: number): boolean {
    const opens = ({ kind }: Held) => kind === REQUEST || kind === SUBSCRIBE || kind === PUBLISH;
    const belongs = ({ kind, ours }: Held) => ours && (kind === FINISH || kind === CANCEL || kind === ITEM);
    if (!this.#held.some((held) => held.id === id && opens(held))) return false;
    this.#takeBack((held) => held.id === id && (opens(held) || belongs(held)));
    return true;
  }

  #takeBack(goes: (held: Held) => boolean): void {
    this.#held = this.#held.filter((held) => {
      if (!goes(held)) return true;
      this.dataBytes -= held.bytes.length;
      return false;
    });
  }

  /** Drops all data that has not left, and control frames where nobody wants them: the connection ends. */
  clear(control: boolean): void {
    if (control) this.#control = [];
    this.#ready = [];
    this.#held = [];
    this.dataBytes = 0;
  }

  /** The next message of whole frames, which belongs to the caller; undefined when nothing may leave now. */
  transmit(): Bytes | undefined {
    this.acknowledging = 0;
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
