/** What a call can fail with. One class for every status, and one that carries the application's own error. */
import type { StatusName } from './generated/tables.js';

/** Whether making a call again can help. */
export type Retry =
  | { readonly type: 'never' }
  | { readonly type: 'later' }
  | { readonly type: 'after'; readonly ms: number };

/** What is known of a failed call besides its status. */
export interface Failure {
  /** The channel: `studio.cameras.list`. */
  readonly channel: string;
  /** The field that is wrong; empty when it is no single one. */
  readonly path?: string;
  readonly message: string;
  readonly retry?: Retry;
  /** Finds the entry in the callee's log. */
  readonly correlation?: bigint;
  /** See `CallError`; true when absent. */
  readonly sent?: boolean;
}

const NEVER: Retry = { type: 'never' };

/** A call that failed. */
export class CallError extends Error {
  /** One of the table in the protocol, section 9. */
  readonly status: StatusName;
  readonly channel: string;
  readonly path: string;
  /** What happened, without what the other fields say. */
  readonly detail: string;
  readonly retry: Retry;
  readonly correlation: bigint;
  /**
   * Whether the request was handed to the transport. False: surely nobody has executed it, so that it is safe to make it
   * again, whatever its channel is. True: it may have been executed.
   */
  readonly sent: boolean;

  constructor(status: StatusName, failure: Failure) {
    const path = failure.path ?? '';
    super(`${failure.channel}: ${status}${path === '' ? '' : ` at ${path}`}: ${failure.message}`);
    this.name = 'CallError';
    this.status = status;
    this.channel = failure.channel;
    this.path = path;
    this.detail = failure.message;
    this.retry = failure.retry ?? NEVER;
    this.correlation = failure.correlation ?? 0n;
    this.sent = failure.sent ?? true;
  }
}

/** A call that failed with anything but the application's own error, so that `status` tells the two apart. */
export type StatusError = CallError & { readonly status: Exclude<StatusName, 'application'> };

/** The application's own error, typed by its contract. Handlers throw it; callers get it with every field. */
export class ApplicationError<E> extends CallError {
  declare readonly status: 'application';
  readonly error: E;

  constructor(error: E, channel = '') {
    super('application', { channel, message: 'the application refused the call' });
    this.name = 'ApplicationError';
    this.error = error;
  }
}
