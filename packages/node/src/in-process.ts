/** A peer in this process: a transport whose other end is the hub, without a thread or a copy in between. */
import type { Transport } from '@portcullis/client';
import type { Pump, Sink } from './pump.js';

/**
 * Messages that may be answered within one turn of the event loop. Calls that wait for each other go on in microtasks,
 * and would never let anything else run.
 */
const TURNS_MAX = 1024;

/** One end of a connection, the other end of which is the hub. */
export class InProcessTransport implements Transport, Sink {
  onMessage: Transport['onMessage'];
  onClose: Transport['onClose'];
  readonly #pump: Pump;
  readonly #peer: number;
  readonly #lost: (why: string) => void;
  #open = true;
  #turns = 0;

  constructor(pump: Pump, peer: number, lost: (why: string) => void) {
    this.#pump = pump;
    this.#peer = peer;
    this.#lost = lost;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#open) return;
    if (this.#turns === 0) setImmediate(() => (this.#turns = 0));
    if (++this.#turns < TURNS_MAX) this.#pump.exchange(this.#peer, bytes);
    else this.#pump.deliverLater(this.#peer, bytes);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.onMessage = this.onClose = undefined;
    this.#lost('the application closed the connection');
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
