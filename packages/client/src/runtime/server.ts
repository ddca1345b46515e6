/** What this side serves: finds the handler of a request. That its caller may, the hub has decided already. */
import type { Blobs } from '../codec/blob.js';
import type { Caller, ChannelDescriptor, InterfaceDescriptor } from '../interface.js';
import { decodeCaller } from '../session/wire.js';
import type { Connection, Requests } from './connection.js';
import { FaultLog } from './fault-log.js';
import { textOf } from './failure.js';
import { Places } from './places.js';
import { type Handler, Serving } from './serving.js';

/** How long a handler of a notification may think it has, when its channel does not say; in milliseconds. */
const NOTIFY_MS = 30_000;

interface Export {
  readonly descriptor: InterfaceDescriptor;
  readonly handlers: Readonly<Record<string, Handler | undefined>>;
  /** Those at work, also when their caller is gone. */
  readonly open: Set<Serving>;
}

export class Server implements Requests {
  readonly #exports = new Map<number, Export>();
  readonly #faults: FaultLog;
  /** Handlers of calls at work. The hub counts the same calls until they end, each for its caller. */
  #running = 0;
  readonly #notified: Places;
  /** Who makes the calls that come next, where this peer is told. */
  #caller: Caller | undefined;

  constructor(private readonly connection: Connection) {
    this.#faults = new FaultLog(connection);
    this.#notified = new Places(connection.session.ours.calls);
  }

  add(id: number, descriptor: InterfaceDescriptor, handlers: object): void {
    this.#exports.set(id, { descriptor, handlers: handlers as Export['handlers'], open: new Set() });
  }

  /** Serves it no more: calls that are open on it end. */
  remove(id: number): void {
    const left = this.#exports.get(id);
    this.#exports.delete(id);
    for (const serving of left?.open ?? []) serving.stop('unavailable');
  }

  caller(peer: number, body: Uint8Array): void {
    this.#caller = decodeCaller(peer, body);
  }

  request(id: number, exportId: number, ordinal: number, body: Uint8Array, budgetMs: number, blobs: Blobs): void {
    const { session } = this.connection;
    const served = this.#exports.get(exportId);
    if (served === undefined) return session.refuse(id, 'unavailable', textOf('unavailable'));
    const channel = served.descriptor.channels[ordinal];
    const handler = handlerOf(served, channel, false);
    if (channel === undefined || handler === undefined) {
      return session.refuse(id, 'unimplemented', 'there is no handler for it', channel?.name);
    }
    // Handlers that do not heed their signal keep their place, those whose calls were answered with a fault included.
    if (this.#running >= session.ours.calls) {
      return session.refuse(id, 'resource_exhausted', 'too many handlers are at work', channel.name);
    }
    const deadline = this.connection.now() + (budgetMs > 0 ? budgetMs : channel.deadlineMs);
    if (budgetMs === 0) session.setInboundDeadline(id, deadline);
    const serving = new Serving(this.connection, this.#faults, channel, this.#caller, id, deadline);
    session.accept(id, serving, channel.up !== null, channel.down !== null);
    this.#running++;
    this.#run(served, serving, handler, body, blobs, () => this.#running--);
  }

  notify(exportId: number, ordinal: number, body: Uint8Array, blobs: Blobs): void {
    const served = this.#exports.get(exportId);
    const channel = served?.descriptor.channels[ordinal];
    const handler = handlerOf(served, channel, true);
    if (served === undefined || channel === undefined || handler === undefined) return;
    const label = this.#caller?.label;
    if (!this.#notified.take(label)) {
      return this.#faults.error(channel.name, label, 'was dropped: too many handlers are at work');
    }
    const deadline = this.connection.now() + (channel.deadlineMs > 0 ? channel.deadlineMs : NOTIFY_MS);
    const serving = new Serving(this.connection, this.#faults, channel, this.#caller, 0, deadline);
    this.#run(served, serving, handler, body, blobs, () => this.#notified.give(label));
  }

  #run(served: Export, serving: Serving, handler: Handler, body: Uint8Array, blobs: Blobs, over: () => void): void {
    served.open.add(serving);
    void serving.run(handler.bind(served.handlers), body, blobs).finally(() => {
      served.open.delete(serving);
      over();
    });
  }
}

/** The handler of a channel that takes such frames. */
function handlerOf(served: Export | undefined, channel: ChannelDescriptor | undefined, notify: boolean): Handler | undefined {
  if (served === undefined || channel === undefined) return undefined;
  const fits = notify ? channel.kind === 'notify' : channel.kind === 'call' || channel.kind === 'stream';
  const handler = fits ? served.handlers[channel.method] : undefined;
  return typeof handler === 'function' ? handler : undefined;
}
