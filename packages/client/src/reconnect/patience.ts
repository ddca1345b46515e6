/** Waiting inside a deadline, as long as nobody gives up: for calls and binds that have no instance to go to yet. */
import type { StatusName } from '../generated/tables.js';
import { TIMER_MS_MAX } from '../runtime/connection.js';

/** Begins to wait for something; gives what ends that early. */
export type Begin<T> = (done: (value: T) => void, failed: (error: unknown) => void) => () => void;

/** Why nothing is waited for any more. */
export class Impatience {
  constructor(
    readonly status: Extract<StatusName, 'deadline_exceeded' | 'cancelled'>,
    readonly cause?: unknown,
  ) {}
}

/** How long somebody waits in all. */
export class Patience {
  readonly #until: number;
  readonly #signals: readonly AbortSignal[];

  constructor(ms: number, signals: readonly (AbortSignal | undefined)[]) {
    this.#until = performance.now() + ms;
    this.#signals = signals.filter((signal) => signal !== undefined);
  }

  /** What is left, in milliseconds. */
  get leftMs(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** Rejects with an `Impatience` when it has waited for long enough, or somebody gives up. */
  wait<T>(begin: Begin<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let stop: (() => void) | undefined;
      let over = false;
      const end = () => {
        over = true;
        clearTimeout(timer);
        for (const signal of this.#signals) signal.removeEventListener('abort', abort);
        stop?.();
      };
      const fail = (error: unknown) => {
        end();
        reject(error);
      };
      const abort = () => fail(new Impatience('cancelled', this.#signals.find(({ aborted }) => aborted)?.reason));
      const timer = setTimeout(() => fail(new Impatience('deadline_exceeded')), Math.min(this.leftMs, TIMER_MS_MAX));
      for (const signal of this.#signals) signal.addEventListener('abort', abort);
      if (this.#signals.some(({ aborted }) => aborted)) return abort();
      stop = begin((value) => {
        end();
        resolve(value);
      }, fail);
      if (over) stop();
    });
  }

  /** Waits for so long. */
  sleep(ms: number): Promise<void> {
    return this.wait((done) => {
      const timer = setTimeout(done, ms);
      return () => clearTimeout(timer);
    });
  }
}
