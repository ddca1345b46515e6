/**
 * A binding that outlives connections and instances: it is bound again on each new connection, and when its instance has
 * left, as long as somebody needs it. Which connection there is, is the business of `reconnecting.ts`; how calls and
 * subscriptions go on is in `retrying.ts` and `resuming.ts`.
 */
import { CallError } from '../errors.js';
import type { Binding, Calling, CallOptions, ChannelDescriptor, InterfaceDescriptor, Subscribing, SubscribeOptions, Unsubscribe } from '../interface.js';
import type { Handle } from '../runtime/binding.js';
import { calling } from '../runtime/calling.js';
import type { Connection } from '../runtime/connection.js';
import { timeLimit } from '../runtime/exchange.js';
import { textOf } from '../runtime/failure.js';
import { BIND, type Hub } from '../runtime/hub.js';
import type { Target } from '../session/wire.js';
import { Patience } from './patience.js';
import { resume } from './resuming.js';
import { found, retry } from './retrying.js';
import { type WaitPolicy, Waits } from './waits.js';

/** What a lasting binding knows of the connections that it outlives. */
export interface Ground {
  /** The hub on the connection that stands; undefined in a gap. */
  readonly hub: Hub | undefined;
  /** Why there will be no connection any more; undefined while there may be. */
  readonly over: string | undefined;
  readonly policy: WaitPolicy;
  /** Makes room for a call that waits, and gives what gives it back; undefined when too much waits already. */
  keep(bytes: number): (() => void) | undefined;
  /** Runs code of the application's. */
  guard(what: string, run: () => void): void;
}

/** Somebody who needs an instance. */
interface Waiter {
  bound(handle: Handle): void;
  failed(error: CallError): void;
}

/** Why a bind failed that may succeed later. Anything else is told to whoever waits. */
const PASSING: readonly string[] = ['unavailable', 'resource_exhausted', 'deadline_exceeded'];

const NO_CONNECTION = 'there is no connection';

export class Lasting implements Binding {
  /** Each is told why nothing more will come of a subscription. */
  readonly subscriptions = new Set<(error: CallError) => void>();
  /** What a wait for the instance lacks. */
  lack = NO_CONNECTION;
  /** The instance that is there, or was there last. */
  #handle: Handle | undefined;
  readonly #waiters = new Set<Waiter>();
  #waits: Waits;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The hub that is being asked for an instance. */
  #asked: Hub | undefined;
  #released = false;

  constructor(
    readonly ground: Ground,
    private readonly descriptor: InterfaceDescriptor,
    private readonly target: Target,
  ) {
    this.#waits = new Waits(ground.policy);
  }

  get connection(): Connection {
    return (this.#handle as Handle).connection;
  }

  get id(): number {
    return (this.#handle as Handle).id;
  }

  /** Who asks needs the instance: one that has left is looked for, so that the next time it may be there. */
  get gone(): boolean {
    if (this.present !== undefined) return false;
    this.#seek();
    return true;
  }

  /** The instance, if it is there. */
  get present(): Handle | undefined {
    const handle = this.#handle;
    return handle?.gone === false && handle.connection === this.ground.hub?.connection ? handle : undefined;
  }

  /** Why nothing will be there any more; undefined while it may be. */
  get over(): CallError | undefined {
    const message = this.#released ? 'its client was given back' : this.ground.over;
    return message === undefined ? undefined : new CallError('unavailable', { channel: this.descriptor.name, message, sent: false });
  }

  /** Waits for an instance where none is present: `failed` may be called at once. What it returns ends the wait. */
  await(bound: Waiter['bound'], failed: Waiter['failed']): () => void {
    const { over } = this;
    if (over !== undefined) {
      failed(over);
      return () => undefined;
    }
    const waiter = { bound, failed };
    this.#waiters.add(waiter);
    this.#seek();
    return () => {
      // Nothing runs for nobody.
      if (this.#waiters.delete(waiter) && this.#waiters.size === 0) this.#rest();
    };
  }

  /** Waits for the first instance. */
  async first(options: CallOptions | undefined): Promise<void> {
    const patience = new Patience(timeLimit(BIND, options), [options?.signal, options?.parent?.signal]);
    await found(this, BIND, patience, 0, false);
  }

  /** A connection stands. */
  connected(): void {
    this.#rest();
    this.#waits = new Waits(this.ground.policy);
    this.#seek();
  }

  /** There will be no connection any more: whoever waits is told. */
  closed(): void {
    const { over } = this;
    this.#rest();
    if (over === undefined) return;
    for (const end of [...this.subscriptions]) end(over);
    this.#fail(over);
  }

  /** Gives it back: what is open on the instance goes on, whoever waits for one is told that there will be none. */
  async release(): Promise<void> {
    this.#released = true;
    this.#rest();
    const { over } = this;
    if (over !== undefined) this.#fail(over);
    const handle = this.#handle;
    const { hub } = this.ground;
    // One that has left has its number still.
    if (handle !== undefined && handle.connection === hub?.connection) await hub.drop(handle);
  }

  call<A extends readonly unknown[], R, E>(channel: ChannelDescriptor<A, R, E>, args: A, options?: CallOptions): Calling<R, E> {
    const made = this.connection.trace(this.call);
    return calling<R, E>(({ resolve, reject }) => void retry(this, channel, args, options, made).then(resolve, reject));
  }

  notify<A extends readonly unknown[]>(channel: ChannelDescriptor<A>, args: A): void {
    if (!this.gone) this.#handle?.notify(channel, args);
  }

  each(subscribe: Subscribing, options?: SubscribeOptions): Unsubscribe {
    return resume(this, subscribe, options);
  }

  /** Asks the hub for an instance, unless it is being asked, or a wait for that runs. */
  #seek(): void {
    const { hub } = this.ground;
    if (hub === undefined) this.lack = NO_CONNECTION;
    if (hub === undefined || hub === this.#asked || this.#timer !== undefined || this.over !== undefined) return;
    const before = this.#handle;
    // The hub keeps its number until it is given back.
    if (before?.gone === true && before.connection === hub.connection) hub.drop(before).catch(() => undefined);
    this.#asked = hub;
    hub.bind(this.descriptor, this.target, undefined).then(
      (handle) => this.#bound(hub, handle),
      (error: unknown) => this.#unbound(hub, error as CallError),
    );
  }

  #bound(hub: Hub, handle: Handle): void {
    if (hub !== this.#asked) return;
    this.#asked = undefined;
    if (this.#released) return void hub.drop(handle).catch(() => undefined);
    this.#handle = handle;
    this.lack = textOf('unavailable');
    this.#waits = new Waits(this.ground.policy);
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { bound } of waiters) bound(handle);
  }

  #unbound(hub: Hub, error: CallError): void {
    if (hub !== this.#asked) return;
    this.#asked = undefined;
    this.lack = error.detail;
    // A connection that has ended is followed by another, or by `closed`.
    if (hub !== this.ground.hub) return;
    if (!PASSING.includes(error.status)) return this.#fail(error);
    if (this.#waiters.size === 0) return;
    const ms = error.retry.type === 'after' ? error.retry.ms : this.#waits.next(0);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#seek();
    }, ms);
  }

  #fail(error: CallError): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const { failed } of waiters) failed(error);
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
