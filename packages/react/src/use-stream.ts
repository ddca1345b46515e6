/** A stream that a component reads. */
import type { CallError, CallFailure, Outcome, Streaming } from '@portcullis/client';
import { useEffect, useMemo } from 'react';
import type { Bound } from './binding.js';
import { nextFrame } from './frame.js';
import { useWatched, Watched } from './watched.js';

/** How a stream is. */
export interface StreamResult<Down, Reply, E = never> {
  /** The latest item, unless `onItem` takes them; undefined before the first. */
  readonly item: Down | undefined;
  /** What the stream ended with. */
  readonly reply: Reply | undefined;
  /** Why it, or the bind, failed. */
  readonly error: CallFailure<E> | undefined;
  /** Whether it is awaited, or read: false after its end. */
  readonly open: boolean;
  /** Opens it anew, in the place of one that is read; binds again where that has failed. Always the same function. */
  readonly reopen: () => void;
}

/** What may be said of a stream. */
export interface StreamOptions<Down> {
  /**
   * Takes every item, in order, without rendering the component: `item` stays undefined. The one of the last render is
   * called; none after the component is unmounted. What it throws is logged, and the stream goes on.
   */
  readonly onItem?: ((item: Down) => void) | undefined;
}

function isUnsent({ status, sent }: CallError): boolean {
  return status === 'unavailable' && !sent;
}

class Reading<Client extends object, Down, Reply, E> extends Watched<StreamResult<Down, Reply, E>> {
  onItem: ((item: Down) => void) | undefined;
  readonly #reopen = (): void => {
    if (!this.isWatched) return;
    if ('again' in this.bound) this.bound.again();
    else this.guard(() => this.#read());
  };
  #state: StreamResult<Down, Reply, E>;
  #flight: AbortController | undefined;
  #cancel = () => {};
  /** Gives the client back that was bound for this stream. */
  #giveBack = () => {};
  /** Takes back that the latest item will be shown. */
  #unshow: (() => void) | undefined;

  constructor(
    private readonly bound: Bound<Client>,
    private readonly stream: (client: Client, signal: AbortSignal) => Streaming<Down, Reply, E>,
  ) {
    const { error } = bound;
    // A bind fails with a status, never with the application's own error.
    super({ item: undefined, reply: undefined, error: error as CallFailure<E> | undefined, open: error === undefined, reopen: () => undefined });
    this.#state = { ...this.snapshot(), reopen: this.#reopen };
    this.show(this.#state);
  }

  protected begin(): void {
    this.#read();
  }

  protected end(): void {
    this.#unshow?.();
    this.#unshow = undefined;
    this.#flight?.abort();
    this.#flight = undefined;
    this.#cancel();
    this.#giveBack();
    this.#cancel = this.#giveBack = () => {};
  }

  #read(): void {
    const { client } = this.bound;
    if (client === undefined) return;
    this.end();
    const flight = (this.#flight = new AbortController());
    if (!this.#state.open) this.#change({ reply: undefined, error: undefined, open: true });
    this.#open(client, flight, () => this.#again(flight));
  }

  /** `unsent` follows where surely nobody knows of the stream; elsewhere its end is told. */
  #open(client: Client, flight: AbortController, unsent?: () => void): void {
    const stream = this.stream(client, flight.signal);
    // Whether or not the signal was handed on.
    this.#cancel = () => stream.cancel();
    void this.#follow(stream, flight).then((outcome) => {
      if (flight !== this.#flight) return;
      if (unsent !== undefined && !outcome.ok && isUnsent(outcome.error as CallError)) unsent();
      else this.#over(outcome);
    });
  }

  /** A stream does not wait for a connection or an instance, as a call does. This does, once, with a client of its own. */
  #again(flight: AbortController): void {
    if (!('another' in this.bound)) return;
    this.bound.another(flight.signal).then(
      ([client, giveBack]) => {
        if (flight !== this.#flight) return giveBack();
        this.#giveBack = giveBack;
        this.guard(() => this.#open(client, flight));
      },
      (error: unknown) => {
        if (flight === this.#flight) this.#over({ ok: false, error: error as CallFailure<E> });
      },
    );
  }

  async #follow(stream: Streaming<Down, Reply, E>, flight: AbortController): Promise<Outcome<Reply, E>> {
    const items = stream[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await items.next();
        if (flight !== this.#flight || next.done === true) break;
        this.#take(next.value);
      }
    } catch {
      // The reply tells it, with its type.
    }
    return stream.reply.result;
  }

  #over(outcome: Outcome<Reply, E>): void {
    this.end();
    this.#change({ open: false, ...(outcome.ok ? { reply: outcome.value } : { error: outcome.error }) });
  }

  #take(item: Down): void {
    if (!this.isWatched) return;
    if (this.onItem !== undefined) {
      try {
        this.onItem(item);
      } catch (error) {
        console.error('portcullis: `onItem` threw', error);
      }
      return;
    }
    // Items may come faster than anybody can look at them: only the latest is kept, and shown.
    this.#state = { ...this.#state, item };
    this.#unshow ??= nextFrame(() => {
      this.#unshow = undefined;
      this.#change({});
    });
  }

  #change(change: Partial<StreamResult<Down, Reply, E>>): void {
    this.#state = { ...this.#state, ...change };
    this.show(this.#state);
  }
}

/**
 * Reads a stream from when the component is mounted, and another when the client or `deps` change: `useStream(cameras,
 * (c, signal) => c.frames(id, { signal }), [id])`. It gives the latest item, and renders the component at most once for each
 * picture that is drawn; with `onItem` it hands out each. A stream that nobody reads any more is cancelled.
 *
 * One that is opened while there is no connection or instance waits for them once, on a client of `reconnecting`. One that
 * is lost with its connection is not opened again by itself: use `reopen`, or `status` of `useConnection` as a dependency. `deps` are what `stream` uses, as of `useMemo`. What `stream` itself throws is thrown by the component.
 */
export function useStream<Client extends object, Down, Reply, E>(
  client: Bound<Client>,
  stream: (client: Client, signal: AbortSignal) => Streaming<Down, Reply, E>,
  deps: readonly unknown[],
  { onItem }: StreamOptions<Down> = {},
): StreamResult<Down, Reply, E> {
  const reading = useMemo(() => new Reading(client, stream), [client.client, client.error, ...deps]);
  useEffect(() => {
    reading.onItem = onItem;
  });
  return useWatched(reading);
}
