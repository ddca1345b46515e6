/** Bindings that components share: one for each connection, interface and target. */
import type { CallError, InterfaceDescriptor, Target } from '@portcullis/client';
import type { Source } from './source.js';
import { Watched } from './watched.js';

/** A client that is on its way, there, or not to be had. */
export type Bound<Client extends object> =
  | { readonly client: undefined; readonly error: undefined }
  | {
      readonly client: Client;
      readonly error: undefined;
      /**
       * Another client of the same, for one stream, and what gives it back. Waits for connection and instance where the
       * connection is made anew.
       * @internal
       */
      readonly another: (signal: AbortSignal) => Promise<readonly [client: Client, giveBack: () => void]>;
    }
  | {
      readonly client: undefined;
      readonly error: CallError;
      /** Binds again. It is also done when the connection stands anew. */
      readonly again: () => void;
    };

/** Not bound yet. */
export const BINDING: Bound<never> = { client: undefined, error: undefined };

/** One client, for all who look at it. */
class Binding<Client extends object> extends Watched<Bound<Client>> {
  /** Ends the attempt that was made last. */
  #attempt = new AbortController();
  #client: Client | undefined;
  #failed = false;
  #deaf = () => {};

  constructor(
    private readonly source: Source,
    private readonly descriptor: InterfaceDescriptor<Client>,
    private readonly target: Target,
    private readonly forget: () => void,
  ) {
    super(BINDING);
  }

  protected begin(): void {
    this.#deaf = this.source.onState(({ status }) => {
      if (status === 'connected') this.#again();
    });
    this.#bind();
  }

  protected end(): void {
    this.#deaf();
    this.#attempt.abort();
    this.#failed = false;
    const client = this.#client;
    this.#client = undefined;
    this.show(BINDING);
    if (client !== undefined) this.#release(client);
  }

  protected override left(): void {
    this.forget();
  }

  readonly #again = (): void => {
    if (!this.#failed) return;
    this.#failed = false;
    this.show(BINDING);
    this.#bind();
  };

  readonly #another = async (signal: AbortSignal): Promise<readonly [client: Client, giveBack: () => void]> => {
    const client = await this.source.bind(this.descriptor, this.target, { signal });
    return [client, () => this.#release(client)];
  };

  #bind(): void {
    const { signal } = (this.#attempt = new AbortController());
    this.source.bind(this.descriptor, this.target, { signal }).then(
      (client) => {
        // Nobody looks at it any more, and the answer was under way.
        if (signal.aborted) return this.#release(client);
        this.#client = client;
        this.show({ client, error: undefined, another: this.#another });
      },
      (error: unknown) => {
        if (signal.aborted) return;
        this.#failed = true;
        this.show({ client: undefined, error: error as CallError, again: this.#again });
      },
    );
  }

  /** A connection that has ended has nothing to give back. */
  #release(client: Client): void {
    this.source.release(client).catch(() => undefined);
  }
}

/** The bindings of one connection that somebody looks at: they are forgotten with the last who does. */
export class Bindings {
  readonly #all = new Map<InterfaceDescriptor, Map<string, Watched<Bound<never>>>>();

  constructor(private readonly source: Source) {}

  /** Looks at one. Told apart by what the target says, not by which object says it. */
  subscribe<Client extends object>(descriptor: InterfaceDescriptor<Client>, key: string, target: Target, listener: () => void): () => void {
    let targets = this.#all.get(descriptor);
    if (targets === undefined) this.#all.set(descriptor, (targets = new Map()));
    let binding = targets.get(key) as Binding<Client> | undefined;
    if (binding === undefined) {
      const forget = () => {
        targets.delete(key);
        if (targets.size === 0) this.#all.delete(descriptor);
      };
      binding = new Binding(this.source, descriptor, target, forget);
      targets.set(key, binding as unknown as Watched<Bound<never>>);
    }
    return binding.subscribe(listener);
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** How it is; of one that nobody looks at, that it is not bound. */
  snapshot<Client extends object>(descriptor: InterfaceDescriptor<Client>, key: string): Bound<Client> {
    return this.#all.get(descriptor)?.get(key)?.snapshot() ?? BINDING;
  }
}
