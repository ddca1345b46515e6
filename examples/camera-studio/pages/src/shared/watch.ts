/** A value that changes and can be watched. @module */

/** Something whose last value is known to every new watcher at once. */
export interface Watch<T> {
  /** The last value; undefined before the first one. */
  readonly current: T | undefined;
  /** Calls back with the last value, if there is one, then with each later one. */
  watch(receive: (value: T) => void): () => void;
}

/** A {@link Watch} for the one who sets its value. */
export class Value<T> implements Watch<T> {
  current: T | undefined;
  readonly #watchers = new Set<(value: T) => void>();

  constructor(initial?: T) {
    this.current = initial;
  }

  watch(receive: (value: T) => void): () => void {
    // A fresh function, so that one watcher that is added twice is called twice and removed once.
    const watcher = (value: T): void => receive(value);
    this.#watchers.add(watcher);
    if (this.current !== undefined) watcher(this.current);
    return () => void this.#watchers.delete(watcher);
  }

  set(value: T): void {
    this.current = value;
    for (const watcher of [...this.#watchers]) watcher(value);
  }
}
