/**
 * Something outside of React that runs as long as a component looks at it. Bindings, calls, topics and streams are each one:
 * when they begin and end is decided here only.
 */
import { useSyncExternalStore } from 'react';

/**
 * Begins a microtask after the first component looks, and ends a microtask after the last one has stopped. What React undoes
 * and does again at once (the second mount of StrictMode, a component that is replaced) is no end, and nothing is sent for it.
 */
export abstract class Watched<Snapshot> {
  #snapshot: Snapshot;
  #thrown: { readonly error: unknown } | undefined;
  readonly #listeners = new Set<() => void>();
  #runs = false;
  #settles = false;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#settleSoon();
    return () => {
      this.#listeners.delete(listener);
      this.#settleSoon();
    };
  };

  /** For `useSyncExternalStore`: the same object until something changes. Throws what the application's own function threw. */
  readonly snapshot = (): Snapshot => {
    if (this.#thrown !== undefined) throw this.#thrown.error;
    return this.#snapshot;
  };

  /** Whether a component looks at it. */
  protected get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** What it does. */
  protected abstract begin(): void;

  /** Takes everything back that `begin` has done. It may begin again. */
  protected abstract end(): void;

  /** Nobody looks at it, and it has ended or never begun. */
  protected left(): void {}

  /** Shows something else, from now on. */
  protected show(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#tell();
  }

  /** Runs what calls a function of the application's: what that throws, the component throws when it is rendered. */
  protected guard(run: () => void): void {
    this.#thrown = undefined;
    try {
      run();
    } catch (error) {
      this.#thrown = { error };
      this.#tell();
    }
  }

  #settleSoon(): void {
    if (this.#settles) return;
    this.#settles = true;
    queueMicrotask(() => {
      this.#settles = false;
      const { isWatched } = this;
      if (isWatched !== this.#runs) {
        this.#runs = isWatched;
        if (isWatched) this.guard(() => this.begin());
        else this.end();
      }
      if (!isWatched) this.left();
    });
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** What it shows now. The component is rendered when that changes, and holds it until it is unmounted or looks at another. */
export function useWatched<Snapshot>({ subscribe, snapshot }: Watched<Snapshot>): Snapshot {
  return useSyncExternalStore(subscribe, snapshot, snapshot);
}
