/** A call's promise, and the errors that it rejects with, which show where the call was made. */
import type { ApplicationError as AppError, CallError as Failed } from '../errors.js';
import type { Calling, CallFailure, Outcome } from '../interface.js';

/** A promise that also gives its outcome as a value. */
class CallPromise<T, E> extends Promise<T> implements Calling<T, E> {
  get result(): Promise<Outcome<T, E>> {
    return this.then(
      (value) => ({ ok: true, value }),
      (error: CallFailure<E>) => ({ ok: false, error }),
    );
  }
}

// What `then` makes of it is an ordinary promise, and `await` takes it as one: without a promise and two turns of its own.
CallPromise.prototype.constructor = Promise;

/** How to settle a call. */
export interface Settle<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Failed | AppError<unknown>) => void;
}

/** A call in flight. */
export function calling<T, E>(begin: (settle: Settle<T>) => void): Calling<T, E> {
  return new CallPromise<T, E>((resolve, reject) => begin({ resolve, reject }));
}

/** A call that failed before it was made. */
export function failed<T, E>(error: Failed): Calling<T, E> {
  return calling((settle) => settle.reject(error));
}

/** Where a call was made. V8 notes the frames and formats them only when somebody reads them. */
export interface Trace {
  readonly stack?: string;
}

/** A function above which nobody wants to know the stack. */
export type Below = (...args: never[]) => unknown;

type Capture = (target: object, below: Below) => void;
const capture = (Error as { captureStackTrace?: Capture }).captureStackTrace;

/** Notes where a call is made, without the frames above `below`. */
export function trace(below: Below): Trace {
  if (capture === undefined) return new Error();
  const here: Trace = {};
  capture(here, below);
  return here;
}

/** Gives an error that arose elsewhere the stack of the call that it ends. */
export function traced<E extends Error>(error: E, made: Trace): E {
  const frames = made.stack?.split('\n') ?? [];
  // V8 puts a line in front of the frames, others do not.
  const start = frames.findIndex((line) => /^\s+at |@/.test(line));
  if (start >= 0) error.stack = [`${error.name}: ${error.message}`, ...frames.slice(start)].join('\n');
  return error;
}
