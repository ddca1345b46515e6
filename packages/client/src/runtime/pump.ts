/** Sends the items of an iterable as credit comes. */
import type { Items } from '../interface.js';

/** Where the items go. */
export interface Outflow<T> {
  /** Whether an item may be sent now; undefined when the call has ended. */
  maySend(): boolean | undefined;
  /** Sends an item. Throws when it breaks its contract. */
  send(value: T, missed: number): void;
}

export type AnyIterator<T, R> = Iterator<T, R> | AsyncIterator<T, R>;

/** One flow of items out. */
export class Pump<T, R> {
  protected stopped = false;
  #iterator: AnyIterator<T, R> | undefined;
  #wake: (() => void) | undefined;
  #left: Promise<void> | undefined;
  #go: (() => void) | undefined;
  /** Fulfilled when the source has left early: an item that it still owes will not come. */
  readonly #gone = new Promise<undefined>((resolve) => {
    this.#go = () => resolve(undefined);
  });

  constructor(protected readonly out: Outflow<T>) {}

  /** Sends everything; the value that the iterable returns at last, or undefined when the call ended before. */
  async run(items: Items<T>): Promise<R | undefined> {
    const source = items as Partial<AsyncIterable<T, R> & Iterable<T, R>>;
    const iterator = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]?.();
    if (iterator === undefined) throw new TypeError('these items are no iterable');
    this.#iterator = iterator;
    return Promise.race([this.pump(iterator), this.#gone]);
  }

  /** Credit has come. */
  wake(): void {
    this.#wake?.();
  }

  /** The call has ended: no more items are asked for. Fulfilled when the source has answered to that. */
  stop(): Promise<void> {
    this.#left ??= this.#leave();
    return this.#left;
  }

  async #leave(): Promise<void> {
    this.stopped = true;
    this.wake();
    const iterator = this.#iterator;
    // Without this, it is over when it gives the item that it was asked for.
    if (iterator?.return === undefined) return;
    try {
      // How it takes that is its own affair. A generator that is at work notices at its next `yield`.
      await iterator.return();
    } catch {
      // Nobody is left to be told.
    }
    this.#go?.();
  }

  /** Asks for an item only when it can be sent. */
  protected async pump(iterator: AnyIterator<T, R>): Promise<R | undefined> {
    for (;;) {
      const may = this.stopped ? undefined : this.out.maySend();
      if (may === undefined) return undefined;
      if (may) {
        const { done, value } = await iterator.next();
        if (this.stopped) return undefined;
        if (done === true) return value;
        this.out.send(value, 0);
      } else {
        await this.sleep();
      }
    }
  }

  /** Until `wake`. */
  protected sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
