/** A transport whose connection breaks at a byte of its conversation: what is behind that byte never was. */
import type { Transport } from '../../src/index.js';
import { Assembler } from '../../src/node/assembler.js';
import { wholeBytes } from './bytes.js';

/** How many bytes have passed. */
export interface Meter {
  bytes: number;
}

/**
 * A stream over a transport of whole messages, as a Unix socket is: pieces of frames pass, and a frame that was cut off is
 * lost. After `bytesMax` bytes in both directions, in the order in which they were sent, the connection is lost.
 */
export function breaking(inner: Transport, bytesMax: number, meter: Meter = { bytes: 0 }): Transport {
  let open = true;
  const [up, down] = [new Assembler(), new Assembler()];
  const pass = (bytes: Uint8Array): Uint8Array => {
    const passing = bytes.slice(0, bytesMax - meter.bytes);
    meter.bytes += passing.length;
    return passing;
  };
  const breakNow = () => {
    if (!open || meter.bytes < bytesMax) return;
    open = false;
    inner.close();
    queueMicrotask(() => outer.onClose?.('cut'));
  };
  const outer: Transport = {
    isStream: true,
    onMessage: undefined,
    onClose: undefined,
    send(bytes) {
      if (!open) return;
      up.push(pass(bytes), (all) => {
        const whole = wholeBytes(all);
        if (whole > 0) inner.send(all.slice(0, whole));
        return whole;
      });
      breakNow();
    },
    close() {
      open = false;
      inner.close();
    },
  };
  inner.onMessage = (bytes) => {
    if (!open) return bytes.length;
    down.push(pass(bytes), (all) => outer.onMessage?.(all) ?? all.length);
    breakNow();
    return bytes.length;
  };
  inner.onClose = (why) => {
    if (!open) return;
    open = false;
    outer.onClose?.(why);
  };
  return outer;
}
