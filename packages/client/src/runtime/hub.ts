/** The hub itself as callee: binding 0 (protocol, section 4). What only those need that serve is in `offering.ts`. */
import { unitCodec } from '../codec/index.js';
import type { CallOptions, ChannelDescriptor, Codec, InterfaceDescriptor } from '../interface.js';
import { boundCodec, encodeBind, type Target } from '../session/wire.js';
import { Handle } from './binding.js';
import type { Connection } from './connection.js';

/** How long the hub has for an answer when the caller says nothing; in milliseconds. */
const DEADLINE_MS = 30_000;

type Channel<A extends readonly unknown[], R> = ChannelDescriptor<A, R>;

/** One of the hub's calls. */
export function hubChannel<A extends readonly unknown[], R>(
  method: string,
  ordinal: number,
  encode: Codec<A>['encode'],
  reply: Codec<R>,
): Channel<A, R> {
  // What is not said here is of no use to a caller.
  const said: Partial<Channel<A, R>> = {
    name: `portcullis.hub.${method}`,
    ordinal,
    deadlineMs: DEADLINE_MS,
    args: { encode } as Codec<A>,
    reply,
    error: null,
  };
  return said as Channel<A, R>;
}

/** A call that gives a number back, and what takes it back. */
type Number = readonly [id: number];
export const encodeNumber: Codec<Number>['encode'] = (out, [id]) => out.u32(id);

export const BIND = /* @__PURE__ */ hubChannel('bind', 0, encodeBind, boundCodec);
const RELEASE = /* @__PURE__ */ hubChannel('release', 1, encodeNumber, unitCodec);

/** Bindings of one connection. */
export class Hub {
  readonly bindings = new Map<number, Handle>();
  /** The hub as an instance. */
  readonly self: Handle;
  readonly #given = new WeakMap<object, Handle>();

  constructor(readonly connection: Connection) {
    this.self = new Handle(connection, 0);
  }

  async bind(descriptor: InterfaceDescriptor, target: Target, options: CallOptions | undefined): Promise<Handle> {
    const args = [descriptor.name, descriptor, target] as const;
    const { binding } = await this.self.request(BIND, args, options, this.connection.trace(this.bind), (bound, wanted) => {
      if (wanted) this.bindings.set(bound.binding, new Handle(this.connection, bound.binding));
      // Nobody else knows of it.
      else void this.release(bound.binding);
    });
    return this.bindings.get(binding) as Handle;
  }

  /** Notes which binding a client or publisher stands on. */
  given<T extends object>(client: T, handle: Handle): T {
    this.#given.set(client, handle);
    return client;
  }

  /** Releases what a client or publisher stands on, once. */
  async takeBack(client: object): Promise<void> {
    const handle = this.#given.get(client);
    if (handle !== undefined && this.#given.delete(client)) await this.drop(handle);
  }

  /** Releases a handle, once. */
  async drop(handle: Handle): Promise<void> {
    if (this.bindings.get(handle.id) !== handle) return;
    this.bindings.delete(handle.id);
    handle.gone = true;
    await this.release(handle.id);
  }

  release(id: number): Promise<void> {
    return this.self.call(RELEASE, [id]);
  }
}
