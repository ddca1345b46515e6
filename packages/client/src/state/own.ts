/** The owner of a shared state, for services in TypeScript: the same rules as `SharedState` in Rust (tests/vectors/shared-state). */
import { ApplicationError } from '../errors.js';
import type { Logger } from '../runtime/connection.js';
import type { Stale, StateVersion, Versioned } from './version.js';

/** How a state is owned. */
export interface OwnOptions {
  /** Where the faults of publishers are written; the console when absent. */
  readonly logger?: Logger | undefined;
  /** Drawn by chance when absent; only tests give one. */
  readonly epoch?: number | undefined;
}

/** A value that this peer owns, and that others follow and change. */
export interface OwnState<T> {
  readonly value: T;
  readonly version: StateVersion;
  /** The owner's own change, of whatever the value is now; it returns a new value and leaves the old one as it was. */
  update(change: (value: T) => T): StateVersion;
  /**
   * A change from outside: takes effect if it was made from the version that is now. Throws `ApplicationError<Stale>` otherwise,
   * and has changed nothing then. The handler of the contract's call is this one line.
   */
  replace(change: Versioned<T>): StateVersion;
  /**
   * Tells `publish` the value now and every later one, in the order of the versions: `publishTo((state) => publisher.settings(state))`.
   * Until what it returns is called.
   */
  publishTo(publish: (state: Versioned<T>) => void): () => void;
}

/** Somebody who is told. */
interface Publisher<T> {
  readonly publish: (state: Versioned<T>) => void;
  /** The number that it was told last: one that came late knows what others are still to be told. */
  told: number;
}

class Own<T> implements OwnState<T> {
  #present: Versioned<T>;
  readonly #publishers = new Set<Publisher<T>>();
  /** What is still to be told: whoever is told of a value may change the state himself. */
  readonly #untold: Versioned<T>[] = [];
  #telling = false;

  constructor(
    initial: T,
    private readonly logger: Logger,
    epoch: number,
  ) {
    this.#present = [{ epoch, number: 0 }, initial];
  }

  get value(): T {
    return this.#present[1];
  }

  get version(): StateVersion {
    return this.#present[0];
  }

  update(change: (value: T) => T): StateVersion {
    return this.#commit(change(this.value));
  }

  replace([version, value]: Versioned<T>): StateVersion {
    const now = this.version;
    if (version.epoch !== now.epoch || version.number !== now.number) throw new ApplicationError<Stale>({ now });
    return this.#commit(value);
  }

  publishTo(publish: (state: Versioned<T>) => void): () => void {
    const publisher = { publish, told: this.version.number };
    publish(this.#present);
    this.#publishers.add(publisher);
    return () => void this.#publishers.delete(publisher);
  }

  #commit(value: T): StateVersion {
    const { epoch, number } = this.version;
    const version = { epoch, number: number + 1 };
    this.#present = [version, value];
    this.#untold.push(this.#present);
    if (this.#telling) return version;
    this.#telling = true;
    // Ends when nobody changes the state any more because of what he was told.
    for (let state = this.#untold.shift(); state !== undefined; state = this.#untold.shift()) {
      for (const publisher of [...this.#publishers]) this.#tell(publisher, state);
    }
    this.#telling = false;
    return version;
  }

  #tell(publisher: Publisher<T>, state: Versioned<T>): void {
    const { number } = state[0];
    if (number <= publisher.told || !this.#publishers.has(publisher)) return;
    publisher.told = number;
    try {
      publisher.publish(state);
    } catch (error) {
      // Nobody's business who has made the change: it stands. What followers have missed, the next change tells.
      this.logger.error('a shared state was not published', error);
    }
  }
}

/** Owns a state that begins with `initial`, as number 0 of an epoch of its own. */
export function ownState<T>(initial: T, options: OwnOptions = {}): OwnState<T> {
  const epoch = options.epoch ?? crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  return new Own(initial, options.logger ?? console, epoch);
}
