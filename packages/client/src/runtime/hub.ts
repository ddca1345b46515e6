/** The hub itself as callee: binding 0 (protocol, section 4). */
import { unitCodec } from '../codec/index.js';
import type { CallOptions, ChannelDescriptor, Codec, InterfaceDescriptor } from '../interface.js';
import { boundCodec, encodeBind, encodeServe, hashBytes, type Target, u32Codec } from '../session/wire.js';
import { Handle } from './binding.js';
import type { Connection } from './connection.js';

/** How long the hub has for an answer when the caller says nothing; in milliseconds. */
const DEADLINE_MS = 30_000;

type Channel<A extends readonly unknown[], R> = ChannelDescriptor<A, R>;

function channel<A extends readonly unknown[], R>(
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
const encodeNumber: Codec<Number>['encode'] = (out, [id]) => out.u32(id);

const BIND = /* @__PURE__ */ channel('bind', 0, encodeBind, boundCodec);
const RELEASE = /* @__PURE__ */ channel('release', 1, encodeNumber, unitCodec);
const SERVE = /* @__PURE__ */ channel('serve', 2, encodeServe, u32Codec);
const WITHDRAW = /* @__PURE__ */ channel('withdraw', 3, encodeNumber, unitCodec);

/** Bindings and exports of one connection. */
export class Hub {
  readonly bindings = new Map<number, Handle>();
  readonly #self: Handle;

  constructor(readonly connection: Connection) {
    this.#self = new Handle(connection, 0);
  }

  async bind(descriptor: InterfaceDescriptor, target: Target, options: CallOptions | undefined): Promise<Handle> {
    const args = [descriptor.name, hashBytes(descriptor.hash), target] as const;
    const { binding } = await this.#self.request(BIND, args, options, this.connection.trace(this.bind), undefined, (bound, wanted) => {
      if (wanted) this.bindings.set(bound.binding, new Handle(this.connection, bound.binding));
      // Nobody else knows of it.
      else void this.release(bound.binding);
    });
    return this.bindings.get(binding) as Handle;
  }

  async serve(descriptor: InterfaceDescriptor, instance: string, options: CallOptions, given: (id: number) => void): Promise<Handle> {
    const args = [descriptor.name, hashBytes(descriptor.hash), instance] as const;
    const id = await this.#self.request(SERVE, args, options, this.connection.trace(this.serve), undefined, (id, wanted) => {
      if (wanted) given(id);
      else void this.withdraw(id);
    });
    return new Handle(this.connection, id);
  }

  release(id: number): Promise<void> {
    return this.#self.call(RELEASE, [id]);
  }

  withdraw(id: number): Promise<void> {
    return this.#self.call(WITHDRAW, [id]);
  }
}
