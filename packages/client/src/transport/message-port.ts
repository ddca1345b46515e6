/**
 * A `MessagePort` as transport. Its messages are array buffers, moved to the other end, or copied where that is Electron's
 * main process. Ports have no back-pressure: the session's window is what holds a sender.
 */
import type { Transport } from './transport.js';

/** How a port is used. */
export interface MessagePortOptions {
  /**
   * Whether messages are copied, as the other end of a port in Electron's main process needs it: there a message that
   * moves an array buffer is lost, without an error. Otherwise they are moved.
   */
  readonly copy?: boolean | undefined;
}

/**
 * Begins on the port at once; the port belongs to the transport from here on. It ends when its other end says that it
 * closes (an empty message), when the port tells of it (a `close` event: Chromium 122 and later, Electron, Node), and at the
 * first message that is neither an array buffer nor a `Uint8Array` over one. Nothing that comes through the port makes it
 * throw. Browsers without `close` events tell nothing of the death of the other end.
 */
export function messagePortTransport(port: MessagePort, { copy = false }: MessagePortOptions = {}): Transport {
  let open = true;
  const closed = () => lose('the other end was closed');
  const end = () => {
    open = false;
    port.onmessage = port.onmessageerror = null;
    port.removeEventListener('close', closed);
    port.close();
  };
  const lose = (why: string) => {
    if (!open) return;
    end();
    transport.onClose?.(why);
  };
  const transport: Transport = {
    ownsMessages: true,
    onMessage: undefined,
    onClose: undefined,
    send(bytes) {
      if (!open) return;
      const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
      try {
        if (copy) port.postMessage(whole);
        else port.postMessage(whole, [whole]);
      } catch (error) {
        lose(`a message could not be sent: ${String(error)}`);
      }
    },
    close() {
      if (!open) return;
      port.postMessage(null);
      end();
    },
  };
  port.onmessage = (event) => {
    const bytes = bytesOf(event);
    if (bytes === null) closed();
    else if (bytes === undefined) lose('something that is no bytes came through the port');
    else transport.onMessage?.(bytes);
  };
  port.onmessageerror = () => lose('a message could not be read');
  port.addEventListener('close', closed);
  port.start();
  return transport;
}

/** The bytes of a message; null when it says that its sender closes, undefined when it is neither. */
function bytesOf(event: { readonly data: unknown }): Uint8Array | null | undefined {
  try {
    const { data } = event;
    if (data === null) return null;
    if (data instanceof ArrayBuffer) return new Uint8Array(data);
    // Shared memory could change after it was checked.
    if (!(data instanceof Uint8Array) || !(data.buffer instanceof ArrayBuffer)) return undefined;
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  } catch {
    // An object of this page's own can be given to a port as an event, with getters and traps that throw.
    return undefined;
  }
}
