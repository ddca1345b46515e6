/** Types of what a mock knows of each method, from the generated types of its interface. */
import type { ApplicationError, CallError, Retry } from '../errors.js';
import type { StatusName } from '../generated/tables.js';
import type { CallContext, Calling, Outcome, Streaming } from '../interface.js';

/** The name of a call, notification or stream. */
export type MethodOf<Handlers> = keyof Handlers & string;

type WithoutContext<P extends readonly unknown[]> = P extends readonly [...infer A, CallContext] ? A : P;
type WithoutItems<P extends readonly unknown[]> = P extends readonly [...infer A, AsyncIterable<unknown>] ? A : P;

/** The arguments of a method, without the items that its caller sends and without its context. */
export type ArgumentsOf<Handler> = Handler extends (...args: infer P) => unknown ? WithoutItems<WithoutContext<P>> : never;

type Made<Client, Method> = Method extends keyof Client
  ? Client[Method] extends (...args: never[]) => infer Result
    ? Result
    : never
  : never;

/** What a method replies; `void` where nothing comes back. */
export type ReplyOf<Client, Method> =
  Made<Client, Method> extends Calling<infer R, unknown>
    ? R
    : Made<Client, Method> extends Streaming<unknown, infer R, unknown>
      ? R
      : void;

/** The application's own error of a method; `never` where it declares none. */
export type ErrorOf<Client, Method> =
  Made<Client, Method> extends Streaming<unknown, unknown, infer E>
    ? E
    : Made<Client, Method> extends Calling<unknown, infer E>
      ? E
      : never;

/** A failure that a test makes up: a status, or the application's own error. */
export type InjectedFailure<E> =
  | {
      readonly status: Exclude<StatusName, 'ok' | 'application'>;
      readonly message?: string;
      /** The field that is wrong. */
      readonly path?: string;
      readonly retry?: Retry;
    }
  | { readonly error: E };

/** One call that reached the hub, as its bytes said. */
export interface RecordedCall<Method extends string, Arguments, Reply, E> {
  readonly method: Method;
  readonly arguments: Arguments;
  /** The label of the peer that made it. */
  readonly caller: string;
  /**
   * How it ended, as its caller is told; undefined while it is open. A call that its caller gave up ends as `cancelled`, or
   * as `deadline_exceeded` when its time had run out. A notification has no outcome.
   */
  readonly outcome: Outcome<Reply, E> | undefined;
}

/** Every call on an interface. */
export type AnyRecordedCall<Client, Handlers> = {
  [Method in MethodOf<Handlers>]: RecordedCallOf<Client, Handlers, Method>;
}[MethodOf<Handlers>];

/** A call of one method. */
export type RecordedCallOf<Client, Handlers, Method extends MethodOf<Handlers>> = RecordedCall<
  Method,
  ArgumentsOf<Handlers[Method]>,
  ReplyOf<Client, Method>,
  ErrorOf<Client, Method>
>;

/** What is thrown in the place of a handler. */
export type Thrown = CallError | ApplicationError<unknown>;
