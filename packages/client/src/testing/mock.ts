/** A typed client over handlers that a test writes: the real codec, session and limits, in memory. */
import { connect, type ConnectOptions, type Portcullis } from '../client.js';
import type { ReasonName } from '../generated/tables.js';
import type { ChannelDescriptor, InterfaceDescriptor } from '../interface.js';
import type { Handler } from '../runtime/serving.js';
import { serve, type Served } from '../serve.js';
import type { Transport } from '../transport/transport.js';
import { Faults } from './faults.js';
import { TestHub } from './hub.js';
import type { Leg } from './leg.js';
import { Recorder } from './recorder.js';
import type { AnyRecordedCall, ErrorOf, InjectedFailure, MethodOf, RecordedCallOf } from './types.js';

/** How a mock is set up. */
export interface MockOptions {
  /** Another mock, whose connection this one shares: code under test can bind both interfaces on it. */
  readonly beside?: Mock<any, any, any> | undefined;
  /** The name of the instance; empty when absent. */
  readonly instance?: string | undefined;
  /** What main calls the client; `test` when absent. */
  readonly label?: string | undefined;
  /** What main says the client is; `test` when absent. */
  readonly role?: string | undefined;
  /** How the client's connections are made. */
  readonly connect?: ConnectOptions | undefined;
}

/** The connections of the code under test, one after the other, and the hub that they share with the mocks. */
class Link {
  readonly hub = new TestHub();
  portcullis: Portcullis;
  isUp = true;
  readonly #legs = new Set<Leg>();

  constructor(private readonly options: MockOptions) {
    this.portcullis = this.connect();
  }

  transport(): Transport {
    const { label = 'test', role = 'test' } = this.options;
    for (const leg of this.#legs) if (!leg.isOpen) this.#legs.delete(leg);
    const { transport, leg } = this.hub.admit(label, role);
    this.#legs.add(leg);
    // As a socket that nobody answers: it is lost once its owner has had time to listen.
    if (!this.isUp) queueMicrotask(() => leg.close());
    return transport;
  }

  connect(): Portcullis {
    return connect(this.transport(), { client: 'test', ...this.options.connect });
  }

  disconnect(reason: ReasonName | undefined, message: string): void {
    this.isUp = false;
    for (const leg of this.#legs) leg.close(reason, message);
    this.#legs.clear();
  }
}

/** What a mock is made of. */
interface Parts<Publisher> {
  readonly link: Link;
  readonly recorder: Recorder;
  readonly faults: Faults;
  readonly server: Portcullis;
  readonly served: Served<Publisher>;
  readonly instance: string | undefined;
}

/** One interface that is served by handlers of a test's, and a client of it. Made by `mock`. */
export class Mock<Client extends object, Handlers extends object, Publisher> {
  /** A client on the connection that is now. */
  client!: Client;
  /** Sends values to the topics of the interface; `null` where it has none. */
  readonly publisher: Publisher;
  readonly #parts: Parts<Publisher>;

  /** Use `mock`. */
  constructor(
    private readonly descriptor: InterfaceDescriptor<Client, Handlers, Publisher>,
    parts: Parts<Publisher>,
  ) {
    this.#parts = parts;
    this.publisher = parts.served.publisher;
  }

  /** @internal */
  get link(): Link {
    return this.#parts.link;
  }

  /** The connection that `client` stands on: for code under test that binds by itself. */
  get portcullis(): Portcullis {
    return this.link.portcullis;
  }

  /** The calls, notifications and streams that reached the hub, in order; the last 10,000. */
  get calls(): readonly AnyRecordedCall<Client, Handlers>[] {
    return this.#parts.recorder.calls as unknown as AnyRecordedCall<Client, Handlers>[];
  }

  /** Those of one method. */
  callsOf<Method extends MethodOf<Handlers>>(method: Method): readonly RecordedCallOf<Client, Handlers, Method>[] {
    return this.#parts.recorder.calls.filter((call) => call.method === method) as never;
  }

  /** Forgets what was called. */
  clearCalls(): void {
    this.#parts.recorder.calls.length = 0;
  }

  /**
   * Fails the next call of a method, or the next `times` (`Infinity`: every call), in the place of its handler. What it
   * returns takes that back. Throws `TypeError` when there is no such method.
   */
  fail<Method extends MethodOf<Handlers>>(
    method: Method,
    failure: InjectedFailure<ErrorOf<Client, Method>>,
    times = 1,
  ): () => void {
    return this.#parts.faults.add(this.#channel(method), failure, times);
  }

  /** Makes calls of a method wait before their handlers run, or of all methods that have no latency of their own. 0 ends it. */
  delay(ms: number, method?: MethodOf<Handlers>): void {
    this.#parts.faults.delay(ms, method === undefined ? undefined : this.#channel(method).method);
  }

  /**
   * Ends the client's connections: with a goodbye, or without one as when a process dies. Until `reconnect`, new ones are
   * lost at once.
   */
  disconnect(reason?: ReasonName, message = 'a test ended the connection'): void {
    this.link.disconnect(reason, message);
  }

  /** Lets connections stand again, and makes a new one: `portcullis` and `client` are those of it, for this mock. */
  async reconnect(): Promise<Client> {
    const { link } = this;
    // Another mock beside this one may have done it.
    if (!link.isUp || link.portcullis.state.status === 'closed') {
      link.isUp = true;
      link.portcullis = link.connect();
    }
    return this.bind();
  }

  /** A transport for code under test that connects by itself: in the place of `connectWithTicket` or a port. */
  transport(): Transport {
    return this.link.transport();
  }

  /** Serves the interface no more: open calls and subscriptions end with `unavailable`, later ones fail so. */
  withdraw(): Promise<void> {
    return this.#parts.served.withdraw();
  }

  /** Ends the client's connections and the server of this mock. */
  close(): void {
    this.link.portcullis.close();
    this.#parts.server.close();
  }

  /** @internal */
  async bind(): Promise<Client> {
    const { instance } = this.#parts;
    const target = instance === undefined ? 'any' : { instance };
    this.client = await this.link.portcullis.bind(this.descriptor, target);
    return this.client;
  }

  #channel(method: string): ChannelDescriptor {
    const found = this.descriptor.channels.find((channel) => channel.method === method && isServed(channel));
    if (found === undefined) throw new TypeError(`"${this.descriptor.name}" has no method "${method}"`);
    return found;
  }
}

function isServed({ kind }: ChannelDescriptor): boolean {
  return kind !== 'event' && kind !== 'state';
}

/**
 * Serves an interface with handlers of a test's, and binds a client to it: `const { client } = await mock(Cameras, { list:
 * async () => [] })`. What stands between is what an application has as well: values are encoded, checked and decoded,
 * deadlines run on the timers that are there (a test's fake ones too), cancelled calls reach their handlers. Methods without
 * a handler answer `unimplemented`. It needs neither Electron nor a browser nor a hub.
 */
export async function mock<Client extends object, Handlers extends object, Publisher>(
  descriptor: InterfaceDescriptor<Client, Handlers, Publisher>,
  handlers: Partial<NoInfer<Handlers>> = {},
  options: MockOptions = {},
): Promise<Mock<Client, Handlers, Publisher>> {
  const { instance, beside, connect: { logger } = {} } = options;
  const link = beside === undefined ? new Link(options) : beside.link;
  const [recorder, faults] = [new Recorder(), new Faults()];
  link.hub.know(descriptor, instance ?? '', recorder.observe);
  const wrapped: Record<string, Handler> = {};
  for (const channel of descriptor.channels.filter(isServed)) {
    wrapped[channel.method] = faults.wrap(channel, handlers as Readonly<Record<string, unknown>>);
  }
  const server = connect(link.hub.admit('main', 'main').transport, { client: 'mock', callStacks: false, logger });
  const served = await serve(server, descriptor, wrapped as Handlers, { instance });
  const made = new Mock(descriptor, { link, recorder, faults, server, served, instance });
  await made.bind();
  return made;
}
