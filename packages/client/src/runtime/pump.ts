/** Sends the items of an iterable as credit comes, by the declared overflow policy. */
import type { Items } from '../interface.js';

/** Where the items go. */
export interface Outflow<T> {
  /** Whether an item may be sent now; undefined when the call has ended. */
  maySend(): boolean | undefined;
  /** Sends an item. Throws when it breaks its contract. */
  send(value: T, missed: number): void;
}

/** One flow of items out. */
export class Pump<T, R> {
  #iterator: Iterator<T, R> | AsyncIterator<T, R> | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(private readonly out: Outflow<T>) {}

  /** Sends everything; the value that the iterable returns at last, or undefined when the call ended before. */
  async run(items: Items<T>, dropOldest: boolean, depth: number): Promise<R | undefined> {
    const source = items as Partial<AsyncIterable<T, R> & Iterable<T, R>>;
    const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]?.();
    if (iterator === undefined) throw new TypeError('these items are no iterable');
    this.#iterator = iterator;
    return dropOldest ? this.#runDropping(iterator, depth) : this.#runWaiting(iterator);
  }

  /** Credit has come. */
  wake(): void {
    this.#wake?.();
  }

  /** The call has ended: no more items are asked for. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake?.();
    try {
      // A generator that is at work notices at its next `yield`.
      void Promise.resolve(this.#iterator?.return?.()).catch(() => {});
    } catch {
      // It was asked to end; how it takes that is its own affair.
    }
  }

  async #runWaiting(iterator: AsyncIterator<T, R> | Iterator<T, R>): Promise<R | undefined> {
    while (await this.#credit()) {
      const { done, value } = await iterator.next();
      if (this.#stopped) return undefined;
      if (done === true) return value;
      this.out.send(value, 0);
    }
    return undefined;
  }

  /** Takes items as fast as they come, and keeps the newest `depth` of those that cannot be sent. */
  async #runDropping(iterator: AsyncIterator<T, R> | Iterator<T, R>, depth: number): Promise<R | undefined> {
    const waiting: T[] = [];
    const source: { end?: { readonly value: R }; failure?: { readonly error: unknown } } = {};
    let missed = 0;
    const pull = async () => {
      while (!this.#stopped) {
        const { done, value } = await iterator.next();
        if (done === true) {
          source.end = { value };
          return;
        }
        waiting.push(value);
        this.wake();
        if (waiting.length > depth) {
          waiting.shift();
          missed++;
          // A source that is always ready must not keep credit from coming in.
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
    };
    void pull()
      .catch((error: unknown) => {
        source.failure = { error };
      })
      .finally(() => this.wake());
    while (!this.#stopped) {
      if (waiting.length > 0) {
        if (this.out.maySend() === true) {
          this.out.send(waiting.shift() as T, missed);
          missed = 0;
          continue;
        }
      } else if (source.failure !== undefined) {
        throw source.failure.error;
      } else if (source.end !== undefined) {
        return source.end.value;
      }
      await this.#sleep();
    }
    return undefined;
  }

  /** Waits for credit; false when the call has ended. */
  async #credit(): Promise<boolean> {
    for (;;) {
      const may = this.#stopped ? undefined : this.out.maySend();
      if (may !== false) return may === true;
      await this.#sleep();
    }
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
