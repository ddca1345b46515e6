/**
 * A copy of a state that somebody else owns. Own changes are shown at once, sent one after the other, and made again when others
 * were first. A page that shares nothing does not pay for it: nothing else imports this.
 */
import { ApplicationError } from '../errors.js';
import type { Unsubscribe } from '../interface.js';
import type { Logger } from '../runtime/connection.js';
import { failed, UpdateError, updateError } from './error.js';
import { hasReached, isNews, type Stale, type StateVersion, type Versioned } from './version.js';

/** How long an update may take with all its tries, in milliseconds, when nothing else is said. */
const UPDATE_MS = 5_000;
/** The longest time that a timer can wait, in milliseconds. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;
/** How often an update is sent, before it is given up because others were always first. */
const TRIES_MAX = 64;
/**
 * Tries that follow each other at once. Two that change the state again and again may stay in step, so that one of them is always
 * late: from then on there is a wait by chance between tries.
 */
const TRIES_AT_ONCE = 3;
/** The wait is at most a millisecond for each try before, and for this many of them. */
const WAITS_MAX = 16;
/** Updates that may wait until the one before is answered. */
const WAITING_MAX = 1_024;

/** How a shared state is reached: two methods of a generated client. */
export interface SharedStateOptions<T> {
  /** Follows its topic: `(listener, options) => client.onSettings(listener, options)`. */
  subscribe(listener: (state: Versioned<T>) => void, options: { readonly onEnd: (error: unknown) => void }): Unsubscribe;
  /** Asks the owner for a change: `(change, options) => client.replace(change, options)`. It ends when `signal` says so. */
  replace(change: Versioned<T>, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): PromiseLike<StateVersion>;
  /** What the application's own error says of an old version, if it does; when absent, the error is a `Stale` if it has `now`. */
  readonly stale?: ((error: any) => Stale | undefined) | undefined;
  /** Where the faults of listeners are written; the console when absent. */
  readonly logger?: Logger | undefined;
}

/** What may be said of one update. */
export interface UpdateOptions {
  /** How long it may take with all its tries; five seconds when absent. */
  readonly timeoutMs?: number | undefined;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
}

/** A copy of a state that others see and change, too. */
export interface SharedState<T> {
  /** What is to be shown: own changes are in it at once. Undefined before the first value. The same object until it changes. */
  readonly value: T | undefined;
  /** What the owner has told last. */
  readonly confirmed: T | undefined;
  /** The version of `confirmed`. */
  readonly version: StateVersion | undefined;
  /** Whether there are changes in `value` that the owner has not told yet. */
  readonly pending: boolean;
  /** Called after each change of these, until what it returns is called. */
  onChange(listener: () => void): Unsubscribe;
  /**
   * Changes the state. `change` returns a new value and leaves the old one as it was; it is called again whenever the state has
   * become another one, so that it says what is to be done (`(value) => ({ ...value, gain: 5 })`), and not what shall come out.
   *
   * Resolves with the version that has the change. Rejects with `UpdateError`, or with what `change` has thrown; `value` is then as
   * if it had not been called.
   */
  update(change: (value: T) => T, options?: UpdateOptions): Promise<StateVersion>;
  /** Follows no more. Updates that wait fail. */
  close(): void;
}

interface Update<T> {
  readonly change: (value: T) => T;
  /** When its time is over. */
  readonly untilMs: number;
  tries: number;
  /** Taken back: it is not shown. */
  dropped: boolean;
  /** Whoever made it was told how it went. */
  told: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
  resolve(version: StateVersion): void;
  reject(error: unknown): void;
}

class Shared<T> implements SharedState<T> {
  #known: Versioned<T> | undefined;
  /** What `value` is made from. That from before a change is kept while it is away: who has made what comes meanwhile is not known. */
  #base: Versioned<T> | undefined;
  #value: T | undefined;
  /** What was sent, until it is refused or seen. */
  #away: Update<T>[] = [];
  /** Ends the call that is under way. */
  #call: AbortController | undefined;
  /** What must be known before the next is sent. */
  #answered: { readonly base: StateVersion; readonly now: StateVersion } | undefined;
  /** Runs until the next try. */
  #rest: ReturnType<typeof setTimeout> | undefined;
  #waiting: Update<T>[] = [];
  #ended: { readonly error: unknown } | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #leave: Unsubscribe;

  constructor(private readonly options: SharedStateOptions<T>) {
    this.#leave = options.subscribe((state) => this.#receive(state), { onEnd: (error) => this.#end(error) });
  }

  get value(): T | undefined {
    return this.#value;
  }

  get confirmed(): T | undefined {
    return this.#known?.[1];
  }

  get version(): StateVersion | undefined {
    return this.#known?.[0];
  }

  get pending(): boolean {
    return this.#away.length + this.#waiting.length > 0;
  }

  onChange(listener: () => void): Unsubscribe {
    // A fresh function, so that one listener that is added twice is called twice and removed once.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  update(change: (value: T) => T, options: UpdateOptions = {}): Promise<StateVersion> {
    const { signal } = options;
    const timeoutMs = Math.min(options.timeoutMs ?? UPDATE_MS, TIMEOUT_MS_MAX);
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw failed(this.#ended.error);
      if (this.#waiting.length >= WAITING_MAX) throw failed(new Error(`more than ${WAITING_MAX} updates wait`));
      if (signal?.aborted === true) throw failed(signal.reason);
      if (this.#base !== undefined) this.#value = change(this.#value as T);
      const over = (): void => {
        update.told = true;
        clearTimeout(update.timer);
        signal?.removeEventListener('abort', abort);
      };
      const update: Update<T> = {
        change,
        untilMs: performance.now() + timeoutMs,
        tries: 0,
        dropped: false,
        told: false,
        timer: undefined,
        resolve: (version) => {
          over();
          resolve(version);
        },
        reject: (error) => {
          over();
          update.dropped = true;
          reject(error);
        },
      };
      update.timer = setTimeout(() => this.#giveUp(update, new DOMException('the time for the update ran out', 'TimeoutError')), timeoutMs);
      const abort = (): void => this.#giveUp(update, signal?.reason);
      signal?.addEventListener('abort', abort);
      this.#waiting.push(update);
      this.#send();
      this.#tell();
    });
  }

  close(): void {
    this.#leave();
    this.#end(new Error('it is not followed any more'));
    for (const update of this.#away) this.#giveUp(update, this.#ended?.error);
  }

  #receive(state: Versioned<T>): void {
    if (this.#ended !== undefined || !isNews(this.version, state[0])) return;
    this.#known = state;
    this.#goOn();
  }

  /** Something is known that was not: shows it, and sends what can be sent now. */
  #goOn(): void {
    const known = this.#known;
    if (known !== undefined && this.#call === undefined) {
      const answered = this.#answered;
      if (answered === undefined || hasReached(known[0], answered.base, answered.now)) {
        this.#answered = undefined;
        this.#away = [];
      }
      this.#base = known;
      this.#show();
      this.#send();
    }
    this.#tell();
  }

  /** Makes the value that is shown anew. */
  #show(): void {
    if (this.#base === undefined) return;
    let [, value] = this.#base;
    for (const update of [...this.#away, ...this.#waiting]) {
      if (update.dropped) continue;
      try {
        value = update.change(value);
      } catch (error) {
        // What was sent is with the owner. What was not, does not fit what the state has become.
        if (!this.#away.includes(update)) update.reject(error);
      }
    }
    this.#waiting = this.#waiting.filter(({ dropped }) => !dropped);
    this.#value = value;
  }

  /** Sends all that waits as one change, if what it is made from is known and nothing else is away. */
  #send(): void {
    const base = this.#base;
    const waits = this.#call !== undefined || this.#answered !== undefined || this.#rest !== undefined;
    if (base === undefined || waits || this.#waiting.length === 0) return;
    for (const update of this.#waiting) {
      if (update.tries++ < TRIES_MAX) continue;
      update.reject(new UpdateError('contended', `others changed the state before each of ${TRIES_MAX} tries`));
    }
    if (this.#waiting.some(({ dropped }) => dropped)) this.#show();
    if (this.#waiting.length === 0) return;
    this.#away = this.#waiting;
    this.#waiting = [];
    const call = new AbortController();
    this.#call = call;
    const timeoutMs = Math.max(1, ...this.#away.map(({ untilMs }) => untilMs - performance.now()));
    // With nothing else away, the value that is shown is the base and all that waited.
    const change = [base[0], this.#value as T] as const;
    const sent = (async () => this.options.replace(change, { timeoutMs, signal: call.signal }))();
    sent.then(
      (now) => this.#accepted(base[0], now),
      (error: unknown) => this.#failed(base[0], error, call.signal),
    );
  }

  #accepted(base: StateVersion, now: StateVersion): void {
    this.#call = undefined;
    this.#answered = { base, now };
    for (const update of this.#away) {
      // One that was given up was made all the same.
      update.dropped = false;
      update.resolve(now);
    }
    this.#goOn();
  }

  #failed(base: StateVersion, error: unknown, { aborted, reason }: AbortSignal): void {
    this.#call = undefined;
    const left = this.#away.filter(({ dropped }) => !dropped);
    this.#away = [];
    // Nobody waits any more for what was given up.
    const over = aborted ? { error: reason } : this.#ended;
    const stale = error instanceof ApplicationError ? (this.options.stale ?? staleOf)(error.error) : undefined;
    if (stale !== undefined && over === undefined) {
      this.#answered = { base, now: stale.now };
      this.#waiting = [...left, ...this.#waiting];
      this.#wait(Math.max(...left.map(({ tries }) => tries)));
    } else {
      const why = stale === undefined ? updateError(error, aborted ? reason : error) : failed(over?.error);
      for (const update of left) update.reject(why);
    }
    this.#goOn();
  }

  /** Lets some time pass by chance before one more try. */
  #wait(tries: number): void {
    if (tries < TRIES_AT_ONCE) return;
    this.#rest = setTimeout(
      () => {
        this.#rest = undefined;
        this.#send();
      },
      Math.random() * Math.min(tries, WAITS_MAX),
    );
  }

  /** Whoever made it does not wait any longer. */
  #giveUp(update: Update<T>, why: unknown): void {
    const call = this.#away.includes(update) ? this.#call : undefined;
    if (call === undefined) return this.#drop(update, failed(why));
    if (this.#away.some((other) => other !== update && !other.dropped)) return this.#drop(update, updateError(why));
    // The call knows whether it was sent, and says so at once. One that does not is not waited for.
    clearTimeout(update.timer);
    update.timer = setTimeout(() => this.#drop(update, updateError(why)));
    call.abort(why);
  }

  #drop(update: Update<T>, error: UpdateError): void {
    if (update.told) return;
    update.reject(error);
    this.#show();
    this.#tell();
  }

  #end(error: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { error };
    clearTimeout(this.#rest);
    for (const update of this.#waiting) update.reject(failed(error));
    this.#show();
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener();
      } catch (error) {
        (this.options.logger ?? console).error('a listener of a shared state', error);
      }
    }
  }
}

function staleOf(error: unknown): Stale | undefined {
  return typeof error === 'object' && error !== null && 'now' in error ? (error as Stale) : undefined;
}

/** Follows a state that somebody else owns, and changes it: from now on, until it is closed. */
export function sharedState<T>(options: SharedStateOptions<T>): SharedState<T> {
  return new Shared(options);
}
