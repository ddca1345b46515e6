/** A peer in this process: a transport whose other end is the hub, without a thread or a copy in between. */
import type { Transport } from '@portcullis/client';
import type { Pump, Sink } from './pump.js';

/**
 * How long messages are answered within one turn of the event loop, in milliseconds. Calls that wait for each other, and
 * topics whose values are acknowledged, go on in microtasks, and would never let anything else run.
 */
const TURN_MS_MAX = 4;
/** Messages after which the clock is looked at. */
const LOOK_EVERY = 16;

/** One end of a connection, the other end of which is the hub. */
export class InProcessTransport implements Transport, Sink {
  onMessage: Transport['onMessage'];
  onClose: Transport['onClose'];
  readonly #pump: Pump;
  readonly #peer: number;
  readonly #lost: (why: string) => void;
  #open = true;
  /** Messages of this turn of the event loop. */
  #sent = 0;
  #began = 0;
  #deferred = false;

  constructor(pump: Pump, peer: number, lost: (why: string) => void) {
    this.#pump = pump;
    this.#peer = peer;
    this.#lost = lost;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#open) return;
    if (this.#deferred) return this.#pump.deliverLater(this.#peer, bytes);
    if (this.#sent++ === 0) this.#begin();
    else if (this.#sent % LOOK_EVERY === 0 && performance.now() - this.#began > TURN_MS_MAX) this.#deferred = true;
    this.#pump.exchange(this.#peer, bytes);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.onMessage = this.onClose = undefined;
    this.#lost('the application closed the connection');
  }

  #begin(): void {
    this.#began = performance.now();
    setImmediate(() => {
      this.#sent = 0;
      this.#deferred = false;
    });
  }

  message(bytes: Uint8Array<ArrayBuffer>): void {
    this.onMessage?.(bytes);
  }

  ended(_: string, message: string): void {
    if (!this.#open) return;
    this.#open = false;
    const { onClose } = this;
    this.onMessage = this.onClose = undefined;
    onClose?.(message);
  }
}
