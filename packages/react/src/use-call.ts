/** A call whose reply a component shows. */
import type { CallFailure, Calling } from '@portcullis/client';
import { useMemo } from 'react';
import type { Bound } from './binding.js';
import { useWatched, Watched } from './watched.js';

/** How a call is. */
export interface CallResult<T, E = never> {
  /** The last reply; undefined before the first. It is always one to the dependencies that are now. */
  readonly data: T | undefined;
  /** Why the last call, or the bind, failed. */
  readonly error: CallFailure<E> | undefined;
  /** Whether a reply is awaited: `data` and `error` are those of the call before, until it comes. */
  readonly pending: boolean;
  /** Makes the call anew, in the place of one that is in flight; binds again where that has failed. Always the same function. */
  readonly refetch: () => void;
}

class Call<Client extends object, T, E> extends Watched<CallResult<T, E>> {
  readonly #refetch = (): void => {
    if (!this.isWatched) return;
    if ('again' in this.bound) this.bound.again();
    else this.guard(() => this.#make());
  };
  #state: CallResult<T, E>;
  #flight: AbortController | undefined;

  constructor(
    private readonly bound: Bound<Client>,
    private readonly call: (client: Client, signal: AbortSignal) => Calling<T, E>,
  ) {
    const { error } = bound;
    // A bind fails with a status, never with the application's own error.
    super({ data: undefined, error: error as CallFailure<E> | undefined, pending: error === undefined, refetch: () => undefined });
    this.#state = { ...this.snapshot(), refetch: this.#refetch };
    this.show(this.#state);
  }

  protected begin(): void {
    this.#make();
  }

  protected end(): void {
    this.#flight?.abort();
    this.#flight = undefined;
  }

  #make(): void {
    const { client } = this.bound;
    if (client === undefined) return;
    this.#flight?.abort();
    const flight = (this.#flight = new AbortController());
    if (!this.#state.pending) this.#change({ pending: true });
    const { result } = this.call(client, flight.signal);
    void result.then((outcome) => {
      if (flight !== this.#flight) return;
      this.#flight = undefined;
      if (outcome.ok) this.#change({ data: outcome.value, error: undefined, pending: false });
      else this.#change({ error: outcome.error, pending: false });
    });
  }

  #change(change: Partial<CallResult<T, E>>): void {
    this.#state = { ...this.#state, ...change };
    this.show(this.#state);
  }
}

/**
 * Makes a call when the component is mounted, and anew when the client or `deps` change: `useCall(cameras, (c, signal) =>
 * c.list({ signal }), [])`. A call that nobody awaits any more is cancelled, and its reply dropped. It is for calls that ask;
 * those that change something belong in event handlers.
 *
 * `deps` are what `call` uses, as of `useMemo`. What `call` itself throws is thrown by the component.
 */
export function useCall<Client extends object, T, E>(
  client: Bound<Client>,
  call: (client: Client, signal: AbortSignal) => Calling<T, E>,
  deps: readonly unknown[],
): CallResult<T, E> {
  return useWatched(useMemo(() => new Call(client, call), [client.client, client.error, ...deps]));
}
