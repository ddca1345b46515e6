/**
 * Drains the addon: one wake-up for everything that waits, and whatever an inline handler has answered within the same
 * turn. Nobody's callback can break it: what one throws is logged, and costs that peer alone.
 */
import { type Logger, REASON_CODES, type ReasonName } from '@portcullis/client';
import type { Addon } from './addon.js';
import { readRecords, type RecordReader } from './records.js';

/** Size of the buffer that is drained into, in bytes. One that had to grow further is given up after its use. */
const BUFFER_BYTES = 256 * 1024;
/** Messages up to this size are copied into the buffer on their way in, in bytes. */
const STAGED_BYTES_MAX = 16 * 1024;
/** Drains of one turn; the event loop gets its turn before there are more. */
const DRAINS_MAX = 4;

const REASONS = new Map<number, ReasonName>(Object.entries(REASON_CODES).map(([name, code]) => [code, name as ReasonName]));

/** What a peer's output goes to. */
export interface Sink {
  /** The bytes are a view, good during the call only. */
  message(bytes: Uint8Array<ArrayBuffer>): void;
  /** The peer has ended; nothing more comes. `byPeer`: reason and message are its own words. */
  ended(reason: ReasonName, message: string, byPeer: boolean): void;
}

/** What the pump tells of the hub itself. */
export interface PumpEvents {
  /** A JSON array of events. */
  events(json: string): void;
  shutDown(): void;
}

export class Pump implements RecordReader {
  readonly sinks = new Map<number, Sink>();
  readonly #addon: Addon;
  readonly #hub: number;
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

  constructor(addon: Addon, hub: number, events: PumpEvents, logger: Logger) {
    this.#addon = addon;
    this.#hub = hub;
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
    this.#addon.deliver(this.#hub, peer, bytes);
    this.drain();
  }

  /**
   * As `deliver`, of a message that was made in this process. Small ones are copied into the buffer: JavaScript engines
   * keep small arrays where only they can reach them, and move them for half a microsecond when somebody else asks.
   */
  exchange(peer: number, bytes: Uint8Array): void {
    if (this.#busy || this.#stopped || bytes.length > STAGED_BYTES_MAX) return this.deliver(peer, bytes);
    this.#buffer.set(bytes);
    this.#read(this.#addon.exchange(this.#hub, peer, bytes.length, this.#buffer));
  }

  /** Takes in a peer's message; what comes of it is handed out in the event loop's next turn. */
  deliverLater(peer: number, bytes: Uint8Array): void {
    if (this.#stopped) return;
    this.#addon.deliver(this.#hub, peer, bytes);
    this.#later();
  }

  /** Hands out everything that waits. */
  readonly drain = (): void => {
    if (this.#stopped) return;
    if (this.#busy) this.#again = true;
    else this.#read(this.#addon.drain(this.#hub, this.#buffer));
  };

  /**
   * Something waits: for the end of this turn of the event loop. Node runs what threads call in a loop of up to a
   * thousand; where they go on calling, timers and sockets would wait for all of those.
   */
  readonly wake = (): void => {
    if (!this.#stopped) this.#later();
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
      this.#addon.lost(this.#hub, peer, `its port threw: ${String(error)}`);
      this.#again = true;
    }
  }

  ended(peer: number, reason: number, byPeer: boolean, text: string): void {
    const sink = this.sinks.get(peer);
    this.sinks.delete(peer);
    this.#guard('what closes a port', () => sink?.ended(REASONS.get(reason) ?? 'closed', text, byPeer));
  }

  events(): void {
    this.#guard('onEvent', () => this.#events.events(this.#addon.takeEvents(this.#hub)));
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
        length = this.#addon.drain(this.#hub, this.#buffer);
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
      // Nobody stands below who could catch it.
      this.#guard('handing out what waits', () => this.drain());
    });
  }
}
