/**
 * What generated modules and the client runtime agree on: descriptors of interfaces and channels, and the binding
 * through which a generated client acts. Types only; the session implements `Binding`, generated code calls it.
 */
import type { Reader } from './codec/reader.js';
import type { Writer } from './codec/writer.js';
import type { ApplicationError, CallError, StatusError } from './errors.js';
import type { Connection } from './runtime/connection.js';
import type { Instance } from './runtime/exchange.js';

/** Writes and reads one type. `encode` refuses a value that breaks its contract, `decode` refuses such bytes. */
export interface Codec<T> {
  /** Appends the value. Throws `CodecError`, and leaves a part of the value behind then. */
  encode(out: Writer, value: T): void;
  /** Reads the value and checks everything that the contract says of it. Throws `CodecError`. */
  decode(input: Reader): T;
}

/** What a channel is. */
export type ChannelKind = 'call' | 'notify' | 'stream' | 'event' | 'state';

/** What happens to a receiver that is too slow. */
export type Overflow = 'wait' | 'dropOldest' | 'dropNewest' | 'conflate' | 'disconnect';

/**
 * One channel of an interface. `Args` is the tuple of arguments of a call, notification or stream; for a topic it is
 * the tuple of its one value.
 */
export interface ChannelDescriptor<
  Args extends readonly unknown[] = any,
  Reply = any,
  Failure = any,
  Up = any,
  Down = any,
> {
  /** The whole name, as errors and logs show it: `studio.cameras.list`. */
  readonly name: string;
  /** The property of the handlers object and of the publisher: `list`. */
  readonly method: string;
  /** Its position in the interface. */
  readonly ordinal: number;
  /** What it is. */
  readonly kind: ChannelKind;
  /** How long a call may take when the caller says nothing; to the first item, in a stream. */
  readonly deadlineMs: number;
  /** Whether a call that was lost may be made again. */
  readonly idempotent: boolean;
  /** What happens to a receiver that is too slow. */
  readonly overflow: Overflow;
  /** Values that a subscription keeps for a slow receiver. */
  readonly depth: number;
  /** Tells which channel differs when the hashes of two builds do. */
  readonly digest: number;
  /** The arguments, or the one value of a topic (a tuple of one). */
  readonly args: Codec<Args>;
  /** What a call or stream ends with. */
  readonly reply: Codec<Reply>;
  /** The application's own error; `null` when the channel declares none. */
  readonly error: Codec<Failure> | null;
  /** Items that the caller sends, in a stream; `null` when there is no such flow. */
  readonly up: Codec<Up> | null;
  /** Items that the callee sends, in a stream; `null` when there is no such flow. */
  readonly down: Codec<Down> | null;
}

/** What a generated module exports for one interface; the runtime needs nothing else. */
export interface InterfaceDescriptor<Client = any, Handlers = any, Publisher = any> {
  /** The name on the wire: `studio.cameras`. */
  readonly name: string;
  /** The version that its author declares. */
  readonly version: number;
  /** Hash of the canonical shape, 32 hexadecimal digits. */
  readonly hash: string;
  /** Hashes of earlier shapes that this one gets along with, at most 32; none when absent. */
  readonly earlier?: readonly string[];
  /** The channels; the position is the ordinal. */
  readonly channels: readonly ChannelDescriptor[];
  /** The typed client over a binding. */
  readonly client: (binding: Binding) => Client;
  /** Carries the type of the handlers; never present. */
  readonly handlers?: Handlers;
  /** Carries the type of the publisher of its topics; never present. */
  readonly publisher?: Publisher;
}

/** How values with bytes in them are read. */
export interface Reading {
  /**
   * `copy` (the default): each has a buffer of its own. `view`: they are windows into the message that brought them,
   * without a copy, for large values over ports and WebSockets; a window keeps its whole message alive, and its
   * `buffer` holds more than its bytes. Where messages have no memory of their own they are copied all the same.
   */
  readonly bytes?: 'copy' | 'view' | undefined;
}

/** What may be said of a single call. */
export interface CallOptions extends Reading {
  /** How long it may take; the channel's declared deadline when absent. */
  readonly timeoutMs?: number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** The call that is being served: this one gets no more time than that has left, and ends with it. */
  readonly parent?: CallContext | undefined;
}

/** How a call ended, without an exception. */
export type Outcome<T, E = never> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: CallFailure<E> };

/** What a call can fail with: a status, or the application's own error where the channel declares one. */
export type CallFailure<E = never> = [E] extends [never]
  ? CallError
  : StatusError | ApplicationError<E>;

/** A call in flight: a promise of its reply. */
export interface Calling<T, E = never> extends Promise<T> {
  /** The same, as a value that says whether it succeeded; it never rejects. */
  readonly result: Promise<Outcome<T, E>>;
}

/** Items of a stream as they are read; leaving the loop cancels the stream. */
export interface Streaming<Down, Reply, E = never> extends AsyncIterable<Down, Reply, void> {
  /** What the stream ends with; rejects when it fails. Does not read items. */
  readonly reply: Calling<Reply, E>;
  /** Ends the stream early. */
  cancel(): void;
}

/** Items that a caller sends: pulled as the receiver gives credit. */
export type Items<T> = AsyncIterable<T> | Iterable<T>;

/** Ends a subscription; no callback comes after it. May be called twice. */
export type Unsubscribe = () => void;

/** What comes with each value of a topic. */
export interface Arrival {
  /** Values that this subscriber missed since the one before. */
  readonly missed: number;
}

/** What may be said of a subscription. */
export interface SubscribeOptions extends Reading {
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** Called once if the subscription ends by itself. */
  readonly onEnd?: ((error: CallError) => void) | undefined;
  /**
   * Called each time the subscription has begun anew, on a client of `reconnecting`: before the first value of the new one,
   * and after the last of the one before. Values in between may have been missed. A state gives its value again.
   */
  readonly onAnew?: (() => void) | undefined;
}

/** Subscribes on one instance, and gives what leaves that. */
export type Subscribing = (to: Binding, options?: SubscribeOptions) => Unsubscribe;

/**
 * What a generated client stands on: a handle on one instance of an interface. Streams and subscriptions are opened on it
 * by functions of the runtime (`openStream`, `sendItems`, `subscribeTo`), which a bundler leaves out where none is used.
 */
export interface Binding extends Instance {
  /** @internal */
  readonly connection: Connection;

  call<A extends readonly unknown[], R, E>(
    channel: ChannelDescriptor<A, R, E>,
    args: A,
    options?: CallOptions,
  ): Calling<R, E>;

  /** Throws `CodecError` when the arguments break their contract; nothing else is told. */
  notify<A extends readonly unknown[]>(channel: ChannelDescriptor<A>, args: A): void;

  /**
   * Where the binding outlives its instances: subscribes on this and on each that takes its place.
   * @internal
   */
  each?(subscribe: Subscribing, options?: SubscribeOptions): Unsubscribe;
}

/** Somebody who got a published value. */
export interface Recipient {
  readonly peer: number;
  readonly label: string;
}

/** Somebody who did not, and why. */
export interface Miss extends Recipient {
  readonly why: 'dropped' | 'left' | 'timedOut';
}

/** Who got a published value, and who did not. */
export interface DeliveryReport {
  readonly delivered: readonly Recipient[];
  readonly missed: readonly Miss[];
}

/** Who calls, as main admitted it. */
export interface Caller {
  /** The number by which reports and logs name the peer. */
  readonly peer: number;
  /** Which window or worker it is. */
  readonly label: string;
  /** What it may do. */
  readonly role: string;
}

/** What a handler knows of the call that it serves; always the last argument. */
export interface CallContext {
  /** The channel's whole name. */
  readonly channel: string;
  /**
   * Who calls, where the role of this peer is told: that of main's own services is. Elsewhere undefined: the hub has
   * checked the caller and speaks for it.
   */
  readonly caller?: Caller | undefined;
  /** Aborted when the caller cancels, the time runs out or the connection ends. */
  readonly signal: AbortSignal;
  /** Milliseconds that are left. */
  remainingMs(): number;
}

/** What a handler returns: a value now, or later. */
export type Awaitable<T> = T | PromiseLike<T>;

/** What a handler of a stream with items down returns: an async generator; what it returns at last is the reply. */
export type ItemsOut<Down, Reply> = [Reply] extends [void]
  ? AsyncIterable<Down, unknown, void>
  : AsyncIterable<Down, Reply, void>;
