/**
 * Drains the addon: one wake-up for everything that waits, and whatever an inline handler has answered within the same
 * turn. Nobody's callback can break it: what one throws is logged, and costs that peer alone.
 */
import { type Logger, REASON_CODES, type ReasonName } from '@portcullis/client';
import type { NativeHub } from './addon.js';
import { readRecords, type RecordReader } from './records.js';

/** Size of the buffer that is drained into, in bytes. One that had to grow further is given up after its use. */
const BUFFER_BYTES = 256 * 1024;
/** Drains of one turn; the event loop gets its turn before there are more. */
const DRAINS_MAX = 16;

const REASONS = new Map<number, ReasonName>(Object.entries(REASON_CODES).map(([name, code]) => [code, name as ReasonName]));

/** What a peer's output goes to. */
export interface Sink {
  /** The bytes are a view, good during the call only. */
  message(bytes: Uint8Array<ArrayBuffer>): void;
  /** The peer has ended; nothing more comes. */
  ended(reason: ReasonName, message: string): void;
}

/** What the pump tells of the hub itself. */
export interface PumpEvents {
  /** A JSON array of events. */
  events(json: string): void;
  shutDown(): void;
}

export class Pump implements RecordReader {
  readonly sinks = new Map<number, Sink>();
  readonly #native: NativeHub;
  readonly #events: PumpEvents;
  readonly #logger: Logger;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #view = new DataView(this.#buffer.buffer);
  /** Records are being read: the buffer is in use. */
  #busy = false;
  /** Something was delivered meanwhile. */
  #again = false;
  #stopped = false;
  #immediate: NodeJS.Immediate | undefined;

  constructor(native: NativeHub, events: PumpEvents, logger: Logger) {
    this.#native = native;
    this.#events = events;
    this.#logger = logger;
  }

  /** Whether a callback is running. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Takes in a peer's message, and hands out what comes of it at once. Throws what the addon says of the bytes. */
  deliver(peer: number, bytes: Uint8Array): void {
    if (this.#stopped) return;
    if (this.#busy) {
      this.#native.deliver(peer, bytes);
      this.#again = true;
    } else this.#read(this.#native.exchange(peer, bytes, this.#buffer));
  }

  /** Takes in a peer's message; what comes of it is handed out in the event loop's next turn. */
  deliverLater(peer: number, bytes: Uint8Array): void {
    if (this.#stopped) return;
    this.#native.deliver(peer, bytes);
    this.#later();
  }

  /** Hands out everything that waits. */
  readonly drain = (): void => {
    if (this.#stopped) return;
    if (this.#busy) this.#again = true;
    else this.#read(this.#native.drain(this.#buffer));
  };

  /** Hands nothing out any more. */
  stop(): void {
    this.#stopped = true;
    clearImmediate(this.#immediate);
  }

  message(peer: number, start: number, end: number): void {
    const sink = this.sinks.get(peer);
    if (sink === undefined) return;
    try {
      sink.message(this.#buffer.subarray(start, end));
    } catch (error) {
      this.#logger.error(`portcullis: the port of peer ${peer} threw; the peer is given up`, error);
      this.#native.lost(peer, `its port threw: ${String(error)}`);
      this.#again = true;
    }
  }

  ended(peer: number, reason: number, text: string): void {
    const sink = this.sinks.get(peer);
    this.sinks.delete(peer);
    this.#guard('what closes a port', () => sink?.ended(REASONS.get(reason) ?? 'closed', text));
  }

  events(): void {
    this.#guard('onEvent', () => this.#events.events(this.#native.takeEvents()));
  }

  shutDown(): void {
    this.#guard('the end of a shutdown', () => this.#events.shutDown());
  }

  #guard(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#logger.error(`portcullis: ${what} threw`, error);
    }
  }

  #read(first: number): void {
    let length = first;
    this.#busy = true;
    try {
      for (let drains = 1; ; drains++) {
        const needed = readRecords(this.#view, length, this);
        if (this.#stopped || (needed === 0 && !this.#again)) break;
        if (needed > this.#buffer.length) this.#resize(needed);
        if (drains >= DRAINS_MAX) {
          this.#later();
          break;
        }
        this.#again = false;
        length = this.#native.drain(this.#buffer);
      }
    } finally {
      this.#busy = false;
      this.#again = false;
    }
    if (this.#buffer.length > BUFFER_BYTES && this.#immediate === undefined) this.#resize(BUFFER_BYTES);
  }

  #resize(bytes: number): void {
    this.#buffer = new Uint8Array(bytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  #later(): void {
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.drain();
    });
  }
}
