/**
 * Drives one session: gives it the transport's bytes and the time, gathers what it sends, and hands its events to the
 * calls that they belong to. What a call, stream or subscription does with them is in the files beside this one.
 */
import type { StatusName } from '../generated/tables.js';
import type { Body, SessionConfig, SessionEvents } from '../session/core.js';
import { Session } from '../session/session.js';
import type { Ending, Goodbye } from '../session/violation.js';
import type { Welcome } from '../session/wire.js';
import type { Transport } from '../transport/transport.js';

/** Bytes that a transport may hold; the rest waits here, where a call that is cancelled can be taken back. */
const BUFFERED_BYTES_MAX = 1024 * 1024;
/** How often a full transport is looked at, in milliseconds. */
const FULL_POLL_MS = 5;
/** The longest time that `setTimeout` knows, in milliseconds. */
const TIMER_MS_MAX = 0x7fffffff;
/** A time-out that fires so much later than it should says that this side slept, in milliseconds. */
const SLEPT_MS = 2_000;

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
  | ({ readonly status: 'closed' } & Ending);

/** A call of this side's, as the connection sees it. */
export interface Caller {
  /** The hub has ended it. */
  end(status: StatusName, body: Uint8Array): void;
  /** It ended here. */
  fail(status: StatusName, message: string): void;
  item?(missed: number, token: number | undefined, body: Uint8Array): void;
  credit?(): void;
}

/** A call that this side serves, as the connection sees it. */
export interface Serving {
  item(body: Uint8Array): void;
  finish(): void;
  credit(): void;
  /** The caller has gone, or there is no more time: end it so. */
  stop(status: StatusName): void;
  /** The connection has ended: nothing can be answered. */
  abandon(): void;
}

/** Takes the calls of the hub. */
export interface Server {
  request(id: number, export_: number, ordinal: number, body: Uint8Array, budgetMs: number): void;
  notify(export_: number, ordinal: number, body: Uint8Array): void;
}

/** One connection, until it ends. */
export class Connection implements SessionEvents<Serving, Caller> {
  readonly session: Session<Serving, Caller>;
  /** Set before the first request can come. */
  server: Server | undefined;
  /** Called for a binding whose instance has left. */
  onUnbound: ((binding: number) => void) | undefined;
  state: State = { status: 'connecting' };
  readonly #listeners = new Set<(state: State) => void>();
  #flushing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt = 0;
  #fullTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly transport: Transport,
    config: SessionConfig,
    readonly logger: Logger,
  ) {
    this.session = new Session(config, this, this.now());
    const whole = transport.isStream !== true;
    transport.onMessage = (bytes) => {
      this.session.receive(bytes, this.now(), whole);
      this.touched();
    };
    transport.onClose = (why) => this.#lost(why);
    transport.onDrain = () => this.flush();
  }

  /** Milliseconds since a moment of no meaning. */
  now(): number {
    return performance.now();
  }

  /** Opens a call. Throws as the session does. */
  open(
    kind: number,
    binding: number,
    ordinal: number,
    up: boolean,
    down: boolean,
    timeoutMs: number | undefined,
    caller: Caller,
    body: Body,
    slackMs = 0,
  ): number {
    const now = this.now();
    const deadline = timeoutMs === undefined ? undefined : now + timeoutMs + slackMs;
    const id = this.session.open(kind, binding, ordinal, up, down, deadline, now, caller, body, slackMs);
    this.touched();
    return id;
  }

  /** To be called when the session may have something to send, or something to wait for. */
  touched(): void {
    if (this.session.hasOutput && !this.#flushing) {
      this.#flushing = true;
      // Everything that this turn sends leaves in one message.
      queueMicrotask(() => this.flush());
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
      const message = session.transmit();
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

  welcome({ peer, label, role }: Welcome): void {
    this.#changed({ status: 'connected', peer, label, role });
  }

  request(id: number, binding: number, ordinal: number, budgetMs: number, body: Uint8Array): void {
    this.server?.request(id, binding, ordinal, body, budgetMs);
  }

  notify(binding: number, ordinal: number, body: Uint8Array): void {
    this.server?.notify(binding, ordinal, body);
  }

  itemDown(_id: number, caller: Caller, missed: number, token: number | undefined, body: Uint8Array): void {
    caller.item?.(missed, token, body);
  }

  itemUp(_id: number, serving: Serving, body: Uint8Array): void {
    serving.item(body);
  }

  creditUp(_id: number, caller: Caller): void {
    caller.credit?.();
  }

  creditDown(_id: number, serving: Serving): void {
    serving.credit();
  }

  finish(_id: number, serving: Serving): void {
    serving.finish();
  }

  cancel(_id: number, serving: Serving): void {
    serving.stop('cancelled');
  }

  end(_id: number, caller: Caller, status: StatusName, body: Uint8Array): void {
    caller.end(status, body);
  }

  expiredOutbound(_id: number, caller: Caller): void {
    caller.fail('deadline_exceeded', 'the time for the call ran out');
  }

  expiredInbound(_id: number, serving: Serving): void {
    serving.stop('deadline_exceeded');
  }

  unbound(binding: number): void {
    this.onUnbound?.(binding);
  }

  silent(lateMs: number): void {
    // After a sleep the answer may stand behind this timer in the event loop's queue.
    if (lateMs > SLEPT_MS) return;
    this.session.close({ reason: 'unresponsive', message: 'the hub was silent while it was awaited' });
  }

  closed(ending: Ending, inbound: Serving[], outbound: Caller[]): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#fullTimer);
    this.flush();
    this.transport.close();
    this.#changed({ status: 'closed', ...ending });
    this.#listeners.clear();
    for (const serving of inbound) serving.abandon();
    for (const caller of outbound) caller.fail('unavailable', `the connection ended: ${ending.message}`);
  }

  #lost(why: string): void {
    this.session.abort({ reason: 'transport_lost', message: why });
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
