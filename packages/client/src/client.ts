/** What an application holds: one connection to the hub, and the instances that it uses and serves there. */
import { unitCodec } from './codec/index.js';
import { CallError } from './errors.js';
import type { CallOptions, ChannelDescriptor, Codec, InterfaceDescriptor } from './interface.js';
import { Handle } from './runtime/binding.js';
import { trace, traced } from './runtime/calling.js';
import { Connection, type Logger, type State } from './runtime/connection.js';
import { localError } from './runtime/failure.js';
import { Server } from './runtime/server.js';
import type { Limits } from './session/limits.js';
import { boundCodec, encodeBind, encodeServe, hashBytes, type Target, u32Codec } from './session/wire.js';
import type { Transport } from './transport/transport.js';

/** How long the hub has for a binding or an export when the caller says nothing; in milliseconds. */
const HUB_CALL_MS = 30_000;
/** What comes later than its caller waited, by up to this, is given back to the hub; in milliseconds. */
const LATE_MS = 10_000;

/** How a connection is set up. */
export interface ConnectOptions {
  /** The interfaces that this client was built with: the hub compares them with its own. */
  readonly interfaces?: readonly InterfaceDescriptor[] | undefined;
  /** What this client calls itself, in at most 64 bytes: for the hub's log only. */
  readonly client?: string | undefined;
  /** What this side accepts; see the protocol, section 11. */
  readonly limits?: Partial<Limits> | undefined;
  /** Where the faults of handlers and listeners are written; the console when absent. */
  readonly logger?: Logger | undefined;
  /** Whether to ping a hub that is silent while it is awaited. On unless it is false. */
  readonly keepalive?: boolean | undefined;
}

/** How something is served. */
export interface ServeOptions {
  /** The name of the instance; empty when absent. */
  readonly instance?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An instance that is served. */
export interface Served<Publisher> {
  /** Sends values to the topics of this instance. */
  readonly publisher: Publisher;
  /** Serves it no more; calls that are open on it end with `unavailable`. */
  withdraw(): Promise<void>;
}

/** Where an instance is. */
export interface BindOptions extends CallOptions {}

type HubChannel<A extends readonly unknown[], R> = ChannelDescriptor<A, R>;

function hubChannel<A extends readonly unknown[], R>(
  method: string,
  ordinal: number,
  encode: Codec<A>['encode'],
  reply: Codec<R>,
): HubChannel<A, R> {
  const args: Codec<A> = { encode, decode: () => unreachable() };
  return {
    name: `portcullis.hub.${method}`,
    method,
    ordinal,
    kind: 'call',
    deadlineMs: HUB_CALL_MS,
    idempotent: false,
    overflow: 'wait',
    depth: 0,
    digest: 0,
    args,
    reply,
    error: null,
    up: null,
    down: null,
  };
}

function unreachable(): never {
  throw new TypeError('the hub calls nobody on this channel');
}

const BIND = /* @__PURE__ */ hubChannel('bind', 0, encodeBind, boundCodec);
const RELEASE = /* @__PURE__ */ hubChannel<readonly [number], void>('release', 1, (out, [id]) => out.u32(id), unitCodec);
const SERVE = /* @__PURE__ */ hubChannel('serve', 2, encodeServe, u32Codec);
const WITHDRAW = /* @__PURE__ */ hubChannel<readonly [number], void>('withdraw', 3, (out, [id]) => out.u32(id), unitCodec);

/** One connection to the hub. */
export class Portcullis {
  readonly #connection: Connection;
  readonly #server: Server;
  readonly #hub: Handle;
  readonly #bindings = new Map<number, Handle>();
  readonly #handles = new WeakMap<object, Handle>();

  /** Use `connect`. */
  constructor(transport: Transport, options: ConnectOptions) {
    const { limits, keepalive, logger = console } = options;
    this.#connection = new Connection(transport, { limits, keepalive }, logger);
    this.#server = new Server(this.#connection);
    this.#connection.server = this.#server;
    this.#connection.onUnbound = (binding) => {
      const handle = this.#bindings.get(binding);
      if (handle !== undefined) handle.gone = true;
    };
    this.#hub = new Handle(this.#connection, 0);
    const offers = (options.interfaces ?? []).map(({ name, version, hash, channels }) => ({
      name,
      version,
      hash: hashBytes(hash),
      channels: channels.map((channel) => channel.digest),
    }));
    this.#connection.session.hello(options.client ?? '', offers);
    this.#connection.touched();
  }

  /** How the connection is now. */
  get state(): State {
    return this.#connection.state;
  }

  /** Tells of every change of `state` from now on, until what it returns is called. */
  onState(listener: (state: State) => void): () => void {
    return this.#connection.onState(listener);
  }

  /**
   * A client for one instance of an interface that is served now: any, that of the server with a label, or the one with a
   * name. May be called before the connection stands. Rejects with `unavailable` when there is none.
   */
  async bind<Client>(
    descriptor: InterfaceDescriptor<Client>,
    target: Target = 'any',
    options?: BindOptions,
  ): Promise<Client> {
    const handle = await this.#bind(descriptor, target, options);
    const client = descriptor.client(handle);
    if (typeof client === 'object' && client !== null) this.#handles.set(client, handle);
    return client;
  }

  /** A publisher for the topics of an instance that somebody else serves, for peers that are granted that. */
  async publisher<Publisher>(
    descriptor: InterfaceDescriptor<unknown, unknown, Publisher>,
    target: Target = 'any',
    options?: BindOptions,
  ): Promise<Publisher> {
    const handle = await this.#bind(descriptor, target, options);
    const publisher = descriptor.publisher(handle);
    if (typeof publisher === 'object' && publisher !== null) this.#handles.set(publisher, handle);
    return publisher;
  }

  /** Gives a client or publisher back. Its calls that are open go on; later ones fail. */
  async release(client: object): Promise<void> {
    const handle = this.#handles.get(client);
    if (handle === undefined || !this.#bindings.delete(handle.id)) return;
    handle.gone = true;
    await this.#hub.call(RELEASE, [handle.id]);
  }

  /** Serves an instance of an interface. Handlers are methods of `handlers`, called as such. */
  async serve<Handlers extends object, Publisher>(
    descriptor: InterfaceDescriptor<unknown, Handlers, Publisher>,
    handlers: Handlers,
    options: ServeOptions = {},
  ): Promise<Served<Publisher>> {
    const { instance = '', timeoutMs, signal } = options;
    const args = [descriptor.name, hashBytes(descriptor.hash), instance] as const;
    const id = await this.#ask(SERVE, args, { timeoutMs, signal }, (given, wanted) => {
      if (wanted) this.#server.add(given, descriptor, handlers);
      else this.#tell(WITHDRAW, given);
    });
    const handle = new Handle(this.#connection, id);
    return {
      publisher: descriptor.publisher(handle),
      withdraw: async () => {
        if (handle.gone) return;
        handle.gone = true;
        this.#server.remove(id);
        await this.#hub.call(WITHDRAW, [id]);
      },
    };
  }

  /** Ends the connection. What was sent before still leaves; every open call fails with `unavailable`. */
  close(message = 'the application closed the connection'): void {
    this.#connection.close({ reason: 'closed', message });
  }

  async #bind(descriptor: InterfaceDescriptor, target: Target, options: BindOptions | undefined): Promise<Handle> {
    const args = [descriptor.name, hashBytes(descriptor.hash), target] as const;
    let handle: Handle | undefined;
    await this.#ask(BIND, args, options, ({ binding }, wanted) => {
      if (!wanted) return this.#tell(RELEASE, binding);
      handle = new Handle(this.#connection, binding);
      this.#bindings.set(binding, handle);
    });
    return handle ?? unreachable();
  }

  /**
   * A call to the hub whose reply gives something. `use` is told of it before anything behind the reply is looked at, and
   * also when nobody waits for it any more.
   */
  #ask<A extends readonly unknown[], R>(
    channel: HubChannel<A, R>,
    args: A,
    options: CallOptions | undefined,
    use: (value: R, wanted: boolean) => void,
  ): Promise<R> {
    const made = trace(this.#ask);
    const limit = Math.min(options?.timeoutMs ?? HUB_CALL_MS, options?.parent?.remainingMs() ?? Infinity);
    return new Promise<R>((resolve, reject) => {
      const signals = [options?.signal, options?.parent?.signal].filter((signal) => signal !== undefined);
      let wanted = true;
      const over = () => {
        wanted = false;
        clearTimeout(timer);
        for (const signal of signals) signal.removeEventListener('abort', cancel);
      };
      const fail = (error: CallError) => {
        over();
        reject(traced(error, made));
      };
      const cancel = () => fail(localError(channel, 'cancelled', 'the caller cancelled'));
      const late = () => fail(localError(channel, 'deadline_exceeded', 'the time for the call ran out'));
      const timer = setTimeout(late, Math.max(0, Math.min(limit, 0x7fff_ffff)));
      for (const signal of signals) {
        if (signal.aborted) return cancel();
        signal.addEventListener('abort', cancel);
      }
      const answered = (value: R) => {
        use(value, wanted);
        if (wanted) over();
        resolve(value);
      };
      const call = this.#hub.request(channel, args, { timeoutMs: limit + LATE_MS }, made, undefined, answered);
      call.catch((error: CallError) => (wanted ? fail(error) : undefined));
    });
  }

  /** Gives something back of which nobody knows. */
  #tell(channel: HubChannel<readonly [number], void>, id: number): void {
    void this.#hub.call(channel, [id]).result;
  }
}

/** Connects to the hub over a transport, which belongs to the connection from here on. */
export function connect(transport: Transport, options: ConnectOptions = {}): Portcullis {
  return new Portcullis(transport, options);
}
