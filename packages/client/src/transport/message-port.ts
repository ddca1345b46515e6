/** A `MessagePort` as transport: its messages are array buffers, moved and not copied. It has no back-pressure. */
import type { Transport } from './transport.js';

/** Begins on the port at once. Ports tell nothing of the death of their other end; an empty message stands for `close`. */
export function messagePortTransport(port: MessagePort): Transport {
  let open = true;
  const end = () => {
    open = false;
    port.onmessage = port.onmessageerror = null;
    port.close();
  };
  const lose = (why: string) => {
    if (!open) return;
    end();
    transport.onClose?.(why);
  };
  const transport: Transport = {
    onMessage: undefined,
    onClose: undefined,
    send(bytes) {
      if (!open) return;
      const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
      port.postMessage(whole, [whole]);
    },
    close() {
      if (!open) return;
      port.postMessage(null);
      end();
    },
  };
  port.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) transport.onMessage?.(new Uint8Array(data));
    else lose(data === null ? 'the other end was closed' : 'something that is no array buffer came through the port');
  };
  port.onmessageerror = () => lose('a message could not be read');
  port.start();
  return transport;
}
