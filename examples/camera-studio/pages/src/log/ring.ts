/** The last so many of a sequence of things. @module */

/** Keeps the newest `capacity` items; older ones are forgotten. */
export class Ring<T> {
  readonly #items: T[] = [];
  #next = 0;
  #total = 0;

  constructor(readonly capacity: number) {}

  push(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.capacity;
    this.#total++;
  }

  /** How many are kept. */
  get length(): number {
    return this.#items.length;
  }

  /** How many there have been. */
  get total(): number {
    return this.#total;
  }

  /** From the newest to the oldest. */
  *newest(): Generator<T> {
    for (let i = 1; i <= this.#items.length; i++) {
      const item = this.#items[(this.#next - i + this.capacity) % this.capacity];
      if (item !== undefined) yield item;
    }
  }

  clear(): void {
    this.#items.length = 0;
    this.#next = 0;
    this.#total = 0;
  }
}
