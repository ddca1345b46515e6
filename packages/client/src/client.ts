/** What an application holds: one connection to the hub, and the instances that it uses there. */
import type { CallOptions, InterfaceDescriptor } from './interface.js';
import { Connection, type Logger, type State } from './runtime/connection.js';
import { Hub } from './runtime/hub.js';
import type { Limits } from './session/limits.js';
import type { Target } from './session/wire.js';
import type { Transport } from './transport/transport.js';

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
  /**
   * Whether the error of a call shows where the call was made, which costs each call some microseconds in V8, and more
   * elsewhere (docs/decisions/typescript-client.md). True: of every call; false: of none; when absent, of 100 calls in each
   * tenth of a second, and of 100 more after a rest, so that a burst does not pay for it.
   */
  readonly callStacks?: boolean | undefined;
}

/** One connection to the hub. */
export class Portcullis {
  /** @internal */
  readonly hub: Hub;

  /** Use `connect`. */
  constructor(transport: Transport, options: ConnectOptions) {
    const connection = new Connection(transport, options, options.logger ?? console, (binding) => {
      const handle = this.hub.bindings.get(binding);
      if (handle !== undefined) handle.gone = true;
    });
    this.hub = new Hub(connection);
    const offers = (options.interfaces ?? []).map(({ name, version, hash, earlier, channels }) => ({
      name,
      version,
      hash,
      earlier,
      channels: channels.map((channel) => channel.digest),
    }));
    connection.session.hello(options.client ?? '', offers);
    connection.touched();
  }

  /** How the connection is now. */
  get state(): State {
    return this.hub.connection.state;
  }

  /** Tells of every change of `state` from now on, until what it returns is called. */
  onState(listener: (state: State) => void): () => void {
    return this.hub.connection.onState(listener);
  }

  /**
   * A client for one instance of an interface that is served now: any, that of the server with a label, or the one with a
   * name. May be called before the connection stands. Rejects with `unavailable` when there is none.
   */
  async bind<Client extends object>(
    descriptor: InterfaceDescriptor<Client>,
    target: Target = 'any',
    options?: CallOptions,
  ): Promise<Client> {
    const handle = await this.hub.bind(descriptor, target, options);
    return this.hub.given(descriptor.client(handle), handle);
  }

  /** Gives a client or publisher back. Its calls that are open go on; later ones fail. */
  async release(client: object): Promise<void> {
    await this.hub.takeBack(client);
  }

  /** Ends the connection. What was sent before still leaves; every open call fails with `unavailable`. */
  close(message = 'the application closed the connection'): void {
    this.hub.connection.close({ reason: 'closed', message });
  }
}

/** Connects to the hub over a transport, which belongs to the connection from here on. */
export function connect(transport: Transport, options: ConnectOptions = {}): Portcullis {
  return new Portcullis(transport, options);
}
