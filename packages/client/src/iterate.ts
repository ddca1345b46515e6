/** A topic as an async iterable, for those who would rather loop than give a callback. */
import type { Arrival, SubscribeOptions, Unsubscribe } from './interface.js';
import { ItemQueue } from './runtime/queue.js';

/** A value of a topic, and how many were missed since the one before. */
export interface Received<T> extends Arrival {
  readonly value: T;
  /** The subscription began anew before it (see `SubscribeOptions.onAnew`): more may have been missed than were counted. */
  readonly anew: boolean;
}

/** How values are kept for a slow loop. */
export interface IterateOptions {
  /** Values that wait at most; when there are more, the oldest are dropped and counted as missed. */
  readonly depth?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The subscribing method of a generated client. */
export type Subscribe<T> = (listener: (value: T, arrival: Arrival) => void, options?: SubscribeOptions) => Unsubscribe;

/** Values that wait for a loop when nothing else is said. */
const DEPTH_DEFAULT = 16;

/**
 * Loops over a topic: `for await (const { value, missed } of iterate(cameras.onAttached.bind(cameras)))`. The subscription
 * begins with the call, ends when the loop is left, and when it ends by itself the loop throws its error.
 */
export function iterate<T>(subscribe: Subscribe<T>, options: IterateOptions = {}): AsyncIterableIterator<Received<T>, undefined, void> {
  const { depth = DEPTH_DEFAULT, signal } = options;
  let waiting = 0;
  let anew = false;
  const stop = () => queue.end({ value: undefined });
  const over = () => signal?.removeEventListener('abort', stop);
  const queue: ItemQueue<Received<T>, undefined> = new ItemQueue(
    () => waiting--,
    () => {
      over();
      off();
    },
    undefined,
  );
  const off = subscribe(
    (value, { missed }) => {
      waiting++;
      queue.push({ value, missed, anew }, 0);
      anew = false;
      if (waiting <= Math.max(1, depth)) return;
      waiting--;
      // What is dropped was missed, and so was all that had been missed before it.
      queue.dropOldest((gone, next) => ({ value: next.value, missed: gone.missed + 1 + next.missed, anew: gone.anew || next.anew }));
    },
    {
      signal,
      onAnew: () => {
        anew = true;
      },
      onEnd: (error) => {
        over();
        queue.end({ error });
      },
    },
  );
  // A subscription that its signal ends says nothing.
  if (signal?.aborted === true) stop();
  else signal?.addEventListener('abort', stop, { once: true });
  return queue;
}
