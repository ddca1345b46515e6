/**
 * One connection to the hub after the other. The rules: docs/decisions/reconnecting.md. A connection is made anew when it
 * was lost, and nothing of it is resumed: bindings are bound again (`lasting.ts`), and what an application does at the
 * beginning of each connection it says once, to `always`.
 */
import { connect, type ConnectOptions, Portcullis } from '../client.js';
import { RECONNECT_REASONS } from '../generated/tables.js';
import type { Awaitable, CallOptions, InterfaceDescriptor } from '../interface.js';
import { type State, TIMER_MS_MAX } from '../runtime/connection.js';
import type { Hub } from '../runtime/hub.js';
import { BLOBS_WAITING_BYTES_MAX, LIMITS_DEFAULT } from '../session/limits.js';
import type { Ending } from '../session/violation.js';
import type { Target } from '../session/wire.js';
import type { Transport } from '../transport/transport.js';
import { type Ground, Lasting } from './lasting.js';
import { WAIT_POLICY, type WaitPolicy, Waits } from './waits.js';

/** How long an attempt may take until the connection stands, in milliseconds. */
const ATTEMPT_MS = 30_000;
/** Calls that may wait for a connection or an instance. */
const WAITING_CALLS_MAX = LIMITS_DEFAULT.calls;
/** Bytes of their arguments. */
const WAITING_BYTES_MAX = BLOBS_WAITING_BYTES_MAX;

const AN_END = 'the end of what is always done';

/** How a connection, or an attempt at one, has ended. */
export interface Lost {
  /** The reason of a goodbye, or that there was none, or that `dial` has failed. */
  readonly reason: Ending['reason'] | 'dial_failed';
  readonly message: string;
  /** What `dial` threw. */
  readonly error?: unknown;
  /** The connection, unless it was never made. */
  readonly portcullis?: Portcullis;
}

/** How a reconnecting client is. */
export type ReconnectState =
  /** An attempt is made: the first, or so many since the connection was last well. */
  | { readonly status: 'connecting'; readonly attempt: number }
  | Extract<State, { status: 'connected' }>
  /** Another attempt follows after so many milliseconds. */
  | { readonly status: 'waiting'; readonly ms: number; readonly reason: Lost['reason']; readonly message: string }
  /** For good. */
  | { readonly status: 'closed'; readonly reason: Lost['reason']; readonly message: string };

/** How a reconnecting client is set up. */
export interface ReconnectOptions extends ConnectOptions {
  /** The waits between attempts; what is not said is as in `WAIT_POLICY`. */
  readonly waits?: Partial<WaitPolicy> | undefined;
  /** How many attempts in a row may fail; without end when absent. */
  readonly attempts?: number | undefined;
  /** How long an attempt may take until the connection stands, in milliseconds; 30,000 when absent. */
  readonly attemptMs?: number | undefined;
  /** Asked where another attempt would follow: false ends it for good. */
  readonly again?: ((lost: Lost) => boolean) | undefined;
}

/**
 * Makes a connection: a transport, or a connection that is set up already. The signal fires when the attempt has taken too
 * long, or nobody wants it any more.
 */
export type Dial = (signal: AbortSignal) => Awaitable<Transport | Portcullis>;

/** Done at the beginning of each connection; what it returns is called at its end. */
export type Always = (portcullis: Portcullis) => Awaitable<void | (() => void)>;

/** Something that is always done. */
interface Task {
  readonly run: Always;
  /** What ends it on the connection that is now. */
  end?: (() => void) | undefined;
}

/** A client that connects again. Made by `reconnecting`. */
export class Reconnecting {
  #state: ReconnectState = { status: 'connecting', attempt: 1 };
  readonly #listeners = new Set<(state: ReconnectState) => void>();
  readonly #ground: Ground & { hub: Hub | undefined; over: string | undefined };
  readonly #bindings = new Set<Lasting>();
  readonly #given = new WeakMap<object, Lasting>();
  readonly #tasks = new Set<Task>();
  readonly #waits: Waits;
  /** Attempts in a row that have failed. */
  #failed = 0;
  /** The attempt that is made, or has succeeded. */
  #attempt: AbortController | undefined;
  #portcullis: Portcullis | undefined;
  /** Since when the connection stands. */
  #since: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Use `reconnecting`. */
  constructor(
    private readonly dial: Dial,
    private readonly options: ReconnectOptions,
  ) {
    const policy = { ...WAIT_POLICY, ...options.waits };
    let [calls, bytes] = [0, 0];
    this.#ground = {
      hub: undefined,
      over: undefined,
      policy,
      keep: (more) => {
        if (calls >= WAITING_CALLS_MAX || bytes + more > WAITING_BYTES_MAX) return undefined;
        calls++;
        bytes += more;
        return () => {
          calls--;
          bytes -= more;
        };
      },
      guard: (what, run) => this.#guard(what, run),
    };
    this.#waits = new Waits(policy);
    void this.#connect();
  }

  /** How it is now. */
  get state(): ReconnectState {
    return this.#state;
  }

  /** Tells of every change of `state` from now on, until what it returns is called. */
  onState(listener: (state: ReconnectState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The connection that stands now; undefined in a gap. */
  get current(): Portcullis | undefined {
    return this.#ground.hub === undefined ? undefined : this.#portcullis;
  }

  /**
   * A client for an instance of an interface, which is looked for again on each new connection, and when it has left. Waits
   * for a connection and an instance inside its deadline. Rejects with `permission_denied` or `contract_mismatch` at once.
   */
  async bind<Client extends object>(
    descriptor: InterfaceDescriptor<Client>,
    target: Target = 'any',
    options?: CallOptions,
  ): Promise<Client> {
    const lasting = new Lasting(this.#ground, descriptor, target);
    this.#bindings.add(lasting);
    try {
      await lasting.first(options);
    } catch (error) {
      this.#bindings.delete(lasting);
      lasting.release().catch(() => undefined);
      throw error;
    }
    const client = descriptor.client(lasting);
    this.#given.set(client, lasting);
    return client;
  }

  /** Gives a client back. Its calls and subscriptions that are open go on; later ones fail, and nothing begins anew. */
  async release(client: object): Promise<void> {
    const lasting = this.#given.get(client);
    if (lasting === undefined || !this.#bindings.delete(lasting)) return;
    await lasting.release();
  }

  /**
   * Does something on this connection, if one stands, and on each later one: serving, say, or making a publisher. What it
   * returns is called when that connection ends. What it throws is logged, unless the connection is gone. It ends by
   * calling what `always` returns.
   */
  always(run: Always): () => void {
    const task: Task = { run };
    this.#tasks.add(task);
    if (this.current !== undefined) this.#begin(task, this.current);
    return () => {
      if (this.#tasks.delete(task)) this.#end(task);
    };
  }

  /** Ends it for good. What was sent before still leaves; every open call fails with `unavailable`. */
  close(message = 'the application closed the connection'): void {
    const portcullis = this.#portcullis;
    this.#close({ reason: 'closed', message });
    portcullis?.close(message);
  }

  async #connect(): Promise<void> {
    const attempt = new AbortController();
    const { attemptMs = ATTEMPT_MS } = this.options;
    this.#attempt = attempt;
    this.#timer = setTimeout(() => this.#late(`it did not stand within ${attemptMs} ms`), Math.min(attemptMs, TIMER_MS_MAX));
    this.#change({ status: 'connecting', attempt: this.#failed + 1 });
    // A listener may have closed it.
    if (attempt !== this.#attempt) return;
    let made: Transport | Portcullis;
    try {
      made = await this.dial(attempt.signal);
    } catch (error) {
      if (attempt === this.#attempt) this.#lost({ reason: 'dial_failed', message: error instanceof Error ? error.message : String(error), error });
      return;
    }
    // Nobody waits for it any more.
    if (attempt !== this.#attempt) return made.close();
    const portcullis = made instanceof Portcullis ? made : connect(made, this.options);
    this.#portcullis = portcullis;
    const changed = (state: State) => {
      if (attempt !== this.#attempt) return;
      if (state.status === 'connected') this.#stands(portcullis, state);
      else if (state.status === 'closed') this.#lost({ reason: state.reason, message: state.message, portcullis });
    };
    portcullis.onState(changed);
    changed(portcullis.state);
  }

  #late(message: string): void {
    const portcullis = this.#portcullis;
    this.#lost({ reason: 'handshake_timeout', message });
    portcullis?.hub.connection.close({ reason: 'handshake_timeout', message });
  }

  #stands(portcullis: Portcullis, state: Extract<State, { status: 'connected' }>): void {
    clearTimeout(this.#timer);
    this.#since = performance.now();
    this.#ground.hub = portcullis.hub;
    this.#change(state);
    for (const lasting of [...this.#bindings]) lasting.connected();
    for (const task of [...this.#tasks]) if (this.current === portcullis) this.#begin(task, portcullis);
  }

  /** The connection has ended, or an attempt has failed. */
  #lost(lost: Lost): void {
    const { reason, message } = lost;
    const wellMs = this.#since === undefined ? 0 : performance.now() - this.#since;
    this.#failed = wellMs >= this.#ground.policy.steadyMs ? 0 : this.#failed + 1;
    const { attempts = Infinity, again } = this.options;
    const passes = reason === 'transport_lost' || reason === 'dial_failed' || RECONNECT_REASONS.includes(reason);
    let ends = !passes || this.#failed >= attempts;
    if (!ends) this.#guard('`again`', () => (ends = again?.(lost) === false));
    if (ends) return this.#close({ reason, message });
    this.#leave();
    const ms = this.#waits.next(wellMs);
    this.#timer = setTimeout(() => void this.#connect(), ms);
    this.#change({ status: 'waiting', ms, reason, message });
  }

  /** What belongs to the connection or attempt that was ends. */
  #leave(): void {
    const attempt = this.#attempt;
    clearTimeout(this.#timer);
    this.#attempt = this.#portcullis = this.#since = this.#ground.hub = undefined;
    attempt?.abort();
    for (const task of this.#tasks) this.#end(task);
  }

  #close(ending: Pick<Lost, 'reason' | 'message'>): void {
    if (this.#ground.over !== undefined) return;
    this.#ground.over = `the connection ended: ${ending.message}`;
    this.#leave();
    this.#change({ status: 'closed', ...ending });
    this.#listeners.clear();
    for (const lasting of [...this.#bindings]) lasting.closed();
    this.#bindings.clear();
    this.#tasks.clear();
  }

  #begin(task: Task, portcullis: Portcullis): void {
    const { logger = console } = this.options;
    const still = () => this.#tasks.has(task) && this.current === portcullis;
    // At once, so that what it sends leaves in order.
    new Promise<void | (() => void)>((resolve) => resolve(task.run(portcullis))).then(
      (end) => {
        if (typeof end !== 'function') return;
        if (still()) task.end = end;
        else this.#guard(AN_END, end);
      },
      (error: unknown) => {
        if (still()) logger.error('portcullis: what is always done failed', error);
      },
    );
  }

  #end(task: Task): void {
    const { end } = task;
    task.end = undefined;
    if (end !== undefined) this.#guard(AN_END, end);
  }

  #change(state: ReconnectState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) this.#guard('a state listener', () => listener(state));
  }

  #guard(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      (this.options.logger ?? console).error(`portcullis: ${what} threw`, error);
    }
  }
}

/**
 * Connects to the hub, and again when the connection is lost: `reconnecting((signal) => connectWithTicket({ window: 'viewer',
 * signal }), { interfaces: [Cameras] })`. It ends for good when it is closed, and for reasons that another connection would
 * not mend: docs/errors.md has them.
 */
export function reconnecting(dial: Dial, options: ReconnectOptions = {}): Reconnecting {
  return new Reconnecting(dial, options);
}
