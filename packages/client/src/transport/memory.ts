/** Two ends of a connection in one process: for tests, and for a hub in the same thread. */
import type { Transport } from './transport.js';

class MemoryTransport implements Transport {
  readonly ownsMessages = true;
  onMessage: Transport['onMessage'];
  onClose: Transport['onClose'];
  other: MemoryTransport | undefined;

  send(bytes: Uint8Array<ArrayBuffer>): void {
    const { other } = this;
    // Never in the middle of what the sender does.
    if (other !== undefined) queueMicrotask(() => other.onMessage?.(bytes));
  }

  close(): void {
    const { other } = this;
    if (other === undefined) return;
    this.other = other.other = undefined;
    this.onMessage = this.onClose = undefined;
    queueMicrotask(() => {
      other.onClose?.('the other end was closed');
      other.onMessage = other.onClose = undefined;
    });
  }
}

/** A linked pair: what one end sends, the other gets, in order, one microtask later. */
export function memoryPair(): [Transport, Transport] {
  const one = new MemoryTransport();
  const two = new MemoryTransport();
  one.other = two;
  two.other = one;
  return [one, two];
}
