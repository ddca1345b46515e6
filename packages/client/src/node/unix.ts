/** Unix sockets as transport, for Node: frames one after the other, without messages. */
import { Socket } from 'node:net';
import type { Transport } from '../transport/transport.js';
import { Assembler } from './assembler.js';

/** Where the hub listens: a path, or a descriptor that this process has inherited. */
export type UnixAddress = { readonly path: string } | { readonly fd: number };

/** Connects to a hub. What is sent before the connection stands leaves when it does. */
export function unixTransport(address: UnixAddress): Transport {
  if ('fd' in address) return socketTransport(new Socket({ fd: address.fd, readable: true, writable: true }));
  return socketTransport(new Socket().connect({ path: address.path }));
}

/** A socket that stands, or is about to. It belongs to the transport from here on. */
export function socketTransport(socket: Socket): Transport {
  let ended = false;
  let why = 'the hub closed the connection';
  const transport: Transport = {
    onMessage: undefined,
    onClose: undefined,
    onDrain: undefined,
    isStream: true,
    send(bytes) {
      if (!ended && socket.writable) socket.write(bytes);
    },
    close() {
      if (ended) return;
      ended = true;
      // What was written still leaves; what comes is of no interest, but must not hold the end up.
      socket.resume();
      socket.end();
      socket.once('finish', () => socket.destroy());
    },
    get bufferedAmount() {
      return socket.writableLength;
    },
  };
  const assembler = new Assembler();
  const take = (bytes: Uint8Array) => transport.onMessage?.(bytes) ?? bytes.length;
  socket.on('data', (bytes: Buffer) => {
    if (!ended) assembler.push(bytes, take);
  });
  socket.on('drain', () => transport.onDrain?.());
  socket.on('error', (error) => {
    why = error.message;
  });
  socket.on('close', () => {
    if (ended) return;
    ended = true;
    transport.onClose?.(why);
  });
  return transport;
}
