/**
 * The transport of a page or utility process: a port that comes later than the first call. Every message is a copy; a port to
 * main cannot transfer an `ArrayBuffer`: the message would be lost without an error.
 */
import type { Transport } from '@portcullis/client';
import { fromWire, type Refusal } from './refusal.js';

/** The two things that are done with a port, whichever kind it is. */
export interface PortEnd {
  postMessage(message: unknown): void;
  close(): void;
}

/** One connection's port: asked for, there, or gone. */
export class LatePort implements Transport {
  /** Each message is a copy that was made for this side. */
  readonly ownsMessages = true;
  onMessage: Transport['onMessage'];
  onClose: Transport['onClose'];
  onDrain: Transport['onDrain'] = undefined;
  /** Told of a refusal, once at most. */
  onRefused: ((refused: Refusal) => void) | undefined;
  /** Fulfilled when main has let go of the port as well, so that the document may ask for another one. */
  readonly released: Promise<void>;
  #release!: () => void;
  #port: PortEnd | undefined;
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingBytes = 0;
  #closed = false;
  #over = false;

  constructor() {
    this.released = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Whether the connection lives, or could come to live. */
  get isOpen(): boolean {
    return !this.#closed && !this.#over;
  }

  /** Bytes that wait for the port: the session keeps the rest back, where calls can still be cancelled. */
  get bufferedAmount(): number {
    return this.#waitingBytes;
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.isOpen) return;
    if (this.#port !== undefined) return this.#port.postMessage(exact(bytes));
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  close(): void {
    if (!this.isOpen) return;
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    // Main answers with the same, and only then may the document ask again.
    this.#port?.postMessage(null);
  }

  /** The port is there. */
  adopt(port: PortEnd): void {
    if (this.#over || this.#port !== undefined) return port.close();
    this.#port = port;
    if (this.#closed) return port.postMessage(null);
    for (const bytes of this.#waiting) port.postMessage(exact(bytes));
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.onDrain?.();
  }

  /** A message came through the port. */
  take(data: unknown): void {
    if (this.#over) return;
    const bytes = bytesOf(data);
    if (bytes !== undefined) {
      if (!this.#closed) this.onMessage?.(bytes);
      return;
    }
    if (data === null) return this.lost('main closed the connection');
    const refused = fromWire(data);
    if (refused !== undefined) this.refuse(refused);
    else this.lost('something that is no bytes came through the port');
  }

  /** There will be no connection, or no more. */
  refuse(refused: Refusal): void {
    if (this.#over) return;
    const told = this.onRefused;
    this.onRefused = undefined;
    told?.(refused);
    this.lost(`${refused.code}: ${refused.message} [${refused.hint}]`);
  }

  /** The port is gone. */
  lost(why: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#port?.close();
    this.#release();
    if (!this.#closed) this.onClose?.(why);
  }
}

/** The bytes of a message; undefined when it is something else, shared memory included. */
export function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof Uint8Array) return data.buffer instanceof ArrayBuffer ? data : undefined;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : undefined;
}

/** A view with nothing around it: cloning a view copies all of its buffer. */
export function exact(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
