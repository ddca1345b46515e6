/** Serving an instance. A page that only calls does not pay for it: nothing else imports this. */
import type { Portcullis } from './client.js';
import type { CallOptions, InterfaceDescriptor } from './interface.js';
import { offer, withdraw } from './runtime/offering.js';
import { publisherOn } from './runtime/publishing.js';
import { Server } from './runtime/server.js';

/** How something is served. */
export interface ServeOptions extends CallOptions {
  /** The name of the instance; empty when absent. */
  readonly instance?: string | undefined;
}

/** An instance that is served. */
export interface Served<Publisher> {
  /** Sends values to the topics of this instance. */
  readonly publisher: Publisher;
  /** Serves it no more; calls that are open on it end with `unavailable`. */
  withdraw(): Promise<void>;
}

const servers = /* @__PURE__ */ new WeakMap<Portcullis, Server>();

/**
 * Serves an instance of an interface over a connection: `await serve(portcullis, Cameras, { list: async (cx) => … })`. A
 * handler is called as a method of `handlers`. What it throws reaches the caller: an `ApplicationError` with its value, a
 * `CallError` with its status; anything else as `internal` with a number that the logger gets as well.
 */
export async function serve<Handlers extends object, Publisher>(
  portcullis: Portcullis,
  descriptor: InterfaceDescriptor<unknown, Handlers, Publisher>,
  handlers: NoInfer<Handlers>,
  options: ServeOptions = {},
): Promise<Served<Publisher>> {
  const { hub } = portcullis;
  let server = servers.get(portcullis);
  if (server === undefined) {
    server = new Server(hub.connection);
    servers.set(portcullis, server);
    hub.connection.server = server;
  }
  const here = server;
  const handle = await offer(hub, descriptor, options.instance ?? '', options, (id) => here.add(id, descriptor, handlers));
  return {
    publisher: publisherOn(handle, descriptor),
    withdraw: async () => {
      if (handle.gone) return;
      handle.gone = true;
      here.remove(handle.id);
      await withdraw(hub, handle.id);
    },
  };
}
