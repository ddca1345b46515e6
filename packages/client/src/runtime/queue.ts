/** Items that have come and were not read yet, as an async iterator that gives credit as they are read. */
import type { Connection } from './connection.js';

interface Waiter<T, R> {
  resolve(result: IteratorResult<T, R>): void;
  reject(error: unknown): void;
}

type End<R> = { readonly value: R } | { readonly error: unknown };

/** Bounded by the credit that it gives; the session refuses items beyond that. */
export class ItemQueue<T, R> implements AsyncIterableIterator<T, R, void> {
  readonly #items: { value: T; readonly bytes: number }[] = [];
  readonly #waiters: Waiter<T, R>[] = [];
  #end: End<R> | undefined;

  constructor(
    /** An item was read. */
    private readonly taken: (bytes: number) => void,
    /** The reader has left before the end. */
    private readonly left: () => void,
    /** What a reader gets that has left. */
    private readonly nothing: R,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(value: T, bytes: number): void {
    if (this.#end !== undefined) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) {
      this.#items.push({ value, bytes });
    } else {
      waiter.resolve({ done: false, value });
      this.taken(bytes);
    }
  }

  /** Drops the item that waits longest; the one behind it becomes what `merge` makes of both. */
  dropOldest(merge: (gone: T, next: T) => T): void {
    const gone = this.#items.shift();
    const next = this.#items[0];
    if (gone !== undefined && next !== undefined) next.value = merge(gone.value, next.value);
  }

  /** No more items come. Those that have come can still be read. */
  end(end: End<R>): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const waiter of this.#waiters.splice(0)) this.#tellEnd(waiter);
  }

  next(): Promise<IteratorResult<T, R>> {
    return new Promise((resolve, reject) => {
      const item = this.#items.shift();
      if (item !== undefined) {
        resolve({ done: false, value: item.value });
        if (this.#end === undefined) this.taken(item.bytes);
      } else if (this.#end !== undefined) {
        this.#tellEnd({ resolve, reject });
      } else {
        this.#waiters.push({ resolve, reject });
      }
    });
  }

  return(): Promise<IteratorResult<T, R>> {
    const running = this.#end === undefined;
    this.#items.length = 0;
    this.end({ value: this.nothing });
    if (running) this.left();
    return Promise.resolve({ done: true, value: this.nothing });
  }

  /** An error is told once; whoever reads on finds the end. */
  #tellEnd(waiter: Waiter<T, R>): void {
    const end = this.#end;
    if (end !== undefined && 'error' in end) {
      this.#end = { value: this.nothing };
      waiter.reject(end.error);
    } else {
      waiter.resolve({ done: true, value: end === undefined ? this.nothing : end.value });
    }
  }
}

/** Gathers what was read into few `credit` frames: one for each half of what a stream starts with. */
export class CreditMeter {
  #items = 0;
  #bytes = 0;

  constructor(
    private readonly connection: Connection,
    private readonly callee: boolean,
    private readonly id: () => number,
  ) {}

  taken(bytes: number): void {
    const { session } = this.connection;
    const { streamItems, streamBytes } = session.ours;
    this.#items++;
    this.#bytes += bytes;
    if (this.#items * 2 < streamItems && this.#bytes * 2 < streamBytes) return;
    session.credit(this.callee, this.id(), this.#items, this.#bytes);
    this.#items = this.#bytes = 0;
    this.connection.touched();
  }
}
