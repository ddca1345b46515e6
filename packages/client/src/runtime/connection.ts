/**
 * Drives one session: gives it the transport's bytes and the time, gathers what it sends, keeps its one timer, and knows
 * how the connection is. What calls, streams and subscriptions do is in the files beside this one.
 */
import type { SessionConfig, SessionEvents } from '../session/core.js';
import { Session } from '../session/session.js';
import type { Ending, Goodbye } from '../session/violation.js';
import type { Welcome } from '../session/wire.js';
import type { Transport } from '../transport/transport.js';
import { type Below, type Trace, trace } from './calling.js';

/** Bytes that a transport may hold; the rest waits here, where a call that is cancelled can be taken back. */
const BUFFERED_BYTES_MAX = 1024 * 1024;
/** How often a full transport is looked at, in milliseconds. */
const FULL_POLL_MS = 5;
/** The longest time that `setTimeout` knows, in milliseconds. */
export const TIMER_MS_MAX = 0x7fff_ffff;
/** A time-out that fires so much later than it should says that this side slept, in milliseconds. */
const SLEPT_MS = 2_000;

/** Calls whose place is noted until an interval has passed, unless it is wanted of all: a burst does not pay for it. */
const TRACES_MAX = 100;
/** In milliseconds. */
const TRACES_INTERVAL_MS = 100;

/** Where faults are written that nobody else is told of. */
export interface Logger {
  error(message: string, ...details: unknown[]): void;
}

/** How a connection is. */
export type State =
  | { readonly status: 'connecting' }
  | {
      readonly status: 'connected';
      /** The number by which reports and logs name this peer. */
      readonly peer: number;
      /** Which window or worker main says this is. */
      readonly label: string;
      /** What main lets it do. */
      readonly role: string;
    }
  | { readonly status: 'closed'; readonly reason: Ending['reason']; readonly message: string };

/** What takes the hub's calls. */
export type Requests = Pick<SessionEvents, 'request' | 'notify' | 'caller'>;

/** Cheaper than `queueMicrotask`, which browsers do not leave to the engine alone. */
const soon = /* @__PURE__ */ Promise.resolve();

type Timer = ReturnType<typeof setTimeout>;

/** How a connection is set up. */
export interface ConnectionConfig extends SessionConfig {
  /** See `ConnectOptions`. */
  readonly callStacks?: boolean | undefined;
}

/** One connection, until it ends. */
export class Connection {
  readonly session: Session;
  state: State = { status: 'connecting' };
  /** There once something is served. */
  server: Requests | undefined;
  readonly #listeners = new Set<(state: State) => void>();
  readonly #callStacks: boolean | undefined;
  #tracesLeft = 0;
  #tracesFrom = 0;
  #flushing = false;
  #timer: Timer | undefined;
  #timerAt = 0;
  #fullTimer: Timer | undefined;

  constructor(
    readonly transport: Transport,
    config: ConnectionConfig,
    readonly logger: Logger,
    unbound: (binding: number) => void,
  ) {
    this.#callStacks = config.callStacks;
    const events: SessionEvents = {
      request: (id, ...rest) => {
        if (this.server !== undefined) this.server.request(id, ...rest);
        else this.session.refuse(id, 'unimplemented', 'this peer serves nothing');
      },
      notify: (...notification) => this.server?.notify(...notification),
      caller: (peer, body) => this.server?.caller(peer, body),
      unbound,
      welcome: ({ peer, label, role }: Welcome) => this.#changed({ status: 'connected', peer, label, role }),
      silent: (lateMs) => {
        // After a sleep the answer may stand behind this timer in the event loop's queue.
        if (lateMs <= SLEPT_MS) this.session.close({ reason: 'unresponsive', message: 'the hub was silent' });
      },
      closed: (ending) => this.#closed(ending),
    };
    this.session = new Session(config, events, this.now());
    const whole = transport.isStream !== true;
    transport.onMessage = (bytes) => {
      const used = this.session.receive(bytes, this.now(), whole);
      this.touched();
      return used;
    };
    transport.onClose = (message) => this.session.abort({ reason: 'transport_lost', message });
    transport.onDrain = () => this.flush();
  }

  /** Where a call is made, without the frames above `below`; undefined where that is not wanted. */
  trace(below: Below): Trace | undefined {
    return (this.#callStacks ?? this.#mayTrace()) ? trace(below) : undefined;
  }

  #mayTrace(): boolean {
    if (this.#tracesLeft === 0 && this.now() >= this.#tracesFrom) {
      this.#tracesLeft = TRACES_MAX;
      this.#tracesFrom = this.now() + TRACES_INTERVAL_MS;
    }
    return this.#tracesLeft > 0 && this.#tracesLeft-- > 0;
  }

  /** Milliseconds since a moment of no meaning. */
  now(): number {
    return performance.now();
  }

  /** To be called when the session may have something to send, or something to wait for. */
  touched(): void {
    if (this.session.hasOutput && !this.#flushing) {
      this.#flushing = true;
      // Everything that this turn sends leaves in one message.
      void soon.then(() => this.flush());
    }
    this.#arm();
  }

  /** Hands the transport what may leave. */
  flush(): void {
    this.#flushing = false;
    const { session, transport } = this;
    while (session.hasOutput) {
      if (!session.isClosed && (transport.bufferedAmount ?? 0) > BUFFERED_BYTES_MAX) {
        this.#fullTimer ??= setTimeout(() => {
          this.#fullTimer = undefined;
          this.flush();
        }, FULL_POLL_MS);
        return;
      }
      const message = session.transmit(this.now());
      if (message !== undefined) transport.send(message);
    }
  }

  /** Ends the connection: what was sent before still leaves, then a goodbye. */
  close(goodbye: Goodbye): void {
    this.flush();
    this.session.close(goodbye);
  }

  /** Tells of every change; the state that is now is not told. */
  onState(listener: (state: State) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Runs code of the application's that must not break the connection's own. */
  guard(what: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.logger.error(`portcullis: ${what} threw`, error);
    }
  }

  #closed(ending: Ending): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#fullTimer);
    this.flush();
    this.transport.close();
    this.#changed({ status: 'closed', reason: ending.reason, message: ending.message });
    this.#listeners.clear();
  }

  #changed(state: State): void {
    this.state = state;
    for (const listener of this.#listeners) this.guard('a state listener', () => listener(state));
  }

  /** One timer for the whole connection, and none while nothing can run out. */
  #arm(): void {
    const next = this.session.nextTimeout();
    if (next === undefined || (this.#timer !== undefined && this.#timerAt <= next)) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    const wait = Math.min(Math.max(0, Math.ceil(next - this.now())), TIMER_MS_MAX);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.session.handleTimeout(this.now());
      this.touched();
    }, wait);
  }
}
